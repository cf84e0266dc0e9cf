import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaggle_digits.competition import submission
from kaggle_digits.errors import SubmissionError


def test_write_and_check_agree(tmp_path):
    path = tmp_path / "new" / "s.csv"
    submission.write(path, [1, 2, 3], np.array([7, 0, 3]))
    assert path.read_bytes() == b"ImageId,Label\n1,7\n2,0\n3,3\n"
    assert submission.check(path, rows=3) == [7, 0, 3]


def test_line_ends_of_other_systems_are_fine(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes(b"\xef\xbb\xbfImageId,Label\r\n1,7\r\n2,0\r\n")
    assert submission.check(path, rows=2) == [7, 0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must begin with the line ImageId,Label"),
        ("ImageId;Label\n1;7\n2;1\n", "must begin"),
        ("id,label\n1,7\n2,1\n", "must begin"),
        ("ImageId,Label\n1,7\n", "has 1 predictions, but test.csv has 2 images"),
        ("ImageId,Label\n1,7\n2,1\n3,1\n", "has 3 predictions"),
        ("ImageId,Label\n0,7\n1,1\n", "line 2: the ids must be 1, 2, 3"),
        ("ImageId,Label\n1,7\n3,1\n", "line 3: .*here 2. Received: '3'"),
        ("ImageId,Label\n1,7\n1,1\n", "here 2"),
        ("ImageId,Label\n1,7\n2.0,1\n", "here 2"),
        ("ImageId,Label\n1,7.0\n2,1\n", "line 2: a label must be a whole number from 0 to 9. Received: '7.0'"),
        ("ImageId,Label\n1,10\n2,1\n", "'10'"),
        ("ImageId,Label\n1,-1\n2,1\n", "'-1'"),
        ("ImageId,Label\n1,\n2,1\n", "Received: ''"),
        ("ImageId,Label\n1,²\n2,1\n", "whole number"),
        ("ImageId,Label\n1,7,1\n2,1\n", "an id and a label"),
        ("ImageId,Label\n1,7\n\n2,1\n", "line 3: an id and a label"),
        ("ImageId,Label\n1,7\n2,7\n", "labels every image 7"),
    ],
)
def test_refuses_what_kaggle_would_refuse(tmp_path, text, told):
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SubmissionError, match=told):
        submission.check(path, rows=2)


def test_refuses_what_is_no_text_or_not_there(tmp_path):
    path = tmp_path / "s.csv"
    with pytest.raises(SubmissionError, match="there is no file"):
        submission.check(path, rows=2)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SubmissionError, match="cannot be read"):
        submission.check(path, rows=2)
    with pytest.raises(SubmissionError, match="cannot be read"):
        submission.check(tmp_path, rows=2)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=50))
def test_whatever_is_written_is_read_back(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("submission") / "s.csv"
    submission.write(path, range(1, len(labels) + 1), labels)
    assert submission.read(path) == labels


@given(st.binary(max_size=200))
def test_any_bytes_are_accepted_or_refused_in_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("submission") / "s.csv"
    path.write_bytes(content)
    with pytest.raises(SubmissionError):
        submission.check(path, rows=2)
