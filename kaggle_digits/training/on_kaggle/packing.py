"""An order and the package itself, packed into one script for Kaggle."""

import base64
import importlib.metadata
import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kaggle_digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.recipes import Recipe
from kaggle_digits.training.on_kaggle import kernel

# What the files of a model are written with: with these versions, they can be read here.
_PINNED = ("tensorflow", "keras", "scikit-learn", "skops")


def order(run: str, recipe: Recipe, *, seed: int, validation: float, excluded: list[int | str]) -> dict[str, Any]:
    """What is to be trained, and with which libraries; JSON-like.

    Args:
        run: the run's name, by which its files are recognised when they come back.
        recipe: the model and how to fit it.
        seed: see `training.train`.
        validation: see `training.train`.
        excluded: ids of labelled rows to leave out.

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
    return {
        "run": run,
        "recipe": recipe.as_json(),
        "seed": seed,
        "validation": validation,
        "excluded": excluded,
        "pins": pins,
        "requirements": [one for one in required if "extra ==" not in one],
        "gpu_requirements": list(_of_extra(required, "gpu")),
    }


def script(task: dict[str, Any]) -> str:
    """A Python script that carries the package along and does what an order says.

    Args:
        task: from `order`.
    """
    program = Path(kernel.__file__).read_text(encoding="utf-8")
    return f'{program}\n\nmain({task!r}, """\n{_package()}""")\n'


def _of_extra(required: Iterable[str], extra: str) -> Iterable[str]:
    for one in required:
        requirement, _, marker = one.partition(";")
        if re.fullmatch(rf"""\s*extra == ["']{extra}["']\s*""", marker):
            yield requirement.strip()


def _package() -> str:
    """The package's source files as a zip in base64, 76 letters a line."""
    root, buffer = Path(kaggle_digits.__file__).parent, io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*.py")):
            archive.write(file, file.relative_to(root.parent))
    return base64.encodebytes(buffer.getvalue()).decode("ascii")
