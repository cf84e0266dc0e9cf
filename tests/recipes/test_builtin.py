"""One contract for every built-in recipe, so that a new one is tested by lying in the folder."""

import subprocess
import sys

import keras
import msgspec
import numpy as np
import pytest
from keras import layers

from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import classic, fitting, networks
from kaggle_digits.digits import Digits, split
from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.recipes.fit import NAMES
from kaggle_digits.runs import Listener

EVERY = recipes.names()
SINGLE = [name for name in EVERY if not recipes.load(name).is_committee]
NETWORKS = [name for name in SINGLE if recipes.load(name).fit is not None]
CLASSIC = [name for name in SINGLE if name not in NETWORKS]
SHAPES = [(28, 28), (20, 20), (8, 8), (8, 12), (7, 7)]


def through_json(record):
    return msgspec.json.decode(msgspec.json.encode(record), type=RecipeRecord)


def few(name, rows=200):
    """So many of scikit-learn's digits to learn, and 100 to judge by."""
    digits = sources.load("sklearn").train
    labels = recipes.load(name).labels
    digits = digits if labels is None else digits.of_labels(labels)
    kept, held_out = split(digits, 0.2, 0)
    return digits.take(kept[:rows]), digits.take(held_out[:100])


def check_probabilities(answers, rows, classes):
    assert answers.shape == (rows, classes)
    assert answers.dtype == np.float32
    assert answers.min() >= 0
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_its_file_says_what_it_is(name):
    recipe, outline = recipes.load(name), recipes.outline(name)
    assert (recipe.name, recipe.built_in, recipe.file) == (name, True, None)
    assert 10 < len(recipe.summary) < 100
    assert recipe.summary == outline.summary
    assert recipes.source(name).startswith(f'"""{recipe.summary}.')
    assert {"members", "folds"} <= outline.names if recipe.is_committee else "build" in outline.names


@pytest.mark.parametrize("name", EVERY)
def test_a_copy_of_its_file_is_a_recipe_of_ones_own(name, tmp_path):
    """What `recipes --copy` prints is where a user begins."""
    path = tmp_path / "copied.py"
    path.write_text(recipes.source(name))
    copied, original = recipes.load(str(path)), recipes.load(name)
    assert (copied.name, copied.built_in, copied.summary) == ("copied", False, original.summary)
    for attribute in ("arguments", "fit", "labels", "members", "folds", "refit", "search"):
        assert getattr(copied, attribute) == getattr(original, attribute), attribute


@pytest.mark.parametrize("name", EVERY)
def test_it_comes_back_from_its_record(name):
    recipe = recipes.load(name)
    assert recipes.restore(through_json(recipe.record())) == recipe
    changes = {one: value for one in recipe.search for value in recipe.search[one][:1]}
    changed = recipe.with_values({**changes, **({"rotation": 3, "patience": 2} if recipe.fit else {})})
    assert recipes.restore(through_json(changed.record())) == changed
    folds = recipe.in_folds(3)
    assert recipes.restore(through_json(folds.record())).record() == folds.record()


