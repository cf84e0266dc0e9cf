"""Recipe files of a user's own: begun as a copy, trained, told what is wrong with them, gone on with."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from kaggle_digits import classifiers, recipes, runs, sources
from kaggle_digits.backend import load_keras
from kaggle_digits.cli import app
from kaggle_digits.recipes import RecipeFile

FEW = ("--epochs", "1", "--batch-size", "32")
"""Otherwise few rows would get more epochs, of smaller batches."""

FUNCTIONAL = '''
"""Two branches of unlike convolutions, and a way around them."""

import keras
from keras import layers

from kaggle_digits.recipes import Distortions, Fit

fit = Fit(epochs=2, batch_size=32, learning_rate=1e-2, distortions=Distortions(rotation=10))


def build(image_shape, classes, width=8, sides=(3, 5), activation="relu", bias=True, rate=0.1):
    pixels = keras.Input((*image_shape, 1))
    branches = [layers.Conv2D(width, side, padding="same", activation=activation)(pixels) for side in sides]
    together = layers.Concatenate()([*branches, pixels])
    together = layers.Dropout(rate)(layers.Flatten()(layers.MaxPooling2D(4)(together)))
    return keras.Model(pixels, layers.Dense(classes, use_bias=bias, activation="softmax")(together))
'''

SUBCLASSED = """
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.flat = layers.Flatten()
        self.hidden = layers.Dense(16, activation="relu")
        self.answer = layers.Dense(classes, activation="softmax")

    def call(self, images):
        return self.answer(self.hidden(self.flat(images)))


def build(image_shape, classes):
    return Net(classes)
"""

PIPELINE = """
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline


