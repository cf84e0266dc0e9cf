"""X.npy and y.npy: the shapes and units they come in, and the ways they go wrong."""

import io
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kaggle_digits.errors import DataError
from kaggle_digits.sources import npy_file, npy_pair


@pytest.fixture
def save(tmp_path, digits):
    """Writes X.npy and y.npy, of 40 digits where nothing else is given, and perhaps X_test.npy."""

    def write(images=digits[0], labels=digits[1], test=None):
        arrays = {"X": images, "y": labels, "X_test": test}
        for name, array in arrays.items():
            if array is not None:
                np.save(tmp_path / f"{name}.npy", array)
        return tmp_path

    return write


@pytest.fixture
def course(digits):
    """As the course's: 20 x 20 floats that overshoot [0, 1], stored row by row, `(40, 400)`; to be turned."""
    small = [Image.fromarray(image / np.float32(255)).resize((20, 20), Image.Resampling.BICUBIC) for image in digits[0]]
    rows = np.stack([np.asarray(image) for image in small]).astype(float)
    rows = rows * 1.26 - 0.13
    return rows.reshape(40, 400)


def by_column(flat):
    side = int(flat.shape[1] ** 0.5)
    return flat.reshape(-1, side, side).transpose(0, 2, 1).reshape(len(flat), -1)


FORMS = {
    "three axes": lambda images: images,
    "four axes": lambda images: images[..., np.newaxis],
    "rows": lambda images: images.reshape(len(images), -1),
    "Fortran order": np.asfortranarray,
    "int64": lambda images: images.astype(np.int64),
    "big-endian": lambda images: images.astype(">u2"),
    "floats to 255": lambda images: images.astype(np.float64),
    "floats to 1": lambda images: images / 255,
    "halves": lambda images: (images / 255).astype(np.float16),
    "long doubles": lambda images: images / np.longdouble(255),
    "dark on light": lambda images: 255 - images,
    "stored by column": lambda images: by_column(images.reshape(len(images), -1)),
    "all of it": lambda images: np.asfortranarray(by_column(1 - images.reshape(len(images), -1) / np.float32(255))),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_digits(save, digits, form):
    images = FORMS[form](digits[0])
    source = npy_pair.load(save(images, digits[1], images[:7]))
    assert np.array_equal(source.train.images, digits[0])
    assert np.array_equal(source.test.images, digits[0][:7])
    assert source.train.known_labels.tolist() == digits[1].tolist()
    assert source.train.ids.tolist() == list(range(1, 41))


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"stored by column", "all of it"}))
def test_images_alone_are_read_in_every_form_that_needs_no_labels(tmp_path, digits, form):
    np.save(tmp_path / "any.npy", FORMS[form](digits[0]))
    read, notes = npy_pair.read_images(tmp_path / "any.npy")
    assert read.labels is None
    assert np.array_equal(read.images, digits[0])
    assert notes == (("any.npy: dark ink on light paper, so inverted",) if form == "dark on light" else ())


def test_course_digits_alone_are_turned_and_that_is_said(tmp_path, course):
    np.save(tmp_path / "any.npy", by_column(course))
    read, notes = npy_pair.read_images(tmp_path / "any.npy")
    assert np.array_equal(read.images, (course.clip(0, 1) * 255).round().reshape(-1, 20, 20))
    assert [note.split(": ")[0] for note in notes] == ["any.npy", "any.npy"]
    assert "clipped" in notes[0] and "turned" in notes[1]


def test_arrays_alone_that_are_malformed_are_refused(tmp_path):
    np.save(tmp_path / "any.npy", np.zeros((3, 785)))
    with pytest.raises(DataError, match=r"any\.npy must have the shape .*Received: \(3, 785\)"):
        npy_pair.read_images(tmp_path / "any.npy")


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.uint64, ">i4"])
def test_labels_may_be_of_any_kind_and_in_a_column(save, digits, kind):
    labels = digits[1].astype(kind)
    assert npy_pair.load(save(labels=labels[:, np.newaxis])).train.known_labels.tolist() == digits[1].tolist()
    assert npy_pair.load(save(labels=labels)).train.known_labels.tolist() == digits[1].tolist()


