"""Run folders that somebody has crafted: whatever their model files ask for, nothing of it runs.

Every payload would make a file, `ran`; that the payloads are live is shown by opening some of them carelessly.
"""

import base64
import hashlib
import io
import json
import marshal
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crafting
import h5py
import joblib
import keras
import msgspec
import numpy as np
import pytest
from made_runs import BUNDLED, beginning, complete
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skops import io as skops_io

from kaggle_digits import predictor, recipes, runs, training
from kaggle_digits.classifiers import keras_file, networks
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Recipe, RecipeRecord
from kaggle_digits.runs import rows

IMAGES = np.zeros((2, 28, 28), np.uint8)
OWN = RecipeRecord(name="own", file="/nowhere/own.py", sha256="0" * 64)
"""Whose network is opened from model.keras; a built-in recipe's is built anew, and only its weights are read."""
SMALL = recipes.load("flat").with_values({"units": 4})


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What a payload would make."""
    return tmp_path / "ran"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound model.keras."""
    path = tmp_path_factory.mktemp("network") / "model.keras"
    networks.build(SMALL, (28, 28), 10).save(path)
    return path


@pytest.fixture(scope="module")
def branching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound model.keras with branches, and a network within."""
    path = tmp_path_factory.mktemp("branching") / "model.keras"
    networks.build(recipes.load("resnet").with_values({"width": 4}), (28, 28), 10).save(path)
    return path


def make_run(
    folder: Path, files: dict[str, bytes], recipe: Recipe | RecipeRecord = OWN, results: Any = None, **fields: Any
) -> Path:
    """A run folder whose run.json vouches for every file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    known = beginning(recipe, **{"data": BUNDLED, **fields})
    runs.write_plan(folder, known)
    complete(folder, known, list(files), **(results or {}))
    return folder


def check_refused(folder: Path, marker: Path, words: str = "not a model that can be loaded") -> None:
    with pytest.raises(RunError, match=words) as caught:
        predictor.load(folder).probabilities(IMAGES)
    assert len(str(caught.value).splitlines()) == 1
    assert not marker.exists()


def rewritten(whole: Path, change: Callable[[dict[str, Any]], None], more: dict[str, bytes] | None = None) -> bytes:
    """A .keras file with another configuration, and perhaps further members."""
    return crafting.rewritten(whole.read_bytes(), "config.json", change, more)


def lambda_layer(marker: Path) -> dict[str, Any]:
    """What Keras itself writes of a Lambda layer with a Python function."""
    code = compile(f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]", "<payload>", "eval").co_consts[0]
    dumped = {"code": base64.b64encode(marshal.dumps(code)).decode(), "defaults": None, "closure": None}
    return {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "evil", "function": {"class_name": "__lambda__", "config": dumped}, "arguments": {}},
        "registered_name": None,
    }


