"""history.csv: an epoch a line."""

import csv

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits.errors import RunError
from kaggle_digits.runs import Epoch, history

EPOCHS = [Epoch(1, 2.25, 0.5, 1 / 3, 0.875, 1e-3, 0.1), Epoch(2, 1e-7, 1.0, 2e300, 0.0, 1e-12, 12345.678)]
HEADER = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds"

numbers = st.floats(allow_nan=False, allow_infinity=False)
epochs = st.builds(Epoch, st.integers(1, 10**6), *[numbers] * 6)


def test_it_is_a_csv_that_pandas_reads(tmp_path):
    history.write(tmp_path, EPOCHS)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == HEADER
    assert len(lines) == 3
    table = pandas.read_csv(tmp_path / "history.csv")
    assert table["epoch"].tolist() == [1, 2]
    assert table["val_loss"].tolist() == [1 / 3, 2e300]
    assert b"\r" not in (tmp_path / "history.csv").read_bytes()


@given(st.lists(epochs, min_size=1, max_size=5))
def test_it_comes_back_to_the_last_bit(tmp_path_factory, written):
    folder = tmp_path_factory.mktemp("history")
    history.write(folder, written)
    assert history.read(folder) == written


def test_a_run_without_epochs_has_none(tmp_path):
    assert history.read(tmp_path) == []


def test_further_columns_of_a_later_release_are_passed_over(tmp_path):
    history.write(tmp_path, EPOCHS)
    rows = list(csv.reader((tmp_path / "history.csv").read_text().splitlines()))
    with (tmp_path / "history.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*row, "more"] for row in rows])
    assert history.read(tmp_path) == EPOCHS


@pytest.mark.parametrize(
    "content",
    [b"epoch,loss\n1,2\n", f"{HEADER}\n1,2,3\n".encode(), f"{HEADER}\none,1,1,1,1,1,1\n".encode(), b"\xff\xfe",
     f"{HEADER}\n1.5,1,1,1,1,1,1\n".encode(), b"no table at all\n\n1\n", f'{HEADER}\n"1,1\n'.encode()],
)  # fmt: skip
def test_a_file_that_is_damaged_is_one_sentence(tmp_path, content):
    (tmp_path / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv cannot be read: .* Train again") as caught:
        history.read(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
