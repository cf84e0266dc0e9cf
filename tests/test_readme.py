"""README and docs say what the package does, and nothing that it does not.

Commands stand in blocks of four spaces after `$ kaggle-digits`, with their output; Python in fences. Every command must
parse. A block under the comment `<!-- runs -->` is run on the bundled digits, and what it prints must have the form of
what stands there, whatever its numbers are; `...` stands for any lines. All Python is run.
"""

import contextlib
import re
import shlex
import shutil
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from typer.main import get_command
from typer.testing import CliRunner

import kaggle_digits
from kaggle_digits import recipes
from kaggle_digits.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_LINKS = [*PAGES, ROOT / "benchmarks" / "README.md", ROOT / "CHANGELOG.md"]
COMMANDS = get_command(app).commands

_BLOCK = re.compile(r"(?m)^(<!-- runs -->\n\n)?((?: {4}.*\n|\n(?= {4}))+)")
_NUMBER = re.compile(r"[\d.,]*\d[\d.,]*")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


README = text_of(PAGES[0])


def blocks(page: Path) -> Iterator[tuple[bool, list[tuple[str, str]]]]:
    """Every block with commands: whether it is run, and each command with what it prints."""
    prose = re.sub(r"(?ms)^```.*?^```$", "", text_of(page))
    for marked, block in _BLOCK.findall(prose):
        lines = [line[4:] for line in block.splitlines()]
        parts = re.split(r"(?m)^\$ kaggle-digits ", "\n".join(lines))
        if parts[1:]:
            yield bool(marked), [(one.partition("\n")[0], one.partition("\n")[2].strip("\n")) for one in parts[1:]]


def called(page: Path) -> list[list[str]]:
    """Every call of the command line on a page, as words."""
    in_blocks = [command for _, commands in blocks(page) for command, _ in commands]
    in_prose = re.findall(r"`kaggle-digits ([^`]+)`", text_of(page))
    return [shlex.split(re.sub(r" [>|] .*", "", text)) for text in in_blocks + in_prose]


def named(options: Any) -> set[str]:
    return {name for parameter in options for name in (*parameter.opts, *parameter.secondary_opts) if name[0] == "-"}


EVERY_OPTION = named(parameter for command in COMMANDS.values() for parameter in command.params)
CALLS = [(page, words) for page in PAGES for words in called(page)]
ON_ITS_OWN = {"--install-completion", "--help", "--version"}


@pytest.mark.parametrize("words", [words for _, words in CALLS], ids=" ".join)
def test_commands_and_options_exist(words: list[str]) -> None:
    if words[0] not in ON_ITS_OWN and words[1:] not in ([], ["..."]):
        COMMANDS[words[0]].make_context(words[0], words[1:])


def test_every_command_is_shown_in_the_readme_or_the_docs() -> None:
    assert {words[0] for _, words in CALLS} >= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_in_the_prose_exists(page: Path) -> None:
    assert set(re.findall(r"`(--[a-z0-9-]+)[ `]", text_of(page))) <= EVERY_OPTION | ON_ITS_OWN


def test_every_option_is_explained_somewhere() -> None:
    everything = "\n".join(map(text_of, PAGES))
    undone = {"--wait", "--refresh", "--online"}  # what happens anyway
    assert {option for option in EVERY_OPTION if not re.search(rf"{option}\b", everything)} <= undone


@pytest.mark.parametrize("page", WITH_LINKS, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", text_of(page)):
        if link.startswith("https://"):
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        headings = re.findall(r"(?m)^#+ (.+)$", text_of(target)) if heading else []
        assert not heading or heading in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings], (
            link
        )


def test_the_readme_links_to_every_page_and_is_short() -> None:
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= set(re.findall(r"\]\(([^)#]+)", README))
    assert len(README.splitlines()) <= 155


def recipe_row(name: str) -> str:
    """A recipe's line of a table, as it must be."""
    measured = recipes.measurements().get(name)
    accuracy, time, parameters = "", "", ""
    if measured:
        accuracy, time = f"{measured.accuracy:.4f}", f"{measured.seconds:,.0f} s"
        parameters = f"{measured.parameters:,}" if measured.parameters else ""
    return f"| `{name}` | {recipes.outline(name).summary} | {accuracy} | {time} | {parameters} |"


