"""What goes wrong in a user's own recipe file, as a sentence with their file and line."""

import contextlib
import hashlib
import re
import traceback
from collections.abc import Iterator

import msgspec

from kaggle_digits.errors import DigitsError, first_line

_ELSEWHERE = ", in the model that it builds"


class RecipeFile(msgspec.Struct, frozen=True):
    """A recipe file of the user's own.

    Attributes:
        path: where it is.
        text: what it says.
    """

    path: str
    text: str

    @property
    def sha256(self) -> str:
        """Of the text, in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@contextlib.contextmanager
def blaming(file: RecipeFile | None) -> Iterator[None]:
    """Turns an exception that a user's own recipe file caused into a sentence; without a file, every exception passes.

    Raises:
        DigitsError: in place of any other exception.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        place = _place(error, file.path) if file is not None else None
        if place is None or (isinstance(error, DigitsError) and _ELSEWHERE in place):
            raise
        kind = "" if isinstance(error, DigitsError) else f"{type(error).__name__}: "
        hint = ". Install that package, or mend the import" if isinstance(error, ModuleNotFoundError) else ""
        raise DigitsError(f"{place}: {kind}{_words(error)}{hint}.") from error


def _place(error: BaseException, path: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == path:
        return f"{path}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{path}, line {lines[-1]}" if lines else f"{path}{_ELSEWHERE}"


def _words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg
    # Keras wraps what a layer has raised, once or twice, into an exception of many lines, and prints it in bold.
    while error.__context__ is not None and str(error.__context__) in str(error):
        error = error.__context__
    said = str(error.args[0]) if error.args else ""
    raised = re.search(r"\x1b\[1m(.+?)\x1b\[0m", said, re.DOTALL)
    return first_line(DigitsError(raised[1] if raised else said or type(error).__name__))
