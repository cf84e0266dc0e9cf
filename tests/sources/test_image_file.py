"""One image file at a time: every form it can have, and every way it can be broken."""

import io
import os
import struct
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kaggle_digits.errors import DataError
from kaggle_digits.sources import image_file


@pytest.fixture
def digit(digits):
    """A three, uint8 `(28, 28)`, 0 is paper."""
    return digits[0][12]


def read(path, shape=(28, 28)):
    return image_file.as_digit(image_file.read(path), shape)


def save(image, path, **options):
    image.save(path, **options)
    return path


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def as_palette(grey):
    """The picture with its palette in another order than its greys."""
    picture = Image.fromarray(255 - np.asarray(grey))
    picture = picture.convert("P")
    picture.putpalette([255 - value // 3 for value in range(768)])
    return picture


def ink_on_nothing(grey, colour):
    """Ink of one colour, transparent where there is none."""
    ink = Image.new("RGBA", grey.size, colour)
    ink.putalpha(grey)
    return ink


SAME = {
    "grey": lambda grey: grey,
    "inverted": lambda grey: Image.fromarray(255 - np.asarray(grey)),
    "colour": lambda grey: grey.convert("RGB"),
    "opaque": lambda grey: grey.convert("RGBA"),
    "grey with alpha": lambda grey: grey.convert("LA"),
    "palette": as_palette,
    "black on nothing": lambda grey: ink_on_nothing(grey, (0, 0, 0)),
    "white on nothing": lambda grey: ink_on_nothing(grey, (255, 255, 255)),
    "sixteen bits": lambda grey: Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
    "greys of eight bits in sixteen": lambda grey: Image.fromarray(np.asarray(grey).astype(np.uint16)),
}


@pytest.mark.parametrize("form", SAME)
def test_a_picture_of_the_right_size_keeps_its_pixels(tmp_path, digit, form):
    path = save(SAME[form](Image.fromarray(digit)), tmp_path / "3.png")
    assert np.array_equal(read(path), digit)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("bmp", {}), ("webp", {"lossless": True}), ("png", {"interlace": 1}), ("gif", {}), ("tiff", {})],
)
def test_reads_every_lossless_format(tmp_path, digit, suffix, options):
    path = save(Image.fromarray(digit).convert("RGB"), tmp_path / f"3.{suffix}", **options)
    assert np.array_equal(read(path), digit)


def test_reads_what_phones_keep_photos_in(tmp_path, digit):
    heif = pytest.importorskip("pillow_heif")
    large = Image.fromarray(255 - digit).resize((280, 280), Image.Resampling.BICUBIC).convert("RGB")
    path = tmp_path / "3.heic"
    heif.from_pillow(large).save(path, quality=95)
    assert np.abs(read(path).astype(int) - digit).mean() < 8
    assert image_file.read_picture(path, 100).pixels.shape == (100, 100, 3)


def test_reads_the_first_page_of_a_pdf(tmp_path, digit, monkeypatch):
    pytest.importorskip("pypdfium2")
    large = Image.fromarray(255 - digit).resize((280, 280), Image.Resampling.BICUBIC).convert("RGB")
    for name, more in (("one.pdf", []), ("two.pdf", [Image.new("RGB", (90, 90), "red")])):
        large.save(tmp_path / name, save_all=True, append_images=more, quality=95)
        picture = image_file.read_picture(tmp_path / name, 100)
        assert picture.pixels.shape == (100, 100, 3) and picture.first_of_several == bool(more)
        small = Image.fromarray(picture.pixels).convert("L").resize((28, 28), Image.Resampling.BOX)
        assert np.abs(255 - np.asarray(small, int) - digit).mean() < 8
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(DataError, match=r"one\.pdf is a PDF, and pypdfium2 is not installed\. Install it: .*pdf"):
        image_file.read(tmp_path / "one.pdf")


def test_reads_jpeg_of_grey_colour_and_ink(tmp_path, digit):
    for mode in ("L", "RGB", "CMYK"):
        path = save(Image.fromarray(digit).convert(mode), tmp_path / f"{mode}.jpg", quality=95, subsampling=0)
        assert np.abs(read(path).astype(int) - digit).max() < 30


def test_goes_by_content_and_not_by_name(tmp_path, digit):
    path = tmp_path / "3.jpeg"
    path.write_bytes(encoded(Image.fromarray(digit)))
    assert np.array_equal(read(path), digit)


