import os
import platform
from pathlib import Path

import pytest

from kaggle_digits import machine
from kaggle_digits.machine import free_memory, usable_cores

ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000", ALL), ("100000 100000", 1), ("50000 100000", 1), ("99900000 100000", ALL), ("", ALL)],
)
def test_a_containers_limit_counts(tmp_path, limit, cores):
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", ALL), ("100000", 1)])
def test_the_older_form_of_the_limit_counts_too(tmp_path, quota, cores):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path) == cores


def test_without_control_groups_every_allowed_core_counts(tmp_path):
    assert usable_cores(tmp_path) == ALL


def test_a_containers_memory_counts(tmp_path):
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert free_memory(tmp_path) == 2000


@pytest.mark.parametrize(("limit", "free"), [("3000", 2000), ("9223372036854771712", None)])
def test_the_older_form_of_a_memory_limit_counts_too(tmp_path, limit, free):
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(limit + "\n")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("1000\n")
    system = free_memory(tmp_path / "nothing")
    assert free_memory(tmp_path) == (free or pytest.approx(system, rel=0.5))


def test_without_a_limit_the_systems_memory_counts(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    free = free_memory(tmp_path)
    assert free is None or free > 1e6


@pytest.mark.parametrize(("setting", "cores"), [("1", 1), ("0", 1), ("9999", ALL), ("", ALL), ("all", ALL)])
def test_a_setting_may_ask_for_fewer(tmp_path, monkeypatch, setting, cores):
    monkeypatch.setenv("KDIGITS_CORES", setting)
    assert usable_cores(tmp_path) == cores


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep nothing that could be given back")
def test_freed_memory_is_given_back():
    def pages():
        return int(Path("/proc/self/statm").read_text().split()[1])

    parts = [bytearray(100_000) for _ in range(1000)]
    kept, before = parts[::100], pages()
    del parts
    machine.give_back()
    assert before - pages() > 50_000_000 / os.sysconf("SC_PAGE_SIZE")
    assert kept
