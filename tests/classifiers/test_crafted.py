"""Model files whose types are all known, and whose arrays lead out of them: refused before compiled code follows."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crafting
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from skops import io as skops_io

from kaggle_digits import predictor, recipes
from kaggle_digits.backend import load_keras
from kaggle_digits.classifiers import classic, estimators, lite, lite_process, networks, neural
from kaggle_digits.errors import RunError

ROWS = np.random.default_rng(0).random((60, 16)).astype(np.float32)
LABELS = np.arange(60) % 3
FOREST = ExtraTreesClassifier(2, random_state=0).fit(ROWS, LABELS)
FITTED = {
    "forest": FOREST,
    "boosted": GradientBoostingClassifier(n_estimators=2, random_state=0).fit(ROWS, LABELS),
    "histograms": HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5).fit(ROWS, LABELS),
    "near": KNeighborsClassifier(algorithm="brute").fit(ROWS, LABELS),
    "kd": KNeighborsClassifier(algorithm="kd_tree").fit(ROWS, LABELS),
    "dummy": DummyClassifier(strategy="uniform").fit(ROWS, LABELS),
    "svm": SVC().fit(ROWS, LABELS),
}


def saved(model: Any) -> bytes:
    content: bytes = skops_io.dumps({"model": model, "temperature": None})
    return content


def tree(name: str, value: Any, place: int = 0) -> Callable[[Any], None]:
    """Another number in a node of the first tree."""

    def change(model: Any) -> None:
        first = np.ravel(model.estimators_)[0].tree_
        state = first.__getstate__()
        state["nodes"][name][place] = value
        first.__setstate__(state)

    return change


def histogram(name: str, value: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model._predictors[0][0].nodes[name][0] = value

    return change


def value(name: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Another value in the place of an attribute's."""
    return lambda model: setattr(model, name, change(getattr(model, name)))


def to(number: Any, place: int = 0) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array = np.array(array)
        array.reshape(-1)[place] = number
        return array

    return change


CHANGES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "a child beyond the end": ("forest", tree("left_child", 10**9)),
    "a child before the beginning": ("forest", tree("right_child", -7)),
    "a child that is its parent": ("forest", tree("left_child", 0)),
    "one leaf only": ("forest", tree("right_child", -1)),
    "a pixel beyond the end": ("forest", tree("feature", 16)),
    "a pixel before the beginning": ("forest", tree("feature", -2)),
    "a forest for more pixels": ("forest", value("n_features_in_", lambda _: 400)),
    "a forest of something else": ("forest", value("estimators_", lambda trees: [*trees, KNeighborsClassifier()])),
    "more labels than there are": ("forest", value("n_classes_", lambda _: 10**9)),
    "more workers than anyone has": ("forest", value("n_jobs", lambda _: 10**7)),
    "a method of its own": ("forest", lambda model: setattr(model, "predict_proba", "x")),
    "a boosted child beyond the end": ("boosted", tree("left_child", 10**9)),
    "more columns than labels": ("boosted", value("estimators_", lambda trees: np.hstack([trees, trees]))),
    "a first answer of other labels": ("boosted", value("init_", lambda one: clone(one).fit(ROWS, LABELS % 2))),
    "a histogram's child beyond the end": ("histograms", histogram("left", 10**9)),
    "a histogram's pixel beyond the end": ("histograms", histogram("feature_idx", 10**9)),
    "a histogram with categories": ("histograms", histogram("is_categorical", 1)),
    "neighbours of other rows": ("near", value("_fit_X", lambda rows: rows[:, :3])),
    "neighbours that are none": ("near", value("_fit_X", lambda rows: rows[:2])),
    "a neighbour infinitely far": ("near", value("_fit_X", to(np.nan))),
    "a neighbour's label beyond the end": ("near", value("_y", to(10**9))),
    "more neighbours than rows": ("near", value("n_neighbors", lambda _: 10**6)),
    "a distance that is a name": ("near", value("effective_metric_", lambda _: "precomputed")),
    "random numbers of its own": ("dummy", value("random_state", lambda _: np.random.RandomState(0))),
    "support vectors that do not add up": ("svm", value("_n_support", to(10**6))),
    "support vectors of other rows": ("svm", value("support_vectors_", lambda one: one[:, :2].copy())),
    "coefficients of fewer labels": ("svm", value("_dual_coef_", lambda one: one[:1].copy())),
    "no intercepts": ("svm", value("_intercept_", lambda one: one[:0].copy())),
    "another kind of SVM": ("svm", lambda model: setattr(model, "_impl", "one_class")),
}