def function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def layer(module: str, name: str, registered: str | None = None, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": {"name": "evil", **config}, "registered_name": registered}


def torch_module(marker: Path) -> dict[str, Any]:
    pickled = base64.b64encode(pickle.dumps(Payload(marker))).decode()
    config = {"name": "evil", "module": {"class_name": "__bytes__", "config": pickled}}
    return {**layer("keras.layers", "TorchModuleWrapper"), "config": config}


def nested(inner: dict[str, Any]) -> dict[str, Any]:
    return layer("keras", "Sequential", layers=[inner])


LAYERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "a Lambda layer": lambda_layer,
    "a Lambda layer within": lambda marker: nested(lambda_layer(marker)),
    "a Lambda layer by another path": lambda marker: {**lambda_layer(marker), "module": "keras.src.layers.core"},
    "a Lambda layer of a function's name": lambda _: layer(
        "keras.layers", "Lambda", function=function("os", "system"), arguments={"command": "true"}
    ),
    "an unpickled torch module": torch_module,
    "a class of another module": lambda marker: layer("subprocess", "Popen", args=["touch", str(marker)]),
    "a builtin": lambda marker: layer("builtins", "exec", source=f"open({str(marker)!r}, 'w')"),
    "a registered class": lambda _: layer("keras.layers", "Dense", "Evil>Dense", units=4),
    "a registered class alone": lambda _: {"class_name": "Evil>Dense", "config": {}, "registered_name": "Evil>Dense"},
    "a class without a module": lambda _: {"class_name": "Dense", "config": {"units": 4}},
    "a function as activation": lambda _: layer("keras.layers", "Dense", units=4, activation=function("os", "system")),
    "a download as activation": lambda _: layer(
        "keras.layers", "Dense", units=4, activation=function("keras.utils", "get_file")
    ),
    "a function as initializer": lambda _: layer(
        "keras.layers", "Dense", units=4, kernel_initializer=function("builtins", "eval")
    ),
    "a list of words from a file": lambda _: layer("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    "a file as vocabulary": lambda _: layer("keras.layers", "TextVectorization", vocabulary="/etc/passwd"),
    "a saved model": lambda _: layer("keras.layers", "TFSMLayer", filepath="/tmp/elsewhere"),
    "another layer of Keras": lambda _: layer("keras.layers", "RandomRotation", factor=0.1),
    "a network by the name of one within": lambda _: layer("os", "Functional", "Functional"),
    "a place by another module": lambda _: {"module": "os", "class_name": "__keras_tensor__", "config": {}},
    "a function as a place": lambda _: {"class_name": "__lambda__", "config": {"code": "4wAAAAA="}},
    "more units than memory": lambda _: layer("keras.layers", "Dense", units=10**9),
    "units without end": lambda _: layer("keras.layers", "Dense", units=10**400),
    "a module that is no name": lambda _: {"class_name": ["Dense"], "module": {}, "config": {}},
}


@pytest.mark.parametrize("case", LAYERS)
def test_a_network_that_asks_for_more_than_ours_is_refused(
    case: str, network: Path, branching: Path, tmp_path: Path, marker: Path
) -> None:
    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"].insert(1, LAYERS[case](marker))

    for whole in (network, branching):
        content = rewritten(whole, change)
        check_refused(make_run(tmp_path / whole.parent.name, {"model.keras": content}), marker, "it asks for")


TOPS: dict[str, Callable[[dict[str, Any]], None]] = {
    "another class": lambda config: config.update(module="os", class_name="system"),
    "a registered name": lambda config: config.update(registered_name="Evil>Model"),
    "a compile configuration": lambda config: config.update(compile_config={"loss": function("os", "system")}),
    "a build configuration": lambda config: config.update(build_config={"module": "os", "class_name": "system"}),
    "no layers": lambda config: config["config"].update(layers=None),
    "layers that are none": lambda config: config["config"].update(layers=[7]),
    "shapes that do not fit": lambda config: config["config"]["layers"][2]["config"].update(target_shape=[3, 3]),
    "nothing": dict.clear,
}


@pytest.mark.parametrize("case", TOPS)
def test_a_network_whose_configuration_was_edited_is_refused(
    case: str, network: Path, tmp_path: Path, marker: Path
) -> None:
    check_refused(make_run(tmp_path / "run", {"model.keras": rewritten(network, TOPS[case])}), marker)


def keep(_config: dict[str, Any]) -> None:
    """Changes nothing."""


def without(whole: Path, missing: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != missing:
                new.writestr(name, old.read(name))
    return buffer.getvalue()


def with_config(whole: Path, content: bytes) -> bytes:
    buffer = io.BytesIO(without(whole, "config.json"))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("config.json", content)
    return buffer.getvalue()


def claims(whole: Path, size: int) -> bytes:
    """The table of contents says that the first member has so many bytes."""
    content = bytearray(whole.read_bytes())
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = size.to_bytes(4, "little")
    return bytes(content)


def h5_file(marker: Path) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": {"layers": [lambda_layer(marker)]}}
        )
    return buffer.getvalue()


def joblib_file(marker: Path) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(Payload(marker), buffer)
    return buffer.getvalue()


def npy_file(marker: Path) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Payload(marker)], object), allow_pickle=True)
    return buffer.getvalue()


