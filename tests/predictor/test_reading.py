"""Pictures, folders, CSVs and arrays, in any mixture, put to a model."""

import os
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw

from kaggle_digits import photos, predictor, sources, training
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError
from kaggle_digits.photos.decision import LEAST
from kaggle_digits.predictor import Model
from kaggle_digits.sources import Source

PIXELS = [f"pixel{number}" for number in range(784)]


@dataclass(frozen=True)
class Undecided:
    """A classifier that always gives the same answer, with ties in it."""

    answer: tuple[float, ...]

    def probabilities(self, images):
        return np.tile(np.array(self.answer, np.float32), (len(images), 1))


def undecided(model, answer):
    record = msgspec.structs.replace(model.run.record, temperature=1.0)
    return Model(replace(model.run, record=record), Undecided(answer))


def train(source, folder):
    training.train(
        training.Plan("logistic"), source=source, models=folder / "models", submissions=folder / "submissions"
    )
    return predictor.load(folder=folder / "models")


@pytest.fixture(scope="module")
def digits():
    return sources.load("sklearn").test.images


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return train(sources.load("sklearn"), tmp_path_factory.mktemp("logistic"))


def said(model, images):
    return [str(label) for label in model.labels(images)]


def write_picture(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - image).save(path, **options)
    return path


def write_csv(path, images, labels=None):
    lines = [[*(["label"] if labels else []), *PIXELS]]
    lines += [[*(labels[row : row + 1] if labels else []), *image.ravel()] for row, image in enumerate(images)]
    path.write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
    return path


def test_answers_come_in_the_order_of_the_arguments(model, digits, tmp_path):
    first, last = (write_picture(tmp_path / f"{name}.png", digits[row]) for row, name in ((0, "z"), (6, "a")))
    table = write_csv(tmp_path / "rows.csv", digits[1:3])
    folder = write_picture(tmp_path / "folder/3.png", digits[3]).parent
    np.save(tmp_path / "more.npy", digits[4:6])
    paths = [first, table, folder, tmp_path / "more.npy", last, first]
    predictions = predictor.predict(model, paths)
    assert [p.image.removeprefix(f"{tmp_path.as_posix()}/") for p in predictions] == [
        "z.png",
        "rows.csv:1",
        "rows.csv:2",
        "folder/3.png",
        "more.npy:1",
        "more.npy:2",
        "a.png",
        "z.png",
    ]
    assert [p.label for p in predictions] == said(model, digits[[0, 1, 2, 3, 4, 5, 6, 0]])


def test_broken_pictures_are_left_out_of_their_places(model, digits, tmp_path):
    paths = [
        write_picture(tmp_path / "a.png", digits[0]),
        tmp_path / "b.png",
        write_csv(tmp_path / "c.csv", digits[:1]),
    ]
    paths[1].write_bytes(b"no image")
    told = []
    predictions = predictor.predict(
        model, [*paths[::-1], paths[0]], skip_broken=True, on_skip=lambda path, _: told.append(path)
    )
    assert [p.image.rsplit("/", 1)[1] for p in predictions] == ["c.csv:1", "a.png", "a.png"]
    assert told == [paths[1]]
    with pytest.raises(DataError, match=r"b\.png is not a whole image .*--skip-broken leaves it out"):
        predictor.predict(model, paths)


def test_the_labels_of_a_csv_are_ignored(model, digits, tmp_path):
    bare = predictor.predict(model, [write_csv(tmp_path / "a.csv", digits[:3])])
    labelled = predictor.predict(model, [write_csv(tmp_path / "b.csv", digits[:3], ["7", "12", "seven"])])
    assert [p.digits for p in labelled] == [p.digits for p in bare]
    assert [p.size for p in labelled] == [(28, 28)] * 3