def test_images_need_not_be_square(save, digits):
    assert npy_pair.load(save(digits[0][:, :, 4:24])).train.image_shape == (28, 20)


def test_zeros_and_ones_are_two_classes(save, digits):
    images, labels = digits
    assert npy_pair.load(save(images[:8], labels[:8])).train.classes == 2
    assert npy_pair.load(save(images[:8], labels[:8].astype(bool))).train.classes == 2
    assert npy_pair.load(save(images[:9], labels[:9])).train.classes == 10


def test_black_and_white_images_are_white_at_1(save, digits):
    images, _ = digits
    for bits in (images > 127, (images > 127).astype(np.int8)):
        assert np.array_equal(npy_pair.load(save(bits)).train.images, np.where(images > 127, 255, 0))


def test_course_digits_are_turned_and_clipped_and_that_is_said(save, course, digits):
    labels = np.where(digits[1] == 0, 10, digits[1])[:, np.newaxis]
    source = npy_pair.load(save(by_column(course), labels, by_column(course)[:5]))
    upright = (course.clip(0, 1) * 255).round().reshape(-1, 20, 20)
    assert np.array_equal(source.train.images, upright)
    assert np.array_equal(source.test.images, upright[:5])
    assert source.train.known_labels.tolist() == digits[1].tolist()
    assert source.notes == (
        f"X.npy: values from {course.min():.3g} to {course.max():.3g} were clipped to 0..1",
        "y.npy: the label 10 stands for the digit 0",
        "X.npy: the pixels were stored column by column, so the images were turned",
        f"X_test.npy: values from {course[:5].min():.3g} to {course[:5].max():.3g} were clipped to 0..1",
    )


def test_course_digits_without_ones_are_known_by_their_overshoot(save, course, digits):
    labels = digits[1]
    seen = (course.clip(0, 1) * 255).round().reshape(-1, 20, 20)
    others = npy_pair.load(save(by_column(course)[labels != 1], labels[labels != 1])).train.images
    assert np.array_equal(others, seen[labels != 1])
    without = npy_pair.load(save(course.clip(0, 1)[labels != 1], labels[labels != 1])).train.images
    assert np.array_equal(without, seen[labels != 1])


def test_ones_that_stand_are_believed_whatever_the_overshoot(save, course):
    source = npy_pair.load(save(course))
    assert not any("column" in note for note in source.notes)
    assert np.array_equal(source.train.images, (course.clip(0, 1) * 255).round().reshape(-1, 20, 20))


def test_images_with_axes_of_their_own_are_never_turned(save, digits):
    lying = digits[0].transpose(0, 2, 1)
    assert np.array_equal(npy_pair.load(save(lying)).train.images, lying)


NOISE = np.random.default_rng(0).integers(0, 256, (40, 400))


@pytest.mark.parametrize("images", [np.zeros((40, 400)), np.ones((40, 1)), NOISE])
def test_images_that_tell_nothing_are_not_turned(save, images):
    source = npy_pair.load(save(images))
    assert not any("column" in note for note in source.notes)


def test_faint_greys_are_pointed_out(save, digits):
    assert npy_pair.load(save(digits[0] // 16)).notes == ("X.npy: values reach only 15 of 255, so the ink is faint",)


def test_more_rows_than_are_taken_at_once(save, digits):
    many = np.tile(digits[0], (150, 1, 1))
    source = npy_pair.load(save(many, np.tile(digits[1], 150)))
    assert np.array_equal(source.train.images, many)


def header(text, version=(1, 0)):
    """A .npy file with that header, and 80 bytes of numbers."""
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text) + 1) + text.encode() + b"\n" + bytes(80)


def described(shape, kind="'<f8'"):
    return header(f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}")


