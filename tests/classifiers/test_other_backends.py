"""Keras may compute with JAX instead of TensorFlow. A process has one backend, so each question has a process."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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

CODE = """
import json, os, sys
from pathlib import Path
from small import resume, submission, train
from kaggle_digits import classifiers, predictor, runs, sources, training
from kaggle_digits.backend import load_keras
from kaggle_digits.errors import DigitsError

class Stopping(runs.Listener):
    steps = 0
    def step(self, epoch, step, loss, accuracy):
        self.steps += 1
    def wants_stop(self):
        return self.steps >= 30

here, network = map(Path, sys.argv[1:])
assert load_keras().backend.backend() == os.environ["KERAS_BACKEND"]
images = sources.load("sklearn").test.images[:50]

plan = training.Plan("simple", "sklearn", {"epochs": 3, "batch_size": 64, "rotation": 5.0, "elastic": 0.3})
whole = train(plan, here)
half = train(plan, here, listener=Stopping())
resumed = resume(half.name, here)
told = {
    "whole": str(whole.path), "files": sorted(whole.record.files), "accuracy": whole.record.validation_accuracy,
    "interrupted": half.record.interrupted, "same": submission(whole) == submission(resumed),
    "answers": predictor.load(whole.path).probabilities(images).tolist(),
}

run = predictor.load(network)
through_keras = classifiers.load_files(run.run.path, ["model.keras"], run.run.record)
told["network"] = [one.probabilities(images).tolist() for one in (run, through_keras)]

for name in ("branches", "subclassed"):
    plan = training.Plan(f"{name}.py", "sklearn", {"epochs": 1, "batch_size": 64})
    try:
        told[name] = sorted(train(plan, here / "own").record.files)
    except DigitsError as error:
        told[name] = str(error)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, network: runs.Run) -> dict[str, Any]:
    """What a process says that asks everything under the other backend.

    It trains a network with distortions, whole and once more with an interruption; asks one that TensorFlow has
    trained; and trains two of one's own.
    """
    folder = tmp_path_factory.mktemp("backend")
    for name, text in {"branches": KERAS_ALONE["branches"], "subclassed": OWN_CODE["subclassed"]}.items():
        (folder / f"{name}.py").write_text(text)
    environment = {
        **os.environ,
        "KERAS_BACKEND": BACKEND,
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", CODE, str(folder), str(network.path)],
        capture_output=True, text=True, env=environment, cwd=folder, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**said, "own runs": len(list((folder / "own" / "models").iterdir()))}


@needs_backend
def test_it_trains_saves_resumes_and_answers(told: dict[str, Any]) -> None:
    assert told["files"] == ["model.keras"]
    assert told["accuracy"] > 0.8
    assert told["interrupted"] is True
    assert told["same"] is True


@needs_backend
def test_tensorflow_answers_the_same(told: dict[str, Any]) -> None:
    images = sources.load("sklearn").test.images[:50]
    answers = predictor.load(told["whole"]).probabilities(images)
    assert answers == pytest.approx(np.array(told["answers"]), abs=1e-4)


@needs_backend
def test_what_tensorflow_has_trained_answers_the_same(told: dict[str, Any], network: runs.Run) -> None:
    expected = predictor.load(network.path).probabilities(sources.load("sklearn").test.images[:50])
    for answers in told["network"]:
        assert np.array(answers) == pytest.approx(expected, abs=1e-4)


@needs_backend
def test_networks_of_ones_own_are_trained_or_refused_at_once(told: dict[str, Any]) -> None:
    assert told["branches"] == ["model.keras"]
    assert "layers of its own, which only TensorFlow can save" in told["subclassed"]
    assert told["own runs"] == 1
