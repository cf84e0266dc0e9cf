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


def test_a_long_file_name_keeps_its_end_in_a_narrow_terminal() -> None:
    rows = [["homework/a-photo-with-a-very-long-name-2026.jpg", "7", "98.0%", "1   1.2%"], ["b.png", "3", "99.0%", ""]]
    header = ["image", "label", "probability", "runner-up"]
    options = {"optional": ("runner-up", "probability"), "text": "image"}
    wide = console.table(header, rows, **options, width=100).splitlines()
    assert wide[1].startswith("homework/a-photo")
    for width, columns in ((60, header), (48, header[:3])):
        narrow = console.table(header, rows, **options, width=width).splitlines()
        assert max(map(len, narrow)) <= width
        assert narrow[0].split() == columns
        assert narrow[1].startswith("...")
        assert narrow[1].split()[0].endswith("long-name-2026.jpg")
        assert narrow[2].split()[:2] == ["b.png", "3"]


def test_a_column_that_wraps_loses_nothing_in_a_narrow_terminal() -> None:
    header, text = ["recipe", "parameters", ""], "Two dense layers of 256 and 128 units with dropout"
    wide, narrow = (
        console.table(header, [["simple", "235,146", text]], optional=("parameters",), wraps="", width=width)
        for width in (80, 40)
    )
    assert wide.splitlines()[1] == f"simple     235,146  {text}"
    assert narrow.splitlines()[1:] == ["simple  Two dense layers of 256 and 128", "        units with dropout"]
