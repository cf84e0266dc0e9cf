"""An order and the package itself, packed into one script for Kaggle."""

import base64
import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kaggle_digits.competition import wheel
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import RecipeFile
from kaggle_digits.runs import Plan
from kaggle_digits.training.on_kaggle import kernel

# What the files of a model are written with: with these versions, they can be read here.
_PINNED = ("tensorflow", "keras", "scikit-learn", "skops")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be trained, and with which libraries.

    Attributes:
        run: the run's name, by which its files are recognised when they come back.
        plan: what was asked for.
        file: the name of the recipe file of the user's own, or None.
        text: of that file.
        pins: the versions of the libraries that a model's files are written with.
        requirements: of the package.
        gpu_requirements: of the package, where there is a GPU.
        cards: the names of the machine's graphics cards, which the kernel adds.
    """

    run: str
    plan: Plan
    file: str | None = None
    text: str | None = None
    pins: dict[str, str]
    requirements: list[str]
    gpu_requirements: list[str]
    cards: list[str] = []


def order(run: str, plan: Plan, file: RecipeFile | None) -> Order:
    """What Kaggle is asked for.

    Args:
        run: the run's name.
        plan: what was asked for.
        file: the recipe file of the user's own, which goes along.

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
        file=file.path.name if file else None,
        text=file.text if file else None,
        pins=pins,
        requirements=[one for one in required if "extra ==" not in one],
        gpu_requirements=list(_of_extra(required, "gpu")),
    )


def script(order: Order) -> str:
    """A Python script that carries the package along and does what an order says."""
    program = Path(kernel.__file__).read_text(encoding="utf-8")
    package = base64.encodebytes(wheel.build().content).decode("ascii")
    return f'{program}\n\nmain({msgspec.to_builtins(order)!r}, """\n{package}""")\n'


def _of_extra(required: Iterable[str], extra: str) -> Iterable[str]:
    for one in required:
        requirement, _, marker = one.partition(";")
        if re.fullmatch(rf"""\s*extra == ["']{extra}["']\s*""", marker):
            yield requirement.strip()
