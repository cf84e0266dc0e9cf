"""What all figures share: their colours, how they write a share, and a white sheet to draw on."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Two hues that stay apart for colour-blind eyes and in grey print: M. Okabe, K. Ito, Color Universal Design, 2008.
TRAINING, VALIDATION = "#0072B2", "#D55E00"
# What is right is grey and what is wrong orange, in every figure: for a colour-blind eye red would be as dark as grey.
RIGHT, WRONG = "#4D4D4D", "#C44900"
_ROUNDING = 1e-9  # an interval that ends at 1 may be computed as this little less
_EDGE = 0.08  # inches of white around everything


def percent(share: float, decimals: int) -> str:
    """A share as "98.36 %"; one that would be rounded to nothing or to all is written "< 0.1 %" or "> 99.9 %"."""
    text, step = f"{100 * share:.{decimals}f}", 10.0**-decimals
    if _ROUNDING < share < 1 - _ROUNDING and float(text) in (0, 100):
        return f"< {step:.{decimals}f} %" if share < 0.5 else f"> {100 - step:.{decimals}f} %"
    return f"{text} %"


def tick_percent(share: float, _position: float | None = None) -> str:
    """A tick's share with only the decimals that it needs: "90 %", "99.5 %"."""
    return f"{100 * share:.5g} %"


def counted(number: int, noun: str) -> str:
    """So many of something: "1 digit", "4,200 digits"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sheet(width: float, height: float) -> Figure:
    """An empty figure of so many inches, whose parts make room for one another."""
    options: dict[str, Any] = {"figsize": (width, height), "facecolor": "white"}
    return Figure(**options, layout=ConstrainedLayoutEngine(w_pad=_EDGE, h_pad=_EDGE))


def plain(axes: Axes) -> None:
    """Takes away what does not carry data, and puts a light grid behind what does."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
