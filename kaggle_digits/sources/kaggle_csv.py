"""The competition's own files: train.csv with labels, test.csv without."""

import codecs
import csv
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, first_line
from kaggle_digits.files import digit_recognizer, storage
from kaggle_digits.sources import parsed, plain_csv
from kaggle_digits.sources.source import Source, SourceKind

_LABEL, _PIXELS, _SIDE = digit_recognizer.LABEL, digit_recognizer.PIXELS, digit_recognizer.SIDE
KIND = "kaggle-csv"
_HIGHEST_LABEL = 9
_LONGEST_LINE = 1 << 16  # characters; the competition's have up to 3,137, the header 9,000

# pandas turns values over 255 into other numbers without a word when it is told to read uint8, so the file is read
# as it is, this many rows at a time, and narrowed after a look at it: 25 MB at once instead of 263.
_ROWS_AT_ONCE = 4_000


def recognises(path: Path) -> bool:
    """Whether a folder holds the competition's files, by their names alone."""
    return (path / digit_recognizer.TRAIN).exists()


def load(path: Path, _image_shape: tuple[int, int] = (_SIDE, _SIDE), _skip_broken: bool = False) -> Source:
    """Reads train.csv, and test.csv where it is there.

    Raises:
        DataError: a file is not of the competition's form; the sentence names file, row and column.
    """
    train, train_sha256 = _remembered(path / digit_recognizer.TRAIN, labelled=True)
    if not (path / digit_recognizer.TEST).exists():
        return Source(KIND, path, train, None, {digit_recognizer.TRAIN: train_sha256})
    test, test_sha256 = _remembered(path / digit_recognizer.TEST, labelled=False)
    return Source(KIND, path, train, test, {digit_recognizer.TRAIN: train_sha256}, {digit_recognizer.TEST: test_sha256})


def _remembered(path: Path, labelled: bool) -> tuple[Digits, str]:
    """What `read` gives and the file's SHA-256, from what was kept of an earlier reading where that will do."""
    kept = parsed.load(path, labelled)
    if kept is None or kept.pixels.shape[1] != len(_PIXELS):
        before = path.stat()
        with ThreadPoolExecutor(1) as aside:
            hashing = aside.submit(storage.sha256, path)
            values = _parse(path, labelled)
            kept = parsed.Parsed(*values, hashing.result())
        parsed.keep(path, kept, before)
    return _digits(kept.labels, kept.pixels), kept.sha256


def read(path: Path, labelled: bool) -> Digits:
    """Reads a CSV of the competition: a header, then one image of 28 x 28 pixels a line.

    The columns may come in any order, lines may end in LF or CRLF, and the text may be UTF-8 (with or without a
    byte order mark) or UTF-16 with one. Anything that is not exactly the competition's columns filled with whole
    numbers is refused.

    Args:
        path: train.csv or test.csv, or a file of the same form.
        labelled: whether there is a column `label`, with numbers from 0 to 9.

    Returns:
        Digits with images uint8 `(n, 28, 28)`, and ids 1 to n.

    Raises:
        DataError: the file is missing or not of this form; the sentence names file, row and column.
    """
    return _digits(*_parse(path, labelled))


def read_images(path: Path) -> tuple[Digits, tuple[str, ...]]:
    """Reads the images of a CSV alone, as `read` does; a column `label` may be there, and hold anything.

    Returns no notes, since nothing is put right; raises as `read` does.
    """
    return _digits(*_parse(path, labelled=False, ignored=_LABEL)), ()