def test_the_tables_of_recipes_say_what_was_measured() -> None:
    table = text_of(ROOT / "docs" / "recipes.md").partition("## All recipes")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    parts = {"deep-resnet"}  # of grand
    assert sorted(rows) == sorted(map(recipe_row, {*recipes.names()} - parts))
    chosen = [line for line in README.splitlines() if line.startswith("| `")]
    assert "| `mlp` " in chosen[0]  # the default
    assert 8 <= len(chosen) <= 10
    assert {*chosen} <= {*rows}


def test_the_file_tree_names_every_room() -> None:
    package = Path(kaggle_digits.__file__).parent
    rooms = {path.name + "/" * path.is_dir() for path in package.iterdir() if not path.name.startswith("_")}
    tree = re.findall(r"(?m)^      ((?:[a-z_]+(?:/|\.py) )+) ", README)
    assert sorted(" ".join(tree).split()) == sorted(rooms - {"py.typed"})


def test_the_two_commands_that_set_everything_up() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("kaggle-digits train --data sklearn")
    assert commands[1].endswith("pytest -q")


def test_the_first_command_installs_every_file_of_the_package() -> None:
    package = Path(kaggle_digits.__file__).parent
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["kaggle_digits"]
    wanted = {path for path in package.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert wanted == {path for pattern in patterns for path in package.glob(pattern)}


def form(text: str) -> list[str]:
    """Lines without what differs from machine to machine: numbers, names of runs, widths of columns."""
    # What is noted depends on the data, and the docs' runs have learned Kaggle's; bfloat16 is not every processor's.
    text = re.sub(r"(?m)^(note: | +the epochs used ).*\n?", "", text)
    text = re.sub(r"\bsklearn\b", "data", text)
    text = re.sub(r"\d{8}-\d{6}-[a-z]+(: [a-z]+,)?", "RUN", text)
    text = re.sub(r"(?m)^(most confused).*$", r"\1", text)
    text = re.sub(r"(?m)^(Kaggle +expected score|test set +expected accuracy)", "expected", text)
    return [" ".join(_NUMBER.sub("0", line).split()) for line in text.splitlines() if line.strip()]


def has_form(expected: list[str], real: list[str]) -> bool:
    """Whether lines match, where `...` is any number of them."""
    if not expected:
        return not real
    if expected[0] == "...":
        return any(has_form(expected[1:], real[skipped:]) for skipped in range(len(real) + 1))
    return bool(real) and expected[0] == real[0] and has_form(expected[1:], real[1:])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README's first command was run, with what that printed."""
    folder = tmp_path_factory.mktemp("readme")
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, ["train", "--data", "sklearn"])
        assert done.exit_code == 0, done.output
        image = Image.new("L", (200, 200), 255)
        ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill=0, width=16)
        image.save("numbers.jpg")
    return folder, done.output


@pytest.fixture
def folder(trained: tuple[Path, str], tmp_path: Path) -> Iterator[Path]:
    """A copy of that folder, as the current one."""
    shutil.copytree(trained[0], tmp_path / "here")
    with contextlib.chdir(tmp_path / "here"):
        yield tmp_path / "here"


def test_the_first_command_prints_what_stands_below_it(trained: tuple[Path, str]) -> None:
    after = README.partition("train --data sklearn\n")[2]
    [output] = re.findall(r"(?m)\A(?:\n*^\S.*\n)*\n+((?: {4}.*\n)+)", after)
    assert has_form(form(textwrap.dedent(output)), form(trained[1]))


RUN = [(page.name, commands) for page in PAGES for marked, commands in blocks(page) if marked]


@pytest.mark.parametrize(("page", "commands"), RUN, ids=lambda value: value if isinstance(value, str) else value[0][0])
@pytest.mark.usefixtures("folder")
def test_blocks_print_what_stands_there(page: str, commands: list[tuple[str, str]]) -> None:
    for command, output in commands:
        done = CliRunner().invoke(app, shlex.split(command))
        assert has_form(form(output), form(done.output)), f"{page}: {command}\n{done.output}"


PYTHON = [(page.name, code) for page in PAGES for code in re.findall(r"(?ms)^```python\n(.*?)^```$", text_of(page))]


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[f"{page}-{number}" for number, (page, _) in enumerate(PYTHON)])
def test_python_runs(page: str, code: str, folder: Path) -> None:
    names: dict[str, Any] = {}
    if code.startswith('"""'):  # a recipe file
        (folder / "own.py").write_text(code, encoding="utf-8")
        assert recipes.load("own.py").model((28, 28), 10) is not None
    else:
        exec(compile(code, page, "exec"), names)
