"""Image files: some to predict, or a folder with one sub-folder per digit to learn from."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.files import storage
from kaggle_digits.sources import image_file
from kaggle_digits.sources.source import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SET_NAMES = (("train", "training"), ("test", "testing"))
_LABEL = re.compile(r"(?:[^\W\d]|-)*([0-9])")
_NAMING = "its sub-folders must be named by their digits, 0 to 9 or digit_0 to digit_9"
_NAMED_AT_MOST = 5

KIND = "image-folder"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Image files that were read.

    Attributes:
        digits: without labels; their ids are the paths as given, fit to be printed.
        paths: of the files, in the same order.
        sizes: width and height of each, in pixels, as one sees it: a camera's note of how it was held is followed.
    """

    digits: Digits
    paths: list[Path]
    sizes: list[tuple[int, int]]


def recognises(folder: Path) -> bool:
    """Whether there is any image in a folder or below it, by the suffixes alone."""
    return folder.is_dir() and next(_walk(folder), None) is not None


def load(folder: Path, image_shape: tuple[int, int] = (28, 28), *, skip_broken: bool = False) -> Source:
    """Reads a folder with one sub-folder of images per digit: `3`, `digit_3`, `label-3`.

    The sub-folders may lie in a folder `train`; then a `test` beside it is the test set, whose own sub-folders, if
    it has any, say nothing. (`training` and `testing` will do too.)

    Args:
        folder: where the sub-folders are.
        image_shape: the height and width to which every image is brought, in pixels.
        skip_broken: whether images that cannot be read are left out, and named in the notes, or refused.

    Returns:
        Digits of 2 classes where all labels are 0 or 1, else of 10; ids are file names relative to their set.

    Raises:
        DataError: the images have no labels, a sub-folder is no label, or an image is broken.
    """
    import numpy as np

    train_folder, test_folder = _sets(folder)
    labels = _labels(train_folder)
    test_paths = find_images(test_folder) if test_folder else []
    found = _read(list(labels), image_shape, skip_broken)
    known = np.array([labels[path] for path in found.paths], np.int64)
    train = Digits(found.images, known, _ids(found.paths, train_folder), classes=2 if known.max() < 2 else 10)
    broken, test, sha256 = list(found.broken), None, {"train": _sha256(found.paths, train_folder)}
    if test_folder and test_paths:
        found = _read(test_paths, image_shape, skip_broken)
        broken += found.broken
        test = Digits(found.images, None, _ids(found.paths, test_folder), train.classes)
        sha256["test"] = _sha256(found.paths, test_folder)
    return Source(str(folder), train, test, sha256, _notes(broken))


def read_images(
    paths: Sequence[Path],
    image_shape: tuple[int, int] = (28, 28),
    *,
    skip_broken: bool = False,
    on_skip: Callable[[Path, str], None] = lambda _path, _reason: None,
) -> Pictures:
    """Reads image files that hold one digit each: dark on light or light on dark, of any size.

    Args:
        paths: PNG, JPEG, BMP or WebP files.
        image_shape: the height and width to which every image is brought, in pixels.
        skip_broken: whether images that cannot be read are left out or refused.
        on_skip: is called with each image left out, and a sentence that names it and says why.

    Returns:
        Those that could be read, in the order given, with images uint8 `(n, *image_shape)`.

    Raises:
        DataError: an image is broken, or none is left.
    """
    found = _read(paths, image_shape, skip_broken)
    for path, reason in found.broken.items():
        on_skip(path, reason)
    return Pictures(Digits(found.images, None, _ids(found.paths)), found.paths, found.sizes)


def find_images(folder: Path) -> list[Path]:
    """All image files in a folder and below it, by their suffixes, in natural order: 2.png before 10.png.

    What is hidden is left out. Links to folders are followed, but no folder is entered twice, nor one above.

    Raises:
        DataError: a folder cannot be read.
    """
    return list(_walk(folder))


def printable(name: str) -> str:
    """A file's name as it can be written into a report: in bytes that are not UTF-8, `\\xff` stands for each."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _walk(folder: Path) -> Iterator[Path]:
    # A link to a folder above would bring the images of all the other labels under this one.
    entered = {_identity(above) for above in Path(os.path.realpath(folder)).parents}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        identity = _identity(here)
        if identity not in entered:
            entered.add(identity)
            folders, images = _contents(here)
            yield from images
            waiting.extend(reversed(folders))


def _identity(folder: Path) -> tuple[int, int]:
    """The same for every name and link by which one can come to a folder."""
    with _reading(folder):
        status = folder.stat()
    return status.st_dev, status.st_ino


def _contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders in a folder and the images in it, without what is hidden, in natural order."""
    folders, images = [], []
    with _reading(folder):
        for path in sorted(folder.iterdir(), key=_natural):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix.lower() in image_file.SUFFIXES:
                images.append(path)
    return folders, images


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}. Check its name and permissions.") from None


