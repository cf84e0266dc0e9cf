"""What all figures share: their colours, how they write a share, and a white sheet whose places are known in inches."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from numpy.typing import NDArray

# Two hues that stay apart for colour-blind eyes and in grey print: M. Okabe, K. Ito, Color Universal Design, 2008.
TRAINING, VALIDATION = "#0072B2", "#D55E00"
# What is right is grey and what is wrong orange, in every figure: for a colour-blind eye red would be as dark as grey.
RIGHT, WRONG = "#4D4D4D", "#C44900"
PALE = "0.68"  # what counts for little
FOOT = 0.24  # inches at the bottom of every sheet, where the run is named
_ROUNDING = 1e-9  # an interval that ends at 1 may be computed as this little less


def percent(share: float, decimals: int) -> str:
    """A share as "98.36 %"; one that would be rounded to nothing or to all is written "< 0.1 %" or "> 99.9 %"."""
    text, step = f"{100 * share:.{decimals}f}", 10.0**-decimals
    if _ROUNDING < share < 1 - _ROUNDING and float(text) in (0, 100):
        return f"< {step:.{decimals}f} %" if share < 0.5 else f"> {100 - step:.{decimals}f} %"
    return f"{text} %"


def probability(share: float) -> str:
    """99.96 % is not 100 %, and neither is a softmax that float32 rounds to 1: none is ever called certain."""
    return percent(min(share, 0.9999), 0 if share < 0.995 else 1)


def tick_percent(share: float, _position: float | None = None) -> str:
    """A tick's share with only the decimals that it needs: "90 %", "99.5 %"."""
    return f"{100 * share:.5g} %"


def counted(number: int, noun: str) -> str:
    """So many of something: "1 digit", "4,200 digits"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def drawable(text: str, weight: str = "normal") -> str:
    """A text with a question mark for each character that the font lacks: Matplotlib warns of every one."""
    font = get_font(findfont(FontProperties(weight=weight)))
    return "".join(character if font.get_char_index(ord(character)) else "?" for character in text)


def sheet(width: float, height: float) -> Figure:
    """An empty white figure of so many inches."""
    return Figure(figsize=(width, height), facecolor="white")


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place, in inches: a layout that is known needs nobody to find it, which takes longer than drawing."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def canvas(figure: Figure) -> Axes:
    """One pair of axes over the whole sheet, without any sign of them, on which an inch is 1."""
    width, height = figure.get_size_inches()
    axes = place(figure, 0, 0, width, height)
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(0, height))
    return axes


def grid(figure: Figure, count: int, columns: int, pitch: float, rise: float) -> Iterator[tuple[float, float]]:
    """The lower left corner, in inches, of each cell of a grid above the foot; its rows are in the middle of the sheet.

    Args:
        figure: the sheet.
        count: how many cells.
        columns: how many of them in a row.
        pitch: from one cell to the next, in inches.
        rise: from one row to the next, in inches.
    """
    middle, lines = figure.get_figwidth() / 2, -(-count // columns)
    for number in range(count):
        yield middle + pitch * (number % columns - columns / 2), FOOT + rise * (lines - 1 - number // columns)


def put_image(axes: Axes, image: NDArray[np.generic], left: float, bottom: float, size: float) -> None:
    """Draws a digit, 0 is paper and 255 is ink, into a square of a canvas."""
    place_of_it = (left, left + size, bottom, bottom + size)
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", aspect="auto", extent=place_of_it)


def plain(axes: Axes) -> None:
    """Takes away what does not carry data, and puts a light grid behind what does."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
