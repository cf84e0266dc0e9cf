import tracemalloc

import numpy as np
import pytest

from kaggle_digits.errors import DataError
from kaggle_digits.sources import kaggle_csv

PIXELS = [f"pixel{number}" for number in range(784)]


def table(rows=3, labelled=True, seed=0):
    """Header and rows, as lists of strings, of a random CSV of the competition's form."""
    rng = np.random.default_rng(seed)
    header = (["label"] if labelled else []) + PIXELS
    body = [[str(value) for value in row] for row in rng.integers(0, 256, (rows, len(header)))]
    for row in body:
        if labelled:
            row[0] = str(int(row[0]) % 10)
    return [header, *body]


def text_of(lines, end="\n"):
    return end.join(",".join(line) for line in lines) + end


def write(path, lines, encoding="utf-8", end="\n"):
    path.write_bytes(text_of(lines, end).encode(encoding))
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_labels_and_pixels(tmp_path, end, encoding):
    lines = table()
    digits = kaggle_csv.read(write(tmp_path / "train.csv", lines, encoding, end), labelled=True)
    expected = np.array(lines[1:], int)
    assert digits.known_labels.tolist() == expected[:, 0].tolist()
    assert digits.images.dtype == np.uint8
    assert np.array_equal(digits.images.reshape(3, 784), expected[:, 1:])
    assert digits.ids.tolist() == [1, 2, 3]


@pytest.mark.parametrize("labelled", [True, False])
def test_the_images_alone_may_have_labels_of_any_kind(tmp_path, labelled):
    lines = table(labelled=labelled)
    expected = np.array([line[-784:] for line in lines[1:]], int).reshape(-1, 28, 28)
    if labelled:
        lines[1][0], lines[2][0] = "three", ""
    digits, _ = kaggle_csv.read_images(write(tmp_path / "any.csv", lines))
    assert digits.labels is None
    assert np.array_equal(digits.images, expected)


def test_the_images_alone_need_every_pixel(tmp_path):
    lines = [line[:-1] for line in table()]
    with pytest.raises(DataError, match="lacks the column 'pixel783'"):
        kaggle_csv.read_images(write(tmp_path / "any.csv", lines))


def test_reads_more_rows_than_it_takes_at_once(tmp_path):
    lines = table(rows=1, labelled=False)
    path = write(tmp_path / "test.csv", [lines[0]] + [lines[1]] * 4_001)
    digits = kaggle_csv.read(path, labelled=False)
    assert len(digits) == 4_001
    assert digits.labels is None
    assert np.array_equal(digits.images[0], digits.images[-1])


def test_columns_may_come_in_any_order(tmp_path):
    lines = table()
    turned = [line[::-1] for line in lines]
    one = kaggle_csv.read(write(tmp_path / "a.csv", lines), labelled=True)
    other = kaggle_csv.read(write(tmp_path / "b.csv", turned), labelled=True)
    assert np.array_equal(one.images, other.images)
    assert np.array_equal(one.known_labels, other.known_labels)


def test_whole_numbers_may_be_written_with_a_point_or_quotes(tmp_path):
    lines = table()
    lines[1][1], lines[2][5] = "254.0", '"7"'
    digits = kaggle_csv.read(write(tmp_path / "train.csv", lines), labelled=True)
    assert digits.images[0, 0, 0] == 254
    assert digits.images[1, 0, 4] == 7


def change(row, column, value):
    def edit(lines):
        lines[row][column] = value

    return edit


