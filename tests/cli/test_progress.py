"""What a training says while it goes on, in a file and on a terminal, and at Ctrl-C."""

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kaggle_digits.cli import app
from kaggle_digits.cli.progress import EpochBar, EpochLines
from kaggle_digits.runs import Epoch, Expected

EPOCH = Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3, 2.0)
FOLDS = [Expected(f"fold-{number}", "flat", epochs=3) for number in (1, 2)]


def test_ctrl_c_says_what_will_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    lines = EpochLines()
    lines.begins(3, 10)
    os.kill(os.getpid(), signal.SIGINT)
    lines.ends()
    assert "the best epoch so far will be kept" in capsys.readouterr().err
    assert lines.wants_stop()


def test_ctrl_c_keeps_the_folds_that_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    lines = EpochLines()
    lines.several(FOLDS, 1)
    lines.model_begins("fold-1")
    lines.begins(3, 10)
    os.kill(os.getpid(), signal.SIGINT)
    lines.ends()
    told = capsys.readouterr().err
    assert "finished models, and this one's finished epochs, will be kept" in told
    assert "best epoch" not in told


def test_a_file_hears_of_epochs_elsewhere_and_of_nothing_that_passes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = EpochLines()
    lines.phase("loading Keras")
    lines.several(FOLDS, 2)
    lines.model_begins("fold-1")
    lines.model_epoch("fold-1", EPOCH, 3)
    lines.model_epoch("fold-2", EPOCH, None, worker="tcp://a")
    lines.model_ends("fold-1")
    assert capsys.readouterr().err.splitlines() == [
        "fold-1: epoch 1 of 3, validation accuracy 0.9000, 2.0 s",
        "tcp://a: fold-2: epoch 1, validation accuracy 0.9000, 2.0 s",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_has_one_bar_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("TERM", "xterm")
        bar = EpochBar()
        bar.phase("loading Keras")
        bar.several(FOLDS, 2)
        bar.model_begins("fold-1")
        bar.model_epoch("fold-1", EPOCH, 3)
        bar.model_ends("fold-1")
        bar.model_begins("fold-2")
        bar.lasts(60.0)
        bar.begins(None, 10)
        bar.step(1, 5, 0.5, 0.8)
        bar.ends()
        bar.note("[0.5] is no markup")
        bar.phase("drawing pictures")
        bar.close()
        terminal.flush()
    parts = []
    # What was written arrives in parts; Linux ends a terminal that nobody holds any more with an error.
    with suppress(OSError):
        while part := os.read(leader, 1 << 16):
            parts.append(part)
    os.close(leader)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(parts).decode())
    for words in ("loading Keras", "0/2 done  fold-1", "1/2 done  fold-2", "[0.5] is no markup", "drawing pictures"):
        assert words in shown
    assert max(map(len, re.split(r"[\r\n]+", shown))) <= 60


def test_help_is_a_command_too() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["help", "train"]).stdout == runner.invoke(app, ["train", "--help"]).stdout
    assert runner.invoke(app, ["help"]).stdout == runner.invoke(app, ["--help"]).stdout
    assert runner.invoke(app, ["help", "trian"]).exit_code == 2


def test_inside_the_data_folder_the_way_out_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train.csv").write_text("label,pixel0\n")
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["train", "knn"])
    assert done.exit_code == 1
    assert "The current folder is that one: cd .. first." in done.stderr