@pytest.mark.parametrize("name", EVERY)
def test_whatever_may_be_searched_can_be_set_to_either_end(name):
    recipe = recipes.load(name)
    for one, (low, high) in recipe.search.items():
        assert low < high
        now = recipe.arguments.get(one, getattr(recipe.fit, one, None))
        assert low <= now <= high, f"{one} begins outside of its own bounds"
        for value in (low, high):
            changed = recipe.with_values({one: value})
            assert changed.arguments.get(one, getattr(changed.fit, one, None)) == value
            if one not in NAMES:
                assert changed.model((28, 28), 10) is not None


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_the_parameters_that_were_measured(name):
    recipe = recipes.load(name)
    measured = recipes.measurements().get(name)
    count = networks.build(recipe, (28, 28), recipe.labels or 10).count_params()
    assert measured is None or measured.parameters == count


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("classes", [2, 10])
def test_a_network_takes_raw_pixels_of_any_shape_and_gives_probabilities(name, shape, classes):
    model = networks.build(recipes.load(name), shape, classes)
    assert isinstance(model, keras.Model)
    assert model.input_shape == (None, *shape)
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    answers, of_floats = (np.asarray(model(one)) for one in (images, images.astype(np.float32)))
    assert np.array_equal(answers, of_floats)
    if answers.shape[1] == 1:
        assert ((answers >= 0) & (answers <= 1)).all()
    else:
        check_probabilities(answers, 3, classes)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_sees_paper_as_0_and_ink_as_1(name):
    """The layers in front scale, so that no recipe has to: 0 to 255 outside, 0 to 1 within."""
    inside = networks.build(recipes.load(name), (8, 8), 10).layers
    scaling, forming = (
        next(layer for layer in inside if isinstance(layer, kind)) for kind in (layers.Rescaling, layers.Reshape)
    )
    seen = np.asarray(forming(scaling(np.array([[[0, 255] * 4] * 8], np.uint8))))
    assert (seen.shape, seen.min(), seen.max()) == ((1, 8, 8, 1), 0, pytest.approx(1))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_a_few_steps(name, tmp_path):
    class Steps(Listener):
        losses: list[float] = []  # noqa: RUF012

        def step(self, epoch, step, loss, accuracy):
            self.losses = [*self.losses, loss]

        def wants_stop(self):
            return len(self.losses) >= 3

    # Without XLA and its teacher, which take longer than the steps and have tests of their own.
    fast = {"jit": False, "teacher": None, "precision": "float32", "batch_size": 50, "schedule": "constant"}
    recipe = recipes.load(name).with_values({**fast, "learning_rate": 1e-3})
    train, validation = few(name)
    steps = Steps()
    fitted = fitting.fit(recipe, train, validation, 0, steps, tmp_path)
    assert np.isfinite(steps.losses).all()
    assert fitted.interrupted
    check_probabilities(fitted.classifier.probabilities(validation.images), len(validation), train.classes)


@pytest.mark.parametrize("name", CLASSIC)
def test_a_classic_model_learns_raw_pixels_and_gives_probabilities(name):
    train, validation = few(name, 400)
    fitted = classic.fit(recipes.load(name), train, validation, 0)
    answers = fitted.probabilities(validation.images)
    check_probabilities(answers, len(validation), 10)
    assert (answers.argmax(axis=1) == validation.known_labels).mean() > 0.8


@pytest.mark.parametrize("name", CLASSIC)
@pytest.mark.parametrize("shape", [(20, 20), (8, 8)], ids=str)
def test_a_classic_model_takes_small_images(name, shape):
    train, validation = few(name)
    rows, columns = (np.linspace(0, 27, side).astype(int) for side in shape)
    small = [Digits(part.images[:, rows][:, :, columns], part.labels, part.ids) for part in (train, validation)]
    fitted = classic.fit(recipes.load(name), *small, 0)
    check_probabilities(fitted.probabilities(small[1].images), len(validation), 10)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in SINGLE])
def test_a_committee_has_members_that_are_recipes(name):
    recipe = recipes.load(name)
    assert recipe.folds >= 2
    assert [recipes.load(member.name) for member in recipe.members] == list(recipe.members)
    parts = [networks.build(member, (28, 28), 10).count_params() for member in recipe.members]
    measured = recipes.measurements().get(name)
    answering = recipe.refit if recipe.refit >= 3 else recipe.folds + recipe.refit
    assert measured is None or measured.parameters == sum(parts) * answering


@pytest.mark.parametrize(("names", "loaded"), [(CLASSIC, False), (["mlp"], True), (["mlp-strong"], True)], ids=str)
def test_recipes_bring_up_only_the_library_that_they_need(names, loaded):
    """scikit-learn's begin in a second: no Keras; and Keras says nothing on the terminal when it comes up."""
    code = (
        f"import sys\nfrom kaggle_digits import recipes\nfor name in {names!r}: recipes.load(name)\n"
        "print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{loaded} {loaded}\n"
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_deep_networks_average_over_steps_that_small_data_has(name: str) -> None:
    """With a momentum of 0.99, `cnn` labelled 0.20 of the bundled digits correctly, though it had learned them."""
    found = [layer.momentum for layer in recipes.load(name).model((28, 28), 10).layers if hasattr(layer, "momentum")]
    assert found
    assert max(found) <= 0.9
