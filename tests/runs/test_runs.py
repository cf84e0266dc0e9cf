import json
import os

import msgspec
import numpy as np
import pytest
from made_runs import BUNDLED, NOON, begin, make

from kaggle_digits import recipes, runs
from kaggle_digits.errors import RunError, StorageError
from kaggle_digits.files import storage
from kaggle_digits.runs import Record, rows


def test_a_run_is_named_after_moment_and_recipe(tmp_path):
    assert make(tmp_path).name == "20261120-120000-mlp"


def test_two_runs_begun_in_one_second_get_two_folders(tmp_path):
    assert [make(tmp_path).name for _ in range(3)] == [
        "20261120-120000-mlp",
        "20261120-120000-mlp-2",
        "20261120-120000-mlp-3",
    ]


def test_the_record_holds_format_and_checksums(tmp_path):
    run = make(tmp_path)
    record = json.loads((run.path / "run.json").read_text())
    assert record["format"] == runs.FORMAT
    assert record["files"] == {"model.keras": storage.sha256(run.path / "model.keras")}
    assert runs.find(run.name, tmp_path).record == run.record


def test_the_plan_and_recipe_are_on_record_with_every_value(tmp_path):
    recipe = recipes.load("cnn").with_values({"width": 5, "rotation": 3, "betas": (0.8, 0.9)})
    plan = runs.Plan("cnn", "here", {"width": 5}, exclude=(3, "four"), budget=90.0, image_shape=(20, 30))
    run = make(tmp_path, recipe, plan=plan)
    again = runs.read(run.path).record
    assert again.plan == plan
    assert recipes.restore(again.recipe) == recipe
    assert again.started == NOON


def test_the_newest_complete_run_is_the_default(tmp_path):
    make(tmp_path, "cnn", 1)
    make(tmp_path)
    begin(tmp_path, "unfinished", 2)
    (tmp_path / "README.md").write_text("not a run")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "run.json").write_text("{}")
    assert runs.find(models=tmp_path).name == "20261120-130000-cnn"
    assert [run.name for run in runs.listing(tmp_path)] == ["20261120-120000-mlp", "20261120-130000-cnn"]


def test_a_run_is_found_by_name_and_by_path(tmp_path):
    run = make(tmp_path / "models")
    assert runs.find(run.name, tmp_path / "models").path == run.path
    assert runs.find(run.path, tmp_path / "elsewhere").path == run.path


def test_what_is_no_complete_run_says_so(tmp_path):
    with pytest.raises(RunError, match="no complete run in .*kaggle-digits train"):
        runs.find(models=tmp_path)
    unfinished = begin(tmp_path)
    with pytest.raises(RunError, match=f"is unfinished.*--resume {unfinished.name}"):
        runs.find(unfinished.name, tmp_path)
    assert runs.unfinished(tmp_path) == [unfinished]


def test_a_run_that_was_interrupted_can_be_reopened(tmp_path):
    run = make(tmp_path, interrupted=True)
    beginning = runs.interrupted(run.path)
    assert beginning.recipe.name == "mlp"
    assert all(getattr(run.record, name) == value for name, value in msgspec.structs.asdict(beginning).items())
    runs.reopen(run.path)
    runs.reopen(run.path)
    assert runs.unfinished(tmp_path) == [run.path]
    assert runs.listing(tmp_path) == []
    assert runs.interrupted(run.path) == beginning


def test_a_run_that_came_to_its_end_cannot(tmp_path):
    run = make(tmp_path, interrupted=False)
    with pytest.raises(RunError, match="nothing to resume"):
        runs.interrupted(run.path)
    (tmp_path / "foreign").mkdir()
    with pytest.raises(RunError, match=r"plan\.json cannot be read"):
        runs.interrupted(tmp_path / "foreign")


def test_a_model_that_was_changed_is_noticed(tmp_path):
    run = make(tmp_path)
    runs.verify(run)
    (run.path / "model.keras").write_bytes(b"MODEL")
    with pytest.raises(RunError, match="not the file that the training wrote"):
        runs.verify(run)
    (run.path / "model.keras").unlink()
    with pytest.raises(RunError, match="missing"):
        runs.verify(run)


