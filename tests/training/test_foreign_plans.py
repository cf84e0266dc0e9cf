"""A run folder from elsewhere: going on with it writes nothing outside, runs no file and asks no cluster it names."""

import hashlib
import json
import re
import socket
from pathlib import Path
from typing import Any

import made_runs
import pytest
from small import NEAR, SMALL, but, recipe, resume

from kaggle_digits import recipes, runs
from kaggle_digits.errors import DigitsError, RunError
from kaggle_digits.recipes import Recipe, RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, Plan, environment
from kaggle_digits.training import committee

OWN = """
from sklearn.naive_bayes import GaussianNB
from pathlib import Path

Path({marker!r}).write_text("it ran")

def build(image_shape, classes):
    return GaussianNB()
"""


def begin(folder: Path, plan: Plan, recipe: Recipe) -> Path:
    """The folder of a run that has begun, and nothing more."""
    beginning = Beginning(
        plan=plan,
        recipe=recipe.record(),
        data=DataRecord(name="sklearn", path="sklearn", kind="sklearn", train_sha256={}),
        classes=10,
        image_shape=(28, 28),
        versions=environment.versions(),
        machine="elsewhere",
        started=runs.run.datetime(2026, 11, 20, 12).astimezone(),
    )
    return runs.start(folder / "models", beginning)


def edit(path: Path, **fields: Any) -> None:
    """Changes fields of the plan.json in a run folder, those of the recipe with `recipe=`."""
    plan = path / runs.PLAN
    document = json.loads(plan.read_text())
    for name, value in fields.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    plan.write_text(json.dumps(document))


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def refused(path: Path, folder: Path, words: str, **more: Any) -> None:
    """`--resume` says so in a sentence, and nothing has changed anywhere."""
    before = contents(folder)
    with pytest.raises(DigitsError, match=words) as caught:
        resume(path.name, folder, **more)
    assert len(str(caught.value).splitlines()) == 1
    after = {path: content for path, content in contents(folder).items() if path.suffix != ".lock"}
    assert after == before


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "marker"


@pytest.fixture
def own(tmp_path: Path, marker: Path) -> Path:
    """A recipe file that leaves a mark when it is run."""
    path = tmp_path / "own.py"
    path.write_text(OWN.format(marker=str(marker)))
    return path


NAMES = ["../../evil", "..", "/tmp/evil", "a/b", "C:\\evil", ".hidden", "", "mlp\n"]


@pytest.mark.parametrize("name", NAMES)
def test_a_member_of_a_made_up_name_is_refused(name: str, tmp_path: Path) -> None:
    path = begin(tmp_path, but(SMALL, folds=2), recipe(SMALL).in_folds(2))
    members = recipe(SMALL).in_folds(2).record().members
    for built_in in (True, False):
        edited = json.loads(json.dumps([{"name": name, "built_in": built_in}] * len(members)))
        edit(path, recipe={"members": edited})
        refused(path, tmp_path, "has no recipe|began with a function")


@pytest.mark.parametrize("name", NAMES)
def test_members_are_called_as_the_users_own_file_is(name: str, own: Path) -> None:
    """Whatever a record calls them, if it has the checksum of the file that the user named."""
    sha256 = hashlib.sha256(own.read_bytes()).hexdigest()
    member = RecipeRecord(name=name, file=str(own), sha256=sha256)
    for members in ((member,), (member, recipe(NEAR).record())):
        restored = recipes.restore(RecipeRecord(name=name, members=members, folds=2), recipes.load(str(own)))
        for one in committee.members(restored, made_runs.beginning(restored)):
            assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", one.name)


def test_no_recipe_file_is_run_because_a_plan_names_it(own: Path, marker: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(own.read_bytes()).hexdigest()
    named = {"name": "own", "file": str(own), "sha256": sha256}
    path = begin(tmp_path, SMALL, recipe(SMALL))
    (path / "recipe.py").write_bytes(own.read_bytes())
    sentence = r"this run began with own\.py, sha256 \w{12}\. Name the same file again: kaggle-digits train own\.py"
    edit(path, recipe={**named, "built_in": False}, plan={"recipe": str(own)})
    refused(path, tmp_path, sentence)
    edit(path, recipe={**named, "members": [{**named, "built_in": False}], "folds": 2})
    refused(path, tmp_path, sentence)
    for name in (str(own), own.stem, "own.py"):
        edit(path, recipe={"name": name, "built_in": True, "members": []})
        refused(path, tmp_path, "this release has no recipe")
    assert not marker.exists()


def test_no_file_is_run_as_a_teacher(own: Path, marker: Path, tmp_path: Path) -> None:
    """A teacher is a recipe, too."""
    path = begin(tmp_path, SMALL, recipe(SMALL))
    fit = json.loads((path / runs.PLAN).read_text())["recipe"].get("fit", {})
    edit(path, recipe={"fit": {**fit, "teacher": str(own)}})
    with pytest.raises(DigitsError, match="there is no recipe"):
        resume(path.name, tmp_path)
    assert not marker.exists()


def test_another_file_of_the_same_name_is_refused(own: Path, marker: Path, tmp_path: Path) -> None:
    path = begin(tmp_path, SMALL, recipes.load(str(own)))
    marker.unlink()
    own.write_text(own.read_text() + "# changed\n")
    refused(path, tmp_path, "Name the same file again", recipe=recipes.run(recipes.loading._read(own)))


def test_no_cluster_is_asked_because_a_plan_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        path = begin(tmp_path, but(NEAR, folds=2, cluster=address), recipe(NEAR).in_folds(2))
        done = resume(path.name, tmp_path)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert sorted(done.record.members or ()) == ["fold-1", "fold-2"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, "another version"),
        ({"fold": 1}, "is a member of"),
        ({"classes": 10**9}, "was edited or is damaged"),
        ({"image_shape": [10**9, 1]}, "was edited or is damaged"),
        ({"plan": {"seed": -1}}, "was edited or is damaged"),
        ({"plan": {"validation": 0}}, "was edited or is damaged"),
        ({"recipe": {"arguments": {"units": 10**9}}}, "cannot be built with units"),
        ({"recipe": {"arguments": {"units": "32"}}}, "cannot be built with units"),
        ({"recipe": {"arguments": {"other": 1}}}, "cannot be built with other"),
        (
            {"recipe": {"folds": 10**9, "arguments": {}, "members": [{"name": "knn", "built_in": True}]}},
            "number of folds",
        ),
        ({"data": {"train_sha256": {"train.csv": "of another"}}}, "is not the data that"),
    ],
    ids=str,
)
def test_values_that_no_training_writes_are_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = begin(tmp_path, SMALL, recipe(SMALL))
    edit(path, **change)
    refused(path, tmp_path, words)


def test_what_has_no_plan_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    (tmp_path / "models" / "empty").mkdir(parents=True)
    with pytest.raises(RunError, match="there is no run empty"):
        resume("empty", tmp_path)
    assert list((tmp_path / "models" / "empty").iterdir()) == []