def test_a_model_of_another_shape_is_asked_about_an_array(tmp_path, digits):
    bundled = sources.load("sklearn").train
    small = Digits(bundled.images[:, 4:24, 6:22], bundled.labels, bundled.ids)
    model = train(Source("npy", None, small, None), tmp_path)
    np.save(tmp_path / "small.npy", digits[:5, 4:24, 6:22] / 255)
    predictions = predictor.predict(model, [tmp_path / "small.npy"])
    assert [p.label for p in predictions] == said(model, digits[:5, 4:24, 6:22])
    assert predictions[0].as_json()["digits"][0]["box"] == [0, 0, 16, 20]


def test_what_was_put_right_in_an_array_is_told(model, digits, tmp_path):
    np.save(tmp_path / "light.npy", 255 - digits[:5])
    told = []
    predictions = predictor.predict(model, [tmp_path / "light.npy"], on_note=told.append)
    assert told == ["light.npy: dark ink on light paper, so inverted"]
    assert [p.label for p in predictions] == said(model, digits[:5])


def test_rows_of_another_shape_are_refused(model, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 20, 20)))
    with pytest.raises(DataError, match="takes images of 28 x 28 pixels. Received: 20 x 20"):
        predictor.predict(model, [tmp_path / "a.npy"])


@pytest.mark.parametrize(
    ("answer", "label", "runner_up"),
    [((0.1,) * 10, 0, 1), ((0, 0.5, 0, 0.5) + (0,) * 6, 1, 3), ((0,) * 9 + (1,), 9, 0)],
)
def test_of_equally_likely_labels_the_smaller_comes_first(model, digits, tmp_path, answer, label, runner_up):
    asked = undecided(model, answer)
    np.save(tmp_path / "a.npy", digits[:1])
    (prediction,) = predictor.predict(asked, [tmp_path / "a.npy"])
    (digit,) = prediction.digits
    assert (digit.label, digit.runner_up) == (label, runner_up)
    assert prediction.label == str(asked.labels(digits[0]))
    assert (digit.probability, digit.runner_up_probability) == (answer[label], answer[runner_up])


def sheet(images, places, shape):
    """Dark digits on light paper, each enlarged three times at its top and left."""
    paper = np.full(shape, 235, np.uint8)
    for image, (top, left) in zip(images, places, strict=True):
        big = image.repeat(3, axis=0).repeat(3, axis=1)
        spot = paper[top : top + 84, left : left + 84]
        np.minimum(spot, 235 - (big * 0.8).astype(np.uint8), out=spot)
    return paper


