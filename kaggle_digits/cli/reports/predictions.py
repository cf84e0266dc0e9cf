"""What a model said of pictures: a table, a CSV, and sheets that show how each was read."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from kaggle_digits.cli import console
from kaggle_digits.files import storage
from kaggle_digits.predictor import Prediction

_TABLE, _SHEETS = Path("predictions.csv"), Path("explained")
_UNSURE = 24  # digits of an unsure answer, on a terminal
_TITLE, _LINES = 100, 6  # characters that a line of a title has room for, and lines of an answer


def table(predictions: Sequence[Prediction], most: int | None = None) -> str:
    """A line a picture; a runner-up is named where there is one digit.

    With `most`, for a terminal: only for the first so many, and without most digits of a long answer that is unsure.
    """
    rows = []
    for each in predictions[:most]:
        probability = "" if each.probability is None else f"{each.probability:.1%}"
        second = ""
        if probability and len(each.digits) == 1:
            second = f"{each.digits[0].runner_up} {each.digits[0].runner_up_probability:6.1%}"
        answer = each.answer if most is None else each.told(_UNSURE)
        rows.append([each.image, answer, probability, second])
    header = ["image", "label", "probability", "runner-up"]
    text = console.table(header, rows, optional=("runner-up",), text="image", wraps="label")
    more = len(predictions) - len(rows)
    return f"{text}\n... and {more:,} more: --output FILE.csv writes all" if more else text


def write(predictions: Sequence[Prediction], path: Path | None) -> None:
    """The answers as a CSV, and where it lies; where no file is named, only if that replaces none."""
    if path is None and _TABLE.exists():
        console.tell(f"note: {_TABLE} exists and was kept; to write the answers: --output FILE.csv")
        return
    path = path or _TABLE
    rows = (
        [each.image, each.label, each.probability, each.answer, each.guess, each.doubt or None] for each in predictions
    )
    storage.write_csv(path, ["image", "label", "probability", "answer", "guess", "doubt"], rows)
    console.tell(f"answers     {path}")


def draw(predictions: Sequence[Prediction], run: str) -> None:
    """A sheet for each picture, further ones for its further digits, with the run's name, and where they lie."""
    from kaggle_digits.evaluation import plots  # with Matplotlib

    taken: set[str] = set()
    for each in predictions:
        if each.layout is None:
            continue
        stem = Path(each.image).stem
        name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, len(predictions) + 2))) if n not in taken)
        taken.add(name)
        stages, shown, doubts = each.layout.stages, each.seen, [digit.doubt for digit in each.digits]
        figure = plots.explanation(sheet_title(each.image, each.told(_TITLE)), stages, shown, doubts, each.seen_marks)
        plots.save(figure, _SHEETS / f"{name}.png", run)
        console.tell(f"explained   {_SHEETS / name}.png")
        for start in range(plots.MOST_DIGITS, len(shown), plots.MOST_DIGITS):
            some = slice(start, start + plots.MOST_DIGITS)
            title = sheet_title(each.image, f"digits {start + 1} to {start + len(shown[some])} of {len(shown)}")
            path = _SHEETS / f"{name}-from-{start + 1}.png"
            plots.save(plots.explanation(title, {"as read": stages["as read"]}, shown[some], doubts[some]), path, run)
            console.tell(f"explained   {path}")


def sheet_title(image: str, answer: str) -> str:
    """The picture and the answer in a line, or else as much of its name as finds room in one, and then the answer."""
    title = f"{image}: {answer}"
    if len(title) <= _TITLE:
        return title
    name = image if len(image) < _TITLE else f"...{image[4 - _TITLE :]}"
    return "\n".join([f"{name}:", *textwrap.wrap(answer, _TITLE, max_lines=_LINES, placeholder=" ...")])