def build(image_shape, classes, neighbours=3):
    return make_pipeline(PCA(10), KNeighborsClassifier(neighbours))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with 150 digits of 28 x 28 pixels in `few`."""
    monkeypatch.chdir(tmp_path)
    digits = sources.load("sklearn").train
    (tmp_path / "few").mkdir()
    np.save(tmp_path / "few" / "X.npy", digits.images[:150])
    np.save(tmp_path / "few" / "y.npy", digits.known_labels[:150])
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def train(*words: str) -> Result:
    return call("train", *words, "--data", "few")


def trained(*words: str) -> runs.Run:
    """A run that must succeed."""
    done = train(*words, "--json")
    assert done.exit_code == 0, (done.stderr, done.exception)
    return runs.find(json.loads(done.stdout)["run"])


def refused(done: Result, *words: str, code: int = 1) -> None:
    """One sentence, and nothing left behind."""
    assert done.exit_code == code, (done.stderr, done.exception)
    assert "Traceback" not in done.stderr
    error = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in error
    if code == 1:
        assert error.startswith("error: ")
        assert error.endswith((".", "?", "def build(image_shape, classes):"))
    assert not any(Path("models").glob("*"))
    assert done.stdout == ""


# Copies.


@pytest.mark.parametrize("name", recipes.names())
def test_a_copy_of_a_recipe_is_a_recipe_file(name: str) -> None:
    done = call("recipes", "--copy", name)
    assert done.exit_code == 0
    copy = recipes.run(RecipeFile("copy.py", done.stdout))
    original = recipes.load(name)
    assert (copy.summary, copy.arguments, copy.fit) == (original.summary, original.arguments, original.fit)
    assert (copy.labels, copy.folds, copy.search) == (original.labels, original.folds, original.search)
    assert [one.name for one in copy.members] == [one.name for one in original.members]
    assert (copy.name, copy.built_in) == ("copy", False)


def weights(run: runs.Run) -> list[np.ndarray]:
    keras = load_keras()
    return [np.asarray(one) for one in keras.saving.load_model(run.path / "model.keras").get_weights()]


def test_a_copy_gives_the_very_same_weights(place: Path) -> None:
    (place / "own.py").write_text(call("recipes", "--copy", "mlp").stdout)
    words = (*FEW, "--set", "hidden=32,16", "--set", "dropout=0.1", "--precision", "float32")
    original, copy = trained("mlp", *words), trained("own.py", *words)
    assert (original.record.recipe.name, copy.record.recipe.name) == ("mlp", "own")
    assert copy.record.recipe.arguments == original.record.recipe.arguments == {"hidden": (32, 16), "dropout": 0.1}
    assert copy.record.recipe.fit == original.record.recipe.fit
    first, second = weights(original), weights(copy)
    assert len(first) == len(second) == 6
    assert all((one == other).all() for one, other in zip(first, second, strict=True))


def test_a_copy_of_nothing_is_refused() -> None:
    done = call("recipes", "--copy", "mlpp")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "there is no recipe 'mlpp'. Did you mean mlp?" in done.stderr


# Files of one's own.


def test_a_functional_network_is_trained_with_other_values(place: Path) -> None:
    (place / "own.py").write_text(FUNCTIONAL)
    values = ("width=4", "sides=3", "activation=tanh", "bias=false", "rate=0", "rotation=5", "betas=0.8,0.9")
    words = [word for value in values for word in ("--set", value)]
    run = trained("own.py", *FEW, *words, "--note", "hello")
    record = run.record
    assert record.recipe.arguments == {"width": 4, "sides": (3,), "activation": "tanh", "bias": False, "rate": 0.0}
    fit = record.recipe.fit
    assert (fit.epochs, fit.batch_size, fit.betas, fit.distortions.rotation) == (1, 32, (0.8, 0.9), 5.0)
    assert (record.plan.recipe, record.recipe.name, record.plan.note) == ("own.py", "own", "hello")
    assert (run.path / "recipe.py").read_text() == FUNCTIONAL
    # Without the file, and without running anything out of the run folder.
    (place / "own.py").unlink()
    (run.path / "recipe.py").write_text("raise SystemExit")
    answers = classifiers.load(runs.read(run.path)).probabilities(np.zeros((2, 28, 28), np.uint8))
    assert answers.shape == (2, 10)


def test_a_subclassed_network_is_trained_without_a_fit(place: Path) -> None:
    (place / "My Net.py").write_text(SUBCLASSED)
    run = trained("My Net.py", *FEW)
    assert run.name.endswith("-my-net")
    assert run.record.recipe.fit == recipes.Fit(epochs=1, batch_size=32)
    assert run.record.parameters == 784 * 16 + 16 + 16 * 10 + 10


def test_a_pipeline_is_trained(place: Path) -> None:
    (place / "near.py").write_text(PIPELINE)
    run = trained("near.py", "--set", "neighbours=2")
    assert run.record.recipe.arguments == {"neighbours": 2}
    assert run.record.recipe.fit is None
    assert run.record.validation_accuracy > 0.5
    assert list(run.record.files) == ["model.skops"]
    refused_with_runs(
        train("near.py", "--epochs", "3"), "near builds a scikit-learn model, which is not trained in epochs"
    )


def refused_with_runs(done: Result, words: str) -> None:
    assert done.exit_code == 1, (done.stderr, done.exception)
    assert words in done.stderr.splitlines()[-1]


def test_a_committee_of_ones_own(place: Path) -> None:
    (place / "both.py").write_text('"""Two kinds."""\nmembers = ("logistic", "knn")\nfolds = 2\n')
    run = trained("both.py")
    assert sorted(run.record.members or ()) == ["knn-fold-1", "knn-fold-2", "logistic-fold-1", "logistic-fold-2"]
    assert run.record.recipe.file == str(place / "both.py")
    assert [one.built_in for one in run.record.recipe.members] == [True, True]


# Values.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("own.py", "--set", "widht=3"), "own has no value called 'widht'. Did you mean width?"),
        (("own.py", "--set", "epoch=3"), "Did you mean epochs?"),
        (("own.py", "--set", "rotaton=3"), "Did you mean rotation?"),
        (("own.py", "--set", "qqq=3"), "Choose among: width, sides"),
        (("own.py", "--set", "width=wide"), "width cannot be 'wide': it must be like its default, 8"),
        (("own.py", "--set", "width=1.5"), "width cannot be 1.5"),
        (("own.py", "--set", "sides=3,x"), "sides cannot be"),
        (("own.py", "--set", "bias=perhaps"), "bias cannot be 'perhaps'"),
        (("own.py", "--set", "epochs=none"), "epochs cannot be"),
        (("own.py", "--set", "epochs=0"), "epochs must be above 0. Received: 0"),
        (("own.py", "--set", "rotation=-1"), "rotation must be from 0 to 180. Received: -1"),
        (("own.py", "--set", "zoom=nan"), "zoom must be from 0 to"),
        (("own.py", "--set", "schedule=sideways"), "schedule cannot be 'sideways'"),
        (("own.py", "--set", "callbacks=x"), "no value called 'callbacks'"),
        (("mlp", "--set", "hiden=3"), "mlp has no value called 'hiden'. Did you mean hidden?"),
        (("knn", "--set", "neighbours=3"), "Did you mean neighbors?"),
        (("knn", "--set", "epochs=3"), "knn is not trained in epochs: epochs cannot be set"),
        (("mlp", "--set", "teacher=mlpp"), "there is no recipe 'mlpp'. Did you mean mlp?"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_value_that_makes_no_sense_is_refused(words: tuple[str, ...], told: str, place: Path) -> None:
    (place / "own.py").write_text(FUNCTIONAL)
    refused(train(*words), told)


@pytest.mark.parametrize("value", ["", "=", "width", "=3", " = "])
def test_what_is_no_assignment_is_wrong_usage(value: str, place: Path) -> None:
    (place / "own.py").write_text(FUNCTIONAL)
    refused(train("own.py", "--set", value), code=2)
    assert "--set takes NAME=VALUE" in train("own.py", "--set", value).stderr


# Files that are wrong.

BEGINNING = "import keras\nfrom keras import layers\n"
NETWORK = """
def build(image_shape, classes):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), {middle} layers.Flatten(), layers.Dense({outputs}, activation={activation!r}),
    ])
