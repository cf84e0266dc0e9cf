"""What was kept of a CSV is believed only as long as it is whole and the CSV has not changed."""

import os

import numpy as np
import pytest

from kaggle_digits.sources import kaggle_csv, parsed

HEADER = ",".join(["label"] + [f"pixel{n}" for n in range(784)])


def write_csv(path, seed=0, rows=5):
    values = np.random.default_rng(seed).integers(0, 256, (rows, 785))
    values[:, 0] %= 10
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in values)]) + "\n")
    return values


@pytest.fixture
def folder(tmp_path):
    write_csv(tmp_path / "train.csv")
    kaggle_csv.load(tmp_path)
    return tmp_path


def kept(folder):
    return parsed.load(folder / "train.csv", labelled=True)


def test_the_second_reading_is_the_first(folder):
    before = kaggle_csv.read(folder / "train.csv", labelled=True)
    again = kaggle_csv.load(folder)
    assert kept(folder) is not None
    assert np.array_equal(again.train.images, before.images)
    assert np.array_equal(again.train.known_labels, before.known_labels)
    assert again.sha256 == {"train.csv": kept(folder).sha256}


def test_a_csv_changed_behind_the_clocks_back_is_read_anew(folder):
    path = folder / "train.csv"
    status = path.stat()
    content = path.read_text()
    path.write_text(content.replace(",1", ",2"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert kept(folder) is None


def test_a_changed_csv_is_read_anew(folder):
    values = write_csv(folder / "train.csv", seed=1)
    assert kept(folder) is None
    assert np.array_equal(kaggle_csv.load(folder).train.images.reshape(5, 784), values[:, 1:])
    assert kept(folder) is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda _content: b"",
        lambda content: content[:100],
        lambda content: content[:-1],
        lambda content: content[:2000] + bytes([content[2000] ^ 1]) + content[2001:],
        lambda content: content.replace(b"(5, 784)", b"(4, 784)"),
        lambda content: content.replace(b"(5, 784)", b"(-5,784)"),
        lambda content: content.replace(b"labels.npy", b"labelx.npy"),
        lambda content: content.replace(b"|u1", b"|O1"),
        lambda content: b"{}" + content[2:],
        lambda content: b"\x80\x04\x95" + content[3:],
    ],
)
def test_a_damaged_or_foreign_file_is_made_anew(folder, damage):
    path = parsed.path_of(folder / "train.csv")
    expected = kaggle_csv.read(folder / "train.csv", labelled=True)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    assert np.array_equal(kaggle_csv.load(folder).train.images, expected.images)
    assert path.read_bytes() != damaged
    assert kept(folder) is not None


def test_what_was_kept_of_another_csv_is_not_believed(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    values = write_csv(other / "train.csv", seed=2)
    parsed.path_of(other / "train.csv").write_bytes(parsed.path_of(folder / "train.csv").read_bytes())
    assert np.array_equal(kaggle_csv.load(other).train.images.reshape(5, 784), values[:, 1:])


def test_where_nothing_can_be_kept_the_csv_is_read_all_the_same(tmp_path):
    write_csv(tmp_path / "train.csv")
    parsed.path_of(tmp_path / "train.csv").mkdir()
    assert len(kaggle_csv.load(tmp_path).train) == 5
