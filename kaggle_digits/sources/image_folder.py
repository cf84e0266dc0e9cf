"""Image files: some to predict, or a folder with one sub-folder per digit to learn from."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits, classes_of
from kaggle_digits.errors import DataError
from kaggle_digits.files import disk, storage
from kaggle_digits.sources import image_file
from kaggle_digits.sources.source import Source, SourceKind

KIND = "image-folder"
_SET_NAMES = (("train", "training"), ("test", "testing"))
_LABEL = re.compile(r"(?:[^\W\d]|-)*([0-9])")
_NAMING = "its sub-folders must be named by their digits, 0 to 9 or digit_0 to digit_9"
_NAMED_AT_MOST = 5


def recognises(path: Path) -> bool:
    """Whether there is any image in a folder or below it, by the suffixes alone."""
    return path.is_dir() and next(_walk(path), None) is not None


def load(path: Path, image_shape: tuple[int, int] = (28, 28), skip_broken: bool = False) -> Source:
    """Reads a folder with one sub-folder of images per digit: `3`, `digit_3`, `label-3`.

    The sub-folders may lie in a folder `train`; then a `test` beside it is the test set, whose own sub-folders, if
    it has any, say nothing. (`training` and `testing` will do too.)

    Args:
        path: of the folder where the sub-folders are.
        image_shape: the height and width to which every image is brought, in pixels.
        skip_broken: whether images that cannot be read are left out, and named in the notes, or refused.

    Returns:
        Digits of 2 classes where all labels are 0 or 1, else of 10; ids are file names relative to their set.

    Raises:
        DataError: the images have no labels, a sub-folder is no label, or an image is broken.
    """
    train_folder, test_folder = _sets(path)
    label_of = _labels(train_folder)
    test_paths = find_images(test_folder) if test_folder else []
    images, paths, broken = _read(label_of, image_shape, skip_broken)
    labels = np.array([label_of[one] for one in paths], np.int64)
    train = Digits(images, labels, _ids(paths, train_folder), classes_of(labels))
    train_sha256 = {"train": _sha256(paths, train_folder)}
    if not test_folder or not test_paths:
        return Source(KIND, path, train, None, train_sha256, notes=_notes(broken))
    images, paths, also_broken = _read(test_paths, image_shape, skip_broken)
    test = Digits(images, None, _ids(paths, test_folder), train.classes)
    notes = _notes([*broken, *also_broken])
    return Source(KIND, path, train, test, train_sha256, {"test": _sha256(paths, test_folder)}, notes)


def find_images(folder: Path) -> list[Path]:
    """All image files in a folder and below it, by their suffixes, in natural order: 2.png before 10.png.

    What is hidden is left out. Links to folders are followed, but no folder is entered twice, nor one above. Raises
    `DataError` where a folder cannot be read.
    """
    return list(_walk(folder))


def printable(name: str) -> str:
    """A file's name as it can be written into a report: in bytes that are not UTF-8, `\\xff` stands for each."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _walk(folder: Path) -> Iterator[Path]:
    # A link to a folder above would bring the images of all the other labels under this one.
    entered = {os.fspath(above) for above in Path(os.path.realpath(folder)).parents}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        real = os.path.realpath(here)
        if real not in entered:
            entered.add(real)
            folders, images = _contents(here)
            yield from images
            waiting.extend(reversed(folders))


def _contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders in a folder and the images in it, without what is hidden, in natural order."""
    folders, images = [], []
    with disk.reading(folder):
        for path in sorted(folder.iterdir(), key=_natural):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix.lower() in image_file.SUFFIXES:
                images.append(path)
    return folders, images


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


def _read(
    paths: Iterable[Path], image_shape: tuple[int, int], skip_broken: bool
) -> tuple[NDArray[np.uint8], list[Path], dict[Path, str]]:
    """The images that can be read, uint8 `(n, *image_shape)`, their paths, and why the others cannot."""
    images: dict[Path, NDArray[np.uint8]] = {}
    broken: dict[Path, str] = {}
    for path in paths:
        try:
            images[path] = image_file.as_digit(image_file.read(path), image_shape)
        except DataError as error:
            broken[path] = str(error)
    if not images or (broken and not skip_broken):
        raise DataError(refusal(len(images), broken))
    return np.stack(list(images.values())), list(images), broken


def refusal(readable: int, broken: Mapping[Path, str]) -> str:
    """A sentence on pictures that cannot be read, by all reasons: why the first cannot, and which others there are."""
    if not broken:
        return f"there are no images. Files of these suffixes are looked for: {', '.join(sorted(image_file.SUFFIXES))}."
    _, *others = broken
    sentence = next(iter(broken.values())).rstrip(".")
    if others:
        sentence += f"; nor can {_named(others)} be read"
    if not readable:
        return f"{sentence}; no image is left." if others else f"{sentence}."
    return f"{sentence}; --skip-broken leaves {'them' if others else 'it'} out."


def _more(count: int) -> str:
    return f", and {count - 1:,} more" if count > 1 else ""


def _notes(broken: Collection[Path]) -> tuple[str, ...]:
    if not broken:
        return ()
    return (f"{len(broken):,} broken image{'s' if len(broken) > 1 else ''} left out: {_named(broken)}",)


def _named(paths: Collection[Path]) -> str:
    return ", ".join(map(str, [*paths][:_NAMED_AT_MOST])) + _more(len(paths) - _NAMED_AT_MOST + 1)


def _ids(paths: Sequence[Path], folder: Path) -> NDArray[np.str_]:
    return np.array([printable(path.relative_to(folder).as_posix()) for path in paths])


def _sha256(paths: Sequence[Path], folder: Path) -> str:
    """One digest for many images: of every name and content, in the order of the names."""
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in paths):
        digest.update(os.fsencode(name) + b"\0" + storage.sha256(path).encode() + b"\n")
    return digest.hexdigest()


SOURCE = SourceKind(KIND, "with a sub-folder of images for each digit, 0 to 9", recognises, load)