FILES: dict[str, Callable[[Path, Path], bytes]] = {
    "a pickle": lambda _, marker: pickle.dumps(Payload(marker)),
    "joblib's": lambda _, marker: joblib_file(marker),
    "HDF5": lambda _, marker: h5_file(marker),
    "pickled objects of NumPy's": lambda _, marker: npy_file(marker),
    "a script": lambda _, marker: f"open({str(marker)!r}, 'w')".encode(),
    "nothing": lambda *_: b"",
    "a beginning": lambda whole, _: whole.read_bytes()[:300],
    "a web page": lambda *_: b"<!doctype html><title>404</title>",
    "TFL3 and no more": lambda *_: b"\x1c\0\0\0TFL3",
    "noise that says TFL3": lambda *_: (
        b"\x1c\0\0\0TFL3" + bytes(np.random.default_rng(0).integers(0, 256, 5_000, "u1"))
    ),
    "zeros that say TFL3": lambda *_: b"\x1c\0\0\0TFL3" + bytes(5_000),
    "a name that leads out": lambda whole, _: rewritten(whole, keep, {"../ran": b"x"}),
    "an absolute name": lambda whole, marker: rewritten(whole, keep, {str(marker): b"x"}),
    "assets": lambda whole, _: rewritten(whole, keep, {"assets/vocabulary.txt": b"x"}),
    "weights in NumPy's form": lambda whole, marker: rewritten(whole, keep, {"model.weights.npz": npy_file(marker)}),
    "no weights": lambda whole, _: without(whole, "model.weights.h5"),
    "no configuration": lambda whole, _: without(whole, "config.json"),
    "a configuration that is no JSON": lambda whole, _: with_config(whole, b"{"),
    "a configuration that is too deep": lambda whole, _: with_config(whole, b"[" * 100_000),
    "a configuration that is too long": lambda whole, _: with_config(whole, b" " * (1 << 21)),
    "a bomb": lambda whole, _: claims(whole, (1 << 31) - 1),
    "a size that lies": lambda whole, _: claims(whole, 3),
}


@pytest.mark.parametrize("name", ["model.keras", "model.skops", "model.tflite"])
@pytest.mark.parametrize("case", FILES)
def test_another_file_in_the_place_of_a_model_is_refused(
    case: str, name: str, network: Path, tmp_path: Path, marker: Path
) -> None:
    content = FILES[case](network, marker)
    check_refused(make_run(tmp_path / "run", {name: content}), marker)


def saved(thing: object) -> bytes:
    return skops_io.dumps(thing)


def pipeline(*steps: object, **options: object) -> bytes:
    return saved({"model": make_pipeline(*steps, **options), "temperature": None})


def schema(marker: Path) -> bytes:
    """A skops file written by hand, which asks for a function of the system."""
    asked = {"__class__": "system", "__module__": "posix", "__loader__": "TypeNode", "content": f"touch {marker}"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", json.dumps({**asked, "protocol": 3, "_skops_version": "0.16"}))
    return buffer.getvalue()


SKOPS: dict[str, Callable[[Path], bytes]] = {
    "a type on nobody's list": lambda marker: saved({"model": Payload(marker), "temperature": None}),
    "a function": lambda _: pipeline(FunctionTransformer(os.system)),
    "a function of NumPy's": lambda _: pipeline(FunctionTransformer(np.load)),
    "a transformer that would call one": lambda _: pipeline(FunctionTransformer(), DummyClassifier()),
    "a function as a metric": lambda _: saved({"model": KNeighborsClassifier(metric=os.system), "temperature": None}),
    "a crafted schema": schema,
    "an estimator that reads files": lambda _: pipeline(CountVectorizer(input="filename")),
    "such an estimator within": lambda _: saved(
        {"model": VotingClassifier([("a", make_pipeline(CountVectorizer(input="filename")))]), "temperature": None}
    ),
    "a pipeline with a cache": lambda _: pipeline(PCA(), memory="/tmp"),
    "such a pipeline within": lambda _: saved(
        {"model": VotingClassifier([("a", make_pipeline(PCA(), memory="/tmp"))]), "temperature": None}
    ),
    "no estimator": lambda _: saved({"model": 7, "temperature": None}),
    "a temperature that is none": lambda _: saved({"model": make_pipeline(PCA()), "temperature": -1.0}),
    "a list": lambda _: saved([1, 2, 3]),
    "further parts": lambda _: saved({"model": None, "temperature": None, "evil": 1}),
}


@pytest.mark.parametrize("case", SKOPS)
def test_a_model_of_other_types_is_refused(case: str, tmp_path: Path, marker: Path) -> None:
    check_refused(make_run(tmp_path / "run", {"model.skops": SKOPS[case](marker)}), marker)


def test_the_payloads_are_live(network: Path, tmp_path: Path) -> None:
    def runs_if(path: Path, code: str, content: bytes) -> bool:
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, check=False, env=environment
        )
        return (tmp_path / "ran").exists() or pytest.fail(done.stderr.decode())

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    marker = tmp_path / "ran"
    assert runs_if(
        tmp_path / "a", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", pickle.dumps(Payload(marker))
    )
    marker.unlink()
    assert runs_if(tmp_path / "b", "import joblib, sys; joblib.load(sys.argv[1])", joblib_file(marker))
    marker.unlink()

    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"].insert(1, lambda_layer(marker))

    (tmp_path / "c.keras").write_bytes(rewritten(network, change))
    keras.saving.load_model(tmp_path / "c.keras", compile=False, safe_mode=False)
    assert marker.exists()


