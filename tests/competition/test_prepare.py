import codecs
import hashlib
from datetime import UTC, datetime

import pytest

from kaggle_digits import runs
from kaggle_digits.competition import prepare, submission
from kaggle_digits.errors import RunError, SubmissionError
from kaggle_digits.files import storage
from kaggle_digits.recipes import RecipeRecord
from kaggle_digits.runs.record import GitRecord

LABELS = [7, 2, 1, 0]


@pytest.fixture
def folders(tmp_path):
    return {"models": tmp_path / "models", "submissions": tmp_path / "submissions", "data": tmp_path / "data"}


def complete_run(models, data, test_files=("test.csv",), contaminated=None, **results):
    """A run with no model in it, which says that it has labelled a folder's test.csv."""
    beginning = runs.Beginning(
        plan=runs.Plan("mlp", seed=3),
        recipe=RecipeRecord(name="mlp", built_in=True),
        data=runs.DataRecord(
            name="data",
            path=str(data),
            kind="competition",
            train_sha256={"train.csv": "ab"},
            test_sha256={**dict.fromkeys(test_files, "cd"), **(test_files if isinstance(test_files, dict) else {})},
        ),
        contaminated=contaminated,
        classes=10,
        image_shape=(28, 28),
        versions={},
        machine="",
        git=GitRecord("c0ffee"),
        started=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )
    facts = {
        "train_rows": 9,
        "validation_rows": 1,
        "validation_accuracy": 0.98357,
        "validation_interval": (0.98, 0.99),
        "parameters": 0,
        "layers": [],
        "epochs": 0,
        "temperature": 1.0,
        "seconds": 1.0,
        "train_seconds": 1.0,
    }
    return runs.complete(runs.start(models, beginning), beginning, [], **{**facts, **results})


def make_run(folders, test_files=("test.csv",), test_rows=4, **results):
    folders["data"].mkdir()
    (folders["data"] / "test.csv").write_bytes(b"pixel0\r\n" + b"0\r\n" * test_rows)
    submission.write(folders["submissions"] / "written.csv", range(1, 5), LABELS)
    digest = storage.sha256(folders["submissions"] / "written.csv")
    run = complete_run(folders["models"], folders["data"], test_files, submission_sha256=digest, **results)
    (folders["submissions"] / "written.csv").rename(folders["submissions"] / f"{run.name}.csv")
    return run


def test_the_newest_run_is_the_default_and_names_itself(folders):
    run = make_run(folders)
    file = prepare.prepare(None, **folders)
    digest = storage.sha256(file.path)[:12]
    assert file.path == folders["submissions"] / f"{run.name}.csv"
    assert file.message == f"[sha256 {digest}] {run.name}: kaggle-digits mlp, validation accuracy 0.9836"
    assert len(file.labels) == 4


def test_a_message_of_ones_own_keeps_the_hash(folders):
    make_run(folders)
    assert prepare.prepare(None, message="try 2", **folders).message.endswith("] try 2")


@pytest.mark.parametrize("message", [None, "first try"])
def test_a_contaminated_run_is_called_so_whatever_the_message(folders, message):
    run = make_run(folders, contaminated="4 labelled images are among the test images")
    for target in (None, run.name, str(folders["submissions"] / f"{run.name}.csv")):
        file = prepare.prepare(target, message=message, **folders)
        assert f"] CONTAMINATED BY TEST DATA, {message or run.name}" in file.message


def test_a_file_that_a_run_has_written_is_that_runs(folders):
    run = make_run(folders)
    own = prepare.prepare(str(folders["submissions"] / f"{run.name}.csv"), **folders)
    assert own.run.name == run.name
    assert own == prepare.prepare(run.name, **folders)
    submission.write(own.path, range(1, 5), LABELS[::-1])
    edited = prepare.prepare(str(own.path), **folders)
    assert edited.run is None
    assert edited.message.endswith(f"] {run.name}.csv")


def test_a_file_is_held_against_the_rows_of_test_csv(folders, tmp_path):
    submission.write(tmp_path / "mine.csv", range(1, 5), LABELS)
    with pytest.raises(SubmissionError, match="has 4 predictions, but test.csv has 28,000"):
        prepare.prepare(str(tmp_path / "mine.csv"), **folders)
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "test.csv").write_bytes(b"pixel0\r\n" + b"0\r\n" * 4)
    folders["data"] = tmp_path / "small"
    assert prepare.prepare(str(tmp_path / "mine.csv"), **folders).message.endswith("] mine.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_rows_of_a_test_csv_are_counted_in_every_encoding_that_training_reads(
    folders, tmp_path, encoding, line_end
):
    submission.write(tmp_path / "mine.csv", range(1, 5), LABELS)
    folders["data"].mkdir()
    text = "".join(line + line_end for line in ["pixel0", *"0000"])
    start = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    (folders["data"] / "test.csv").write_bytes(start + text.encode(encoding))
    assert len(prepare.prepare(str(tmp_path / "mine.csv"), **folders).labels) == 4


@pytest.mark.parametrize("files", [(), ("X_test.npy",), ("test",)])
def test_a_run_that_labels_other_digits_is_not_for_kaggle(folders, files):
    make_run(folders, files)
    with pytest.raises(SubmissionError, match="without the competition's test.csv.*kaggle-digits fetch"):
        prepare.prepare(None, **folders)


def test_a_run_is_held_against_the_test_csv_that_it_has_labelled(folders):
    make_run(folders, test_rows=5)
    del folders["data"]
    with pytest.raises(SubmissionError, match="has 4 predictions, but test.csv has 5 images"):
        prepare.prepare(None, **folders)


def test_a_run_whose_file_is_gone_says_so(folders):
    run = make_run(folders)
    (folders["submissions"] / f"{run.name}.csv").unlink()
    with pytest.raises(SubmissionError, match="is gone"):
        prepare.prepare(run.name, **folders)


def test_a_renamed_run_finds_the_file_that_it_has_written(folders):
    run = make_run(folders)
    run.path.rename(run.path.with_name("my-best"))
    file = prepare.prepare("my-best", **folders)
    assert file.path == folders["submissions"] / f"{run.name}.csv"
    assert "] my-best: kaggle-digits mlp" in file.message


def test_a_file_that_is_gone_is_written_again(folders):
    digest = hashlib.sha256(b"pixel0\r\n" + b"0\r\n" * 4).hexdigest()
    run = make_run(folders, test_files={"test.csv": digest})
    path = folders["submissions"] / f"{run.name}.csv"
    path.unlink()

    def write(asked, test, to):
        assert (asked, test) == (run, folders["data"] / "test.csv")
        submission.write(to, range(1, 5), LABELS[::-1])

    assert prepare.prepare(None, **folders, write=write).labels == tuple(LABELS[::-1])
    path.unlink()
    (folders["data"] / "test.csv").write_bytes(b"pixel0\n" + b"1\n" * 4)
    with pytest.raises(SubmissionError, match="is not the file that .* has labelled.*--data"):
        prepare.prepare(None, **folders, write=write)
    (folders["data"] / "test.csv").unlink()
    with pytest.raises(SubmissionError, match="is gone, and so is .*test.csv.*--data"):
        prepare.prepare(None, **folders, write=write)


def test_no_run_at_all(folders):
    with pytest.raises(RunError, match="kaggle-digits train"):
        prepare.prepare(None, **folders)


def test_digits_that_are_never_predicted_are_pointed_out(folders):
    make_run(folders)
    (note,) = prepare.prepare(None, **folders).notes
    assert note == "no image is called 3, 4, 5, 6, 8, 9: expect a score below 0.4"
