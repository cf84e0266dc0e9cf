"""Two logical devices learn as one does. TensorFlow divides a processor only before its first use, so in a child."""

import json
import subprocess
import sys

import pytest

_CHILD = """
import json, os, sys
import tensorflow
tensorflow.config.set_logical_device_configuration(
    tensorflow.config.list_physical_devices("CPU")[0], [tensorflow.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
import numpy as np
from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import devices, fitting
from kaggle_digits.backend import load_keras
from kaggle_digits.errors import DigitsError
from kaggle_digits.runs import Listener

digits = sources.load("sklearn").train
train, validation = digits.take(range(320)), digits.take(range(400, 1000))  # more than one batch
recipe = recipes.load("simple").with_values({"dropout": 0.0, "epochs": 2, "batch_size": 64, "precision": "float32"})
for place, named in enumerate(("", "cpu:0, cpu:1", "GPU:7")):
    os.environ[devices.SETTING] = named
    folder = Path(sys.argv[1]) / str(place)
    folder.mkdir()
    try:
        fitted = fitting.fit(recipe, train, validation, 3, Listener(), folder)
    except DigitsError as error:
        print(json.dumps(str(error)))
        continue
    print(json.dumps({
        "kind": type(devices.choose(load_keras())).__name__,
        "loss": [epoch.loss for epoch in fitted.history],
        "validation": [epoch.val_loss for epoch in fitted.history],
        "weights": [float(np.abs(one).sum()) for one in fitted.classifier.model.get_weights()],
    }))
"""


def test_two_devices_learn_what_one_learns_and_one_that_is_not_there_is_named(tmp_path):
    """With and without KDIGITS_DEVICES: the same network, but for the order in which numbers are added."""
    command = [sys.executable, "-c", _CHILD, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    alone, together, absent = map(json.loads, done.stdout.splitlines())
    assert (alone.pop("kind"), together.pop("kind")) == ("SingleDevice", "Mirrored")
    for name, values in alone.items():
        assert together[name] == pytest.approx(values, rel=1e-3), name
    assert absent == "KDIGITS_DEVICES names GPU:7, which is not there. Choose among: CPU:0, CPU:1."