def test_bits_become_black_and_white(tmp_path, digit):
    path = save(Image.fromarray(digit > 127), tmp_path / "3.png")
    assert np.array_equal(read(path), np.where(digit > 127, 255, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_camera_held_otherwise_makes_no_difference(tmp_path, digit, orientation, suffix):
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.fromarray(digit)
    sensor = upright.transpose(turns[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(sensor, tmp_path / f"3.{suffix}", exif=exif, quality=100)
    assert np.abs(read(path).astype(int) - digit).max() < 30


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_of_an_animation_the_first_picture_counts(tmp_path, digits, suffix):
    frames = [Image.fromarray(image).convert("RGB") for image in digits[0][[13, 0, 1]]]
    path = save(frames[0], tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(read(path), digits[0][13])


@pytest.mark.parametrize(
    ("paper", "ink"), [(0, 255), (0, 60), (40, 200), (120, 255), (120, 0), (150, 0), (215, 60), (255, 200), (255, 0)]
)
def test_whatever_the_border_mostly_is_becomes_paper(digit, paper, ink):
    drawn = (paper + (ink - float(paper)) * digit / 255).round().astype(np.uint8)
    read_back = image_file.as_digit(drawn, (28, 28))
    assert not read_back[digit == 0].any()
    farthest = abs(ink - paper) / (paper if ink < paper else 255 - paper) * 255
    assert read_back.max() == pytest.approx(farthest, abs=2)


def test_a_digit_that_touches_the_border_does_not_pass_for_paper(digit):
    cropped = digit[4:24, 6:22]
    assert cropped[0].any() and cropped[-1].any()
    assert np.array_equal(image_file.as_digit(255 - cropped, (20, 20)), np.pad(cropped, [(0, 0), (2, 2)]))


@pytest.mark.parametrize("grey", [0, 1, 127, 128, 254, 255])
def test_a_blank_picture_is_blank_paper(grey):
    assert not image_file.as_digit(np.full((50, 40), grey, np.uint8), (28, 28)).any()


@pytest.mark.parametrize("shape", [(28, 28), (20, 20), (8, 8), (28, 20), (20, 28), (1, 1)])
@pytest.mark.parametrize("size", [(28, 28), (300, 200), (7, 90), (1, 1), (1, 5000)])
def test_every_size_becomes_the_size_wanted(size, shape):
    greys = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    assert image_file.as_digit(greys, shape).shape == shape


def test_a_larger_picture_is_averaged_over_areas(digit):
    large = np.kron(digit, np.ones((5, 5), np.uint8))
    assert np.array_equal(image_file.as_digit(large, (28, 28)), digit)


def test_proportions_are_kept_and_the_picture_is_centred():
    bar = np.zeros((100, 50), np.uint8)
    bar[10:90, 20:30] = 255
    small = image_file.as_digit(bar, (20, 20))
    rows, columns = np.nonzero(small)
    assert (rows.min(), rows.max()) == (2, 17)
    assert (columns.min(), columns.max()) == (9, 10)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, body=b"", bits=8, extra=b""):
    """A PNG that claims a size, with a body that need not fit it."""
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    rest = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + rest


def bmp(width, height):
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


SMALL = Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8))
NO_IMAGE = "is not a whole image of the formats PNG, JPEG, BMP, WEBP, GIF, TIFF, HEIF."

BROKEN = {
    "nothing": (b"", NO_IMAGE),
    "text": (b"three\n", NO_IMAGE),
    "a web page": (b"<!doctype html><title>404</title>", NO_IMAGE),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', NO_IMAGE),
    "a PCX": (encoded(SMALL, "PCX"), NO_IMAGE),
    "half a GIF": (encoded(SMALL, "GIF")[:400], "is"),
    "half a TIFF": (encoded(SMALL, "TIFF")[:400], "is"),
    "no more than a HEIC's name": (b"\0\0\0\x18ftypheic" + bytes(12), "is"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n", NO_IMAGE),
    "a PNG's first bytes": (encoded(SMALL)[:20], "is damaged: Truncated File Read."),
    "half a PNG": (encoded(SMALL)[:400], "is damaged: image file is truncated"),
    "half a JPEG": (encoded(SMALL, "JPEG")[:500], "is damaged: image file is truncated"),
    "half a BMP": (encoded(SMALL, "BMP")[:1200], "is damaged: image file is truncated"),
    "half a WebP": (encoded(SMALL, "WEBP", lossless=True)[:300], "is damaged: could not create decoder object."),
    "a PNG without pixels": (png(28, 28), "is damaged: image file is truncated"),
    "a PNG whose pixels are no zlib": (
        encoded(SMALL).replace(b"IDATx", b"IDATy"),
        "is damaged: broken data stream when reading image file",
    ),
    "a PNG of 0 x 28": (png(0, 28), NO_IMAGE),
    "a BMP of 0 x 28": (bmp(0, 28), NO_IMAGE),
    "a PNG bomb": (png(9_000, 9_000, bytes(1000)), "is too large: 9,000 x 9,000 pixels, of at most 64,000,000 in all."),
    "a large PNG bomb": (png(2**31 - 1, 2**31 - 1), "is too large: more than 64,000,000 pixels."),
    "a BMP bomb": (bmp(60_000, 60_000), "is too large: more than 64,000,000 pixels."),
    "a text bomb": (
        png(28, 28, bytes(29 * 28), extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 27)))),
        "is damaged: Decompressed data too large",
    ),
    "a text bomb of many parts": (
        png(28, 28, bytes(29 * 28), extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 20))) * 80),
        "is damaged: Too much memory used in text chunks",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_named_in_one_sentence(tmp_path, fault):
    content, told = BROKEN[fault]
    path = tmp_path / "3.png"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        image_file.read(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} {told}")
    assert len(sentence.splitlines()) == 1 and sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", b"%PDF-1.7\n", "is damaged: Failed to load document (PDFium: Data format error)."),
        (
            "notes.txt",
            b"7 and 3",
            "is no picture: export what it shows as a PNG, or name a CSV or .npy file of pixels.",
        ),
        ("a.svg", b"<svg/>", "is no picture: export what it shows as a PNG, or name a CSV or .npy file of pixels."),
    ],
)
def test_what_is_no_picture_is_told_how_to_become_one(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        image_file.read(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name} {told}"


def test_an_animation_whose_second_frame_is_broken_is_read_for_all_that(tmp_path):
    frames = [Image.new("L", (40, 30), grey) for grey in (200, 50, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    content = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(content[: len(content) * 2 // 3])
    picture = image_file.read_picture(tmp_path / "a.gif", 1024)
    assert picture.pixels.max() - picture.pixels.min() <= 3 and abs(int(picture.pixels.max()) - 200) < 3


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*3\.png"):
        image_file.read(tmp_path / "3.png")
    with pytest.raises(DataError, match="is not a file"):
        image_file.read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="is not a file"):
        image_file.read(tmp_path / "pipe.png")


def test_the_largest_picture_is_read(tmp_path):
    path = tmp_path / "3.png"
    path.write_bytes(png(8_000, 8_000, bytes(1001 * 8_000), bits=1))
    assert image_file.read(path).shape == (8_000, 8_000)
    assert not read(path).any()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / "wild.png"


def is_read_or_refused(path, content):
    path.write_bytes(content)
    try:
        greys = image_file.read(path)
    except DataError as error:
        assert str(error).startswith(str(path)) and len(str(error).splitlines()) == 1
    else:
        assert greys.dtype == np.uint8 and greys.ndim == 2
        assert image_file.as_digit(greys, (28, 28)).shape == (28, 28)


STARTS = [
    b"",
    b"GIF89a",
    b"II*\0\x08\0\0\0",
    b"\0\0\0\x18ftypheic",
    b"%PDF-1.4\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff\xe0",
    b"BM",
    b"RIFF\x40\0\0\0WEBPVP8 ",
]


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(scratch, start, rest):
    is_read_or_refused(scratch, start + rest)


EXIF = Image.Exif()
EXIF[0x0112] = 6
WHOLE = [
    encoded(SMALL, "PNG", exif=EXIF),
    encoded(as_palette(SMALL), "PNG", transparency=3),
    encoded(SMALL, "JPEG", exif=EXIF),
    encoded(SMALL, "BMP"),
    encoded(SMALL, "WEBP", exif=EXIF),
    encoded(SMALL, "GIF"),
    encoded(SMALL, "TIFF", compression="tiff_lzw"),
]


@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1), st.data())
def test_images_with_changed_bytes_are_read_or_refused(scratch, whole, changes, data):
    content = bytearray(whole)
    for place, value in changes:
        # Most decisions are taken in the first bytes.
        content[place % (len(content) if place % 2 else 120)] = value
    is_read_or_refused(scratch, bytes(content[: data.draw(st.integers(1, len(content)))]))
