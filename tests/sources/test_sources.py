"""One contract for every source: what comes out is `Digits`, ready for training."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kaggle_digits import sources
from kaggle_digits.errors import DataError
from kaggle_digits.sources import bundled

PIXELS = [f"pixel{number}" for number in range(784)]


@dataclass
class Written:
    """A folder in one of the forms that are understood, and how to change it.

    Attributes:
        folder: where it is.
        test: its test set, to be removed.
        write: what has written it.
        rewrite: writes the folder again, from other images.
    """

    folder: Path
    test: Path
    write: object
    rewrite: object


def write_csvs(folder, images, labels):
    rows = images.reshape(-1, 784)
    train = [["label", *PIXELS], *([label, *row] for label, row in zip(labels, rows[:30], strict=True))]
    for name, table in (("train.csv", train), ("test.csv", [PIXELS, *rows[30:]])):
        (folder / name).write_text("".join(",".join(map(str, line)) + "\n" for line in table))
    return folder / "test.csv"


def write_arrays(folder, images, labels):
    np.save(folder / "X.npy", images[:30].reshape(-1, 784))
    np.save(folder / "y.npy", labels)
    np.save(folder / "X_test.npy", images[30:])
    return folder / "X_test.npy"


def write_images(folder, images, labels):
    names = [f"train/digit_{label}/{row}.png" for row, label in enumerate(labels)]
    names += [f"test/{row}.png" for row in range(len(images) - 30)]
    for name, image in zip(names, images, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
    return folder / "test"


# A new kind of source is tested by standing in `sources.SOURCES`, with a function here that writes its form.
WRITERS = {"kaggle-csv": write_csvs, "npy-pair": write_arrays, "image-folder": write_images}


def test_every_kind_of_source_is_tested_here():
    assert [kind.name for kind in sources.SOURCES] == ["sklearn", *WRITERS]


@pytest.fixture
def drawn(digits):
    """40 images, and the labels of the first 30: three of each digit."""
    images, labels = digits
    order = np.argsort(np.arange(40) % 4, kind="stable")
    return images[order], labels[order][:30]


def remove(path):
    for file in sorted(path.rglob("*"), reverse=True):
        file.unlink()
    path.rmdir() if path.is_dir() else path.unlink()


@pytest.fixture(params=WRITERS)
def written(request, tmp_path, drawn):
    images, labels = drawn
    folder = tmp_path / "data"
    folder.mkdir()
    write = WRITERS[request.param]
    return Written(folder, write(folder, images, labels), write, lambda changed: write(folder, changed, labels))


@pytest.fixture(params=["sklearn", *WRITERS])
def source(request, tmp_path, drawn):
    if request.param == "sklearn":
        return sources.load("sklearn")
    WRITERS[request.param](tmp_path, *drawn)
    return sources.load(tmp_path)


def test_training_digits_have_labels_and_ids(source):
    assert set(source.train.known_labels.tolist()) == set(range(10))
    assert source.train.classes == 10
    assert len(set(source.train.ids.tolist())) == len(source.train)


def test_the_test_set_has_the_same_shape_and_no_labels(source):
    assert source.test.labels is None
    assert source.test.image_shape == source.train.image_shape == (28, 28)
    assert source.test.classes == source.train.classes
    assert len(set(source.test.ids.tolist())) == len(source.test)


def test_paper_is_0_and_ink_is_255(source):
    for digits in (source.train, source.test):
        assert np.median(digits.images) == 0
        assert digits.images.max() == 255


def test_loading_twice_gives_the_same(source):
    again = sources.load(source.name)
    for one, other in ((source.train, again.train), (source.test, again.test)):
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(source.train.known_labels, again.train.known_labels)
    assert (again.sha256, again.notes) == (source.sha256, source.notes)


def test_nothing_is_said_of_data_that_needs_no_correction(source):
    assert source.notes == ()


def pairs(images, labels):
    return [(label, image.tobytes()) for label, image in zip(labels.tolist(), images, strict=True)]


def test_pixels_and_labels_come_through_unchanged(written, drawn):
    images, labels = drawn
    source = sources.load(written.folder)
    assert sorted(pairs(source.train.images, source.train.known_labels)) == sorted(pairs(images[:30], labels))
    assert np.array_equal(source.test.images, images[30:])


@pytest.mark.parametrize("row", [0, 39])
def test_the_hash_changes_with_a_single_pixel(written, drawn, row):
    before = sources.load(written.folder).sha256
    changed = drawn[0].copy()
    changed[row, 14, 14] ^= 1
    written.rewrite(changed)
    after = sources.load(written.folder).sha256
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before) == 1


def test_the_hash_does_not_depend_on_where_the_folder_is(written):
    before = sources.load(written.folder).sha256
    assert sources.load(written.folder.rename(written.folder.with_name("moved"))).sha256 == before


def test_the_test_set_may_be_missing(written):
    remove(written.test)
    source = sources.load(written.folder)
    assert source.test is None
    assert len(source.train) == 30
    assert len(source.sha256) == (2 if (written.folder / "X.npy").exists() else 1)


def test_a_source_knows_its_kind_and_its_path(written):
    source = sources.load(written.folder)
    (kind,) = (kind for kind in sources.SOURCES if kind.name == source.kind)
    assert WRITERS[kind.name] is written.write
    assert kind.recognises(written.folder)
    assert (source.path, source.name) == (written.folder, str(written.folder))
    assert sources.load("sklearn").path is None


def test_the_files_of_the_test_set_are_told_from_those_of_the_training_set(written, drawn):
    before = sources.load(written.folder)
    changed = drawn[0].copy()
    changed[39, 14, 14] ^= 1
    written.rewrite(changed)
    after = sources.load(written.folder)
    assert before.train_sha256 == after.train_sha256
    assert before.test_sha256.keys() == after.test_sha256.keys()
    assert before.test_sha256 != after.test_sha256
    assert before.sha256 == {**before.train_sha256, **before.test_sha256}


def test_pictures_that_lie_beside_do_not_make_it_a_folder_of_images(written, drawn):
    kind = sources.load(written.folder).kind
    for label in range(10) if kind != "image-folder" else ():
        (written.folder / str(label)).mkdir()
        Image.fromarray(drawn[0][label]).save(written.folder / str(label) / "preview.png")
    assert sources.load(written.folder).kind == kind


def test_the_first_form_that_fits_is_taken(tmp_path, drawn):
    for write in WRITERS.values():
        write(tmp_path, *drawn)
    assert sources.load(tmp_path).kind == "kaggle-csv"


def test_files_of_rows_are_read_without_their_labels(written, drawn):
    rows = {kind.suffix for kind in sources.SOURCES if kind.suffix}
    files = [path for path in written.folder.iterdir() if path.suffix in rows and path.name != "y.npy"]
    assert bool(files) == (sources.load(written.folder).kind != "image-folder")
    for path in files:
        assert sources.holds_rows(path)
        digits, notes = sources.read_rows(path)
        expected = drawn[0][30:] if "test" in path.name else drawn[0][:30]
        assert np.array_equal(digits.images, expected)
        assert (digits.labels, notes, digits.ids.tolist()) == (None, (), [*range(1, len(expected) + 1)])


def test_other_files_hold_no_rows(tmp_path):
    assert not sources.holds_rows(tmp_path / "a.png")
    (tmp_path / "folder.csv").mkdir()
    assert not sources.holds_rows(tmp_path / "folder.csv")
    with pytest.raises(DataError, match=r"a\.txt holds no rows of images\. Files of these suffixes do: \.csv, \.npy\."):
        sources.read_rows(tmp_path / "a.txt")


@pytest.mark.parametrize(("kind", "name"), [("kaggle-csv", "train.csv"), ("npy-pair", "X.npy")])
def test_a_file_in_the_place_of_its_folder_and_a_command_inside_it_are_told_the_word(
    kind, name, tmp_path, drawn, monkeypatch
):
    WRITERS[kind](tmp_path, *drawn)
    with pytest.raises(DataError) as caught:
        sources.load(tmp_path / name)
    assert str(caught.value) == (
        f"there is no training data in {tmp_path / name}. It is a file: name its folder, --data {tmp_path}."
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="in data. But there are digits in the current folder: --data \\.$"):
        sources.load()


@pytest.mark.parametrize("where", ["empty", "missing", "file", "a\0b"])
def test_a_place_with_nothing_to_learn_from_says_what_is_understood(tmp_path, where):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match=r"train.csv.*kaggle-digits fetch.*X.npy.*images.*--data sklearn") as caught:
        sources.load(tmp_path / where)
    assert len(str(caught.value).splitlines()) == 1


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(DataError, match="File name too long"):
        sources.load(tmp_path / ("9" * 300))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(written):
    written.folder.chmod(0)
    try:
        with pytest.raises(DataError, match="Permission denied"):
            sources.load(written.folder)
    finally:
        written.folder.chmod(0o700)


def test_bundled_digits_are_ink_on_paper_with_mnists_margin():
    source = bundled.load()
    train, test = source.train, source.test
    assert (len(train), len(test)) == (1_078, 719)
    assert train.images.max() == 255
    assert not train.images[:, :4].any() and not train.images[:, :, -4:].any()


def test_bundled_train_and_test_share_no_image():
    source = bundled.load()
    known = {image.tobytes() for image in source.train.images}
    assert not any(image.tobytes() in known for image in source.test.images)


@pytest.mark.parametrize("mount", ["competitions/digit-recognizer", "digit-recognizer", "datasets/someone/copy"])
def test_finds_the_files_that_a_kaggle_notebook_mounts(tmp_path, drawn, mount):
    folder = tmp_path / mount
    folder.mkdir(parents=True)
    write_csvs(folder, *drawn)
    assert sources.find(kaggle_input=tmp_path) == str(folder)


def test_passes_over_the_train_csv_of_another_competition(tmp_path):
    (tmp_path / "titanic").mkdir()
    (tmp_path / "titanic" / "train.csv").write_text("PassengerId,Survived\n1,0\n")
    assert sources.find(kaggle_input=tmp_path) == "sklearn"