@pytest.mark.parametrize("case", CHANGES)
def test_arrays_that_lead_out_of_themselves_are_refused(case: str, tmp_path: Path) -> None:
    kind, change = CHANGES[case]
    model = skops_io.loads(saved(FITTED[kind]), trusted=classic._TRUSTED)["model"]
    estimators.check(model)
    change(model)
    (tmp_path / "model.skops").write_bytes(saved(model))
    with pytest.raises(RunError, match="not a model that can be loaded") as caught:
        classic.load(tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_search_tree_is_not_saved_but_built_anew(tmp_path: Path) -> None:
    model = FITTED["kd"]
    assert classic.ClassicModel(model).save(tmp_path) == ["model.skops"]
    assert model._tree is not None
    assert np.array_equal(classic.load(tmp_path).model.predict_proba(ROWS), model.predict_proba(ROWS))
    (tmp_path / "model.skops").write_bytes(saved(model))
    with pytest.raises(RunError, match="Untrusted types"):
        classic.load(tmp_path)


def trees(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in classic._nodes(document) if node.get("__loader__") == "TreeNode"]


def several_outputs(document: dict[str, Any]) -> None:
    trees(document)[0]["__reduce__"]["args"]["content"][2]["content"] = "100000000"


def several_outputs_by_another_name(document: dict[str, Any]) -> None:
    outputs = trees(document)[0]["__reduce__"]["args"]["content"][2]
    first = {**outputs, "content": "100000000"}
    document["content"] = {"temperature": first, "model": document["content"]["model"]}


def no_content(document: dict[str, Any]) -> None:
    trees(document)[0]["content"]["content"] = {}


def nodes(count: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        told = trees(document)[0]["content"]["content"]
        told["node_count"] = {**told["node_count"], "content": count, "__id__": None}

    return change


def nodes_that_are_none(document: dict[str, Any]) -> None:
    first = trees(document)[0]
    first["content"]["content"]["nodes"]["file"] = first["__reduce__"]["args"]["content"][1]["file"]


SCHEMAS = {
    "nodes that are none": nodes_that_are_none,
    "several answers": several_outputs,
    "several answers, told elsewhere": several_outputs_by_another_name,
    "no content": no_content,
    "no nodes": nodes("0"),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_a_tree_is_not_even_looked_at_that_would_read_beyond_its_arrays(case: str, tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(crafting.rewritten(saved(FOREST), "schema.json", SCHEMAS[case]))
    with pytest.raises(RunError, match="not a model that can be loaded"):
        classic.load(tmp_path)


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sound network with an operation that is not plain."""
    keras = load_keras()
    folder = tmp_path_factory.mktemp("unusual")

    def build(image_shape: tuple[int, int], classes: int) -> Any:
        pixels = keras.Input((*image_shape, 1))
        waves = keras.ops.sin(keras.layers.Dense(8)(keras.layers.Flatten()(pixels)))
        return keras.Model(pixels, keras.layers.Dense(classes, activation="softmax")(waves))

    neural.NeuralNetwork(networks.build(recipes.from_function(build), (28, 28), 10)).save(folder)
    return folder


def test_an_operation_that_is_not_plain_is_answered_in_a_process_of_its_own(unusual: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    network = lite.load(unusual / lite.FILE)
    assert isinstance(network, lite_process.LiteProcess)
    expected = lite.load_own(unusual / lite.FILE).probabilities(images)
    for _ in range(2):
        assert np.array_equal(network.probabilities(images), expected)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process that never answers is one that was stopped")
def test_a_network_that_never_answers_is_one_sentence(unusual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = lite.load(unusual / lite.FILE)
    assert isinstance(network, lite_process.LiteProcess)
    network._process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(lite_process, "_PATIENCE", 0.1)
    with pytest.raises(RunError, match="never answered"):
        network.probabilities(np.zeros((3, 28, 28), np.uint8))


def test_a_network_that_ends_its_process_is_one_sentence(unusual: Path, tmp_path: Path) -> None:
    """A slice without its bounds: the runtime reads what is not there."""
    changed = with_operators((unusual / "model.tflite").read_bytes(), "SHAPE", "STRIDED_SLICE")
    path = tmp_path / lite.FILE
    path.write_bytes(changed)
    with pytest.raises(RunError, match="not a model that can be loaded|ended the process") as caught:
        lite.load(path).probabilities(np.zeros((3, 28, 28), np.uint8))
    assert len(str(caught.value).splitlines()) == 1


def with_operators(content: bytes, old: str, new: str) -> bytes:
    """The network with other operations in the place of one kind of them."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    codes = vars(schema.BuiltinOperator)
    for code in model.operatorCodes:
        if code.builtinCode == codes[old]:
            code.builtinCode = code.deprecatedBuiltinCode = codes[new]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_plain_network_is_looked_at_before_the_runtime_is(tmp_path: Path) -> None:
    neural.NeuralNetwork(networks.build(recipes.load("flat"), (28, 28), 10)).save(tmp_path)
    path = tmp_path / lite.FILE
    whole = path.read_bytes()
    assert isinstance(lite.load(path), lite.LiteNetwork)
    for changed in (with_operators(whole, "SHAPE", "STRIDED_SLICE"), whole[: len(whole) // 2], whole[:400]):
        path.write_bytes(changed)
        with pytest.raises(RunError, match="not a model that can be loaded"):
            lite.load(path)


def test_the_packages_reader_is_plain() -> None:
    assert isinstance(predictor.load("reader").classifier, lite.LiteNetwork)
