"""Members of a committee trained side by side, by processes of this machine."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from kaggle_digits.backend import has_gpu, load_keras
from kaggle_digits.machine import free_memory, usable_cores
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Listener
from kaggle_digits.training.committee import TEMPORARY, Member, Work, missing
from kaggle_digits.training.member import Processes, can_travel, hear, pack, pack_rows, task

# What makes a training long: `resnet` learns from 8 x 42,000 images, `sprint`, which is done in 4 s, from 3 x 42,000.
LONG = 60.0
"""Seconds from which on a training is worth a process of its own."""

_MANY_IMAGES = 300_000
_MEMORY = 1.5e9  # bytes that a process takes, at most; see the table in README.md
_BLIND = 2  # processes where nobody tells how much memory is free


def train(count: int | None, work: Work, members: list[Member], listener: Listener) -> None:
    """Trains members in processes of this machine, which share its cores; or leaves them all to this process.

    Networks as small as these cannot keep two cores busy: two processes with a core each get 1.3 times as far. So many
    are trained at a time; None is as many as make it faster. See `Executor`.

    Raises:
        DigitsError: a member could not be trained.
    """
    # By all members, not only those to train: one with more cores than the others had would round differently.
    if count is None:
        count = most_at_once() if all(takes_long(one.recipe, len(work.digits)) for one in members) else 1
    count = min(count, len(members))
    if count == 1 or not all(can_travel(member) for member in members):
        return
    rows, processes = pack_rows(work), Processes()
    shares, most = _shares(count), max(1, usable_cores() // count)

    def train_one(member: Member) -> None:
        share = shares.pop()
        listener.model_begins(member.name)
        try:
            with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=work.path) as name:
                pack(Path(name), task(work.path, member), rows)
                processes.run(Path(name), lambda line: hear(line, listener), most, share)
            listener.model_ends(member.name)
        finally:
            shares.append(share)

    left = missing(work, members)
    listener.several([member.expected for member in left], count)
    with ThreadPoolExecutor(count) as threads:
        try:
            for done in as_completed([threads.submit(train_one, member) for member in left]):
                done.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            processes.end()
            raise


def most_at_once() -> int:
    """How many processes this machine is good for: one a core, as far as the memory goes; one beside a GPU."""
    if has_gpu(load_keras()):
        return 1  # which each process would want for itself
    memory = free_memory()
    return min(usable_cores(), _BLIND if memory is None else max(1, int(memory / _MEMORY)))


def takes_long(recipe: Recipe, rows: int) -> bool:
    """Whether the few seconds that a process needs to start do not matter, where there are so many rows in all."""
    if recipe.fit is None:
        return False
    if recipe.fit.seconds is not None:
        return recipe.fit.seconds >= LONG
    return recipe.fit.epochs * rows >= _MANY_IMAGES


def _shares(count: int) -> list[set[int] | None]:
    """The cores of each of so many processes; None where the system cannot hold a process to some."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * count
    cores = sorted(os.sched_getaffinity(0))
    return [set(cores[number::count]) or set(cores) for number in range(count)]