def _natural(path: Path) -> tuple[list[int | str], str]:
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], path.name


def _sets(folder: Path) -> tuple[Path, Path | None]:
    """The folder to train on, and the folder to label where there is one."""
    folders, _ = _contents(folder)
    train, test = (next((path for path in folders if path.name.lower() in names), None) for names in _SET_NAMES)
    if train is None:
        return folder, None
    for path in folders:
        if path not in (train, test):
            raise DataError(f"{path} is neither train nor test, and no other folder may lie beside these. Move it.")
    return train, test


def _labels(folder: Path) -> dict[Path, int]:
    """Every image below the label sub-folders, with its label."""
    folders, loose = _contents(folder)
    labels = {path: int(match[1]) for path in folders if (match := _LABEL.fullmatch(path.name))}
    if not labels:
        raise DataError(
            f"the images in {folder} have no labels: they can be predicted: kaggle-digits predict {folder}, "
            f"but not trained on. To train on them, {_NAMING}."
        )
    for path in folders:
        if path not in labels:
            raise DataError(f"{path} is not named as a label. To train on {folder}, {_NAMING}. Rename or move it.")
    if loose:
        raise DataError(
            f"images that lie beside the sub-folders have no label: {loose[0]}{_more(len(loose))}. Move them."
        )
    return {image: label for path, label in labels.items() for image in find_images(path)}


@dataclass(frozen=True, eq=False)
class _Found:
    """The images that can be read, uint8 `(n, *image_shape)`, their paths and sizes, and why the others cannot."""

    images: "NDArray[np.uint8]"
    paths: list[Path]
    sizes: list[tuple[int, int]]
    broken: dict[Path, str]


def _read(paths: Sequence[Path], image_shape: tuple[int, int], skip_broken: bool) -> _Found:
    import numpy as np

    images: list[NDArray[np.uint8]] = []
    kept, sizes, broken = [], [], {}
    for path in paths:
        try:
            greys = image_file.read(path)
        except DataError as error:
            broken[path] = str(error)
            continue
        images.append(image_file.as_digit(greys, image_shape))
        kept.append(path)
        sizes.append((greys.shape[1], greys.shape[0]))
    if not images or (broken and not skip_broken):
        raise DataError(refusal(len(images), list(broken.values())))
    return _Found(np.stack(images), kept, sizes, broken)


def refusal(readable: int, reasons: list[str]) -> str:
    """One sentence on pictures that cannot be read: why the first cannot, and how many more there are.

    Args:
        readable: how many can be read.
        reasons: a sentence for each that cannot.
    """
    if not reasons:
        return f"there are no images. Files of these suffixes are looked for: {', '.join(sorted(image_file.SUFFIXES))}."
    sentence = reasons[0].rstrip(".") + _more(len(reasons))
    if not readable:
        return f"{sentence}; no image is left."
    return f"{sentence}; --skip-broken leaves {'it' if len(reasons) == 1 else 'them'} out."


def _more(count: int) -> str:
    return f", and {count - 1:,} more" if count > 1 else ""


def _notes(broken: list[Path]) -> tuple[str, ...]:
    if not broken:
        return ()
    named = ", ".join(map(str, broken[:_NAMED_AT_MOST])) + _more(len(broken) - _NAMED_AT_MOST + 1)
    return (f"{len(broken):,} broken image{'s' if len(broken) > 1 else ''} left out: {named}",)


def _ids(paths: Sequence[Path], folder: Path | None = None) -> "NDArray[np.str_]":
    import numpy as np

    names = [(path.relative_to(folder) if folder else path).as_posix() for path in paths]
    return np.array([printable(name) for name in names])


def _sha256(paths: Sequence[Path], folder: Path) -> str:
    """One digest for many images: of every name and content, in the order of the names."""
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in paths):
        digest.update(os.fsencode(name) + b"\0" + storage.sha256(path).encode() + b"\n")
    return digest.hexdigest()