def test_the_box_is_that_of_the_picture_as_one_sees_it(model, digits, tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture = Image.fromarray(sheet(digits[:1], [(20, 200)], (160, 320)))
    picture.rotate(90, expand=True).save(tmp_path / "a.jpg", quality=95, exif=turned)
    (prediction,) = predictor.predict(model, [tmp_path / "a.jpg"])
    left, top, right, bottom = prediction.digits[0].box
    assert prediction.size == (320, 160)
    assert 200 <= left < right <= 284 and 20 <= top < bottom <= 104
    assert bottom - top > 50


def test_lines_are_read_from_the_top_and_each_from_the_left(model, digits, tmp_path):
    places = [(10, 10), (14, 110), (8, 210), (130, 20), (126, 130)]
    Image.fromarray(sheet(digits[5:10], places, (240, 330))).save(tmp_path / "a.png")
    (prediction,) = predictor.predict(model, [tmp_path / "a.png"])
    assert [len(line) for line in prediction.lines] == [3, 2]
    lefts = [[digit.box[0] // 100 for digit in line] for line in prediction.lines]
    assert lefts == [[0, 1, 2], [0, 1]]
    told = prediction.as_json()
    assert told["probabilities"] is None and len(told["digits"]) == 5


@pytest.mark.parametrize(
    ("degrees", "words"), [(0, ""), (90, "to the right"), (180, "upside down"), (270, "to the left")]
)
def test_a_picture_that_lies_on_its_side_is_read_turned(model, digits, tmp_path, degrees, words):
    picture = sheet(digits[[3, 6, 17]], [(20, 20 + 100 * place) for place in range(3)], (130, 330))
    quarters = degrees // 90
    Image.fromarray(np.rot90(picture, quarters)).save(tmp_path / "a.png")
    (prediction,) = predictor.predict(model, [tmp_path / "a.png"])
    assert prediction.answer == ("471" if degrees == 0 else f"471 (turned {words})")
    assert prediction.as_json()["turned"] == degrees
    places = [digit.box[1 if quarters % 2 else 0] for digit in prediction.digits]
    assert places == sorted(places, reverse=quarters in (1, 2))


class SurerUpsideDown:
    """Says that all is a nought, and is surer of those with more ink below."""

    def probabilities(self, images):
        nought = np.where(images[:, :14].sum((1, 2)) > images[:, 14:].sum((1, 2), dtype=float), 3e-5, 0.999)
        return np.where(np.arange(10) == 0, nought[:, None], (1 - nought[:, None]) / 9).astype(np.float32)


def test_what_can_be_read_as_it_lies_is_not_turned(model, tmp_path):
    asked = replace(undecided(model, ()), classifier=SurerUpsideDown())
    image = Image.new("L", (330, 130), 255)
    for left in (30, 130, 230):
        ImageDraw.Draw(image).ellipse((left, 20, left + 50, 90), outline=0, width=7)
        ImageDraw.Draw(image).arc((left, 20, left + 50, 90), 200, 340, fill=0, width=11)
    image.save(tmp_path / "a.png")
    (prediction,) = predictor.predict(asked, [tmp_path / "a.png"])
    assert (prediction.guess, prediction.turned) == ("000", 0) and prediction.probability < 0.95


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_in_a_blank_picture_there_is_no_digit(model, tmp_path, grey):
    Image.new("L", (200, 120), grey).save(tmp_path / "a.png")
    (prediction,) = predictor.predict(model, [tmp_path / "a.png"])
    assert prediction.answer == "no digit found"
    assert prediction.as_json() == {
        "image": (tmp_path / "a.png").as_posix(),
        "label": None,
        "probability": None,
        "probabilities": None,
        "digits": [],
        "unsure": False,
        "guess": None,
        "doubt": None,
        "left_out": [],
        "turned": 0,
        "adapted_to": 0,
        "first_of_several": False,
    }


@pytest.mark.parametrize(("name", "count"), [("a.tiff", 2), ("a.gif", 3), ("a.webp", 2), ("a.tiff", 1), ("a.gif", 1)])
def test_of_several_pages_or_frames_the_first_is_read_and_that_is_said(model, digits, tmp_path, name, count):
    first, *others = [Image.fromarray(sheet(digits[[row]], [(20, 30)], (140, 160))) for row in range(count)]
    first.save(tmp_path / name, save_all=True, append_images=others)
    first.save(tmp_path / "first.png")
    told = []
    several, alone = predictor.predict(model, [tmp_path / name, tmp_path / "first.png"], on_note=told.append)
    assert several.guess == alone.guess
    assert several.as_json()["first_of_several"] == (count > 1)
    path = (tmp_path / name).as_posix()
    assert told == [f"{path} holds several pictures; only the first was read"] * (count > 1)


def test_a_small_picture_is_answered_only_if_it_is_likely_right(model, digits, tmp_path):
    write_picture(tmp_path / "a.png", digits[0])
    (unsure,) = predictor.predict(undecided(model, (0, 0.49, 0, 0.48) + (0.005,) * 6), [tmp_path / "a.png"])
    assert (unsure.answer, unsure.guess) == ("unsure: 1 or 3", "1")
    (sure,) = predictor.predict(undecided(model, (0, 0.51, 0, 0.48) + (0.01 / 6,) * 6), [tmp_path / "a.png"])
    assert sure.answer == "1"


@dataclass(frozen=True)
class Ones:
    """Says that all is a one, and keeps count of how many it was asked about each time."""

    asked: list[int]

    def probabilities(self, images):
        self.asked.append(len(images))
        return np.tile(np.array([0.002, 0.99] + [0.001] * 8, np.float32), (len(images), 1))


def test_strokes_are_read_as_they_lie_though_they_are_no_digits(model, tmp_path):
    """Else a hatching would be turned, and the model asked about its strokes once more."""
    asked = replace(undecided(model, ()), classifier=Ones([]))
    image = Image.new("L", (200, 160), 255)
    for left in range(20, 110, 15):
        ImageDraw.Draw(image).line([(left, 40), (left + 6, 120)], fill=0, width=5)
    image.save(tmp_path / "a.png")
    (hatching,) = predictor.predict(asked, [tmp_path / "a.png"])
    assert len(asked.classifier.asked) == 1
    assert (hatching.answer, hatching.probability) == ("unsure: ?????? (unlike any digit)", 0.0)
    assert hatching.turned == 0


def test_an_unsure_digit_is_named_with_its_rival(model, digits, tmp_path):
    picture = sheet(digits[5:6], [(20, 30)], (140, 160))
    Image.fromarray(picture).save(tmp_path / "a.png")
    # An answer that leaves it undecided together with what the network of marks says.
    (kinds,) = photos.look(picture).layout(plain=True).mark_probabilities
    answer = np.array((0, 0, 0, 0, 0.45, 0, 0, 0, 0.15, 0.4)) / np.maximum(kinds[: photos.MARK], LEAST)
    asked = undecided(model, answer / answer.sum())
    (prediction,) = predictor.predict(asked, [tmp_path / "a.png"])
    assert prediction.label is None
    assert prediction.answer == "unsure: 4 or 9"


@pytest.mark.parametrize("suffix", [".png", ".npy"])
def test_a_name_that_is_no_utf_8_is_answered_too(model, digits, tmp_path, suffix):
    write_picture(tmp_path / "a.png", digits[0])
    np.save(tmp_path / "a.npy", digits[:1])
    odd = tmp_path / os.fsdecode(b"\xff" + suffix.encode())
    try:
        (tmp_path / f"a{suffix}").rename(odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (prediction,) = predictor.predict(model, [odd])
    assert f"\\xff{suffix}" in prediction.image.encode().decode()
    assert prediction.size == (28, 28)


def test_where_there_is_nothing_to_label_the_forms_are_named(model, tmp_path):
    with pytest.raises(DataError, match=r"there is no picture in .*PNG, JPEG, .*HEIC are read, and CSV and \.npy"):
        predictor.predict(model, [tmp_path])


def test_large_pictures_are_brought_to_the_form_of_a_folder_as_its_own_were(digits, tmp_path):
    """Training on a folder reads every pixel, and so does predicting."""
    random = np.random.default_rng(0)
    for number, digit in enumerate(digits[:20]):
        large = np.asarray(Image.fromarray(digit).resize((1300, 1300), Image.Resampling.BICUBIC))
        grain = random.integers(-20, 21, large.shape)
        write_picture(tmp_path / f"data/{number % 2}/{number}.jpg", (large + grain).clip(0, 255).astype(np.uint8))
    source = sources.load(tmp_path / "data", image_shape=(20, 24))
    model = train(source, tmp_path)
    assert (model.learned_from_pictures, model.image_shape) == (True, (20, 24))
    predictions = predictor.predict(model, [tmp_path / "data/0"], keep_stages=True)
    assert all(prediction.size == (1300, 1300) for prediction in predictions)
    seen = np.stack([prediction.seen[0].image for prediction in predictions])
    learned = dict(zip(source.train.ids, source.train.images, strict=True))
    own = [learned[prediction.image.removeprefix(f"{tmp_path.as_posix()}/data/")] for prediction in predictions]
    assert np.array_equal(seen, own)
