"""What comes home from Kaggle is opened with suspicion; and the program that Kaggle runs prepares itself."""

import ast
import importlib.util
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits import recipes, runs
from kaggle_digits.errors import DataError
from kaggle_digits.files import archive, storage
from kaggle_digits.recipes import RecipeFile
from kaggle_digits.runs import Plan
from kaggle_digits.training.on_kaggle import kernel, packing, parcel


def write(folder: Path, members: dict[str, bytes], **changes: object) -> Path:
    """A parcel with these members; its note says so, and what is changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return put(folder, buffer.getvalue(), list(members), **changes)


def put(folder: Path, content: bytes, names: list[str], **changes: object) -> Path:
    (folder / parcel.ARCHIVE).write_bytes(content)
    checksum = storage.sha256(folder / parcel.ARCHIVE)
    note = {"format": 1, "run": "mine", "cards": [], "warning": None, "sha256": checksum, "files": names, **changes}
    (folder / parcel.NOTE).write_text(json.dumps(note))
    return folder


def check_refused(inbox: Path, words: str) -> None:
    (inbox / "out").mkdir()
    before = {path for path in inbox.parent.rglob("*") if "out" not in path.parts}
    with pytest.raises(DataError, match=words):
        parcel.unpack(inbox, inbox / "out", "mine")
    assert {path for path in inbox.parent.rglob("*") if "out" not in path.parts} == before


NAMES = [
    "../run.json",
    "/etc/run.json",
    "a/../../run.json",
    "C:\\run.json",
    ".run.json",
    "run.sh",
    "a/b/c/run.json",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_astray(name: str, tmp_path: Path) -> None:
    check_refused(write(tmp_path, {name or "x": b"{}"}, files=[name]), "holds files that no training writes")


def test_members_that_the_note_does_not_name(tmp_path: Path) -> None:
    check_refused(
        write(tmp_path, {"run.json": b"{}", "../evil.json": b""}, files=["run.json"]), "it holds ../evil.json"
    )


def test_a_link(tmp_path: Path) -> None:
    buffer, member = io.BytesIO(), zipfile.ZipInfo("run.json")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(member, "/etc/passwd")
    check_refused(put(tmp_path, buffer.getvalue(), ["run.json"]), "is a link")


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LARGEST_SUM", 1_000)
    members = {f"{number}.json": bytes(400) for number in range(3)}
    check_refused(write(tmp_path, members), "claims to unpack to more than 1,000 bytes")


def record(**files: str) -> dict[str, object]:
    """A run.json that is all right, with these files of the model's."""
    now = datetime(2026, 11, 20, 12).astimezone()
    whole = runs.Record(
        plan=Plan("knn"),
        recipe=recipes.load("knn").record(),
        data=runs.DataRecord(name="data", path="data", kind="", train_sha256={}),
        classes=10,
        image_shape=(28, 28),
        versions={},
        machine="",
        started=now,
        finished=now,
        train_rows=1,
        validation_rows=1,
        validation_accuracy=1.0,
        validation_interval=(0.0, 1.0),
        parameters=1,
        layers=[],
        epochs=0,
        temperature=1.0,
        seconds=1.0,
        train_seconds=1.0,
        files=files,
    )
    document: dict[str, object] = msgspec.to_builtins(whole)
    return document


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({}, "is from another version of kaggle-digits"),
        ({"format": 99}, "is from another version of kaggle-digits"),
        ({"format": runs.FORMAT, "started": "2026-11-20T12:00:00+00:00"}, "was edited or is damaged"),
        ({**record(), "files": {"model.keras": "0"}}, "its folder/model.keras is missing"),
        (record(), "validation.npz cannot be read"),
    ],
)
def test_what_is_no_run(record: dict[str, object], words: str, tmp_path: Path) -> None:
    check_refused(write(tmp_path, {"run.json": json.dumps(record).encode()}), words)


@given(content=st.binary(max_size=300), note=st.one_of(st.binary(max_size=300), st.none()), data=st.data())
def test_whatever_comes_is_one_sentence(
    content: bytes, note: bytes | None, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("parcel")
    json_like = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=3)
    changes = data.draw(
        st.dictionaries(st.sampled_from(["format", "run", "cards", "warning", "sha256", "files"]), json_like)
    )
    put(folder, content, ["run.json"], **changes)
    if note is not None:
        (folder / parcel.NOTE).write_bytes(note)
    check_refused(folder, "the run that Kaggle sent")


def program(**changes: object) -> str:
    order = packing.order("mine", Plan("knn"), None)
    return packing.script(msgspec.structs.replace(order, **changes))


def run(text: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(text, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, str(folder / "script.py")]
    return subprocess.run(command, cwd=folder, env={**kept, **environment}, capture_output=True, text=True)


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this environment has no pip to install with")
def test_libraries_that_are_not_there_are_installed_apart(tmp_path: Path) -> None:
    (tmp_path / "input" / "digits").mkdir(parents=True)
    (tmp_path / "input" / "digits" / "train.csv").write_text("label,pixel0,pixel1,pixel2\n")
    here = {kernel.INPUT: str(tmp_path / "input"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    name = "pinned-1.0.dist-info"
    with zipfile.ZipFile(tmp_path / "pinned-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/METADATA", "Metadata-Version: 2.1\nName: pinned\nVersion: 1.0\n")
        wheel.writestr(f"{name}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}/RECORD", "")
        wheel.writestr("msgspec.py", "import sys\nsys.exit(f'error: apart, {sys.prefix}')\n")
    done = run(program(pins={"pinned": "1.0"}, requirements=["pinned>=1"]), tmp_path, **here)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: apart, ")
    assert sys.prefix not in done.stderr

    done = run(program(pins={"pinned": "2.0"}, requirements=["pinned>=1"]), tmp_path, **here)
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert last.startswith("error: the libraries cannot be installed on Kaggle (ERROR: ")


def test_the_order_says_what_is_needed() -> None:
    order = packing.order("mine", Plan("mlp", seed=1), None)
    assert any(one.startswith("tensorflow<") for one in order.requirements)
    assert [one.split("<")[0] for one in order.gpu_requirements] == ["tensorflow[and-cuda]"]
    assert set(order.pins) == {"tensorflow", "keras", "scikit-learn", "skops"}


def test_an_order_arrives_as_it_was_sent() -> None:
    """As a literal in a program, and then as JSON, whatever the plan and the recipe file say."""
    plan = Plan("own.py", values={"hidden": (64, 32), "rate": 0.1}, seed=1, exclude=(7, "a.png"), note='é "x" \\')
    text = "def build(image_shape, classes):\n    return '''é''' or \"\"\"\\n\"\"\"\n"
    order = packing.order("mine", plan, RecipeFile("elsewhere/own.py", text))
    program = ast.parse(packing.script(order))
    [call] = [node for node in program.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    literal = ast.literal_eval(call.value.args[0])
    arrived = msgspec.json.decode(json.dumps({**literal, "cards": ["T4"]}), type=packing.Order)
    assert arrived == msgspec.structs.replace(order, cards=["T4"])
    assert (arrived.file, arrived.plan) == (RecipeFile("own.py", text), plan)
