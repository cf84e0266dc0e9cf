"""The package itself as a wheel, to take along to Kaggle's machines: made of what is installed here."""

import importlib.metadata
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import kaggle_digits
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import READER


@dataclass(frozen=True)
class Wheel:
    """A wheel.

    Attributes:
        name: of the file; pip takes no other.
        content: of the file, a zip whose root is the package's parent folder.
    """

    name: str
    content: bytes


def build(*, with_reader: bool = True) -> Wheel:
    """The package as it is here.

    Args:
        with_reader: whether the trained reader goes along: it is larger than all the rest, and Kaggle takes programs of
            1 MB at most.

    Raises:
        DigitsError: the package was not installed by pip, so that nobody knows what it needs.
    """
    root, stem = Path(kaggle_digits.__file__).parent, f"kaggle_digits-{kaggle_digits.__version__}"
    files = {
        path.relative_to(root.parent).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and (with_reader or path.parent != READER)
    }
    try:
        installed = importlib.metadata.distribution("kaggle-digits")
    except importlib.metadata.PackageNotFoundError as error:
        raise DigitsError(
            f"what kaggle-digits needs is not known here: {error}. Install it again, with pip."
        ) from error
    for name in ("METADATA", "WHEEL", "entry_points.txt"):
        files[f"{stem}.dist-info/{name}"] = (installed.read_text(name) or "").encode()
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Wheel(f"{stem}-py3-none-any.whl", buffer.getvalue())
