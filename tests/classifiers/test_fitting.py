import csv
import shutil

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss

from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import distilling, fitting, networks, neural
from kaggle_digits.digits import split
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Fit
from kaggle_digits.runs import Epoch, Listener

PLAIN = {"jit": False, "precision": "float32", "batch_size": 64, "learning_rate": 5e-3}
SMALL = recipes.load("flat").with_values({**PLAIN, "units": 32, "epochs": 4, "weight_decay": 0.1})
BINARY = recipes.load("binary").with_values({"jit": False, "epochs": 12, "batch_size": 16, "learning_rate": 2e-2})


def build_small_cnn(image_shape, classes):
    """With what keeps a state of its own: batch normalisation, and dropout's random numbers."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((*image_shape, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.1),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(classes, activation="softmax"),
        ]
    )


SMALL_CNN = recipes.from_function(
    build_small_cnn, fit=Fit(epochs=3, batch_size=64, learning_rate=5e-3), name="small-cnn"
)


class Recorder(Listener):
    """Notes what it hears, and stops after a given number of steps."""

    def __init__(self, stop_after=10**9):
        self.begun, self.steps, self.epochs, self.stop_after = None, [], [], stop_after

    def begins(self, epochs, steps):
        self.begun = (epochs, steps)

    def step(self, epoch, step, loss, accuracy):
        assert loss > 0 and 0 <= accuracy <= 1
        self.steps.append((epoch, step))

    def epoch(self, epoch):
        self.epochs.append(epoch)

    def wants_stop(self):
        return len(self.steps) >= self.stop_after


@pytest.fixture(scope="module")
def digits():
    train = sources.load("sklearn").train
    kept, held_out = split(train, 0.2, 0)
    return train.take(kept), train.take(held_out)


@pytest.fixture(scope="module")
def result(digits, tmp_path_factory):
    """What came of a training, its folder, and what its listener heard."""
    recorder, folder = Recorder(), tmp_path_factory.mktemp("run")
    return fitting.fit(SMALL, *digits, 0, recorder, folder), folder, recorder


@pytest.fixture(scope="module")
def fitted(result):
    return result[0].classifier, result[0].history, result[2]


@pytest.fixture(scope="module")
def patient(digits, tmp_path_factory):
    # Learning so fast, it gets worse again now and then.
    recipe = SMALL.with_values({"schedule": "constant", "learning_rate": 0.08, "epochs": 8, "patience": 100})
    return fitting.fit(recipe, *digits, 0, Listener(), tmp_path_factory.mktemp("patient"))


@pytest.fixture(scope="module")
def whole(digits, tmp_path_factory):
    """The training of a recipe with the seed 3 to which nothing happened, once for each."""
    known = {}

    def fit(recipe):
        key = recipe.name, recipe.fit.schedule
        if key not in known:
            known[key] = fitting.fit(recipe, *digits, 3, Listener(), tmp_path_factory.mktemp("whole"))
        return known[key]

    return fit


def test_learns(fitted, digits):
    network, history, _ = fitted
    assert history[-1].loss < history[0].loss
    assert (network.probabilities(digits[1].images).argmax(axis=1) == digits[1].known_labels).mean() > 0.8


def test_probabilities_are_float32_rows_that_sum_to_1(fitted, digits):
    probabilities = fitted[0].probabilities(digits[1].images)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (len(digits[1]), 10)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def accuracy(network, digits):
    return (network.probabilities(digits.images).argmax(axis=1) == digits.known_labels).mean()


def test_a_training_that_comes_to_its_end_keeps_its_last_weights(fitted, digits):
    network, history, _ = fitted
    assert accuracy(network, digits[1]) == pytest.approx(history[-1].val_accuracy)


def test_one_that_has_patience_keeps_the_epoch_that_validated_best(patient, digits):
    best = max(epoch.val_accuracy for epoch in patient.history)
    assert best > patient.history[-1].val_accuracy
    assert accuracy(patient.classifier, digits[1]) == pytest.approx(best)


def test_a_cycle_that_is_interrupted_keeps_the_epoch_that_validated_best(digits, tmp_path):
    steps = len(digits[0]) // 64
    result = fitting.fit(SMALL, *digits, 0, Recorder(stop_after=2 * steps), tmp_path)
    assert accuracy(result.classifier, digits[1]) == pytest.approx(max(e.val_accuracy for e in result.history))


def test_the_validation_loss_is_the_cross_entropy_of_the_answers(fitted, digits):
    network, history, _ = fitted
    probabilities = network.probabilities(digits[1].images).astype(float)
    expected = log_loss(digits[1].known_labels, probabilities / probabilities.sum(axis=1, keepdims=True))
    assert history[-1].val_loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("recipe", [SMALL, BINARY], ids=lambda recipe: recipe.name)
def test_smoothed_labels_are_learned_less_surely(recipe, digits, tmp_path):
    train, validation = digits if recipe.labels is None else (part.of_labels(recipe.labels) for part in digits)
    surest = []
    for share in (0.0, 0.2):
        smoothed = recipe.with_values({"label_smoothing": share, "epochs": 12})
        network = fitting.fit(smoothed, train, validation, 0, Listener(), tmp_path / str(share)).classifier
        assert accuracy(network, validation) > 0.9
        surest.append(network.probabilities(validation.images).max(axis=1).mean())
    assert surest[1] < surest[0]


@pytest.mark.parametrize("recipe", [SMALL, SMALL_CNN], ids=lambda recipe: recipe.name)
def test_the_same_seed_gives_the_same_weights_to_the_last_bit(recipe, whole, digits, tmp_path_factory):
    first = whole(recipe).classifier.model.get_weights()
    again, other = (
        fitting.fit(recipe, *digits, seed, Listener(), tmp_path_factory.mktemp("run")).classifier.model.get_weights()
        for seed in (3, 4)
    )
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize("recipe", [SMALL, SMALL_CNN], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("schedule", ["one-cycle", "plateau"])
def test_interrupted_and_resumed_it_ends_with_the_same_weights(recipe, schedule, whole, digits, tmp_path):
    recipe = recipe.with_values({"schedule": schedule})
    whole = whole(recipe)
    steps = len(digits[0]) // 64
    half = fitting.fit(recipe, *digits, 3, Recorder(stop_after=2 * steps - 1), tmp_path / "half")
    assert half.interrupted
    assert len(half.history) == 2
    rest = Recorder()
    resumed = fitting.fit(recipe, *digits, 3, rest, tmp_path / "half")
    assert not resumed.interrupted
    assert [epoch.epoch for epoch in rest.epochs] == list(range(2, recipe.fit.epochs + 1))
    assert same(whole.classifier.model.get_weights(), resumed.classifier.model.get_weights())
    assert [epoch.loss for epoch in resumed.history] == [epoch.loss for epoch in whole.history]


def test_a_training_that_was_only_not_written_down_is_not_repeated(result, digits):
    (whole, folder, _), rest = result, Recorder()
    again = fitting.fit(SMALL, *digits, 0, rest, folder)
    assert rest.epochs == []
    assert again.history == whole.history
    assert same(whole.classifier.model.get_weights(), again.classifier.model.get_weights())


def test_a_training_that_diverges_says_what_to_do(digits, tmp_path):
    wild = SMALL.with_values({"learning_rate": 1e30, "schedule": "constant"})
    with pytest.raises(DigitsError, match="the training diverged: .*lower --learning-rate than 1e\\+30"):
        fitting.fit(wild, *digits, 0, Listener(), tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_one_sentence(content, digits, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"checkpoint\.npz cannot be read"):
        fitting.fit(SMALL, *digits, 0, Listener(), tmp_path)


def test_a_checkpoint_of_another_model_is_refused(digits, tmp_path):
    fitting.fit(SMALL, *digits, 0, Recorder(stop_after=20), tmp_path)
    other = SMALL.with_values({"units": 16})
    with pytest.raises(RunError, match=r"checkpoint\.npz cannot be read"):
        fitting.fit(other, *digits, 0, Listener(), tmp_path)


def test_one_sigmoid_unit_is_widened_to_two_columns(digits, tmp_path):
    train, validation = (part.of_labels(2) for part in digits)
    network = fitting.fit(BINARY, train, validation, 0, Listener(), tmp_path).classifier
    probabilities = network.probabilities(validation.images)
    assert network.model.output_shape == (None, 1)
    assert probabilities.shape == (len(validation), 2)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert (probabilities.argmax(axis=1) == validation.known_labels).mean() > 0.95


def test_patience_ends_a_training_that_gets_no_better(digits, tmp_path):
    hopeless = SMALL.with_values({"epochs": 50, "learning_rate": 1e-12, "schedule": "constant", "patience": 3})
    history = fitting.fit(hopeless, *digits, 0, Listener(), tmp_path).history
    assert len(history) < 50
    best = max(history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert len(history) - best.epoch == 3


def test_plateau_halves_the_rate_after_two_epochs_without_a_better_loss(digits, tmp_path):
    wild = SMALL.with_values({"epochs": 8, "learning_rate": 0.5, "schedule": "plateau"})
    history = fitting.fit(wild, *digits, 0, Listener(), tmp_path).history
    assert history[0].learning_rate == 0.5
    assert replay(history, 0.5) == [epoch.learning_rate for epoch in history]


def replay(history: list[Epoch], rate: float) -> list[float]:
    """The rates that the losses of a history ask for, found independently of the package."""
    rates, best, waited = [], float("inf"), 0
    for epoch in history:
        rates.append(rate)
        best, waited = (epoch.val_loss, 0) if epoch.val_loss < best else (best, waited + 1)
        if waited == 2:
            rate, waited = rate / 2, 0
    return rates


def same(first, second):
    return all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_the_listener_hears_every_step_and_epoch(fitted, digits):
    _, history, recorder = fitted
    steps = len(digits[0]) // 64
    assert recorder.begun == (4, steps)
    assert recorder.steps == [(epoch, step) for epoch in range(1, 5) for step in range(1, steps + 1)]
    assert recorder.epochs == history
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4]


def test_the_learning_rate_rises_and_falls(fitted):
    rates = [epoch.learning_rate for epoch in fitted[1]]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < SMALL.fit.learning_rate / 100


def test_a_stop_in_the_middle_of_an_epoch_still_validates_and_keeps_it(digits, tmp_path):
    stopped = fitting.fit(SMALL, *digits, 0, Recorder(stop_after=3), tmp_path)
    assert stopped.interrupted
    right = stopped.classifier.probabilities(digits[1].images).argmax(axis=1) == digits[1].known_labels
    assert [epoch.val_accuracy for epoch in stopped.history] == [pytest.approx(right.mean())]


def test_a_training_that_goes_by_the_clock_ends_with_a_whole_cycle(digits, tmp_path):
    # Seconds enough for what comes before the second step, even on a machine that does much else.
    timed = SMALL.with_values({"epochs": 10**6, "seconds": 3.0})
    recorder = Recorder()
    result = fitting.fit(timed, *digits, 0, recorder, tmp_path)
    assert recorder.begun[0] is None
    assert not result.interrupted
    assert sum(epoch.seconds for epoch in result.history[:-1]) < timed.fit.seconds
    assert result.history[-1].learning_rate < SMALL.fit.learning_rate / 2
    assert accuracy(result.classifier, digits[1]) == pytest.approx(result.history[-1].val_accuracy)


def test_a_pupil_learns_what_its_teacher_says(digits, tmp_path):
    pupil = SMALL.with_values({"teacher": "flat", "epochs": 8})
    recorder = Recorder()
    result = fitting.fit(pupil, *digits, 0, recorder, tmp_path)
    teacher = networks.build(recipes.load("flat"), digits[0].image_shape, 10)
    neural.load_weights(teacher, tmp_path / "teacher" / "model.keras")
    assert teacher.count_params() == 101_770
    assert accuracy(neural.NeuralNetwork(teacher), digits[1]) > 0.9
    assert result.teacher_seconds > 0
    assert accuracy(result.classifier, digits[1]) > 0.9
    before = (tmp_path / "teacher" / "model.keras").read_bytes()
    again = fitting.fit(pupil, *digits, 0, Listener(), tmp_path)  # resumed: nothing is left to do
    assert (tmp_path / "teacher" / "model.keras").read_bytes() == before
    assert again.teacher_seconds == result.teacher_seconds
    assert same(again.classifier.model.get_weights(), result.classifier.model.get_weights())


def test_a_pupil_also_learns_what_its_teacher_says_of_images_without_labels(digits, tmp_path):
    train, validation = digits
    kept, unlabelled = train.take(np.arange(300)), train.images[300:]
    pupil = SMALL.with_values({"teacher": "flat", "epochs": 8})
    alone = fitting.fit(pupil, kept, validation, 0, Listener(), tmp_path)
    recorder, further = Recorder(), tmp_path / "more"
    more = fitting.fit(pupil.with_values({"unlabelled": "true"}), kept, validation, 0, recorder, further, unlabelled)
    teachers = [networks.build(recipes.load("flat"), train.image_shape, 10) for _ in range(2)]
    for teacher, folder in zip(teachers, (tmp_path, further), strict=True):
        neural.load_weights(teacher, folder / "teacher" / "model.keras")
    assert same(*(teacher.get_weights() for teacher in teachers))  # which have seen the labelled ones alone
    assert recorder.begun == (8, len(train) // SMALL.fit.batch_size)
    assert accuracy(more.classifier, validation) > accuracy(alone.classifier, validation)


def test_a_teacher_has_no_more_epochs_than_its_pupil(digits, tmp_path):
    recorder = Recorder()
    fitting.fit(SMALL.with_values({"teacher": "flat", "epochs": 1}), *digits, 0, recorder, tmp_path)
    assert [epoch.epoch for epoch in recorder.epochs] == [1, 1]


@pytest.mark.parametrize("epochs", [2, 5])
def test_a_pupil_that_is_resumed_learns_the_same(digits, tmp_path, monkeypatch, epochs):
    monkeypatch.setattr(distilling, "_EPOCHS", 3)
    pupil = SMALL.with_values({"teacher": "flat", "epochs": 7})
    whole = fitting.fit(pupil, *digits, 0, Listener(), tmp_path / "whole")
    shutil.copytree(tmp_path / "whole" / "teacher", tmp_path / "cut" / "teacher")
    steps = len(digits[0]) // SMALL.fit.batch_size
    stopped = fitting.fit(pupil, *digits, 0, Recorder(stop_after=epochs * steps + 3), tmp_path / "cut")
    assert stopped.interrupted
    resumed = fitting.fit(pupil, *digits, 0, Listener(), tmp_path / "cut")
    assert len(resumed.history) == 7
    assert same(resumed.classifier.model.get_weights(), whole.classifier.model.get_weights())


def test_kept_is_the_epoch_whose_weights_it_has(result, patient):
    assert result[0].kept == SMALL.fit.epochs
    best = max(patient.history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert patient.kept == best.epoch < 8


@pytest.mark.parametrize("recipe", [SMALL, SMALL_CNN], ids=lambda recipe: recipe.name)
def test_callbacks_of_keras_are_told_of_every_batch_and_epoch(recipe, digits, tmp_path):
    heard = []

    class Heard(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begin")

        def on_train_end(self, logs=None):
            heard.append("end")

        def on_epoch_end(self, epoch, logs=None):
            assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(logs)
            heard.append(("epoch", epoch))

        def on_train_batch_end(self, batch, logs=None):
            assert set(logs) == {"loss", "accuracy"}
            heard.append(batch)

    callback = Heard()
    log = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    told = recipe.with_callbacks(callback, log).with_values({"epochs": 2})
    result = fitting.fit(told, *digits, 0, Listener(), tmp_path)
    batches = list(range(len(digits[0]) // 64))
    assert heard == ["begin", *batches, ("epoch", 0), *batches, ("epoch", 1), "end"]
    assert callback.model.count_params() == result.classifier.model.count_params()
    lines = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [float(line["val_loss"]) for line in lines] == [epoch.val_loss for epoch in result.history]
    assert [float(line["learning_rate"]) for line in lines] == [epoch.learning_rate for epoch in result.history]
    assert [int(line["epoch"]) for line in lines] == [0, 1]


def test_early_stopping_of_keras_ends_a_training(digits, tmp_path):
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, min_delta=100)
    told = SMALL.with_callbacks(stopping).with_values({"epochs": 20})
    result = fitting.fit(told, *digits, 0, Listener(), tmp_path)
    assert len(result.history) == 3
    assert stopping.stopped_epoch == 2
    assert not result.interrupted


def test_a_callback_that_fails_is_blamed_on_the_file_that_brought_it(digits, tmp_path):
    path = tmp_path / "own.py"
    path.write_text(
        recipes.source("flat").replace("jit=True", "callbacks=(Bad(),)").replace(
            "\nfit =", "\nclass Bad(keras.callbacks.Callback):\n"
            "    def on_train_batch_end(self, batch, logs=None):\n        1 / 0\n\nfit ="
        )
    )  # fmt: skip
    with pytest.raises(DigitsError, match=r"own\.py, line \d+: ZeroDivisionError: division by zero"):
        fitting.fit(recipes.load(str(path)), *digits, 0, Listener(), tmp_path / "run")


def test_a_network_that_only_guesses_is_said_so(digits, tmp_path):
    class Notes(Listener):
        notes = ()

        def note(self, text):
            self.notes = (*self.notes, text)

    train, validation = digits
    for rate, told in ((1e-12, True), (5e-3, False)):
        notes = Notes()
        hopeless = SMALL.with_values({"epochs": 1, "learning_rate": rate, "batch_size": 8, "schedule": "constant"})
        fitting.fit(hopeless, train, validation, 0, notes, tmp_path / str(rate))
        assert any("does not learn" in note for note in notes.notes) is told