def test_a_run_is_held_by_whoever_trains_it(tmp_path):
    path = begin(tmp_path)
    assert not runs.is_in_training(path)
    with runs.in_training(path):
        assert runs.is_in_training(path)
        with pytest.raises(StorageError, match=f"{path.name} is in training just now"), runs.in_training(path):
            pass
    with runs.in_training(path):
        pass
    assert [one.name for one in path.iterdir()] == ["plan.json"]


def test_a_run_that_was_killed_before_it_had_a_name_is_no_run_and_swept_away_later(tmp_path):
    for name in (".begun-dead", ".begun-now"):
        (tmp_path / name).mkdir()
        (tmp_path / name / runs.PLAN).write_text("{}")
    os.utime(tmp_path / ".begun-dead", (0, 0))
    assert runs.unfinished(tmp_path) == []
    path = begin(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [".begun-now", path.name]


def rewrite(run, change):
    record = msgspec.to_builtins(run.record)
    change(record)
    (run.path / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("name", Record.__struct_fields__)
def test_a_value_that_the_record_lacks_is_its_default_or_one_sentence(tmp_path, name):
    run = make(tmp_path)
    rewrite(run, lambda record: record.pop(name))
    field = {field.name: field for field in msgspec.structs.fields(Record)}[name]
    if field.required:
        with pytest.raises(RunError, match=rf"run\.json was edited or is damaged: .*missing required field `{name}`"):
            runs.find(run.name, tmp_path)
        assert runs.listing(tmp_path) == []
    elif name != "format":
        assert runs.find(run.name, tmp_path).record == run.record


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", "ten"),
        ("classes", 0),
        ("classes", 10**400),
        ("image_shape", [28]),
        ("image_shape", [28, 10**9]),
        ("temperature", 0),
        ("temperature", True),
        ("files", []),
        ("files", {"model.keras": 7}),
        ("recipe", "mlp"),
        ("layers", [{}]),
        ("validation_interval", [1, 2]),
        ("validation_accuracy", float("nan")),
        ("git", {"commits": "ab"}),
        ("plan", {"seed": -1}),
        ("plan", {"unheard_of": 1}),
        ("plan", {"exclude": [[1]]}),
        ("seconds", "long"),
        ("started", "yesterday"),
        ("started", "2026-11-20T12:00:00"),
        ("members", {"../outside": 1.0}),
        ("members", {"/etc": 1.0}),
        ("members", {"": 1.0}),
        ("members", {"fold-1": 2.0}),
        ("members", {"fold-1": -1.0}),
        ("blended", {"..": "ab"}),
        ("mean", "median"),
    ],
)
def test_a_value_of_another_type_is_one_sentence(tmp_path, name, value):
    run = make(tmp_path)
    rewrite(run, lambda record: record.update({name: value}))
    with pytest.raises(RunError, match=rf"run\.json was edited or is damaged: .*{name}|is damaged: JSON") as caught:
        runs.find(run.name, tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert runs.listing(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("fit", {"epochs": 0}), ("fit", {"learning_rate": 1e999}), ("fit", {"distortions": {"zoom": 2}}),
     ("fit", {"schedule": "slow"}), ("fit", {"betas": [1]}), ("arguments", {"hidden": {}}), ("labels", "two"),
     ("members", [{"name": 7}]), ("folds", 0.5)],
)  # fmt: skip
def test_a_recipe_that_makes_no_sense_is_one_sentence(tmp_path, name, value):
    run = make(tmp_path, recipes.load("mlp"))
    rewrite(run, lambda record: record["recipe"].update({name: value}))
    with pytest.raises(RunError, match=r"run\.json was edited or is damaged: ") as caught:
        runs.find(run.name, tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert runs.listing(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_rows_that_are_damaged_are_one_sentence(tmp_path, content):
    run = make(tmp_path)
    (run.path / "validation.npz").write_bytes(content)
    (run.path / "learned.npy").write_bytes(content)
    with pytest.raises(RunError, match=r"validation\.npz cannot be read"):
        rows.validation(run.path)
    with pytest.raises(RunError, match=r"learned\.npy cannot be read"):
        rows.learned(run.path)


@pytest.mark.parametrize("ids", [np.array([3, 1, 2]), np.array(["a", "b", "ä"])], ids=["numbers", "names"])
def test_rows_come_back(tmp_path, ids):
    labels, probabilities = np.array([0, 1, 1]), np.array([[0.5, 0.5], [0, 1], [0.25, 0.75]], np.float32)
    rows.write_validation(tmp_path, ids, labels, probabilities)
    for written, read in zip((ids, labels, probabilities), rows.validation(tmp_path), strict=True):
        assert np.array_equal(written, read)
        assert written.dtype == read.dtype
    rows.write_learned(tmp_path, np.array([5, 3, 5], np.uint64))
    assert rows.learned(tmp_path).tolist() == [3, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": np.array([0, 2])},
        {"labels": np.array([0, -1])},
        {"labels": np.array([0.0, 1.0])},
        {"ids": np.array([1])},
        {"ids": np.array([[1], [2]])},
        {"ids": np.array([1.5, 2.5])},
        {"probabilities": np.array([[0.5, 0.5], [np.nan, 1]], np.float32)},
        {"probabilities": np.array([[0.5, 0.5], [-1, 2]], np.float32)},
        {"probabilities": np.zeros((2, 2))},
        {"probabilities": np.zeros((0, 2), np.float32), "labels": np.zeros(0, int), "ids": np.zeros(0, int)},
    ],
)
def test_rows_that_do_not_belong_together_are_one_sentence(tmp_path, wrong):
    right = {"ids": np.array([1, 2]), "labels": np.array([0, 1]), "probabilities": np.full((2, 2), 0.5, np.float32)}
    np.savez(tmp_path / "validation.npz", **{**right, **wrong})
    with pytest.raises(RunError, match=r"validation\.npz cannot be read"):
        rows.validation(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 99, "started": ""}', '{"format": 1}', "{", '"\\ud800"', "[" * 100_000, "null",
     '{"format": "2"}', '{"format": 2}', "\0", "NaN"],
)  # fmt: skip
def test_a_record_that_is_foreign_or_torn_is_refused_in_one_sentence(tmp_path, content):
    path = begin(tmp_path)
    reads = {runs.RECORD: lambda: runs.find(path.name, tmp_path), runs.PLAN: lambda: runs.interrupted(path)}
    for name, read in reads.items():
        (path / runs.RECORD).unlink(missing_ok=True)
        (path / name).write_text(content)
        with pytest.raises(RunError, match=name) as caught:
            read()
        assert len(str(caught.value).splitlines()) == 1


def test_a_run_of_another_release_says_so(tmp_path):
    run = make(tmp_path)
    rewrite(run, lambda record: record.update(format=runs.FORMAT - 1))
    with pytest.raises(RunError, match=r"run\.json is from another version of kaggle-digits\. Train again"):
        runs.find(run.name, tmp_path)


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
def test_a_record_that_is_no_file_is_one_sentence(tmp_path, kind):
    run = make(tmp_path)
    path = run.path / "run.json"
    path.unlink()
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "loop": lambda: path.symlink_to(path)}[kind]()
    with pytest.raises(RunError, match=r"run\.json cannot be read|is unfinished"):
        runs.read(run.path)


def test_a_name_that_is_no_text_is_one_sentence_and_leaves_nothing(tmp_path):
    data = msgspec.structs.replace(BUNDLED, path=os.fsdecode(b"digits-\xff"))
    with pytest.raises(RunError, match=r"'digits-\\udcff' holds bytes that are no text"):
        begin(tmp_path, data=data)
    assert list(tmp_path.iterdir()) == []
