import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits.sources import plain_csv

COLUMNS = ("label", "a", "b")
HEADER = b"label,a,b\n"


def test_it_reads_what_pandas_reads(tmp_path):
    path = tmp_path / "file.csv"
    values = np.random.default_rng(0).integers(0, 256, (3000, 3))
    pd.DataFrame(values, columns=COLUMNS).to_csv(path, index=False)
    assert (plain_csv.read(path, COLUMNS) == values).all()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert (plain_csv.read(path, COLUMNS) == values).all()
    path.write_bytes(path.read_bytes()[:-2])  # without its last line end
    assert (plain_csv.read(path, COLUMNS) == values).all()


def test_lines_are_not_torn_where_blocks_end(tmp_path, monkeypatch):
    path = tmp_path / "file.csv"
    values = np.random.default_rng(1).integers(0, 256, (50, 3))
    pd.DataFrame(values, columns=COLUMNS).to_csv(path, index=False)
    for size in (12, 13, 64, 1000):  # bytes, at least of one line
        monkeypatch.setattr(plain_csv, "_AT_ONCE", size)
        assert (plain_csv.read(path, COLUMNS) == values).all()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"1,2\n",
        b"1,2,3,4\n",
        b"1,,3\n",
        b"1,2,256\n",
        b"1,2,1000\n",
        b"1,2,-1\n",
        b"1,2,3.5\n",
        b"1,2, 3\n",
        b"1,2,3\r",
        b"1,\r\n2,3\n",
        b"1,2,x\n",
        b"1,2,3\n\n",
        b'1,2,"3"\n',
        b"1\n2,3,4,5,6\n",
        b"1,2,3\n1,2,\xff\n",
        b"1,2,+3\n",
    ],
)
def test_anything_else_is_left_to_others(tmp_path, body):
    (tmp_path / "file.csv").write_bytes(HEADER + body)
    assert plain_csv.read(tmp_path / "file.csv", COLUMNS) is None


@pytest.mark.parametrize(
    "header", [b"", b"\xef\xbb\xbflabel,a,b\n", b"a,label,b\n", b'"label","a","b"\n', b"label,a,b"]
)
def test_another_header_is_left_to_others(tmp_path, header):
    (tmp_path / "file.csv").write_bytes(header + b"1,2,3\n")
    assert plain_csv.read(tmp_path / "file.csv", COLUMNS) is None


@given(st.text("0123456789,\n \r-.", max_size=60))
def test_whatever_it_accepts_pandas_reads_alike(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("wild") / "file.csv"
    path.write_bytes(HEADER + text.encode())
    values = plain_csv.read(path, COLUMNS)
    if values is not None:
        assert (pd.read_csv(path, index_col=False).to_numpy() == values).all()