def test_an_estimator_of_scikit_learns_that_is_fitted_answers(tmp_path: Path) -> None:
    """Whichever it is: that is what recipes of one's own are for."""
    model = DummyClassifier(strategy="uniform", random_state=0).fit(np.zeros((10, 784)), np.arange(10))
    run = make_run(tmp_path / "run", {"model.skops": saved({"model": model, "temperature": None})})
    assert predictor.load(run).probabilities(IMAGES) == pytest.approx(0.1)


def test_only_files_on_record_are_opened(network: Path, tmp_path: Path, marker: Path) -> None:
    run = make_run(tmp_path / "run", {"model.keras": network.read_bytes()})
    sound = predictor.load(run).probabilities(IMAGES)
    for name in ("model.tflite", "model.skops", "ensemble.json", "model.h5", "model.pkl"):
        (run / name).write_bytes(pickle.dumps(Payload(marker)))
    (run / "recipe.py").write_text(f"open({str(marker)!r}, 'w')")
    assert (predictor.load(run).probabilities(IMAGES) == sound).all()
    assert not marker.exists()


def test_a_model_that_is_not_the_one_on_record_is_refused(network: Path, tmp_path: Path, marker: Path) -> None:
    whole = {"model.keras": network.read_bytes()}
    run = make_run(tmp_path / "run", whole)
    with (run / "model.keras").open("ab") as file:
        file.write(b"\0")
    check_refused(run, marker, "is missing, or not the file that the training wrote")
    check_refused(make_run(tmp_path / "two", whole, classes=3), marker, "run.json")
    check_refused(make_run(tmp_path / "three", whole, SMALL, classes=3), marker)
    check_refused(make_run(tmp_path / "none", {}), marker, "holds no model")
    other = make_run(tmp_path / "other", whole, image_shape=(20, 20))
    with pytest.raises(RunError, match="cannot answer"):
        predictor.load(other).probabilities(np.zeros((2, 20, 20), np.uint8))
    other = make_run(tmp_path / "another", whole, SMALL, image_shape=(20, 20))
    with pytest.raises(RunError, match="not a model that can be loaded"):
        predictor.load(other)


def asked(name: str = "flat", **fields: Any) -> RecipeRecord:
    return RecipeRecord(name=name, built_in=True, **fields)


RECIPES: dict[str, tuple[RecipeRecord, str]] = {
    "more units than memory": (asked(arguments={"units": 10**9}), "flat cannot be built with units = 1000000000"),
    "fewer than none": (asked(arguments={"units": -4}), "flat cannot be built with units = -4"),
    "no units": (asked(arguments={"units": 0}), "flat cannot be built with units=0"),
    "layers without end": (asked("mlp", arguments={"hidden": (10**12,) * 9}), "mlp cannot be built with hidden ="),
    "a text for a number": (asked(arguments={"units": "os.system"}), "flat cannot be built with units = 'os.system'"),
    "an argument that is none": (asked(arguments={"command": "touch"}), "flat cannot be built with command ="),
    "a share that is none": (asked("cnn", arguments={"dropout": 7.0}), "cnn cannot be built with .*dropout=7.0"),
    "other weights": (asked(), "not a model that can be loaded"),
    "another recipe": (asked("resnet"), "not a model that can be loaded"),
    "scikit-learn's": (asked("knn"), "not a model that can be loaded|builds no keras.Model"),
    "a recipe that is none": (asked("transformer"), "this release has no recipe 'transformer'"),
    "a module": (asked("os"), "this release has no recipe 'os'"),
    "a path": (asked("../../../evil"), "this release has no recipe '../../../evil'"),
    "a file": (asked("/tmp/evil.py"), "this release has no recipe '/tmp/evil.py'"),
    "a committee": (asked("champion"), "champion is a committee|not a model that can be loaded"),
}


