import json
import multiprocessing

import msgspec
import pytest
from test_fetch import file_limit

from kaggle_digits.competition import ledger
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


def test_an_unfinished_last_line_is_left_out_and_disturbs_nothing(tmp_path):
    ledger.append(tmp_path, entry(ref=1))
    path = tmp_path / ledger.FILE
    whole = path.read_bytes()
    for end in (0, 1, 2, len(whole) // 2, len(whole) - 2, len(whole) - 1):
        torn = []
        path.write_bytes(whole + whole[:end])
        assert ledger.read(tmp_path, on_torn=torn.append) == [entry(ref=1)] + [entry(ref=1)] * (end == len(whole) - 1)
        ledger.append(tmp_path, entry(ref=2))
        assert ledger.read(tmp_path)[-1] == entry(ref=2)
        assert torn == [2] * (0 < end < len(whole) - 1)


def test_zeros_that_a_power_cut_leaves_are_an_unfinished_line(tmp_path):
    ledger.append(tmp_path, entry(ref=1))
    with (tmp_path / ledger.FILE).open("ab") as file:
        file.write(bytes(300))
    ledger.append(tmp_path, entry(ref=2))
    assert [one.ref for one in ledger.read(tmp_path)] == [1, 2]


def test_lines_of_the_first_release_are_read(tmp_path):
    old = '{"time": "2026-11-20T12:00:00+00:00", "run": null, "file": "a.csv", "sha256": "ab", "ref": 7, '
    (tmp_path / ledger.FILE).write_text(old + '"message": "m", "status": "complete", "score": 0.98}\n')
    (one,) = ledger.read(tmp_path)
    assert (one.ref, one.score, one.seed, one.predicted_range, one.error) == (7, 0.98, None, None, "")


def test_all_fields_come_back_and_those_of_a_later_release_are_passed_over(tmp_path):
    rich = msgspec.structs.replace(
        entry(score=0.98),
        data_sha256={"train.csv": "cd"},
        git_commit="ef-dirty",
        seed=3,
        validation_accuracy=0.99,
        predicted_range=(0.97, 0.99),
        sent="2026-11-20T12:00:00+00:00",
    )
    ledger.append(tmp_path, rich)
    path = tmp_path / ledger.FILE
    path.write_text(path.read_text().replace('{"time"', '{"later": [1], "time"'))
    assert ledger.read(tmp_path) == [rich]


@pytest.mark.parametrize(
    "news",
    [{"score": "high"}, {"ref": "7"}, {"run": 3}, {"predicted_range": [1]}, {"predicted_range": ["a", "b"]}],
)
def test_a_value_of_the_wrong_kind_is_one_sentence(tmp_path, news):
    document = {**msgspec.structs.asdict(entry()), **news}
    (tmp_path / ledger.FILE).write_text(json.dumps(document) + "\n")
    with pytest.raises(DataError, match="line 1 is not an entry.*Remove that line"):
        ledger.read(tmp_path)


def test_a_ledger_that_is_a_folder_is_one_sentence(tmp_path):
    (tmp_path / ledger.FILE).mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        ledger.read(tmp_path)
    with pytest.raises(StorageError, match="cannot write"):
        ledger.append(tmp_path, entry())


def test_the_latest_of_each_submission_counts():
    sending, other = entry(ref=None), msgspec.structs.replace(entry(ref=None), sha256="cd" * 32)
    sending, other = (msgspec.structs.replace(one, status="sending") for one in (sending, other))
    done = msgspec.structs.replace(entry(ref=1, score=0.9), status="complete")
    failed = msgspec.structs.replace(other, status="failed")
    assert ledger.latest([sending]) == [sending]
    assert ledger.latest([sending, other, failed]) == [sending]
    assert ledger.latest([sending, entry(ref=1), other, done]) == [done, other]


def test_a_full_disk_is_one_sentence_and_what_was_there_stays(tmp_path):
    """Whichever byte of the line is the first that has no room: not even a whole line without its end is left."""
    ledger.append(tmp_path, entry(ref=1))
    whole = (tmp_path / ledger.FILE).read_bytes()
    for room in range(len(whole), 2 * len(whole)):
        told = r"cannot write .*ledger\.jsonl: .*Free some space|ulimit -f"
        with file_limit(room), pytest.raises(StorageError, match=told):
            ledger.append(tmp_path, entry(ref=2))
        assert (tmp_path / ledger.FILE).read_bytes() == whole
    ledger.append(tmp_path, entry(ref=3))
    assert [one.ref for one in ledger.read(tmp_path)] == [1, 3]


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
