"""A notebook and the package's wheel: written side by side, or one inside the other, which Kaggle takes as one."""

import base64
import json
from pathlib import Path
from typing import Any

from kaggle_digits.competition.wheel import Wheel
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage

FILE = Path("classifier.ipynb")

_MOST_BYTES = 1 << 26
_CELL = '''# Brings the package along; the next cells install it.
import base64
from pathlib import Path

Path("{name}").write_bytes(base64.b64decode("""
{content}"""))'''


def read(path: Path) -> dict[str, Any]:
    """A notebook without its outputs, which only make it too large to be sent.

    Args:
        path: of the notebook.

    Raises:
        DataError: there is no such file, or it is no notebook.
    """
    try:
        notebook: dict[str, Any] = json.loads(storage.read_text(path, _MOST_BYTES))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
    except FileNotFoundError:
        raise DataError(f"there is no {path} here. Go to the clone of the repository: it has {FILE}.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{path} is no notebook that can be read ({type(error).__name__}: {error}).") from None
    return notebook


def with_wheel(notebook: dict[str, Any], wheel: Wheel) -> str:
    """A notebook that brings the wheel along, in a cell of its own at the top, which Kaggle shows folded."""
    source = _CELL.format(name=wheel.name, content=base64.encodebytes(wheel.content).decode("ascii"))
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "the-package",
        "metadata": {"_kg_hide-input": True, "jupyter": {"source_hidden": True}},
        "outputs": [],
        "source": source,
    }
    return json.dumps({**notebook, "cells": [cell, *notebook["cells"]]})


def write(path: Path, folder: Path, wheel: Wheel) -> list[Path]:
    """Writes a notebook as it is, and the wheel, for somebody who uploads both.

    Args:
        path: of the notebook.
        folder: where to; made if need be.
        wheel: of the package.

    Returns:
        The two files.

    Raises:
        DataError: there is no such notebook.
        StorageError: the folder cannot be written, or the disk is full.
    """
    read(path)
    files = [folder / path.name, folder / wheel.name]
    for file, content in zip(files, (path.read_bytes(), wheel.content), strict=True):
        with storage.replacing(file) as temporary:
            temporary.write_bytes(content)
    return files
