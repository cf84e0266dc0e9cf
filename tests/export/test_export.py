"""Networks that travel: a file is there only if it answers as its run does."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import small
from msgspec import structs

from kaggle_digits import export, predictor, runs, sources
from kaggle_digits.errors import DataError, ExportError
from kaggle_digits.export.agreement import Agreement, compare
from kaggle_digits.runs import Plan


@pytest.fixture
def unseen():
    return sources.load("sklearn").test.images[:50]


def outputs_of_onnx(path, images):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images.astype(np.float32)})[0]


def outputs_of_tflite(path, images):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    (given,), (answered,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], images.astype(np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(answered["index"])


def copied(network, folder, **changes):
    """The same run with another record."""
    shutil.copytree(network.path, folder)
    return runs.write_record(folder, structs.replace(network.record, **changes))


RUNTIMES = {".tflite": outputs_of_tflite, ".onnx": outputs_of_onnx}


@pytest.mark.parametrize("suffix", export.SUFFIXES)
@pytest.mark.parametrize("int8", [False, True], ids=["floats", "integers"])
def test_every_format_answers_as_its_run(network, tmp_path, unseen, suffix, int8):
    """Calibrated as the run is, also where no dense layer could take the temperature into its weights."""
    # Eight bits are too few for the logarithms of probabilities.
    mild = copied(network, tmp_path / "run", temperature=1.0 if int8 else 3.0)
    path = tmp_path / "out" / f"model{suffix.upper()}"
    if int8 and not export.takes_int8(suffix):
        with pytest.raises(ExportError, match="cannot hold 8-bit integers"):
            export.export(mild, path, int8=True)
        return
    done = export.export(mild, path, int8=int8)
    assert list(path.parent.iterdir()) == [done.path]
    assert done.bytes == path.stat().st_size < (750_000 if int8 or suffix == ".html" else 1_300_000)
    assert done.agreement.rows == network.record.validation_rows
    assert done.agreement.same >= done.agreement.rows - (1 if int8 or suffix == ".html" else 0)
    assert done.agreement.largest < (0.2 if int8 or suffix == ".html" else 1e-4)
    if suffix in RUNTIMES:
        expected = predictor.load(mild.path).probabilities(unseen)
        assert RUNTIMES[suffix](path, unseen) == pytest.approx(expected, abs=0.2 if int8 else 1e-4)


def test_a_page_holds_everything(network, tmp_path):
    done = export.export(network, tmp_path / "digits.html")
    content = done.path.read_text(encoding="utf-8")
    assert done.bytes <= 750_000
    assert "default-src 'none'" in content
    assert not [word for word in ("http://", "https://", "src=", "@import") if word in content.partition("<body>")[0]]
    assert done.agreement.same >= done.agreement.rows - 1
    assert ("Node" in done.runtime) == (shutil.which("node") is not None)


def test_without_node_keras_computes_with_the_same_weights(network, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = export.export(network, tmp_path / "digits.html")
    assert done.runtime.startswith("Keras")
    assert 0 < done.agreement.largest < 0.2


def test_what_is_no_single_network_stays_at_home(network, tmp_path):
    estimator = copied(network, tmp_path / "svm", files={"model.skops": "0"})
    with pytest.raises(ExportError, match="svm is a scikit-learn model"):
        export.export(estimator, tmp_path / "model.onnx")
    committee = copied(network, tmp_path / "champion", files={}, members={"a": 1.0})
    with pytest.raises(ExportError, match="champion is an ensemble"):
        export.export(committee, tmp_path / "model.html")
    assert not list(tmp_path.glob("model.*"))


def test_an_unknown_suffix(network, tmp_path):
    with pytest.raises(ExportError, match=r"must end with .html, .onnx, .tflite. Received: model.pb"):
        export.export(network, tmp_path / "model.pb")


def test_the_data_must_be_what_the_run_was_trained_on(network, tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((20, 28, 28), np.uint8))
    np.save(tmp_path / "y.npy", np.arange(20) % 10)
    with pytest.raises(DataError, match="is not the data that"):
        export.export(network, tmp_path / "model.tflite", where=str(tmp_path))
    with pytest.raises(DataError, match="Say where they are: --data WHERE"):
        export.export(network, tmp_path / "model.tflite", where=str(tmp_path / "nowhere"))
    assert not (tmp_path / "model.tflite").exists()


def test_a_page_does_not_learn_from_folders(network, tmp_path):
    data = structs.replace(network.record.data, kind="image-folder")
    with pytest.raises(ExportError, match="learned from a folder of images"):
        export.export(copied(network, tmp_path / "copy", data=data), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_agreement_is_counted():
    labels = np.array([0, 1, 1, 0])
    before = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], np.float32)
    after = np.array([[0.8, 0.2], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], np.float32)
    assert compare(labels, before, after) == Agreement(4, 3, pytest.approx(0.2), 0.75, 0.5)


@pytest.mark.parametrize(
    ("agreement", "exact", "good"),
    [
        (Agreement(1000, 1000, 9e-5, 0.99, 0.99), True, True),
        (Agreement(1000, 1000, 2e-4, 0.99, 0.99), True, False),
        (Agreement(1000, 999, 1e-5, 0.99, 0.99), True, False),
        (Agreement(1000, 995, 0.3, 0.99, 0.989), False, True),
        (Agreement(1000, 995, 0.3, 0.99, 0.988), False, False),
        (Agreement(100, 98, 0.3, 0.99, 0.98), False, True),
        (Agreement(100, 98, 0.3, 0.99, 0.97), False, False),
    ],
)
def test_how_close_is_close_enough(agreement, exact, good):
    if good:
        agreement.check("a.tflite", "run", exact=exact)
    else:
        with pytest.raises(ExportError, match=r"a.tflite would not answer as run does, and was not written"):
            agreement.check("a.tflite", "run", exact=exact)


def command(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "kaggle_digits", "export", *words], capture_output=True, text=True, cwd=cwd
    )


def test_the_command(network, tmp_path):
    done = command(str(network.path), "model.tflite", "--json", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["file"], said["checked_with"]) == ("model.tflite", "LiteRT")
    assert said["same"] == said["rows"]


@pytest.mark.parametrize("words", [("a", "b", "c.html"), ("model.pb",), ("page.html", "--int8"), ()])
def test_wrong_usage(words, tmp_path):
    assert command(*words, cwd=tmp_path).returncode == 2


def test_no_run_to_export(tmp_path):
    done = command("mine", "page.html", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no run mine" in done.stderr


OWN_LAYER = '''
"""A layer of one's own between Keras's."""
import keras
from keras import layers

class Doubled(layers.Layer):
    def call(self, x):
        return 2 * x

def build(image_shape, classes):
    inputs = keras.Input((*image_shape, 1))
    x = Doubled()(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
'''


def test_a_network_with_layers_of_its_own_goes_into_a_tflite_file_alone(tmp_path, unseen):
    (tmp_path / "own.py").write_text(OWN_LAYER)
    run = small.train(Plan(str(tmp_path / "own.py"), "sklearn", {"epochs": 1}), tmp_path)
    export.export(run, tmp_path / "own.tflite")
    expected = predictor.load(run.path).probabilities(unseen)
    assert outputs_of_tflite(tmp_path / "own.tflite", unseen) == pytest.approx(expected, abs=1e-6)
    for path, int8 in (("own.html", False), ("own.onnx", False), ("own.tflite", True)):
        with pytest.raises(ExportError, match=r"layers of its own \(Doubled\).*\.tflite"):
            export.export(run, tmp_path / path, int8=int8)
