"""A run's submission and its lines in the ledger go with its name."""

from pathlib import Path

import pytest

from kaggle_digits.competition import ledger
from kaggle_digits.errors import SubmissionError


def entry(run: str, ref: int, score: float | None = None) -> ledger.Entry:
    return ledger.Entry(
        time="2026-11-20T12:00:00+00:00",
        run=run,
        file=f"{run}.csv",
        sha256=f"{ref:064}",
        ref=ref,
        message=run,
        status=ledger.PENDING if score is None else ledger.COMPLETE,
        score=score,
    )


def test_a_submission_and_its_score_follow_a_name(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("ImageId,Label\n")
    for one in (entry("old", 1), entry("old", 1, 0.98), entry("other", 2, 0.97)):
        ledger.append(tmp_path, one)
    assert ledger.rename(tmp_path, "old", "new") == tmp_path / "new.csv"
    assert [path.name for path in tmp_path.glob("*.csv")] == ["new.csv"]
    newest = ledger.latest(ledger.read(tmp_path))
    assert [(one.run, one.file, one.score) for one in newest] == [
        ("new", "new.csv", 0.98),
        ("other", "other.csv", 0.97),
    ]
    assert ledger.scores(tmp_path)["new"] == 0.98
    assert ledger.was_sent(tmp_path, "new")
    assert not ledger.was_sent(tmp_path, "old")


def test_what_was_never_sent_has_nothing_to_rename(tmp_path: Path) -> None:
    assert ledger.rename(tmp_path, "old", "new") is None
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_another_submission_has_had_is_taken(tmp_path: Path) -> None:
    ledger.append(tmp_path, entry("sent", 1))
    (tmp_path / "there.csv").write_text("")
    ledger.check_name(tmp_path, "free")
    for name in ("sent", "there"):
        with pytest.raises(SubmissionError, match="Choose another name"):
            ledger.check_name(tmp_path, name)
