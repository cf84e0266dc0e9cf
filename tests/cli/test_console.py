import pytest

from kaggle_digits.cli import console

CLEAR = "\x1b[2J\x1b]0;title\x07"


def test_commands_for_the_terminal_are_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.tell(f"run {CLEAR} \x9b31m \u202egnp.exe\r")
    console.show(f"café №1 {CLEAR}\tthe end\nand a line")
    told = capsys.readouterr()
    assert told.err == r"run \x1b[2J\x1b]0;title\x07 \x9b31m \u202egnp.exe\r" + "\n"
    assert told.out == r"café №1 \x1b[2J\x1b]0;title\x07" + "\tthe end\nand a line\n"


def test_a_cell_of_a_table_stays_in_its_line() -> None:
    told = console.table(["name", "score"], [["a\nb", "1"], [CLEAR, "22"]])
    assert [len(line) for line in told.splitlines()] == [len(told.splitlines()[0])] * 3
    assert "a\\nb" in told and "\x1b" not in told
