"""One contract for every source: what comes out is `Digits`, ready for training."""

import numpy as np
import pytest

from kaggle_digits import sources
from kaggle_digits.errors import DataError
from kaggle_digits.sources import bundled

HEADER = ",".join(["label"] + [f"pixel{n}" for n in range(784)])


def csv_folder(path):
    """A folder with 30 labelled and 5 unlabelled digits of the competition's form."""
    rng = np.random.default_rng(0)
    labels, pixels = np.arange(30) % 10, rng.integers(0, 256, (35, 784))
    train = [",".join(map(str, [label, *row])) for label, row in zip(labels, pixels, strict=False)]
    test = [",".join(map(str, row)) for row in pixels[30:]]
    path.mkdir()
    (path / "train.csv").write_text("\n".join([HEADER, *train]) + "\n")
    (path / "test.csv").write_text("\n".join([HEADER.removeprefix("label,"), *test]) + "\n")
    return path


@pytest.fixture(params=["sklearn", "csv"])
def source(request, tmp_path):
    return sources.load("sklearn" if request.param == "sklearn" else csv_folder(tmp_path / "data"))


def test_training_digits_have_labels_and_ids(source):
    assert set(source.train.known_labels.tolist()) == set(range(10))
    assert source.train.ids.tolist() == list(range(1, len(source.train) + 1))


def test_the_test_set_has_the_same_shape_and_no_labels(source):
    assert source.test.labels is None
    assert source.test.image_shape == source.train.image_shape == (28, 28)
    assert source.test.ids.tolist() == list(range(1, len(source.test) + 1))


def test_loading_twice_gives_the_same(source):
    again = sources.load(source.name)
    assert np.array_equal(again.train.images, source.train.images)
    assert np.array_equal(again.test.images, source.test.images)
    assert again.sha256 == source.sha256


def test_a_folder_of_csvs_is_known_by_its_hashes(tmp_path):
    loaded = sources.load(csv_folder(tmp_path / "data"))
    assert set(loaded.sha256) == {"train.csv", "test.csv"}


def test_the_test_set_may_be_missing(tmp_path):
    folder = csv_folder(tmp_path / "data")
    (folder / "test.csv").unlink()
    assert sources.load(folder).test is None


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match=r"kaggle-digits fetch.*--data sklearn"):
        sources.load(tmp_path)


def test_bundled_digits_are_ink_on_paper_with_mnists_margin():
    train, test = bundled.load()
    assert (len(train), len(test)) == (1_078, 719)
    assert train.images.max() == 255
    assert not train.images[:, :4].any() and not train.images[:, :, -4:].any()


def test_bundled_train_and_test_share_no_image():
    train, test = bundled.load()
    known = {image.tobytes() for image in train.images}
    # A few of the 1,797 digits are the same to the last grey, by different hands.
    assert sum(image.tobytes() in known for image in test.images) <= 5


@pytest.mark.parametrize("mount", ["competitions/digit-recognizer", "digit-recognizer", "datasets/someone/copy"])
def test_finds_the_files_that_a_kaggle_notebook_mounts(tmp_path, mount):
    (tmp_path / mount).parent.mkdir(parents=True, exist_ok=True)
    csv_folder(tmp_path / mount)
    assert sources.find(kaggle_input=tmp_path) == str(tmp_path / mount)


def test_passes_over_the_train_csv_of_another_competition(tmp_path):
    (tmp_path / "titanic").mkdir()
    (tmp_path / "titanic" / "train.csv").write_text("PassengerId,Survived\n1,0\n")
    assert sources.find(kaggle_input=tmp_path) == "sklearn"
