"""Two logical devices learn as one does. TensorFlow divides a processor only before its first use, so in a child."""

import json
import os
import subprocess
import sys

import pytest

_CHILD = """
import json, sys
import tensorflow
tensorflow.config.set_logical_device_configuration(
    tensorflow.config.list_physical_devices("CPU")[0], [tensorflow.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
import numpy as np
from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import devices, fitting
from kaggle_digits.backend import load_keras
from kaggle_digits.runs import Listener

digits = sources.load("sklearn").train
train, validation = digits.take(range(320)), digits.take(range(400, 1000))  # more than one batch
recipe = recipes.load("simple").with_values({"dropout": 0.0, "epochs": 2, "batch_size": 64, "precision": "float32"})
fitted = fitting.fit(recipe, train, validation, 3, Listener(), Path(sys.argv[1]))
print(json.dumps({
    "kind": type(devices.choose(load_keras())).__name__,
    "loss": [epoch.loss for epoch in fitted.history],
    "validation": [epoch.val_loss for epoch in fitted.history],
    "weights": [float(np.abs(one).sum()) for one in fitted.classifier.model.get_weights()],
}))
"""


def _run(folder, devices: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KDIGITS_DEVICES": devices, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _CHILD, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_two_devices_learn_what_one_learns(tmp_path):
    """With and without KDIGITS_DEVICES: the same network, but for the order in which numbers are added."""
    found = []
    for place, devices in enumerate(["", "cpu:0, cpu:1"]):
        (tmp_path / str(place)).mkdir()
        done = _run(tmp_path / str(place), devices)
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout))
    alone, together = found
    assert (alone.pop("kind"), together.pop("kind")) == ("SingleDevice", "Mirrored")
    for name, values in alone.items():
        assert together[name] == pytest.approx(values, rel=1e-3), name


def test_a_device_that_is_not_there(tmp_path):
    done = _run(tmp_path, "GPU:7")
    assert "KDIGITS_DEVICES names GPU:7, which is not there. Choose among: CPU:0, CPU:1." in done.stderr
