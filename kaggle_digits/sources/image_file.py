"""One image file of whatever format, size and colours, as grey ink on paper. Pillow's oddities stop here."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from kaggle_digits import extras
from kaggle_digits.errors import DataError, first_line

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", "HEIF")
"""The formats that are read, by content and whatever a file's name says: few decoders, so few ways to be attacked.
HEIF, in which iPhones keep photos as .heic, needs the extra `heic`. Of a PDF the first page is read, with the extra
`pdf`, where the file itself is named."""

for _name in ("Png", "Jpeg", "Bmp", "WebP", "Gif", "Tiff"):
    import_module(f"PIL.{_name}ImagePlugin")  # to open a picture of these, Pillow would load all forty

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif"})

MOST_PIXELS = 64_000_000
"""What one image may have; the cameras of common phones write up to 50 megapixels. Decoded, it takes up to 0.7 GB."""

_PAGE = 2400  # pixels of the longer side, at which a page of a PDF is drawn: 8 for a millimetre of A4
# Formats with pages or frames; what cameras put beside a JPEG is neither.
_OF_SEVERAL = ("GIF", "PNG", "TIFF", "WEBP", "PDF")
_DRAFTED = 0.95  # of the pixels wanted, at least, that JPEG's decoder is asked for: it halves sides, and halves again

# Below this many greys between the lightest and the darkest pixel, nothing was drawn.
_LEAST_CONTRAST = 32


def read(path: Path) -> NDArray[np.uint8]:
    """Reads the first picture of an image file of one of the `FORMATS`.

    Colours become greys, sixteen bits become eight, what is transparent lies on white paper (on black where a light
    digit would vanish), and a camera's note of how it was held is followed.

    Returns:
        uint8 `(height, width)`, 0 is black and 255 is white.

    Raises:
        DataError: the file is missing, broken, no such image, or has more than `MOST_PIXELS`. Never anything else.
    """
    with _opened(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        return _greys(image)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as one sees it, in grey or in colours.

    Attributes:
        pixels: uint8 `(height, width)` or `(height, width, 3)`, 0 is black and 255 is white.
        size: width and height of the file's picture, in pixels; `pixels` may have fewer.
        first_of_several: whether the file holds more pictures: the pages of a TIFF, or the frames of an animation.
    """

    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    first_of_several: bool = False


def read_picture(path: Path, longest: int) -> Picture:
    """Reads an image file as `read` does, but keeps its colours and no more pixels than needed.

    Larger pictures are averaged over areas until the longer side has `longest` pixels, or hardly fewer. Raises
    `DataError` as `read`.
    """
    with _opened(path) as image:
        size = image.size
        # JPEG's decoder can leave out detail while it decodes, at a fraction of the time.
        width, height = (max(1, int(_DRAFTED * side * longest / max(size))) for side in size)
        image.draft(None, (width, height))
        drafted = image.size
        ImageOps.exif_transpose(image, in_place=True)
        if drafted[0] != drafted[1] and image.size == drafted[::-1]:
            size = size[::-1]
        shown = _coloured(image)
        scale = longest / max(shown.size)
        if scale < 1:
            width, height = (max(1, round(side * scale)) for side in shown.size)
            shown = shown.resize((width, height), Image.Resampling.BOX)
        return Picture(np.asarray(shown), size, _is_first_of_several(image))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The file's picture, not yet decoded; whatever is wrong with it, then or while decoding, is a DataError."""
    with warnings.catch_warnings():
        # Pillow warns of what it repairs (odd metadata, odd palettes) and of sizes, which are judged here.
        warnings.simplefilter("ignore")
        try:
            if not path.is_file():  # a pipe would be waited for
                raise DataError(f"{path} is not a file." if path.exists() else f"there is no file {path}.")
            start = _start(path)
            if start.startswith(b"%PDF-"):
                yield _first_page(path)
                return
            is_heif = _is_heif(start)
            formats = known_formats() if is_heif else FORMATS[:-1]
            if is_heif and "HEIF" not in formats:
                raise _missing(path, "a HEIC picture", "pillow-heif", "heic", "save the picture as JPEG")
            with Image.open(path, formats=formats) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise DataError(
                        f"{path} is too large: {width:,} x {height:,} pixels, of at most {MOST_PIXELS:,} in all."
                    )
                yield image
        except DataError:
            raise
        # Decoders meet broken files with errors of every kind: OSError, SyntaxError, struct.error, IndexError, ...
        except Exception as error:
            raise DataError(f"{path} {_fault(path, error)}.") from error


