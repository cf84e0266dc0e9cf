"""Folders of images: how they are found, labelled, and refused."""

import os
from pathlib import Path

import pytest
from PIL import Image

from kaggle_digits.errors import DataError
from kaggle_digits.sources import image_folder


@pytest.fixture
def fill(tmp_path, digits):
    """Writes images, each another digit, under the names given; those that end in `!` are broken."""

    def write(*names):
        for row, name in enumerate(names):
            path = tmp_path / name.rstrip("!")
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("!"):
                path.write_bytes(b"no image")
            else:
                Image.fromarray(digits[0][row]).save(path)
        return tmp_path

    return write


def link(path, target):
    try:
        path.symlink_to(target, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")


def test_images_take_the_shape_of_a_recipe(fill):
    folder = fill("0/a.png", "1/b.png")
    assert image_folder.load(folder, (20, 20)).train.image_shape == (20, 20)


def test_broken_images_are_named_and_counted(fill):
    folder = fill("0/a.png", "0/b.png!", "1/c.png!", "1/d.png!")
    with pytest.raises(DataError) as caught:
        image_folder.load(folder)
    assert str(caught.value) == (
        f"{folder / '0/b.png'} is not a whole image of the formats PNG, JPEG, BMP, WEBP, GIF, TIFF, HEIF; nor can "
        f"{folder / '1/c.png'}, {folder / '1/d.png'} be read; --skip-broken leaves them out."
    )
    with pytest.raises(DataError, match="HEIF; --skip-broken leaves it out.$"):
        image_folder.load(fill("0/a.png", "0/b.png!", "1/c.png", "1/d.png"))


def test_no_image_left_is_an_error(fill):
    with pytest.raises(DataError, match=r"a\.png is not .*; nor can .*b\.png be read; no image is left."):
        image_folder.load(fill("0/a.png!", "1/b.png!"), skip_broken=True)


def test_finds_images_in_natural_order_below_a_folder(fill):
    folder = fill("10.png", "2.PNG", "b/1.jpg", "a/c/9.webp", "a/x.BMP", ".hidden.png", ".git/1.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "empty").mkdir()
    found = [path.relative_to(folder).as_posix() for path in image_folder.find_images(folder)]
    assert found == ["2.PNG", "10.png", "a/x.BMP", "a/c/9.webp", "b/1.jpg"]


def test_names_with_foreign_digits_are_sorted_too(fill):
    folder = fill("٣.png", "³.png", "3.png", "x٣.png", "x3.png", "३3.png")
    assert len(image_folder.find_images(folder)) == 6


def test_links_to_folders_are_followed_but_not_in_circles(fill):
    folder = fill("3/a.png", "4/b.png", "elsewhere/c.png")
    link(folder / "3" / "loop", folder / "3")
    link(folder / "3" / "up", folder)
    link(folder / "3" / "more", folder / "elsewhere")
    found = [path.relative_to(folder).as_posix() for path in image_folder.find_images(folder / "3")]
    assert found == ["3/a.png", "3/more/c.png"]
    assert len(image_folder.find_images(folder)) == 3


def test_a_link_to_nothing_is_a_broken_image(fill):
    folder = fill("3/a.png")
    link(folder / "3" / "b.png", folder / "gone.png")
    link(folder / "3" / "self", folder / "3" / "self")
    with pytest.raises(DataError, match=r"there is no file .*b.png; --skip-broken leaves it out"):
        image_folder.load(folder)


def test_a_very_deep_folder_is_searched(tmp_path):
    deepest = tmp_path
    for _ in range(1_100):
        deepest /= "d"
        deepest.mkdir()
    (deepest / "a.png").touch()
    assert image_folder.find_images(tmp_path) == [deepest / "a.png"]
    # pytest's own tidying does not go as deep.
    (deepest / "a.png").unlink()
    os.removedirs(deepest)


@pytest.mark.parametrize("name", ["{}", "digit_{}", "digit-{}", "label{}", "Ziffer_{}", "цифра-{}", "_{}"])
def test_sub_folders_are_labels(fill, name):
    folder = fill(f"{name.format(3)}/a.png", f"{name.format(0)}/b.png", f"{name.format(3)}/deep/c.png")
    source = image_folder.load(folder)
    labels = dict(zip(source.train.ids.tolist(), source.train.known_labels.tolist(), strict=True))
    assert labels == {
        f"{name.format(3)}/a.png": 3,
        f"{name.format(3)}/deep/c.png": 3,
        f"{name.format(0)}/b.png": 0,
    }
    assert source.test is None
    assert source.train.classes == 10


def test_zeros_and_ones_are_two_classes(fill):
    assert image_folder.load(fill("0/a.png", "1/b.png")).train.classes == 2
    assert image_folder.load(fill("2/a.png")).train.classes == 10


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Train", "TEST"), ("training", "testing")])
def test_labels_in_the_test_set_are_withheld(fill, train, test):
    folder = fill(f"{train}/3/a.png", f"{train}/4/a.png", f"{test}/3/a.png", f"{test}/b.png")
    source = image_folder.load(folder)
    assert source.train.ids.tolist() == ["3/a.png", "4/a.png"]
    assert source.test.labels is None
    assert source.test.ids.tolist() == ["b.png", "3/a.png"]
    assert set(source.sha256) == {"train", "test"}


def test_an_empty_test_folder_is_no_test_set(fill):
    folder = fill("train/3/a.png")
    (folder / "test").mkdir()
    assert image_folder.load(folder).test is None


def test_broken_images_left_out_are_told_in_the_notes(fill):
    folder = fill("train/3/a.png", "train/3/b.png!", "test/c.png!", "test/d.png")
    source = image_folder.load(folder, skip_broken=True)
    broken = [folder / "train/3/b.png", folder / "test/c.png"]
    assert source.notes == (f"2 broken images left out: {broken[0]}, {broken[1]}",)
    assert source.train.ids.tolist() == ["3/a.png"] and source.test.ids.tolist() == ["d.png"]


def test_many_broken_images_are_counted_in_the_notes(fill):
    folder = fill("3/a.png", *(f"3/x{number}.png!" for number in range(9)))
    (note,) = image_folder.load(folder, skip_broken=True).notes
    assert note.startswith("9 broken images left out: ") and note.endswith("x4.png, and 4 more")


def test_the_hash_is_of_names_and_contents(fill):
    folder = fill("3/a.png", "4/b.png")
    before = image_folder.load(folder).sha256
    (folder / "4").rename(folder / "5")
    assert image_folder.load(folder).sha256 != before


def test_a_name_that_is_no_utf_8_can_be_written_into_a_report(fill):
    folder = fill("3/a.png")
    try:
        (folder / "3/a.png").rename(os.fsdecode(os.fsencode(folder) + b"/3/\xff.png"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert image_folder.load(folder).train.ids.tolist() == ["3/\\xff.png"]


REFUSED = {
    "no labels": (
        ["a.png", "b.png"],
        r"the images in {0} have no labels: they can be predicted: kaggle-digits predict",
    ),
    "no labels to train on": (["train/a.png", "test/b.png"], r"the images in {0}.train have no labels"),
    "words for labels": (["cats/a.png", "dogs/b.png"], r"have no labels: .* named by their digits, 0 to 9"),
    "numbers for labels": (["12/a.png", "v1.0/b.png"], "have no labels"),
    "a word among labels": (["3/a.png", "other/b.png"], r"{0}.other is not named as a label"),
    "a number among labels": (["3/a.png", "10/b.png"], r"{0}.10 is not named as a label"),
    "a test set beside labels": (["3/a.png", "test/b.png"], r"{0}.test is not named as a label"),
    "an image among labels": (
        ["3/a.png", "b.png", "c.png"],
        r"beside the sub-folders have no label: {0}.b.png, and 1 more. Move them.",
    ),
    "a folder beside train": (["train/3/a.png", "old/3/b.png"], r"{0}.old is neither train nor test"),
    "labels beside train": (["train/3/a.png", "3/b.png"], r"{0}.3 is neither train nor test"),
    "two folders to train on": (["train/3/a.png", "training/3/b.png"], r"{0}.training is neither train nor test"),
    "a broken image": (["3/a.png", "3/b.png!"], r"{0}.3.b.png is not a whole image .*--skip-broken leaves it out"),
    "a broken image to label": (["train/3/a.png", "test/b.png!"], r"{0}.test.b.png is not a whole image"),
    "labels without images": (["3/deep/.a.png", "test.png"], "lie beside the sub-folders"),
    "only hidden images": (["3/.a.png"], "there are no images"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_folder_that_cannot_be_learnt_from_is_refused(fill, fault):
    names, told = REFUSED[fault]
    folder = fill(*names)
    with pytest.raises(DataError, match=told.format(folder)) as caught:
        image_folder.load(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_recognises_a_folder_with_an_image_anywhere_below(fill, tmp_path):
    assert not image_folder.recognises(tmp_path)
    assert not image_folder.recognises(tmp_path / "missing")
    assert image_folder.recognises(fill("3/deep/a.png"))
    assert not image_folder.recognises(tmp_path / "3/deep/a.png")


def test_a_folder_that_is_not_there_cannot_be_searched(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        image_folder.find_images(tmp_path / "missing")


def test_one_picture_that_is_missing_is_told_of_alone() -> None:
    assert image_folder.refusal(0, {Path("a.png"): "there is no file a.png."}) == "there is no file a.png."