def encoded(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def zipped(array):
    file = io.BytesIO()
    np.savez(file, array)
    return file.getvalue()


X = np.zeros((3, 400), np.float32)


def changed(place, value, array=X):
    array = array.copy()
    array[place] = value
    return encoded(array)


NO_HEADER = "is damaged: its header makes no sense. Save it again with numpy.save."
BAD_IMAGES = {
    "nothing": (b"", "is not a .npy file but empty. Save the array with numpy.save."),
    "text": (b"0,0,0\n", "is not a .npy file but something else"),
    "an .npz": (zipped(X), r"is not a .npy file but a zip, perhaps of several arrays \(.npz\)"),
    "a pickle": (b"\x80\x04\x95", "is not a .npy file but a Python pickle, which is never loaded"),
    "pickled objects": (
        encoded(np.array([{}, []], object), allow_pickle=True),
        "holds Python objects, which are never",
    ),
    "a header cut short": (encoded(X)[:50], NO_HEADER),
    "a header that is not there": (b"\x93NUMPY", NO_HEADER),
    "numbers cut short": (encoded(X)[:-1], "is cut short: it holds fewer numbers than it says"),
    "a huge shape": (described((10**12, 784)), "is cut short"),
    "a shape beyond all numbers": (described((2**62, 2**62)), NO_HEADER),
    "a negative shape": (described((-3, 400)), NO_HEADER),
    "a header that is code": (header("__import__('os').getcwd()"), NO_HEADER),
    "a header without end": (header("(" * 5_000), NO_HEADER),
    "a long header": (header("{" + " " * 20_000 + "}"), NO_HEADER),
    "a format of the future": (encoded(X).replace(b"Y\x01\x00", b"Y\x09\x00", 1), NO_HEADER),
    "complex numbers": (encoded(X.astype(complex)), "must hold whole numbers or floats. Received: complex128"),
    "words": (encoded(np.array([["ink"]])), "must hold whole numbers or floats. Received: <U3"),
    "dates": (encoded(np.zeros((3, 400), "M8[s]")), "Received: datetime64"),
    "a table": (encoded(np.zeros((3,), [("label", "i4"), ("pixel", "u1")])), "must hold whole numbers or floats"),
    "a single number": (encoded(np.float64(3)), r"must have the shape .*Received: \(\)"),
    "one axis": (encoded(np.zeros(400)), r"Received: \(400,\)"),
    "no rows": (encoded(np.zeros((0, 784))), r"without a number in it. Received: shape \(0, 784\)"),
    "no pixels": (encoded(np.zeros((3, 0))), "without a number in it"),
    "pixels that make no square": (encoded(np.zeros((3, 785))), r"a square number of pixels.*Received: \(3, 785\)"),
    "colours": (encoded(np.zeros((3, 28, 28, 3))), r"Received: \(3, 28, 28, 3\)"),
    "not a number": (changed((2, 7), np.nan), r"row 2 \(counted from 0\) must hold numbers. Received: nan"),
    "infinity": (changed((1, 7), -np.inf), r"row 1 \(counted from 0\) must hold numbers. Received: -inf"),
    "normalised": (changed((0, 0), 2.8, X - 0.42), "greys from 0 to 1, or from 0 to 255. Received: -0.42 to 2.8"),
    "from -1 to 1": (changed((0, 0), -1), "Received: -1 to 0"),
    "sixteen bits": (encoded(np.full((3, 400), 65535, np.uint16)), "Received: 65535 to 65535"),
    "negative numbers": (changed((0, 0), -5, X.astype(int)), "Received: -5 to 0"),
    "floats beyond all greys": (changed((0, 0), 1e300, X.astype(float)), r"Received: 0 to 1e\+300"),
}


def is_refused(folder, name, told):
    with pytest.raises(DataError, match=told) as caught:
        npy_pair.load(folder)
    sentence = str(caught.value)
    assert str(folder / name) in sentence
    assert len(sentence.splitlines()) == 1 and sentence.endswith(".")


@pytest.mark.parametrize("fault", BAD_IMAGES)
def test_images_that_are_malformed_are_refused(tmp_path, fault):
    content, told = BAD_IMAGES[fault]
    (tmp_path / "X.npy").write_bytes(content)
    np.save(tmp_path / "y.npy", np.arange(3))
    is_refused(tmp_path, "X.npy", told)


BAD_LABELS = {
    "an 11": ([0, 1, 11], r"row 2 \(counted from 0\): a whole number from 0 to 9 is expected. Received: 11"),
    "a negative one": ([0, -1, 2], r"row 1 .* Received: -1"),
    "a half": ([0.5, 1, 2], r"row 0 .* Received: 0.5"),
    "not a number": ([0, 1, np.nan], r"row 2 .* Received: nan"),
    "infinity": ([[0], [np.inf], [1]], r"row 1 .* Received: inf"),
    "both 0 and 10": ([0, 1, 10], "has both labels 0 and 10"),
    "one too few": ([0, 1], r"a label for each of the 3 images of X.npy, .*Received: \(2,\)"),
    "one too many": ([0, 1, 2, 3], r"Received: \(4,\)"),
    "one for all": (3, r"Received: \(\)"),
    "one-hot": (np.eye(3), r"Received: \(3, 3\)"),
    "lying": ([[0, 1, 2]], r"Received: \(1, 3\)"),
    "words": (["one", "two", "three"], "must hold whole numbers or floats"),
    "complex": ([0, 1, 2j], "must hold whole numbers or floats"),
}


@pytest.mark.parametrize("fault", BAD_LABELS)
def test_labels_that_are_malformed_are_refused(save, fault):
    labels, told = BAD_LABELS[fault]
    is_refused(save(X, np.array(labels)), "y.npy", told)


def test_each_file_must_be_there(save):
    folder = save()
    (folder / "y.npy").rename(folder / "labels.npy")
    is_refused(folder, "y.npy", "there is no .*y.npy")
    (folder / "X.npy").rename(folder / "y.npy")
    is_refused(folder, "X.npy", "there is no .*X.npy")
    (folder / "X.npy").mkdir()
    is_refused(folder, "X.npy", "is not a file")


def test_a_test_set_of_another_shape_is_refused(save):
    is_refused(save(test=np.zeros((2, 20, 20))), "X_test.npy", r"of those of .*X.npy, \(28, 28\). Received: \(20, 20\)")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / "X.npy"


WHOLE = encoded(np.arange(32, dtype=np.float32).reshape(2, 16))


@given(
    st.one_of(
        st.binary(max_size=200).map(lambda rest: b"\x93NUMPY\x01\x00" + rest),
        st.text(st.sampled_from("{}()[],:'\"<>|fiucbOV0123456789descrshapeortn_ L\\#\n-"), max_size=120).map(header),
        st.tuples(st.integers(0, 140), st.binary(min_size=1, max_size=4)).map(
            lambda change: WHOLE[: change[0]] + change[1] + WHOLE[change[0] + len(change[1]) :]
        ),
        st.integers(0, len(WHOLE)).map(lambda end: WHOLE[:end]),
    )
)
def test_arrays_with_changed_bytes_are_read_or_refused(scratch, content):
    scratch.write_bytes(content)
    try:
        array = npy_file.open_array(scratch)
    except DataError as error:
        assert str(error).startswith(str(scratch)) and len(str(error).splitlines()) == 1
    else:
        assert array.dtype.kind in "biuf" and array.nbytes <= len(content)


@given(
    st.lists(st.floats(width=32), min_size=8, max_size=8),
    st.lists(st.one_of(st.integers(0, 10), st.floats(width=32)), min_size=2, max_size=2),
)
def test_any_numbers_are_read_or_refused(scratch, pixels, labels):
    np.save(scratch, np.array(pixels, np.float32).reshape(2, 4))
    np.save(scratch.with_name("y.npy"), np.array(labels, np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            train = npy_pair.load(scratch.parent).train
        except DataError as error:
            assert str(scratch.parent) in str(error)
        else:
            assert len(train) == 2
