"""Pictures that several test files share."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def nine_in_chalk() -> NDArray[np.uint8]:
    """A thick nine on a dark ground, whose loop could be taken for a sheet of paper."""
    image = Image.new("RGB", (400, 300), "#08081e")
    pen = ImageDraw.Draw(image)
    pen.ellipse((130, 20, 240, 140), fill="white")
    pen.ellipse((170, 60, 200, 100), fill="#08081e")
    pen.line([(220, 75), (220, 270)], fill="white", width=40)
    return np.asarray(image)
