"""Networks of one's own in every form: tried, trained a few steps, saved, loaded, resumed."""

import functools

import numpy as np
import pytest
from made_runs import beginning
from own_networks import EVERY, KERAS_ALONE, OWN_CODE

from kaggle_digits import classifiers, recipes, sources
from kaggle_digits.classifiers import lite, networks, neural
from kaggle_digits.digits import split
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.runs import Listener


def digits_of(recipe):
    digits = sources.load("sklearn").train
    digits = digits if recipe.labels is None else digits.of_labels(recipe.labels)
    kept, held_out = split(digits, 0.2, 0)
    return digits.take(kept[:200]), digits.take(held_out[:100])


class Trained:
    """A network that was fitted for two short epochs and saved."""

    def __init__(self, text, folder):
        (folder / "own.py").write_text(text)
        own = recipes.load(str(folder / "own.py"))
        self.folder, (self.train, self.validation) = folder, digits_of(own)
        self.recipe = classifiers.prepare(own, self.train, len(self.train), asked=("batch_size", "epochs"))
        self.fitted = self.fit(folder)
        self.files = self.fitted.classifier.save(folder)
        self.beginning = beginning(self.recipe, classes=self.train.classes, image_shape=self.train.image_shape)
        self.answers = self.fitted.classifier.probabilities(self.validation.images)

    def fit(self, folder):
        return classifiers.fit(self.recipe, self.train, self.validation, 0, Listener(), folder)

    def loaded(self, *files):
        return classifiers.load_files(self.folder, files, self.beginning).probabilities(self.validation.images)


@pytest.fixture(scope="module")
def of_form(tmp_path_factory):
    """Trains a form's network, once."""
    return functools.cache(lambda form: Trained(EVERY[form], tmp_path_factory.mktemp("own")))


@pytest.fixture(scope="module", params=EVERY)
def trained(request, of_form):
    made = of_form(request.param)
    made.form = request.param
    return made


def test_it_learns_and_answers_with_probabilities(trained):
    assert trained.fitted.history[-1].loss < trained.fitted.history[0].loss
    assert trained.answers.shape == (
        100 if trained.train.classes == 10 else len(trained.validation),
        trained.train.classes,
    )
    assert trained.answers.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert all(np.isfinite(trained.answers).all(axis=1))


def test_it_answers_the_same_without_keras(trained):
    assert trained.files == (["model.keras"] if trained.form in KERAS_ALONE else []) + ["model.tflite"]
    assert trained.loaded("model.tflite") == pytest.approx(trained.answers, abs=1e-4)


def test_through_keras_it_answers_the_same(trained):
    if trained.form in KERAS_ALONE:
        assert trained.loaded("model.keras") == pytest.approx(trained.answers, abs=1e-5)


def test_without_the_runtime_a_network_with_code_of_its_own_says_what_to_do(trained, monkeypatch):
    monkeypatch.setattr(lite, "is_installed", lambda: False)
    if trained.form in OWN_CODE:
        with pytest.raises(RunError, match="layers of its own.*Install ai-edge-litert") as caught:
            trained.loaded(*trained.files)
        assert len(str(caught.value).splitlines()) == 1


def test_it_tells_its_layers(trained):
    layers = trained.fitted.classifier.layers()
    assert sum(layer.parameters for layer in layers) == trained.fitted.classifier.model.count_params()


def test_the_same_seed_gives_the_same_weights(trained, tmp_path):
    again = trained.fit(tmp_path)
    for one, other in zip(
        trained.fitted.classifier.model.get_weights(), again.classifier.model.get_weights(), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("form", ["branches", "subclassed", "compiled", "compiled functional"])
def test_interrupted_and_resumed_it_ends_with_the_same_weights(form, of_form, tmp_path):
    class Stopping(Listener):
        steps = 0

        def step(self, epoch, step, loss, accuracy):
            self.steps += 1

        def wants_stop(self):
            return self.steps >= 5  # of 4 an epoch

    made = of_form(form)
    half = classifiers.fit(made.recipe, made.train, made.validation, 0, Stopping(), tmp_path / "half")
    assert half.interrupted
    resumed = made.fit(tmp_path / "half")
    for one, other in zip(
        made.fitted.classifier.model.get_weights(), resumed.classifier.model.get_weights(), strict=True
    ):
        assert np.array_equal(one, other)


def test_a_compiled_network_keeps_its_optimizer_and_loss(tmp_path):
    kept = {}
    for form in ("compiled", "compiled functional"):
        (tmp_path / "own.py").write_text(EVERY[form])
        model = networks.build(recipes.load(str(tmp_path / "own.py")), (28, 28), 10, compile=True)
        kept[form] = (type(model.optimizer).__name__, model.loss if isinstance(model.loss, str) else model.loss.name)
    assert kept["compiled"] == ("SGD", "sparse_categorical_crossentropy")
    assert kept["compiled functional"] == ("RMSprop", "sparse_categorical_crossentropy")


def test_a_compiled_network_keeps_its_learning_rate_unless_another_is_named(tmp_path):
    own, digits = tmp_path / "own.py", sources.load("sklearn").train
    own.write_text(EVERY["compiled"].replace(", learning_rate=2e-3", ""))
    asked = recipes.load(str(own))
    kept = classifiers.prepare(asked, digits, 10_000).fit
    assert (kept.learning_rate, kept.schedule, kept.epochs) == (0.05, "constant", 2)
    named = classifiers.prepare(asked.with_values({"learning_rate": 0.02}), digits, 10_000).fit
    assert (named.learning_rate, named.schedule) == (0.02, "one-cycle")
    run = Trained(own.read_text(), tmp_path)
    assert {epoch.learning_rate for epoch in run.fitted.history} == {0.05}


@pytest.mark.parametrize("form", ["branches", "nested", "deferred", "subclassed", "compiled"])
def test_in_16_bits_the_answers_and_weights_are_float32(form, tmp_path):
    (tmp_path / "own.py").write_text(EVERY[form])
    model = networks.build(recipes.load(str(tmp_path / "own.py")), (28, 28), 10, "bfloat16")
    assert {str(weight.dtype) for weight in model.weights} == {"float32"}
    answers = neural.answers(model, np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8))
    # Of a subclassed network, nobody knows which layer is the last.
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-2 if form == "subclassed" else 1e-4)


def test_nothing_of_a_recipe_file_is_run_to_answer(of_form, tmp_path):
    marker, made = tmp_path / "ran", of_form("subclassed")
    for name in ("own.py", "recipe.py"):
        (made.folder / name).write_text(f"open({str(marker)!r}, 'w')\n")
    assert made.loaded(*made.files) == pytest.approx(made.answers, abs=1e-4)
    assert not marker.exists()


UNSAVABLE = """
class Mine(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.out = layers.Dense(classes, activation="softmax")

    def call(self, x):
        import numpy
        import tensorflow
        flat = tensorflow.numpy_function(lambda images: images.reshape(len(images), -1), [x], "float32")
        flat.set_shape((None, 784))
        return self.out(flat)


def build(image_shape, classes):
    return Mine(classes)
"""


def test_a_network_that_could_never_be_saved_is_refused_before_it_is_trained(tmp_path):
    path = tmp_path / "own.py"
    path.write_text("import keras\nfrom keras import layers\n" + UNSAVABLE)
    with pytest.raises(DigitsError, match=r"own\.py: the network has layers of its own") as caught:
        classifiers.prepare(recipes.load(str(path)), sources.load("sklearn").train, 1000)
    assert len(str(caught.value).splitlines()) == 1
