import json
import zipfile

import numpy as np
import pytest
from kaggle_digits.recipes.architectures import Dense

from kaggle_digits.classifiers import networks, neural
from kaggle_digits.errors import RunError
from kaggle_digits.sources import bundled


@pytest.fixture(scope="module")
def network():
    return neural.NeuralNetwork(networks.build(Dense(hidden=(32,)), (28, 28), 10))


def test_saved_and_loaded_it_answers_the_same(network, tmp_path):
    assert network.save(tmp_path) == ["model.keras", "model.tflite"]
    loaded = neural.load(tmp_path)
    images = bundled.load()[0].images[:300]
    assert np.array_equal(loaded.probabilities(images), network.probabilities(images))


def test_the_saved_file_holds_no_optimizer_state(network, tmp_path):
    network.save(tmp_path)
    assert (tmp_path / "model.keras").stat().st_size < 4 * network.model.count_params() + 50_000


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_model_is_one_sentence(tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.keras is not a model that can be loaded"):
        neural.load(tmp_path)


def test_a_model_that_would_run_code_is_refused(network, tmp_path):
    network.save(tmp_path)
    path, evil = tmp_path / "model.keras", tmp_path / "evil.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                layer = config["config"]["layers"][1]
                layer.update(class_name="Lambda", module="keras.layers", registered_name=None)
                code = {"class_name": "__lambda__", "config": {"code": "4wAAAAA=", "defaults": None, "closure": None}}
                layer["config"] = {"name": "evil", "function": code}
                content = json.dumps(config).encode()
            new.writestr(name, content)
    evil.replace(path)
    with pytest.raises(RunError, match="not a model that can be loaded"):
        neural.load(tmp_path)
