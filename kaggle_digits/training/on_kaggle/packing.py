"""An order and the package itself, packed into one script for Kaggle."""

import base64
import importlib.metadata
import re
from pathlib import Path

import msgspec

from kaggle_digits.competition import wheel
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import RecipeFile
from kaggle_digits.runs import Plan
from kaggle_digits.training.on_kaggle import kernel

# What the files of a model are written with: with these versions, they can be read here.
_PINNED = ("tensorflow", "keras", "scikit-learn", "skops")
_GPU = re.compile(r"""; *extra == ["']gpu["'] *$""")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be trained under a run's name, and with which versions of which libraries.

    The user's own recipe file goes along, without its folder. The kernel adds the names of its graphics cards.
    """

    run: str
    plan: Plan
    file: RecipeFile | None = None
    pins: dict[str, str]
    requirements: list[str]
    gpu_requirements: list[str]
    cards: list[str] = []


def order(run: str, plan: Plan, file: RecipeFile | None) -> Order:
    """What Kaggle is asked for; the recipe file of the user's own goes along.

    Raises:
        DigitsError: the package was not installed by pip, so that nobody knows what it needs.
    """
    try:
        required = importlib.metadata.requires("kaggle-digits") or []
        pins = {name: importlib.metadata.version(name) for name in _PINNED}
    except importlib.metadata.PackageNotFoundError as error:
        raise DigitsError(
            f"what kaggle-digits needs is not known here: {error}. Install it again, with pip."
        ) from error
    return Order(
        run=run,
        plan=plan,
        file=file and RecipeFile(Path(file.path).name, file.text),
        pins=pins,
        requirements=[one for one in required if "extra ==" not in one],
        gpu_requirements=[one.partition(";")[0].strip() for one in required if _GPU.search(one)],
    )


def script(order: Order) -> str:
    """A Python script that carries the package along and does what an order says."""
    program = Path(kernel.__file__).read_text(encoding="utf-8")
    package = base64.encodebytes(wheel.build(with_reader=False).content).decode("ascii")
    return f'{program}\n\nmain({msgspec.to_builtins(order)!r}, """\n{package}""")\n'
