"""Makes pictures of digits as people have them: drawings, scans, photos, several digits, and none at all.

Every maker takes images of digits, uint8 `(28, 28)`, and a random generator, and returns a Pillow image.
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Random = np.random.Generator
Ink = NDArray[np.float32]

PENS = ((20, 20, 25), (25, 45, 150), (60, 60, 66), (150, 25, 30), (15, 90, 50), (40, 70, 200))
PAPERS = ((255, 255, 255), (248, 246, 238), (240, 232, 205), (225, 228, 232), (205, 205, 200))


def stroke(digit: NDArray[np.uint8], height: int, random: Random, width: float = 0.0) -> Ink:
    """The digit as a smooth shape so many pixels high: 0 to 1. `width` makes strokes wider, in MNIST's pixels."""
    rows, columns = np.flatnonzero(digit.max(axis=1) > 60), np.flatnonzero(digit.max(axis=0) > 60)
    tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    padded = np.pad(tight, 3)
    scale = height / max(tight.shape[0], 0.6 * tight.shape[1])
    size = max(1, round(padded.shape[1] * scale)), max(1, round(padded.shape[0] * scale))
    big = np.asarray(Image.fromarray(padded).resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    big = ndimage.gaussian_filter(big, 0.35 * scale)
    level = 0.45 - 0.14 * width + random.uniform(-0.04, 0.04)
    edge = max(0.08, 0.5 / scale)
    shape = ((big - level) / edge + 0.5).clip(0, 1)
    if shape.max() < 0.9:
        shape = (big / big.max()).clip(0, 1)
    return cut(shape)


def cut(shape: Ink) -> Ink:
    """Without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(shape.max(axis=1) > 0.05), np.flatnonzero(shape.max(axis=0) > 0.05)
    return shape[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def placed(shape: Ink, size: tuple[int, int], random: Random, margin: int = 2) -> Ink:
    """The shape anywhere on a sheet of width and height, which grows where it is too small."""
    width, height = (max(side, had + 2 * margin) for side, had in zip(size, shape.shape[::-1], strict=True))
    sheet = np.zeros((height, width), np.float32)
    top = int(random.integers(margin, height - shape.shape[0] - margin + 1))
    left = int(random.integers(margin, width - shape.shape[1] - margin + 1))
    sheet[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return sheet


def coloured(shape: Ink, ink: Sequence[float], paper: "Sequence[float] | NDArray[np.float32]") -> NDArray[np.float32]:
    """float32 `(height, width, 3)`: ink over paper."""
    share = shape[:, :, None]
    return (share * np.asarray(ink, np.float32) + (1 - share) * np.asarray(paper, np.float32)).astype(np.float32)


def as_image(pixels: NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return Image.open(file)


def drawing(digit: NDArray[np.uint8], random: Random) -> Image.Image:
    """A digit drawn on a canvas: clean, of any size, place, colours and stroke width; sometimes see-through."""
    side = int(random.integers(60, 600))
    shape = stroke(digit, max(18, int(side * random.uniform(0.15, 0.9))), random, random.uniform(-0.8, 0.8))
    sheet = placed(shape, (side, int(side * random.uniform(0.7, 1.4))), random, margin=int(random.integers(0, 6)))
    kind = random.integers(4)
    if kind == 0:  # transparent
        alpha = as_image(sheet * 255)
        image = Image.new("RGBA", alpha.size, (0, 0, 0, 0) if random.random() < 0.7 else (255, 255, 255, 0))
        image.putalpha(alpha)
        return image
    if kind == 1:  # light on dark
        return as_image(coloured(sheet, (255,) * 3, random.uniform(0, 40, 3)))
    ink = PENS[random.integers(len(PENS))] if kind == 2 else (0, 0, 0)
    return as_image(coloured(sheet, ink, (255,) * 3))


def texture(shape: tuple[int, int], random: Random, grain: float) -> Ink:
    """Fibres and stains of paper: float32 around 0."""
    coarse = random.normal(0, 1, (shape[0] // 16 + 2, shape[1] // 16 + 2)).astype(np.float32)
    large = np.asarray(Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC))
    return grain * (0.7 * large + ndimage.gaussian_filter(random.normal(0, 1, shape), 0.7)).astype(np.float32)


def ruled(shape: tuple[int, int], random: Random) -> Ink:
    """Lines or squares printed on paper: 0 to 1."""
    lines = np.zeros(shape, np.float32)
    step = int(max(shape) / random.uniform(6, 22)) + 3
    thick = max(1, round(max(shape) / random.uniform(250, 600)))
    for start in range(thick):
        lines[int(random.integers(step)) * (start == -1) + start + step // 2 :: step] = 1
        if shape[1] and random.random() < 0.4:
            lines[:, start + step // 3 :: step] = 1
    return lines


def sheet_of_paper(shape: Ink, random: Random) -> NDArray[np.float32]:
    """Ink of some pen on some paper, ruled, squared or plain."""
    paper = np.ones((*shape.shape, 1), np.float32) * np.array(PAPERS[random.integers(len(PAPERS))], np.float32)
    if random.random() < 0.35:
        tint = np.array([(120, 160, 215), (170, 170, 175), (150, 200, 170)][random.integers(3)], np.float32)
        rule = ruled(shape.shape, random)[:, :, None] * random.uniform(0.3, 0.8)
        paper = paper * (1 - rule) + np.minimum(tint, paper) * rule
    if random.random() < 0.2:  # pencil
        return coloured(shape * random.uniform(0.55, 0.9), (70, 70, 75), paper)
    return coloured(shape, PENS[random.integers(len(PENS))], paper)


def scanned(shape: Ink, random: Random) -> Image.Image:
    """What a flat-bed scanner makes of ink on a sheet."""
    pixels = sheet_of_paper(shape, random)
    pixels = ndimage.gaussian_filter(pixels, (random.uniform(0.3, 1.0),) * 2 + (0,))
    grain = texture(shape.shape, random, random.uniform(0.5, 3))[:, :, None]
    image = as_image(pixels + grain + random.normal(0, random.uniform(0.5, 4), pixels.shape))
    image = image.rotate(random.uniform(-3, 3), Image.Resampling.BICUBIC, fillcolor=image.getpixel((1, 1)))
    return jpeg(image, int(random.integers(75, 96))) if random.random() < 0.7 else image.convert("L")


def scan(digit: NDArray[np.uint8], random: Random) -> Image.Image:
    """A digit on a scanned sheet."""
    side = int(random.integers(160, 640))
    shape = stroke(digit, max(30, int(side * random.uniform(0.08, 0.8))), random, random.uniform(-0.8, 0.8))
    return scanned(placed(shape, (side, int(side * random.uniform(0.6, 1.4))), random, side // 40), random)


def light(shape: tuple[int, int], random: Random) -> Ink:
    """A gradient, a vignette and perhaps a shadow: factors from about 0.3 to 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle = random.uniform(0, 2 * np.pi)
    field = 1 - random.uniform(0, 0.4) * (0.5 + 0.5 * (x * np.cos(angle) + y * np.sin(angle)))
    field *= 1 - random.uniform(0, 0.25) * (x * x + y * y) / 2
    if random.random() < 0.5:
        angle, place = random.uniform(0, 2 * np.pi), random.uniform(-0.7, 0.7)
        soft = random.uniform(0.01, 0.3)
        edge = 1 / (1 + np.exp(-((x * np.cos(angle) + y * np.sin(angle)) - place) / soft))
        field *= 1 - random.uniform(0.15, 0.5) * edge
    return field.astype(np.float32)


def bent(image: Image.Image, random: Random) -> Image.Image:
    """Turned by up to 10 degrees and seen from the side."""
    image = image.rotate(random.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=image.getpixel((2, 2)))
    width, height = image.size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    seen = corners + random.uniform(-0.06, 0.06, (4, 2)) * (width, height)
    rows = []
    for (x, y), (u, v) in zip(corners, seen, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    factors = np.linalg.solve(np.array(rows), seen.ravel())
    fill = image.getpixel((2, 2))
    return image.transform(
        image.size, Image.Transform.PERSPECTIVE, tuple(factors), Image.Resampling.BICUBIC, fillcolor=fill
    )


def photographed(pixels: NDArray[np.float32], random: Random) -> Image.Image:
    """What a phone makes of a sheet: light, shadow, blur, noise, perspective, JPEG."""
    paper = np.asarray(bent(as_image(pixels), random), np.float32)
    paper = paper + texture(paper.shape[:2], random, random.uniform(1, 4))[:, :, None]
    lit = paper * light(paper.shape[:2], random)[:, :, None] * random.uniform(0.75, 1.0)
    lit = ndimage.gaussian_filter(lit, (random.uniform(0.4, 1.6) * max(paper.shape) / 600,) * 2 + (0,))
    noisy = lit + random.normal(0, random.uniform(2, 9), lit.shape)
    return jpeg(as_image(noisy), 70)


def board(shape: Ink, random: Random) -> NDArray[np.float32]:
    """Chalk on a board."""
    green = np.array([(35, 60, 48), (40, 42, 46), (20, 45, 70)][random.integers(3)], np.float32)
    dusty = shape * (0.85 + 0.15 * random.random(shape.shape)).astype(np.float32)
    wiped = green + texture(shape.shape, random, 3)[:, :, None]
    return coloured(dusty, (225, 225, 215), wiped)


def sheet_or_board(shape: Ink, random: Random) -> NDArray[np.float32]:
    return board(shape, random) if random.random() < 0.15 else sheet_of_paper(shape, random)


def photo(digit: NDArray[np.uint8], random: Random) -> Image.Image:
    """A digit on paper or a board, photographed with a phone."""
    side = int(random.integers(240, 640))
    shape = stroke(digit, max(40, int(side * random.uniform(0.1, 0.7))), random, random.uniform(-0.6, 0.8))
    sheet = placed(shape, (side, int(side * random.uniform(0.7, 1.35))), random, side // 9)
    return photographed(sheet_or_board(sheet, random), random)


def string(digits: Sequence[NDArray[np.uint8]], random: Random) -> Image.Image:
    """Several digits in a row, some of them touching, scanned or photographed or drawn."""
    height = int(random.integers(40, 110))
    shapes = [stroke(digit, int(height * random.uniform(0.88, 1.12)), random) for digit in digits]
    row = np.zeros((2 * height, 3 * height * len(shapes)), np.float32)
    left = 0
    for shape in shapes:
        top = int(0.5 * height + random.uniform(-0.08, 0.08) * height)
        spot = row[top : top + shape.shape[0], left : left + shape.shape[1]]
        np.maximum(spot, shape[: spot.shape[0]], out=spot)
        apart = random.uniform(-0.03, 0.03) if random.random() < 0.06 else random.uniform(0.06, 0.45)
        left += max(1, int(shape.shape[1] + apart * height))
    side = int(random.integers(5 * height, 9 * height))
    sheet = placed(cut(row), (side, int(side * random.uniform(0.4, 1))), random, side // 9)
    how = random.integers(3)
    if how == 0:
        return as_image(coloured(sheet, (0, 0, 0), (255, 255, 255)))
    return scanned(sheet, random) if how == 1 else photographed(sheet_or_board(sheet, random), random)


def blank(random: Random) -> Image.Image:
    """Nothing: a clean canvas, or paper or a board with its texture, rules, light and noise."""
    side = int(random.integers(60, 900))
    shape = np.zeros((side, int(side * random.uniform(0.7, 1.4))), np.float32)
    how = random.integers(3)
    if how == 0:
        return as_image(coloured(shape, (0, 0, 0), PAPERS[random.integers(len(PAPERS))]))
    return scanned(shape, random) if how == 1 else photographed(sheet_or_board(shape, random), random)


def scribble(random: Random) -> Image.Image:
    """A tangle: a random walk, a zigzag, a hatching, a cloud of dots or loops."""
    side = int(random.integers(120, 600))
    canvas = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(canvas)
    width = max(2, int(side * random.uniform(0.008, 0.04)))
    low, high = 0.1 * side, 0.9 * side
    points = low + (high - low) * tangle(random)
    pen.line([tuple(point) for point in points], fill=255, width=width, joint="curve")
    shape = np.asarray(canvas, np.float32) / 255
    if random.random() < 0.5:
        return as_image(coloured(shape, (0, 0, 0), (255, 255, 255)))
    return photographed(sheet_of_paper(shape, random), random)


def tangle(random: Random) -> NDArray[np.float64]:
    """The corners of a scribble, from 0 to 1."""
    how: tuple[Callable[[Random], NDArray[np.float64]], ...] = (_walk, _zigzag, _loops, _hatch)
    return how[random.integers(4)](random)


def _walk(random: Random) -> NDArray[np.float64]:
    steps = np.cumsum(random.normal(0, 1, (int(random.integers(20, 60)), 2)), axis=0)
    smooth = ndimage.gaussian_filter1d(np.repeat(steps, 6, axis=0), 4, axis=0)
    return (smooth - smooth.min(axis=0)) / np.ptp(smooth, axis=0)


def _zigzag(random: Random) -> NDArray[np.float64]:
    count = int(random.integers(8, 24))
    x = np.linspace(0, 1, count) + random.normal(0, 0.03, count)
    return np.stack([x, np.arange(count) % 2 + random.normal(0, 0.12, count)], axis=1).clip(0, 1)


def _loops(random: Random) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi * random.uniform(4, 9), 400)
    turn, size = random.uniform(0.1, 0.4), random.uniform(0.2, 0.45)
    x = 0.5 + size * np.cos(t) * np.cos(turn * t)
    return np.stack([x, 0.5 + 0.45 * np.sin(t + 0.3 * np.sin(turn * t))], axis=1).clip(0, 1)


def _hatch(random: Random) -> NDArray[np.float64]:
    return random.uniform(0, 1, (int(random.integers(10, 30)), 2))