def _parse(
    path: Path, labelled: bool, ignored: str | None = None
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]:
    """Labels `(n,)`, or None, and pixels `(n, 784)`; see `read`."""
    columns = ((_LABEL,) if labelled else ()) + _PIXELS
    try:
        storage.check_regular(path)
        values = plain_csv.read(path, columns)
        if values is None or (labelled and values[:, 0].max() > _HIGHEST_LABEL):
            values = _patiently(path, columns, ignored)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}. Get the competition's files: kaggle-digits fetch.") from None
    except UnicodeError as error:
        raise DataError(f"{path} is not text in UTF-8: {error}. Fetch it again: kaggle-digits fetch --force.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
    return (values[:, 0] if labelled else None), np.ascontiguousarray(values[:, -len(_PIXELS) :])


def _digits(labels: NDArray[np.uint8] | None, pixels: NDArray[np.uint8]) -> Digits:
    return Digits.numbered(pixels.reshape(-1, _SIDE, _SIDE), None if labels is None else labels.astype(np.int64))


def _patiently(path: Path, columns: tuple[str, ...], ignored: str | None) -> NDArray[np.uint8]:
    """The rows of a file that may be in another order, encoding or notation; or what is wrong with it."""
    with path.open("rb") as file:
        encoding = "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    _check_header(path, [name for name in _header(path, encoding) if name != ignored], columns)
    parts = [_narrow(path, chunk, columns) for chunk in _chunks(path, encoding)]
    if not any(map(len, parts)):
        raise DataError(f"{path} has a header but no rows. Fetch it again: kaggle-digits fetch --force.")
    return np.concatenate(parts)


def _header(path: Path, encoding: str) -> list[str]:
    """The columns; refuses any line without end before pandas makes columns of it: of 300 MB it made 13 GB."""
    with path.open(encoding=encoding, newline="") as file:
        for row, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), start=1):
            if len(line) == _LONGEST_LINE:
                raise DataError(
                    f"{path}, row {row} has more than {_LONGEST_LINE:,} characters; {len(_PIXELS) + 1} numbers at most "
                    "are expected. Fetch it again: kaggle-digits fetch --force."
                )
        file.seek(0)
        return next(csv.reader([file.readline()]), [])


def _check_header(path: Path, header: list[str], columns: tuple[str, ...]) -> None:
    if not header:
        raise DataError(f"{path} is empty. Fetch it again: kaggle-digits fetch --force.")
    missing = [name for name in columns if name not in header]
    extra = [name for name in header if name not in columns]
    twice = sorted({name for name in header if header.count(name) > 1}) if len(header) != len(set(header)) else []
    for fault, names in (("lacks", missing), ("has one too many:", extra), ("repeats", twice)):
        if names:
            raise DataError(
                f"{path}, row 1 (the header) {fault} the column {_shorten(names)}; "
                f"{len(columns)} columns are expected, {columns[0]} to {columns[-1]}. Received: {len(header)}."
            )


def _shorten(names: list[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _chunks(path: Path, encoding: str) -> Iterator[Any]:
    import pandas as pd

    with warnings.catch_warnings():
        # With more fields than columns pandas only warns, and drops the last field.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            options: dict[str, Any] = {"encoding": encoding, "index_col": False, "chunksize": _ROWS_AT_ONCE}
            with pd.read_csv(path, **options) as reader:
                yield from reader
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            told = first_line(error).removeprefix("Error tokenizing data. C error: ")
            raise DataError(f"{path} is not a table: {told}. Fetch it again.") from None
        except pd.errors.EmptyDataError:
            return


def _narrow(path: Path, chunk: Any, columns: tuple[str, ...]) -> NDArray[np.uint8]:
    """One chunk as uint8 `(rows, columns)`, or an error that names the first value out of range."""
    import pandas as pd

    chunk = chunk[list(columns)]
    if all(dtype.kind in "iu" for dtype in chunk.dtypes):
        values = chunk.to_numpy()
    else:
        values = chunk.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    highest = np.full(len(columns), 255)
    if columns[0] == _LABEL:
        highest[0] = _HIGHEST_LABEL
    wrong = ~((values >= 0) & (values <= highest))
    if values.dtype.kind == "f":
        wrong |= np.floor(values) != values
    if wrong.any():
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        value = chunk.iat[row, column]
        told = "nothing" if value is None or value != value else repr(str(value)[:40])
        raise DataError(
            f"{path}, row {chunk.index[row] + 2}, column {columns[column]}: a whole number from 0 to "
            f"{highest[column]} is expected. Received: {told}."
        )
    narrow: NDArray[np.uint8] = values.astype(np.uint8)
    return narrow


SOURCE = SourceKind(
    KIND,
    f"a folder with {digit_recognizer.TRAIN} (get it with: kaggle-digits fetch)",
    recognises,
    load,
    ".csv",
    read_images,
)
