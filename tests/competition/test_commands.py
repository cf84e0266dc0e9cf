"""What the commands say beside the bare result: hints, hours, and files written again."""

import json
from pathlib import Path

import numpy as np
from kaggle_server import KaggleServer, OpenKaggle
from test_faults import Command, check_sentence

from kaggle_digits import training
from kaggle_digits.competition import kernels
from kaggle_digits.runs import Plan


def test_the_gpu_hours_left(server: KaggleServer, open_kaggle: OpenKaggle) -> None:
    kaggle = open_kaggle()
    assert kernels.gpu_quota(kaggle) is None
    server.gpu_hours = (12.5, 30.0)
    quota = kernels.gpu_quota(kaggle)
    assert quota is not None
    assert (quota.left, quota.total) == (17.5, 30.0)
    assert str(quota).startswith("17.5 of 30 GPU hours left on Kaggle, until 2026-12-0")


def test_a_training_on_kaggle_without_hours_is_not_sent(
    server: KaggleServer,
    command: Command,
    tmp_path: Path,
) -> None:
    server.gpu_hours = (30.0, 30.0)
    check_sentence(command("train", "simple", "--on", "kaggle"), "0.0 of 30 GPU hours left on Kaggle")
    assert "SaveKernel" not in server.calls
    assert not (tmp_path / "work" / "models").exists()


def test_doctor_tells_the_hours(server: KaggleServer, command: Command) -> None:
    for used, state in ((12.5, "ok"), (30.0, "note")):
        server.gpu_hours = (used, 30.0)
        checks = {check["name"]: check for check in json.loads(command("doctor", "--json").stdout)["checks"]}
        assert checks["GPU on Kaggle"]["state"] == state
        assert f"{30 - used:.1f} of 30 GPU hours" in checks["GPU on Kaggle"]["found"]


def write_competition(folder: Path) -> Path:
    """Small files of the competition's form: ten kinds of noise, four times labelled and once not."""
    folder.mkdir()
    random = np.random.default_rng(1)
    kinds = random.integers(0, 200, (10, 784))
    header = ",".join(f"pixel{number}" for number in range(784))
    for name, copies, first in (("train.csv", 4, "label,"), ("test.csv", 1, "")):
        rows = [
            [*([label] if first else []), *(kinds[label] + random.integers(0, 50, 784))]
            for label in range(10)
            for _ in range(copies)
        ]
        np.savetxt(folder / name, rows, "%d", ",", header=first + header, comments="")
    return folder


def test_a_submission_that_is_gone_is_written_again_by_the_model(
    command: Command,
    tmp_path: Path,
) -> None:
    data = write_competition(tmp_path / "data")
    folders = {"models": tmp_path / "work" / "models", "submissions": tmp_path / "work" / "submissions"}
    run = training.train(Plan("knn", str(data), {"neighbors": 1, "components": 5}), **folders)
    run.path.rename(run.path.with_name("my-best"))
    [file] = folders["submissions"].glob("*.csv")
    before = file.read_bytes()
    file.unlink()
    done = command("submit", "my-best", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "my-best.csv is missing: my-best writes it again" in done.stderr
    assert file.with_name("my-best.csv").read_bytes() == before
