"""What every kind of data becomes: digits to learn from, and perhaps digits to label."""

from dataclasses import dataclass

from kaggle_digits.digits import Digits


@dataclass(frozen=True)
class Source:
    """Digits to learn from, and perhaps digits to label.

    Attributes:
        name: the folder they came from, or `sklearn`.
        train: labelled digits.
        test: digits to label, in the order of a submission, or None.
        sha256: the SHA-256 of each file that was read, by file name; for a folder of images, one for all images to
            train on (`train`) and one for all to label (`test`); empty for bundled digits.
        notes: what was found in the data and put right, a sentence each, for the user to know.
    """

    name: str
    train: Digits
    test: Digits | None
    sha256: dict[str, str]
    notes: tuple[str, ...] = ()
    kind: str = ""
