"""The README says what the commands do, and nothing that they do not."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import kaggle_digits
from kaggle_digits import recipes
from kaggle_digits.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = get_command(app).commands


def called():
    """Every call of the command line in the README, as words."""
    in_blocks = re.findall(r"^    \$ kaggle-digits (.*)$", README, re.MULTILINE)
    in_prose = re.findall(r"`kaggle-digits ([^`]+)`", README)
    return [shlex.split(text) for text in in_blocks + in_prose]


@pytest.mark.parametrize("words", called(), ids=" ".join)
def test_commands_and_options_exist(words):
    options = {name for parameter in COMMANDS[words[0]].params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("-")} <= options


def test_every_command_is_shown():
    assert {words[0] for words in called()} == set(COMMANDS)


def test_every_option_in_the_prose_exists():
    everything = {name for command in COMMANDS.values() for parameter in command.params for name in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)`", README)) <= everything | {"--help"}


def test_the_tables_of_recipes_say_what_was_measured():
    """Judged on rows kept out of everything; where that would take too long, out of fold, in the table of cards."""
    rows = re.findall(r"^\| `(\S+)` \| ([\d,]*) \| ([\d.]+) \|", README, re.MULTILINE)
    cards = re.findall(r"^\| `(\S+)` \| ([\d.]+) \| [\d.]+ to", README, re.MULTILINE)
    told = dict(cards) | {name: accuracy for name, _, accuracy in rows}
    measured = recipes.measurements()
    assert set(told) == set(measured)
    for name, accuracy in told.items():
        assert float(accuracy) == pytest.approx(measured[name].accuracy, abs=5e-5), name
    for name, parameters, _ in rows:
        expected = measured[name].parameters
        assert parameters == ("" if expected is None else f"{expected:,}")


def test_every_recipe_but_a_committees_members_was_measured():
    members = {member.name for name in recipes.names() for member in recipes.load(name).members}
    assert set(recipes.names()) - set(recipes.measurements()) <= members


def test_the_file_tree_names_every_room():
    package = Path(kaggle_digits.__file__).parent
    rooms = {path.name + "/" * path.is_dir() for path in package.iterdir() if not path.name.startswith("_")}
    named = set(re.findall(r"^      ([a-z_]+(?:\.py|/)) ", README, re.MULTILINE))
    assert named == rooms - {"py.typed"}


def test_the_two_commands_that_set_everything_up():
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("kaggle-digits train --data sklearn")
    assert commands[1].endswith("pytest -q")


def test_pictures_are_there():
    assert all((ROOT / name).is_file() for name in re.findall(r"\]\((benchmarks/[^)]+)\)", README))
