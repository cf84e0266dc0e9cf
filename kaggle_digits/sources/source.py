"""What every kind of data becomes: digits to learn from, and perhaps digits to label."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kaggle_digits.digits import Digits


@dataclass(frozen=True)
class Source:
    """Digits to learn from, and perhaps digits to label.

    Attributes:
        kind: the name of its `SourceKind`.
        path: the folder they came from, as it was named; None where they lie in no folder of the user's.
        train: labelled digits.
        test: digits to label, in the order of a submission, or None.
        train_sha256: the SHA-256 of each file of digits to train on, by file name; for a folder of images, one for all
            of them; empty where they came from no file.
        test_sha256: the same of digits to label.
        notes: what was found in the data and put right, a sentence each, for the user to know.
    """

    kind: str
    path: Path | None
    train: Digits
    test: Digits | None
    train_sha256: dict[str, str] = field(default_factory=dict)
    test_sha256: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to write after `--data` to get it again."""
        return self.kind if self.path is None else str(self.path)

    @property
    def sha256(self) -> dict[str, str]:
        """The SHA-256 of everything that was read."""
        return {**self.train_sha256, **self.test_sha256}


@dataclass(frozen=True)
class SourceKind:
    """A form in which digits may come, as an entry of the table `SOURCES`.

    Attributes:
        name: what a run's record calls it.
        words: what to name after `--data` to have it read, for a sentence that begins with "name".
        recognises: whether a path holds digits in this form, by names alone. It need not exist.
        load: reads them: from a path; with the height and width in pixels to which pictures are brought that have no
            shape of their own; and whether pictures that cannot be read are left out, or refused. Raises `DataError`.
        suffix: of files, each of many images in rows, that can be predicted; None where there is no such file.
        read_images: reads such a file: digits without labels, and what was put right, a sentence each. Raises
            `DataError`.
    """

    name: str
    words: str
    recognises: Callable[[Path], bool]
    load: Callable[[Path, tuple[int, int], bool], Source]
    suffix: str | None = None
    read_images: Callable[[Path], tuple[Digits, tuple[str, ...]]] | None = None
