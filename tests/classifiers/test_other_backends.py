"""Keras may compute with JAX instead of TensorFlow. A process has one backend, so each question has a process."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from own_networks import KERAS_ALONE, OWN_CODE

from kaggle_digits import predictor, runs, sources

ROOT = Path(__file__).parent.parent
BACKEND = os.environ.get("KDIGITS_TESTED_BACKEND", "jax")
"""Torch is as large as all the rest together: it is tested by hand, with KDIGITS_TESTED_BACKEND=torch."""

needs_backend = pytest.mark.skipif(
    importlib.util.find_spec(BACKEND) is None, reason=f"{BACKEND} is not installed; install kaggle-digits[dev]"
)

TOP = """
import json, os, sys
from pathlib import Path
from small import resume, submission, train
from kaggle_digits import predictor, recipes, runs, sources, training
from kaggle_digits.backend import load_keras
here = Path(sys.argv[1])
assert load_keras().backend.backend() == os.environ["KERAS_BACKEND"]
"""


def ask(code: str, folder: Path, timeout: float = 300) -> object:
    """What a process says that runs the code under the other backend; its last line is JSON."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": BACKEND,
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", TOP + code, str(folder)],
        capture_output=True, text=True, env=environment, cwd=folder, timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A network with distortions that was trained whole, and once more with an interruption."""
    folder = tmp_path_factory.mktemp("backend")
    code = """
class Stopping(runs.Listener):
    steps = 0
    def step(self, epoch, step, loss, accuracy):
        self.steps += 1
    def wants_stop(self):
        return self.steps >= 30

plan = training.Plan("simple", "sklearn", {"epochs": 3, "batch_size": 64, "rotation": 5.0, "elastic": 0.3})
whole = train(plan, here)
half = train(plan, here, listener=Stopping())
resumed = resume(half.name, here)
images = sources.load("sklearn").test.images[:50]
answers = predictor.load(whole.path).probabilities(images)
print(json.dumps({
    "whole": str(whole.path), "resumed": str(resumed.path), "files": sorted(whole.record.files),
    "accuracy": whole.record.validation_accuracy, "interrupted": half.record.interrupted,
    "same": submission(whole) == submission(resumed), "answers": answers.tolist(),
}))
"""
    told = ask(code, folder)
    assert isinstance(told, dict)
    return folder, told


@needs_backend
def test_it_trains_saves_resumes_and_answers(trained: tuple[Path, dict[str, object]]) -> None:
    _, told = trained
    assert told["files"] == ["model.keras"]
    assert float(str(told["accuracy"])) > 0.8
    assert told["interrupted"] is True
    assert told["same"] is True


@needs_backend
def test_tensorflow_answers_the_same(trained: tuple[Path, dict[str, object]]) -> None:
    _, told = trained
    images = sources.load("sklearn").test.images[:50]
    answers = predictor.load(str(told["whole"])).probabilities(images)
    assert answers == pytest.approx(np.array(told["answers"]), abs=1e-4)


@needs_backend
def test_what_tensorflow_has_trained_answers_the_same(network: runs.Run, tmp_path: Path) -> None:
    images = sources.load("sklearn").test.images[:50]
    code = f"""
run = predictor.load({str(network.path)!r})
from kaggle_digits import classifiers
images = sources.load("sklearn").test.images[:50]
through_keras = classifiers.load_files(run.run.path, ["model.keras"], run.run.record)
print(json.dumps([one.probabilities(images).tolist() for one in (run, through_keras)]))
"""
    expected = predictor.load(network.path).probabilities(images)
    for answers in ask(code, tmp_path):
        assert np.array(answers) == pytest.approx(expected, abs=1e-4)


@needs_backend
def test_networks_of_ones_own_are_trained_or_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "branches.py").write_text(KERAS_ALONE["branches"])
    (tmp_path / "subclassed.py").write_text(OWN_CODE["subclassed"])
    code = """
from kaggle_digits.errors import DigitsError
told = {}
for name in ("branches", "subclassed"):
    plan = training.Plan(f"{name}.py", "sklearn", {"epochs": 1, "batch_size": 64})
    try:
        told[name] = sorted(train(plan, here).record.files)
    except DigitsError as error:
        told[name] = str(error)
print(json.dumps(told))
"""
    told = ask(code, tmp_path)
    assert told["branches"] == ["model.keras"]
    assert "layers of its own, which only TensorFlow can save" in told["subclassed"]
    assert len(list((tmp_path / "models").iterdir())) == 1