@pytest.mark.parametrize("case", RECIPES)
def test_a_recipe_that_somebody_has_edited_is_refused(case: str, network: Path, tmp_path: Path, marker: Path) -> None:
    recipe, words = RECIPES[case]
    check_refused(make_run(tmp_path / "run", {"model.keras": network.read_bytes()}, recipe), marker, words)


def test_no_memory_is_taken_for_numbers_that_the_file_does_not_hold(
    network: Path, tmp_path: Path, marker: Path
) -> None:
    whole = {"model.keras": network.read_bytes()}
    large = make_run(tmp_path / "run", whole, asked(arguments={"units": 10_000}), image_shape=(1024, 1024))
    check_refused(large, marker, "run.json asks for 10,485,870,010 numbers, and it holds 3,190")
    assert predictor.load(make_run(tmp_path / "own", whole, SMALL)).probabilities(IMAGES).shape == (2, 10)


WEIGHTS: dict[str, Callable[[h5py.File], object]] = {
    "numbers that are not there": lambda file: file.create_dataset("evil", (10**5, 10**5), "f4", fillvalue=1),
    "numbers that are packed": lambda file: file.create_dataset("evil", data=np.zeros(10**6), compression="gzip"),
    "numbers in another file": lambda file: file.create_dataset("evil", (3,), "f4", external=[("/etc/passwd", 0, 12)]),
    "a link to another file": lambda file: file.__setitem__("evil", h5py.ExternalLink("/tmp/evil.h5", "/")),
    "a link to itself": lambda file: file.__setitem__("evil", h5py.SoftLink("/")),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_weights_that_are_not_what_they_seem_are_refused(
    case: str, network: Path, tmp_path: Path, marker: Path
) -> None:
    with zipfile.ZipFile(network) as archive:
        buffer = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(buffer, "a") as file:
        WEIGHTS[case](file)
    content = io.BytesIO(without(network, "model.weights.h5"))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("model.weights.h5", buffer.getvalue())
    for recipe in (OWN, SMALL):
        run = make_run(tmp_path / recipe.name, {"model.keras": content.getvalue()}, recipe)
        check_refused(run, marker, "its weights")


def test_a_recipe_file_is_never_run_because_a_run_names_it(network: Path, tmp_path: Path, marker: Path) -> None:
    """Neither to answer nor to go on: not by its path and not from the run's folder."""
    text = f"open({str(marker)!r}, 'w').close()\n" + recipes.source("flat")
    evil, sha256 = tmp_path / "evil.py", hashlib.sha256(text.encode()).hexdigest()
    evil.write_text(text)
    named = msgspec.structs.replace(OWN, file=str(evil), sha256=sha256)
    whole = {"model.keras": network.read_bytes()}
    run = make_run(tmp_path / "models" / "run", whole, named, {"interrupted": True}, plan=runs.Plan(str(evil)))
    (run / "recipe.py").write_text(text)
    assert predictor.load(run).probabilities(IMAGES).shape == (2, 10)
    both = make_run(tmp_path / "both", whole, msgspec.structs.replace(SMALL.record(), file=str(evil), sha256=sha256))
    assert predictor.load(both).probabilities(IMAGES).shape == (2, 10)
    with pytest.raises(RunError, match=r"this run began with evil\.py, sha256 .* Name the same file again"):
        training.resume("run", models=tmp_path / "models", submissions=tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize("teacher", ["evil.py", "{folder}/evil.py", "../evil", "os"])
def test_a_teacher_is_never_a_file(teacher: str, tmp_path: Path, marker: Path) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\n" + recipes.source("flat"))
    taught = SMALL.with_values({"teacher": teacher.format(folder=tmp_path)})
    run = make_run(tmp_path / "models" / "run", {}, taught)
    (run / runs.RECORD).unlink()
    with pytest.raises(DigitsError, match="teacher"):
        training.resume("run", models=tmp_path / "models", submissions=tmp_path)
    assert not marker.exists()


def members(*names: str) -> dict[str, Any]:
    return {"members": dict.fromkeys(names, 1.0), "mean": "logits"}


def test_an_ensemble_stays_in_its_folder(network: Path, tmp_path: Path, marker: Path) -> None:
    whole = {"model.keras": network.read_bytes()}
    outside = make_run(tmp_path / "outside", whole)
    for name in ("../outside", str(outside), "..", ".", "", "a/../../outside"):
        run = make_run(tmp_path / "run", {}, results=members(name))
        check_refused(run, marker, r"run\.json was edited or is damaged")
    run = make_run(tmp_path / "sound", {}, results=members("fold-1"))
    make_run(run / "fold-1", whole)
    assert predictor.load(run).probabilities(IMAGES).shape == (2, 10)
    empty = make_run(tmp_path / "empty", {}, results={"members": {"fold-1": 0.0}})
    check_refused(empty, marker, "names no member that answers")
    check_refused(make_run(tmp_path / "lost", {}, results=members("fold-1")), marker, r"run\.json cannot be read")


def test_an_ensemble_in_itself_is_refused(network: Path, tmp_path: Path, marker: Path) -> None:
    run = make_run(tmp_path / "run", {}, results=members("fold-1"))
    make_run(run / "fold-1", {}, results=members("fold-2"))
    make_run(run / "fold-1" / "fold-2", {"model.keras": network.read_bytes()})
    check_refused(run, marker, "holds no model")
    run = make_run(tmp_path / "circle", {}, results=members("again"))
    (run / "again").symlink_to(run, target_is_directory=True)
    check_refused(run, marker, "holds no model")


def test_a_blend_is_of_runs_that_were_there_when_it_was_made(network: Path, tmp_path: Path, marker: Path) -> None:
    one = make_run(tmp_path / "one", {"model.keras": network.read_bytes()})
    digest = hashlib.sha256((one / runs.RECORD).read_bytes()).hexdigest()
    sound = make_run(tmp_path / "blend", {}, results={**members("one"), "blended": {"one": digest}})
    assert predictor.load(sound).probabilities(IMAGES).shape == (2, 10)
    other = make_run(tmp_path / "other", {}, results={**members("one"), "blended": {"one": "0" * 64}})
    check_refused(other, marker, "removed or changed since")
    itself = make_run(tmp_path / "itself", {}, results={**members("itself"), "blended": {"itself": digest}})
    check_refused(itself, marker, "removed or changed since")


def test_pickles_among_the_rows_are_never_opened(tmp_path: Path, marker: Path) -> None:
    run = runs.find(make_run(tmp_path / "run", {}))
    evil = np.array([Payload(marker)], object)
    np.savez(run.path / "validation.npz", ids=evil, labels=evil, probabilities=evil)
    (run.path / "learned.npy").write_bytes(npy_file(marker))
    with pytest.raises(RunError, match=r"validation\.npz cannot be read"):
        predictor.evaluate(run)
    with pytest.raises(RunError, match=r"learned\.npy cannot be read"):
        rows.learned(run.path)
    assert not marker.exists()


def test_a_pickle_in_the_place_of_a_checkpoint_is_never_opened(tmp_path: Path, marker: Path) -> None:
    recipe = recipes.load("simple").with_values({"epochs": 1})
    run = make_run(tmp_path / "models" / "run", {}, recipe)
    (run / runs.RECORD).unlink()
    np.savez(run / "checkpoint.npz", history=np.array([Payload(marker)], object), allow_pickle=True)
    with pytest.raises(RunError, match=r"checkpoint\.npz cannot be read"):
        training.resume("run", models=tmp_path / "models", submissions=tmp_path)
    assert not marker.exists()


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.load(name).fit is not None])
def test_every_network_of_a_recipe_is_let_through(name: str, tmp_path: Path) -> None:
    """Were it a user's own: a copy of a recipe's file must answer through model.keras, too."""
    recipe, path = recipes.load(name), tmp_path / "model.keras"
    networks.build(recipe, (28, 28), recipe.labels or 10).save(path)
    keras_file.check_archive(path)
    keras_file.check_layers(path)
