import multiprocessing

import pytest

from kaggle_digits import ledger
from kaggle_digits.errors import DataError, StorageError


def entry(run="20261120-120000-mlp", ref=1, score=None):
    return ledger.Entry("2026-11-20T12:00:00+00:00", run, f"{run}.csv", "ab" * 32, ref, "message", "pending", score)


def test_entries_are_read_back_in_order(tmp_path):
    entries = [entry(ref=number) for number in range(3)]
    for one in entries:
        ledger.append(tmp_path / "new", one)
    assert ledger.read(tmp_path / "new") == entries
    assert ledger.read(tmp_path / "nothing") == []


def test_the_newest_score_of_a_run_counts(tmp_path):
    for one in (entry(score=0.97), entry(), entry("other"), entry(None, score=0.5), entry(score=0.98)):
        ledger.append(tmp_path, one)
    assert ledger.scores(tmp_path) == {"20261120-120000-mlp": 0.98}


def test_a_foreign_line_is_named(tmp_path):
    ledger.append(tmp_path, entry())
    with (tmp_path / ledger.FILE).open("a") as file:
        file.write("{}\n")
    with pytest.raises(DataError, match="line 2 is not an entry"):
        ledger.read(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        ledger.append(tmp_path / "file", entry())


def append_many(folder, ref):
    for _ in range(50):
        ledger.append(folder, entry(ref=ref))


def test_several_processes_do_not_mix_their_lines(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(tmp_path, ref)) for ref in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    refs = [one.ref for one in ledger.read(tmp_path)]
    assert sorted(refs) == [0] * 50 + [1] * 50 + [2] * 50
