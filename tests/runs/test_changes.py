"""Runs are noted, renamed and removed; the blends that they are part of follow."""

from pathlib import Path

import made_runs
import pytest

from kaggle_digits import runs
from kaggle_digits.errors import RunError


def answers(blend: runs.Run) -> list[str]:
    """The runs that a blend finds, all of them what they were."""
    return [run.name for run in runs.members(runs.find(blend.name, blend.path.parent)).values()]


def test_a_note_is_rewritten_and_nothing_else(tmp_path: Path) -> None:
    run = made_runs.make(tmp_path)
    noted = runs.set_note(run, " wider,\nfor once ")
    assert noted.record.plan.note == "wider, for once"
    assert runs.find(run.name, tmp_path) == noted
    assert runs.set_note(noted, "").record == run.record
    with pytest.raises(RunError, match="at most 1,000 characters"):
        runs.set_note(run, "x" * 1001)


def test_blends_follow_a_note(tmp_path: Path) -> None:
    one, other = made_runs.make(tmp_path), made_runs.make(tmp_path, "cnn", 1)
    blend = made_runs.blend(tmp_path, {one.name: 0.25, other.name: 0.75})
    blend_of_blends = made_runs.blend(tmp_path, {blend.name: 0.5, one.name: 0.5}, hours=6)
    runs.set_note(other, "a note")
    assert answers(blend) == [one.name, other.name]
    assert answers(blend_of_blends) == [blend.name, one.name]


def test_blends_follow_another_name(tmp_path: Path) -> None:
    one, other = made_runs.make(tmp_path), made_runs.make(tmp_path, "cnn", 1)
    blend = made_runs.blend(tmp_path, {one.name: 0.25, other.name: 0.75})
    blend_of_blends = made_runs.blend(tmp_path, {blend.name: 0.5, one.name: 0.5}, hours=6)
    renamed = runs.rename(one, "wide")
    assert renamed.record == one.record
    assert not one.path.exists()
    assert answers(blend) == ["wide", other.name]
    assert answers(blend_of_blends) == [blend.name, "wide"]
    record = runs.find(blend.name, tmp_path).record
    assert record.members == {"wide": 0.25, other.name: 0.75}
    assert [layer.name for layer in record.layers] == ["wide", other.name]


def test_a_changed_member_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    one, other = made_runs.make(tmp_path), made_runs.make(tmp_path, "cnn", 1)
    blend = made_runs.blend(tmp_path, {one.name: 0.25, other.name: 0.75})
    with (one.path / runs.RECORD).open("a") as file:
        file.write("\n")
    runs.set_note(one, "a note")
    with pytest.raises(RunError, match="removed or changed since"):
        answers(blend)


@pytest.mark.parametrize("name", ["", "Wide", "a b", "../up", ".hidden", "-x", "x" * 62, "best", "mlp", "grün"])
def test_names_that_will_not_do(tmp_path: Path, name: str) -> None:
    run = made_runs.make(tmp_path)
    with pytest.raises(RunError):
        runs.rename(run, name)
    assert runs.find(run.name, tmp_path) == run


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    run = made_runs.make(tmp_path)
    (tmp_path / "wide").mkdir()
    with pytest.raises(RunError, match="there is already a"):
        runs.rename(run, "wide")


def test_runs_are_removed_whether_they_came_to_their_end_or_not(tmp_path: Path) -> None:
    complete, begun = made_runs.make(tmp_path), made_runs.begin(tmp_path)
    for path in (complete.path, begun):
        runs.remove(path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_run_or_is_in_training_stays(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(RunError, match="not the folder of a run"):
        runs.remove(tmp_path / "photos")
    run = made_runs.make(tmp_path)
    (tmp_path / "link").symlink_to(run.path)
    with pytest.raises(RunError, match="not the folder of a run"):
        runs.remove(tmp_path / "link")
    with runs.in_training(run.path):
        with pytest.raises(RunError, match="in training just now"):
            runs.remove(run.path)
        with pytest.raises(RunError, match="in training just now"):
            runs.rename(run, "wide")
    assert run.path.exists()


def test_a_blend_that_is_part_of_another_with_the_same_run_is_followed_first(tmp_path: Path) -> None:
    one, other = made_runs.make(tmp_path), made_runs.make(tmp_path, "cnn", 1)
    first = made_runs.blend(tmp_path, {one.name: 0.5, other.name: 0.5})
    second = made_runs.blend(tmp_path, {one.name: 0.5, first.name: 0.5}, hours=6)
    runs.set_note(one, "a note")
    assert answers(second) == [one.name, first.name]