REFUSED = {
    "a pixel over 255": (change(2, 1, "256"), r"row 3, column pixel0: .* 0 to 255 is expected. Received: '256'"),
    "a pixel of 65536": (change(1, 784, "65536"), "row 2, column pixel783"),
    "a negative pixel": (change(3, 3, "-1"), "row 4, column pixel2"),
    "half a grey": (change(3, 3, "1.5"), "row 4, column pixel2: .*'1.5'"),
    "a label of 10": (change(1, 0, "10"), "row 2, column label: .*0 to 9 is expected. Received: '10'"),
    "a word": (change(2, 7, "ink"), "row 3, column pixel6: .*'ink'"),
    "nothing": (change(2, 7, ""), "row 3, column pixel6: .*nothing"),
    "not a number": (change(2, 7, "NaN"), "row 3, column pixel6"),
    "infinity": (change(2, 7, "inf"), "row 3, column pixel6"),
    "a huge number": (change(2, 7, "9" * 30), "row 3, column pixel6"),
    "a short row": (lambda lines: lines[2].pop(), "row 3, column pixel783: .*nothing"),
    "a long row": (lambda lines: lines[2].append("1"), "Expected 785 fields in line 3, saw 786"),
    "all rows long": (lambda lines: [line.append("1") for line in lines[1:]], "not a table"),
    "a missing column": (lambda lines: [line.pop() for line in lines], "lacks the column 'pixel783'"),
    "no labels": (lambda lines: [line.pop(0) for line in lines], "lacks the column 'label'"),
    "a column more": (lambda lines: lines[0].append("id"), "one too many: the column 'id'"),
    "a column twice": (lambda lines: [line.append(line[1]) for line in lines], "repeats the column 'pixel0'"),
    "no header": (lambda lines: lines.pop(0), "row 1 .* lacks the column 'label', 'pixel0', 'pixel1' and 782 more"),
    "no rows": (lambda lines: lines.__delitem__(slice(1, None)), "no rows"),
    "nothing at all": (lambda lines: lines.clear(), "empty"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_names_file_row_and_column(tmp_path, fault):
    edit, told = REFUSED[fault]
    lines = table()
    edit(lines)
    path = tmp_path / "train.csv"
    path.write_text(text_of(lines) if lines else "")
    with pytest.raises(DataError, match=told) as caught:
        kaggle_csv.read(path, labelled=True)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_row_numbers_go_on_beyond_what_is_read_at_once(tmp_path):
    lines = table(rows=1, labelled=False)
    bad = [*lines[1][:-1], "300"]
    path = write(tmp_path / "test.csv", [lines[0]] + [lines[1]] * 4_000 + [bad])
    with pytest.raises(DataError, match="row 4002, column pixel783"):
        kaggle_csv.read(path, labelled=False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)), "not text"),
        (b"<!doctype html><title>Kaggle</title>", "lacks the column"),
        (b"PK\x03\x04" + b"\0" * 50, "lacks the column"),
    ],
)
def test_refuses_what_is_no_csv(tmp_path, content, told):
    path = tmp_path / "test.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        kaggle_csv.read(path, labelled=False)


def test_latin_1_in_the_middle_is_refused(tmp_path):
    path = tmp_path / "test.csv"
    path.write_bytes(text_of(table(labelled=False)).encode() + b"\xe9\n")
    with pytest.raises(DataError, match="not text in UTF-8"):
        kaggle_csv.read(path, labelled=False)


def test_a_file_that_is_not_there_says_how_to_get_it(tmp_path):
    with pytest.raises(DataError, match="kaggle-digits fetch"):
        kaggle_csv.read(tmp_path / "train.csv", labelled=True)
    with pytest.raises(DataError, match="cannot be read"):
        kaggle_csv.read(tmp_path, labelled=True)


@pytest.mark.parametrize(("row", "field"), [(1, b"a,"), (3, b"1,"), (3, b"1"), (3, b'"')])
def test_a_line_that_does_not_end_is_refused_before_it_takes_memory(tmp_path, row, field):
    path = write(tmp_path / "train.csv", table()[: row - 1])
    if row == 1:
        path.write_bytes(b"")  # without the line end of no lines
    with path.open("ab") as file:
        file.write(field * (3_000_000 // len(field)))
    tracemalloc.start()
    with pytest.raises(DataError, match=rf"train\.csv, row {row} has more than 65,536 characters"):
        kaggle_csv.read(path, labelled=True)
    assert tracemalloc.get_traced_memory()[1] < 60_000_000
    tracemalloc.stop()
