import json
import os
from datetime import UTC, datetime

import pytest

from kaggle_digits import runs
from kaggle_digits.errors import RunError, StorageError
from kaggle_digits.files import storage

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def begin(models, recipe="mlp", now=NOON):
    return runs.start(models, recipe, now, {"started": now.isoformat(), "recipe": {"name": recipe}})


def make_run(models, recipe="mlp", now=NOON, **results):
    path = begin(models, recipe, now)
    (path / "model.keras").write_bytes(b"model")
    return runs.complete(path, results, ["model.keras"])


def test_a_run_is_named_after_moment_and_recipe(tmp_path):
    assert make_run(tmp_path).name == "20261120-120000-mlp"


def test_two_runs_begun_in_one_second_get_two_folders(tmp_path):
    assert [make_run(tmp_path).name for _ in range(3)] == [
        "20261120-120000-mlp",
        "20261120-120000-mlp-2",
        "20261120-120000-mlp-3",
    ]


def test_the_record_holds_format_and_checksums(tmp_path):
    run = make_run(tmp_path)
    record = json.loads((run.path / "run.json").read_text())
    assert record["format"] == runs.FORMAT
    assert record["files"] == {"model.keras": storage.sha256(run.path / "model.keras")}
    assert runs.find(run.name, tmp_path).record == record


def test_the_newest_complete_run_is_the_default(tmp_path):
    make_run(tmp_path, "cnn", NOON.replace(hour=13))
    make_run(tmp_path)
    begin(tmp_path, "unfinished", NOON.replace(hour=14))
    (tmp_path / "README.md").write_text("not a run")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "run.json").write_text("{}")
    assert runs.find(models=tmp_path).name == "20261120-130000-cnn"
    assert [run.name for run in runs.listing(tmp_path)] == ["20261120-120000-mlp", "20261120-130000-cnn"]


def test_a_run_is_found_by_name_and_by_path(tmp_path):
    run = make_run(tmp_path / "models")
    assert runs.find(run.name, tmp_path / "models").path == run.path
    assert runs.find(run.path, tmp_path / "elsewhere").path == run.path


def test_what_is_no_complete_run_says_so(tmp_path):
    with pytest.raises(RunError, match="no complete run in .*kaggle-digits train"):
        runs.find(models=tmp_path)
    with pytest.raises(RunError, match="there is no run nothing .*none yet"):
        runs.find("nothing", tmp_path)
    unfinished = begin(tmp_path)
    with pytest.raises(RunError, match=f"never finished.*--resume {unfinished.name}"):
        runs.find(unfinished.name, tmp_path)
    assert runs.unfinished(tmp_path) == [unfinished]


def test_a_run_that_was_interrupted_can_be_reopened(tmp_path):
    run = make_run(tmp_path, interrupted=True)
    assert runs.interrupted_plan(run.path)["recipe"] == {"name": "mlp"}
    runs.reopen(run.path)
    assert runs.unfinished(tmp_path) == [run.path]
    assert runs.listing(tmp_path) == []


def test_a_run_that_came_to_its_end_cannot(tmp_path):
    run = make_run(tmp_path, interrupted=False)
    with pytest.raises(RunError, match="nothing to resume"):
        runs.interrupted_plan(run.path)
    (tmp_path / "foreign").mkdir()
    with pytest.raises(RunError, match=r"started\.json cannot be read"):
        runs.interrupted_plan(tmp_path / "foreign")


def test_a_model_that_was_changed_is_noticed(tmp_path):
    run = make_run(tmp_path)
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
    assert [one.name for one in path.iterdir()] == ["started.json"]


def test_a_run_that_was_killed_before_it_had_a_name_is_no_run_and_swept_away_later(tmp_path):
    for name in (".begun-dead", ".begun-now"):
        (tmp_path / name).mkdir()
        (tmp_path / name / runs.PLAN).write_text("{}")
    os.utime(tmp_path / ".begun-dead", (0, 0))
    assert runs.unfinished(tmp_path) == []
    path = begin(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [".begun-now", path.name]


def test_a_value_that_the_record_lacks_is_one_sentence(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(RunError, match=r"run\.json lacks 'seconds': it was edited"):
        run.record["seconds"]
    with pytest.raises(RunError, match=r"run\.json lacks 'kind'"):
        runs.find(run.name, tmp_path).record["recipe"]["kind"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", "ten"),
        ("classes", 0),
        ("image_shape", [28]),
        ("image_shape", [28, 10**9]),
        ("temperature", 0),
        ("temperature", True),
        ("files", []),
        ("files", {"model.keras": 7}),
        ("recipe", "mlp"),
        ("layers", [{}]),
        ("validation_interval", [1, 0]),
        ("git", {"commit": "ab"}),
        ("seed", -1),
        ("seconds", float("nan")),
    ],
)
def test_a_value_of_another_type_is_one_sentence(tmp_path, name, value):
    run = make_run(tmp_path)
    (run.path / "run.json").write_text(json.dumps({**run.record, name: value}))
    with pytest.raises(RunError, match=f"was edited or is damaged: {name} cannot be"):
        runs.find(run.name, tmp_path)
    assert runs.listing(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_rows_that_are_damaged_are_one_sentence(tmp_path, content):
    run = make_run(tmp_path)
    (run.path / "validation.npz").write_bytes(content)
    (run.path / "learned.npy").write_bytes(content)
    with pytest.raises(RunError, match=r"validation\.npz cannot be read"):
        runs.validation_rows(run)
    with pytest.raises(RunError, match=r"learned\.npy cannot be read"):
        runs.learned_rows(run)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99, "started": ""}', "{", '"\\ud800"'])
def test_a_record_that_is_foreign_or_torn_is_refused_in_one_sentence(tmp_path, content):
    path = begin(tmp_path)
    (path / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json"):
        runs.find(path.name, tmp_path)


def test_environment_names_versions_and_commit():
    environment = runs.environment()
    assert {"python", "keras", "kaggle-digits"} <= set(environment["versions"])
    assert environment["git"] is None or len(environment["git"]["commit"]) >= 40