"""


def network(middle: str = "", outputs: str = "classes", activation: str | None = "softmax", before: str = "") -> str:
    return BEGINNING + before + NETWORK.format(middle=middle, outputs=outputs, activation=activation)


LAYER = """
class Own(layers.Layer):
    def call(self, inputs, training=False):
        {body}
        return inputs
"""

WRONG: dict[str, tuple[str, str]] = {
    "syntax": ("import keras\n\ndef build(image_shape, classes:\n    pass\n", "own.py, line 3: SyntaxError"),
    "no build": ("import keras\n", "own.py has no function build. Write: def build(image_shape, classes)"),
    "empty": ("", "own.py has no function build"),
    "build is none": ("build = 3\n", "own.py has no function build"),
    "too few arguments": ("def build(image_shape):\n    pass\n", "own.py: build must take image_shape and classes"),
    "no default": (
        "def build(image_shape, classes, width):\n    pass\n",
        "own.py: the argument width of build must have",
    ),
    "whatever comes": (
        "def build(image_shape, classes, **more):\n    pass\n",
        "own.py: the argument more of build must",
    ),
    "a name of fit's": (
        "def build(image_shape, classes, epochs=3):\n    pass\n",
        "own.py: build has an argument epochs",
    ),
    "a default that is none": (
        "def build(image_shape, classes, width={}):\n    pass\n",
        "own.py: the arguments of build must have numbers, texts",
    ),
    "a function as default": (
        "def build(image_shape, classes, width=len):\n    pass\n",
        "own.py: the arguments of build must have numbers, texts",
    ),
    "fit is none": (f"{network()}\nfit = {{'epochs': 3}}\n", "own.py: fit must be a Fit(...)"),
    "an unknown value": (
        "from kaggle_digits.recipes import Fit\n\nfit = Fit(epoch=3)\n",
        "own.py, line 3: TypeError: Unexpected keyword argument 'epoch'",
    ),
    "a wrong value": (
        "from kaggle_digits.recipes import Fit\n\nfit = Fit(epochs=0)\n",
        "own.py, line 3: epochs must be above 0. Received: 0.",
    ),
    "a missing package": (
        "import keras\nimport nosuchpackage\n",
        "own.py, line 2: ModuleNotFoundError: No module named",
    ),
    "an exception": ("x = 1\n1 / 0\n", "own.py, line 2: ZeroDivisionError: division by zero"),
    "an end": ("import sys\nsys.exit(3)\n", "own.py, line 2: SystemExit: 3"),
    "too few labels": (network(outputs="7"), "own.py: the network gives 7 numbers for an image of 10 labels"),
    "too many labels": (network(outputs="classes + 1"), "the network gives 11 numbers for an image of 10 labels"),
    "one output": (network(outputs="1", activation="sigmoid"), "the network gives 1 numbers for an image of 10 labels"),
    "no flattening": (network().replace("layers.Flatten(),", ""), "the network gives 28 x 28 x 10 numbers"),
    "logits": (network(activation=None), "own.py: the network gives numbers that are no probabilities, such as logits"),
    "sigmoids": (network(activation="sigmoid"), "the network gives numbers that are no probabilities"),
    "an exception in build": (
        "def build(image_shape, classes):\n    sizes = []\n    return sizes[3]\n",
        "own.py, line 3: IndexError: list index out of range",
    ),
    "an exception of Keras's": (network(middle="layers.Conv2D(8, 99),"), "own.py, line 5: ValueError"),
    "an exception in a layer": (
        network(middle="Own(),", before=LAYER.format(body="raise IndexError('at once')")),
        "own.py, line 6: IndexError: at once.",
    ),
    "an exception in a layer, in training only": (
        network(middle="Own(),", before=LAYER.format(body="if training: raise KeyError('later')")),
        "own.py, line 6: KeyError: later.",
    ),
    "one-hot labels": (
        network().replace("return ", "model = ")
        + "    model.compile('adam', 'categorical_crossentropy')\n    return model\n",
        'own.py: labels are numbers here, not one-hot. Compile with loss="sparse_categorical_crossentropy".',
    ),
    "nothing": ("def build(image_shape, classes):\n    pass\n", "own.py: build must return a keras.Model, or a scikit"),
    "an estimator that cannot answer": (
        "from sklearn.linear_model import LinearRegression\n\n"
        "def build(image_shape, classes):\n    return LinearRegression()\n",
        "own.py: build must return a keras.Model, or a scikit-learn estimator with predict_proba",
    ),
    "an estimator that needs code": (
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import FunctionTransformer\n\n"
        "def build(image_shape, classes):\n"
        "    return make_pipeline(FunctionTransformer(abs), LogisticRegression())\n",
        "own.py: it holds sklearn.preprocessing._function_transformer.FunctionTransformer, which cannot be loaded",
    ),
    "an estimator that fails": (
        "from sklearn.svm import SVC\n\ndef build(image_shape, classes):\n    return SVC(C=-1.0)\n",
        "own.py, in the model that it builds: InvalidParameterError",
    ),
    "an estimator with a fit": (
        "from sklearn.naive_bayes import GaussianNB\nfrom kaggle_digits.recipes import Fit\n\nfit = Fit()\n\n"
        "def build(image_shape, classes):\n    return GaussianNB()\n",
        "own builds a scikit-learn model, which is not trained in epochs",
    ),
    "an unknown member": ('members = ("mlpp",)\n', "there is no recipe 'mlpp'. Did you mean mlp?"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_wrong_is_told_where(name: str, place: Path) -> None:
    text, words = WRONG[name]
    (place / "own.py").write_text(text)
    refused(train("own.py"), words)


def test_what_is_no_text_is_refused(place: Path) -> None:
    refused(train("nothing.py"), "nothing.py cannot be read: No such file or directory")
    (place / "folder.py").mkdir()
    refused(train("folder.py"), "folder.py cannot be read")
    (place / "latin.py").write_bytes(b"# \xe9\n")
    refused(train("latin.py"), "latin.py cannot be read")
    (place / "nul.py").write_bytes(b"x = 1\0\n")
    refused(train("nul.py"), "nul.py")
    (place / "large.py").write_text("x = 1\n" * 200_000)
    refused(train("large.py"), "large.py cannot be read")
    os.mkfifo(place / "pipe.py")
    refused(train("pipe.py"), "pipe.py cannot be read")


def test_a_file_that_is_wrong_is_refused_in_folds_and_with_a_budget_too(place: Path) -> None:
    (place / "own.py").write_text(network(outputs="7"))
    refused(train("own.py", "--folds", "2", "--jobs", "2"), "own.py: the network gives 7 numbers")
    refused(train("own.py", "--budget", "60s"), "own.py: the network gives 7 numbers")
    (place / "near.py").write_text(PIPELINE)
    refused(train("near.py", "--budget", "60s"), "near builds a scikit-learn model, which is not trained in epochs")


# Going on.

STOPPING = """
import os
import signal
from pathlib import Path

