"""The notebook runs from top to bottom, and is committed as it came out on the real files."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from kaggle_digits import predictor, recipes, runs, sources
from kaggle_digits.competition import submission

NOTEBOOK = Path(__file__).parent.parent / "classifier.ipynb"

DEFINITION = re.compile(r"^\s*(async\s+def|def|class)\s|\blambda\b", re.MULTILINE)
OWN_PATH = re.compile(r"/(home|root|tmp|Users)/|[A-Z]:\\")


def read_notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def text_of(output: nbformat.NotebookNode) -> str:
    """What an output says in words: not its pictures, whose base64 may spell anything."""
    if output.output_type == "stream":
        return output.text
    return "\n".join(text for kind, text in output.get("data", {}).items() if kind.startswith("text/"))


def printed(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(text_of(output) for output in outputs(notebook))


def test_runs_on_the_bundled_digits_where_there_is_no_data(tmp_path: Path) -> None:
    notebook = read_notebook()
    client = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}})
    # The user's own IPython profile must not change what runs, nor its history grow by it.
    client.execute(env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")})

    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    test = sources.load("sklearn").test
    trained = runs.listing(tmp_path / "models")
    assert [run.record.recipe.name for run in trained] == ["mlp", "svm", "own"]
    for run in trained:
        assert run.record.data.name == "sklearn"
        submission.check(tmp_path / "submissions" / f"{run.name}.csv", rows=len(test))
    says_what_the_package_says(printed(notebook), *trained)


def says_what_the_package_says(text: str, network: runs.Run, machine: runs.Run, deeper: runs.Run) -> None:
    """Holds the numbers that a notebook printed against those of its runs."""
    record, comparison, own = network.record, predictor.compare(network, machine), predictor.compare(network, deeper)
    low, high = record.validation_interval
    for line in (
        f"{record.validation_accuracy:.2%} of {record.validation_rows:,} validation pictures are right",
        f"between {low:.2%} and {high:.2%})",
        f"mlp  {record.validation_accuracy:.2%}\nsvm  {machine.record.validation_accuracy:.2%}\n",
        f"only the network is right: {comparison.only_first_right} pictures",
        f"only the machine is right: {comparison.only_second_right} pictures",
        f"p = {comparison.p_value:.2g}",
        f"mlp: {record.parameters:,} parameters",
        f"{deeper.record.parameters:,} parameters instead of {record.parameters:,}",
        f"own  {deeper.record.validation_accuracy:.2%}\nonly mlp is right: {own.only_first_right} pictures",
        f"only own is right: {own.only_second_right} pictures\np = {own.p_value:.2g}",
    ):
        assert line in text


@pytest.mark.parametrize("layout", ["competitions/digit-recognizer", "digit-recognizer"])
def test_finds_the_files_where_kaggle_mounts_them(layout: str, tmp_path: Path) -> None:
    mounted = tmp_path / "input" / layout
    mounted.mkdir(parents=True)
    (tmp_path / "working").mkdir()
    pixels = ",".join(f"pixel{number}" for number in range(784))
    (mounted / "train.csv").write_text(f"label,{pixels}\n" + f"7{',9' * 784}\n" * 3)
    (mounted / "test.csv").write_text(f"{pixels}\n{'9,' * 783}9\n")
    notebook = read_notebook()
    [loading] = [number for number, cell in enumerate(notebook.cells) if "sources.find()" in cell.source.split("\n")[0]]
    notebook.cells = notebook.cells[: loading + 1]
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path / "working")}})
    mount = {"KDIGITS_KAGGLE_INPUT": str(tmp_path / "input"), "IPYTHONDIR": str(tmp_path / "ipython")}
    client.execute(env={**os.environ, **mount})
    assert text_of(outputs(notebook)[-1]).split("\n")[:2] == [
        f"from      {mounted}",
        "training       3 pictures with labels",
    ]


def test_is_committed_as_one_run_on_the_real_files() -> None:
    notebook = read_notebook()
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    text = printed(notebook)
    assert "42,000 pictures with labels" in text
    assert "28,000 answers" in text


def test_is_committed_with_numbers_that_agree_with_each_other() -> None:
    """The outputs are of one run: what is printed at the top is what is printed again further down."""
    text = printed(read_notebook())
    [(accuracy, rows)] = re.findall(r"([\d.]+)% of ([\d,]+) validation pictures are right", text)
    assert re.findall(r"(?m)^mlp  ([\d.]+)%$", text) == [accuracy, accuracy]
    name = re.findall(r"models/(\S+)\n", text)[0]
    assert f"submissions/{name}.csv" in text
    assert rows == "4,200"


def test_its_words_are_true_of_the_recipes() -> None:
    words = " ".join(cell.source for cell in read_notebook().cells)
    assert re.findall(r"(?:trains for|all) (\w+)(?: \*epochs|\s+of its epochs)", words) == ["six", "six"]
    assert recipes.load("mlp").fit.epochs == 6
    errors = {name: 1 - one.accuracy for name, one in recipes.measurements().items()}
    assert "It makes about half as many mistakes." in words
    assert 0.4 < errors["sprint"] / errors["mlp"] < 0.6
    assert errors["strong"] < errors["sprint"]


def test_shows_pictures_and_no_noise() -> None:
    shown = outputs(read_notebook())
    assert sum("image/png" in output.get("data", {}) for output in shown) >= 8
    assert {output.output_type for output in shown} <= {"stream", "display_data", "execute_result"}
    assert not [output for output in shown if output.get("name") == "stderr"]
    assert NOTEBOOK.stat().st_size < 1_500_000


def test_defines_nothing() -> None:
    assert not [cell.source for cell in code_cells(read_notebook()) if DEFINITION.search(cell.source)]


def test_tells_nothing_of_the_machine_it_ran_on() -> None:
    notebook = read_notebook()
    texts = [cell.source for cell in notebook.cells] + [text_of(output) for output in outputs(notebook)]
    assert not [text for text in texts if OWN_PATH.search(text)]
    assert not any(cell.metadata for cell in notebook.cells)