def as_digit(greys: NDArray[np.uint8], image_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Brings a picture to the form of a training image: light ink on black paper, of the given size.

    The paper's grey is what most of the outermost pixels have; the ink is on that side of it, darker or lighter, to
    which the picture reaches further. The picture is resized by averaging areas, with its proportions kept, and
    centred on paper. One that has the size already keeps its pixels: exactly as they are where its paper is black,
    exactly inverted where its paper is white.

    Args:
        greys: uint8 `(height, width)`, 0 is black and 255 is white.
        image_shape: the height and width wanted, in pixels.

    Returns:
        uint8 of that shape, 0 is paper and 255 is ink.
    """
    paper = _paper(greys)
    # Blank pictures reach nowhere: there, light paper is taken for paper as well as dark paper.
    is_dark_ink = (paper - float(greys.min()), paper) > (float(greys.max()) - paper, 127.5)
    ink = 0.0 if is_dark_ink else 255.0
    share = (_resized(greys, image_shape) - paper) / (ink - paper)
    inked = (share.clip(0, 1) * 255).round().astype(np.uint8)
    # Padding comes after resizing, since a picture of 1 x 50,000,000 pixels would make a huge square.
    spare = [wanted - had for wanted, had in zip(image_shape, inked.shape, strict=True)]
    return np.pad(inked, [(each // 2, each - each // 2) for each in spare])


def _is_heif(start: bytes) -> bool:
    """By a file's first bytes, which name its kind and then the brands that it keeps to."""
    return start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def _first_page(path: Path) -> Image.Image:
    """The first page of a PDF, drawn; by a build of PDFium that runs no scripts."""
    try:
        import pypdfium2
    except ImportError:
        raise _missing(path, "a PDF", "pypdfium2", "pdf", "export its page as a PNG") from None
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        image: Image.Image = page.render(scale=_PAGE / max(page.get_size())).to_pil()
        image.format = "PDF"
        image.is_animated = len(document) > 1  # type: ignore[attr-defined]  # as Pillow says that there are more
        return image


def _is_first_of_several(image: Image.Image) -> bool:
    """Whether there are more; they are not counted, which can take minutes."""
    with suppress(Exception):  # the next one may be broken in any way
        return image.format in _OF_SEVERAL and bool(getattr(image, "is_animated", False))
    return True


def _missing(path: Path, what: str, package: str, extra: str, instead: str) -> DataError:
    """For a file that only an extra reads."""
    return DataError(
        f"{path} is {what}, and {package} is not installed. Install it: {extras.line_for(extra)}; or {instead}."
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def known_formats() -> list[str]:
    """Those of `FORMATS` that this Pillow knows, HEIF among them where its plug-in is installed."""
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def _fault(path: Path, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        if path.suffix and path.suffix.lower() not in SUFFIXES:
            return "is no picture: export what it shows as a PNG, or name a CSV or .npy file of pixels"
        return f"is not a whole image of the formats {', '.join(FORMATS)}"
    if isinstance(error, Image.DecompressionBombError):
        return f"is too large: more than {MOST_PIXELS:,} pixels"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"is damaged: {first_line(error)}"


def _greys(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):
        deep = np.asarray(image)
        # Some programs write greys up to 255 into sixteen bits; those are kept as they are.
        return (deep // (1 if deep.max() <= 255 else 257)).astype(np.uint8)
    if image.has_transparency_data:
        return _on_paper(image if image.mode in ("LA", "RGBA") else image.convert("RGBA"))[0]
    return np.asarray(image.convert("L"))


def _coloured(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB, on paper."""
    if image.mode.startswith("I") or image.mode in ("1", "L", "LA"):
        return Image.fromarray(_greys(image))
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    _, paper = _on_paper(seen)
    return Image.composite(seen.convert("RGB"), Image.new("RGB", seen.size, (paper,) * 3), seen.getchannel("A"))


def _on_paper(image: Image.Image) -> tuple[NDArray[np.uint8], int]:
    """A see-through picture on paper, uint8 `(height, width)`, and the paper's grey."""
    greys, opacity = image.convert("L"), image.getchannel("A")
    for paper in (255, 0):
        drawn = np.asarray(Image.composite(greys, Image.new("L", image.size, paper), opacity))
        if int(drawn.max()) - int(drawn.min()) >= _LEAST_CONTRAST:
            break
    return drawn, paper


def _paper(greys: NDArray[np.uint8]) -> float:
    """The grey of most pixels of the border, from 0 to 255."""
    border = np.concatenate([greys[0], greys[-1], greys[:, 0], greys[:, -1]])
    # A median of them all would be a grey between paper and ink where a digit fills its picture: the right one for
    # 90 % of MNIST's digits when cut out tightly, against 99 % by counting in eight steps of grey.
    steps = border // 32
    return float(np.median(border[steps == np.bincount(steps).argmax()]))


def _resized(greys: NDArray[np.uint8], image_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture in its own proportions, as large as fits into `image_shape`."""
    scale = min(wanted / had for wanted, had in zip(image_shape, greys.shape, strict=True))
    height, width = (max(1, round(had * scale)) for had in greys.shape)
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(greys).resize((width, height), how))
