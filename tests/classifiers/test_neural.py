import json
import zipfile

import numpy as np
import pytest
from made_runs import beginning

from kaggle_digits import recipes, sources
from kaggle_digits.classifiers import networks, neural
from kaggle_digits.errors import RunError

RECIPE = recipes.load("flat").with_values({"units": 32})


@pytest.fixture(scope="module")
def network():
    return neural.NeuralNetwork(networks.build(RECIPE, (28, 28), 10))


def as_own(recipe):
    """Whose network is not built anew from its record, but opened from model.keras."""
    return recipes.from_function(recipe.build, name="own")


@pytest.mark.parametrize("recipe", [RECIPE, as_own(RECIPE)], ids=["rebuilt", "opened"])
def test_saved_and_loaded_it_answers_the_same(recipe, network, tmp_path):
    assert network.save(tmp_path) == ["model.keras", "model.tflite"]
    loaded = neural.load(tmp_path, beginning(recipe))
    images = sources.load("sklearn").train.images[:300]
    assert np.array_equal(loaded.probabilities(images), network.probabilities(images))


def test_the_saved_file_holds_no_optimizer_state(network, tmp_path):
    network.save(tmp_path)
    assert (tmp_path / "model.keras").stat().st_size < 4 * network.model.count_params() + 50_000


@pytest.mark.parametrize("recipe", [RECIPE, as_own(RECIPE)], ids=["rebuilt", "opened"])
@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_model_is_one_sentence(recipe, tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.keras is not a model that can be loaded"):
        neural.load(tmp_path, beginning(recipe))


def test_the_weights_of_another_network_are_refused(network, tmp_path):
    network.save(tmp_path)
    for other in (RECIPE.with_values({"units": 16}), recipes.load("mlp"), recipes.load("resnet")):
        with pytest.raises(RunError, match=r"model\.keras is not a model that can be loaded") as caught:
            neural.load(tmp_path, beginning(other))
        assert len(str(caught.value).splitlines()) == 1


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
        neural.load(tmp_path, beginning(as_own(RECIPE)))
    # Of a built-in recipe's file, nothing but the weights is ever read.
    images = sources.load("sklearn").train.images[:10]
    rebuilt = neural.load(tmp_path, beginning(RECIPE))
    assert np.array_equal(rebuilt.probabilities(images), network.probabilities(images))


@pytest.mark.parametrize("name", ["flat", "cnn", "resnet", "binary"])
def test_calibration_changes_certainty_and_no_answer(name):
    recipe = recipes.load(name)
    model = neural.NeuralNetwork(networks.build(recipe, (28, 28), recipe.labels or 10))
    images = sources.load("sklearn").train.images[:50]
    before = model.probabilities(images)
    assert model.calibrate(2.0)
    cooled = before**0.5
    assert model.probabilities(images) == pytest.approx(cooled / cooled.sum(axis=1, keepdims=True), abs=1e-4)
