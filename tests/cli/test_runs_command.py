"""The command `runs`: an overview of what was tried, and what can be done with it."""

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import made_runs
import numpy as np
import pandas
import pytest
from typer.testing import CliRunner, Result

from kaggle_digits import runs
from kaggle_digits.cli import app, console
from kaggle_digits.runs import Epoch, Plan, history, rows


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(app, ["runs", *arguments], **options)


def names(done: Result) -> list[str]:
    assert done.exit_code == 0, done.stderr
    return [line.split()[0] for line in done.stdout.splitlines()[1:]]


@pytest.fixture
def three(here: Path) -> Sequence[runs.Run]:
    """Three runs; the second is the best, the third the fastest."""
    models = here / "models"
    return [
        made_runs.make(models, accuracy=0.9, plan=Plan("mlp", values={"epochs": 3}, note="the first")),
        made_runs.make(models, "cnn", 1, accuracy=0.99, seconds=100.0),
        made_runs.make(models, "flat", 2, accuracy=0.8, seconds=1.0),
    ]


def test_runs_are_sorted_by_what_one_asks_for(three: Sequence[runs.Run]) -> None:
    first, second, third = (run.name for run in three)
    assert names(call()) == names(call("--sort", "date")) == [first, second, third]
    assert names(call("--sort", "accuracy")) == [second, first, third]
    assert names(call("--sort", "seconds")) == [third, first, second]
    assert names(call("--sort", "score")) == [first, second, third]


@pytest.mark.usefixtures("three")
def test_the_table_says_what_was_changed() -> None:
    assert call().stdout.splitlines()[1].endswith("epochs=3; the first")
    assert "score" not in call().stdout  # an empty column
    assert "changed" not in call("cnn").stdout


def test_a_narrow_terminal_leaves_columns_out(three: Sequence[runs.Run]) -> None:
    header = ["run", "data", "validation", "changed"]
    rows = [[run.name, "a long name", "0.9", "x" * 40] for run in three]
    narrow = console.table(header, rows, optional=("data",), text="changed", width=60).splitlines()
    assert narrow[0].split() == ["run", "validation", "changed"]
    assert narrow[1].endswith(f"  {'x' * 23}...")
    assert max(map(len, narrow)) == 60
    narrower = console.table(header, rows, optional=("data", "changed"), text="changed", width=40).splitlines()
    assert narrower[0].split() == ["run", "validation"]
    assert console.table(header, rows, text="changed").splitlines()[1].endswith("x" * 40)


def test_a_run_is_looked_at(three: Sequence[runs.Run]) -> None:
    told = call("mlp").stdout
    for words in (three[0].name, "epochs=3", "the first", "0.9000 accuracy, 95 %", "100 rows", "2026-11-20 12:00"):
        assert words in told
    assert call("flat", "cnn").stdout.index(three[2].name) < call("flat", "cnn").stdout.index(three[1].name)


@pytest.mark.usefixtures("three")
def test_pandas_reads_the_json_in_one_line() -> None:
    made_runs.begin(Path("models"), hours=9)
    table = pandas.read_json(io.StringIO(call("--json").stdout))
    assert table.validation_accuracy.tolist()[:3] == [0.9, 0.99, 0.8]
    assert table.complete.tolist() == [True, True, True, False]
    assert table.note[0] == "the first"
    assert table.bytes[0] > 0


@pytest.mark.usefixtures("three")
def test_a_note_is_given_afterwards() -> None:
    assert call("flat", "--note", "less is more", "--json").exit_code == 0
    assert runs.find("flat", Path("models")).record.plan.note == "less is more"
    assert call("--note", "whose?").exit_code == 2


def test_a_run_is_renamed_with_its_submission(three: Sequence[runs.Run]) -> None:
    Path("submissions").mkdir()
    Path("submissions", f"{three[0].name}.csv").write_text("ImageId,Label\n")
    done = call("mlp", "--rename", "wide")
    assert (done.exit_code, done.stdout.split()[1]) == (0, "models/wide")
    assert f"{three[0].name} is now wide, and its submission" in done.stderr
    assert [path.name for path in Path("submissions").iterdir()] == ["wide.csv"]
    refused = call("cnn", "--rename", "wide")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert three[1].path.exists()


def test_nothing_is_removed_unasked(three: Sequence[runs.Run]) -> None:
    refused = call(three[0].name, "--remove")
    assert refused.exit_code == 1
    assert "nothing was removed. To remove without being asked, add --yes." in refused.stderr
    assert len(runs.listing(Path("models"))) == 3


def test_removing_says_what_depends_on_it(three: Sequence[runs.Run]) -> None:
    blend = made_runs.blend(Path("models"), {three[0].name: 0.5, three[1].name: 0.5, three[2].name: 0.0})
    submission = Path("submissions", f"{three[0].name}.csv")
    submission.parent.mkdir()
    submission.write_text("ImageId,Label\n")
    done = call(three[0].name, three[2].name, "--remove", "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    assert [one["run"] for one in json.loads(done.stdout)] == [three[0].name, three[2].name]
    assert done.stderr.count(f"{blend.name} is a blend of it and cannot work without it") == 1
    assert f"with {submission}" in done.stderr
    assert not submission.exists()
    assert [run.name for run in runs.listing(Path("models"))] == [three[1].name, blend.name]


def test_runs_are_drawn(three: Sequence[runs.Run]) -> None:
    history.write(three[0].path, [Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3, 2.0), Epoch(2, 0.4, 0.9, 0.3, 0.92, 1e-3, 2.0)])
    assert call("mlp", "cnn", "--plot", "curves.svg").exit_code == 0
    assert three[0].name in Path("curves.svg").read_text()
    assert call("--plot", "curves.gif").exit_code == 2
    made_runs.make(Path("models"), "knn", 3, data=made_runs.BUNDLED)
    refused = call("mlp", "knn", "--plot", "other.png")
    assert refused.exit_code == 1
    assert "were trained on other data" in refused.stderr


def test_probabilities_are_written_for_stacking(three: Sequence[runs.Run]) -> None:
    answers = np.full((2, 10), 0.05, np.float32)
    answers[:, 7] = 0.55
    rows.write_validation(three[1].path, np.array([4, 9]), np.array([7, 1]), answers)
    done = call("cnn", "--probabilities", "oof.csv")
    assert done.stdout == "oof.csv: 2 rows\n"
    assert done.stderr == "note: this data has no test set\n"
    table = pandas.read_csv("oof.csv")
    assert list(table) == ["id", "label", *(f"p{label}" for label in range(10))]
    assert (table.id.tolist(), table.label.tolist(), table.p7.tolist()) == ([4, 9], [7, 1], [0.55, 0.55])


def test_an_empty_folder_says_how_to_get_a_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "kaggle-digits train" in call().stderr
    assert json.loads(call("--json").stdout) == []
    made_runs.make(here / "models")
    (here / "data").mkdir()
    monkeypatch.chdir(here / "data")
    assert f"but in {here / 'models'}: cd {here}" in call().stderr


@pytest.mark.usefixtures("three")
def test_one_thing_at_a_time() -> None:
    for words in (["mlp", "--remove", "--note", "x"], ["mlp", "cnn", "--rename", "x"], ["--remove"]):
        assert call(*words).exit_code == 2


@pytest.mark.usefixtures("three")
def test_runs_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kaggle_digits.cli import app\n"
        "try:\n    app(['runs', 'best', '--note', 'x'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'numpy', 'tensorflow', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
