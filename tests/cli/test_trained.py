"""What `train` says at its end."""

import json
from pathlib import Path

import made_runs
import pytest

from kaggle_digits.cli.reports.overview import report
from kaggle_digits.runs import Epoch, history


def test_json_has_what_the_run_came_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_runs.make(tmp_path, seconds=12.5, predicted_range=(0.9, 0.95), submission_sha256="a" * 64)
    (run.path / "loss.png").write_bytes(b"")
    report(run, tmp_path / "submissions", as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "run": run.name,
        "recipe": "mlp",
        "validation_accuracy": 0.9,
        "validation_interval": [0.85, 0.95],
        "predicted_range": [0.9, 0.95],
        "seconds": 12.5,
        "train_seconds": 5.0,
        "submission": str(tmp_path / "submissions" / f"{run.name}.csv"),
        "pictures": ["loss.png"],
    }
    assert printed.err == ""


def test_what_comes_next_depends_on_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(made_runs.make(tmp_path, submission_sha256="a" * 64), tmp_path, as_json=False)
    assert capsys.readouterr().err == "next: kaggle-digits submit --dry-run\n"
    report(made_runs.make(tmp_path, data=made_runs.BUNDLED), tmp_path, as_json=False)
    assert "kaggle-digits predict photo.jpg --run reader" in capsys.readouterr().err


def test_what_is_not_the_newest_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The clock was set back, or an older run went on; without a name, another run would be sent."""
    made_runs.make(tmp_path, hours=1)
    run = made_runs.make(tmp_path, submission_sha256="a" * 64)
    report(run, tmp_path, as_json=False)
    assert capsys.readouterr().err == f"next: kaggle-digits submit {run.name} --dry-run\n"


def test_an_epoch_that_computed_otherwise_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for precision, accuracy, is_said in (("bfloat16", 0.8998, True), ("bfloat16", 0.9, False), ("float32", 0.9, False)):
        run = made_runs.make(tmp_path, precision=precision, kept=1, epochs=1)
        history.write(run.path, [Epoch(1, 0.5, 0.8, 0.4, accuracy, 1e-3, 2.0)])
        report(run, tmp_path, as_json=False)
        assert ("a few rows got another label" in capsys.readouterr().out) == is_said