import keras
from keras import layers

from kaggle_digits.recipes import Fit


class Stop(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if not Path("stopped").exists() and self.epochs == 1:
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = epoch + 1

    epochs = 0


fit = Fit(epochs=3, batch_size=32, callbacks=(Stop(),))


def build(image_shape, classes):
    return keras.Sequential([
        keras.Input((*image_shape, 1)), layers.Flatten(), layers.Dense(classes, activation="softmax"),
    ])
"""


def test_it_is_gone_on_with_only_by_the_same_file(place: Path) -> None:
    own = place / "own.py"
    own.write_text(STOPPING)
    words = ("--epochs", "3", "--batch-size", "32")
    done = train("own.py", *words)
    assert done.exit_code == 130
    (run,) = runs.listing()
    assert f"interrupted; to continue: kaggle-digits train {own} --resume {run.name}" in done.stderr
    assert (run.record.interrupted, run.record.epochs) == (True, 2)

    before = {path: path.read_bytes() for path in run.path.iterdir()}
    own.write_text(STOPPING + "# changed\n")
    for named in ((), ("own.py",)):
        refused_with_runs(call("train", *named, "--resume", run.name), "this run began with own.py, sha256 ")
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before

    own.write_text(STOPPING)
    assert call("train", "own.py", "--resume", run.name).exit_code == 0
    record = runs.find(run.name).record
    assert (record.interrupted, record.epochs, record.kept) == (False, 3, 3)
    (place / "stopped").write_text("so that nothing happens")
    whole = trained("own.py", *words)
    for one, other in zip(weights(runs.find(run.name)), weights(whole), strict=True):
        assert (one == other).all()
