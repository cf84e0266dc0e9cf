"""What corrections bring: how the reader reads a hand's later digits once 5, 10 or 20 that it misread were put right.

    python benchmarks/personal.py FOLDER [--run RUN] [--data DIR] [--seen FOLDER]

FOLDER holds usps_test.npz and semeion.npz, as for real_digits.py. A hand is simulated twice over: by digits of one
label and one shape from those sets (flagged ones, barred sevens), and by strokes, with habits and a lean of its own in
all digits. Other hands are the set's other digits and another set's, and the rows of held_out.py, which the reader has
learned. Nothing was trained on any of them; the constants were chosen on the drawn hands, and on scikit-learn's
digits. Reading all pictures takes minutes: --seen names a folder that keeps what the reader saw. Writes
results/personal.json and .md.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import held_out
import machine
import numpy as np
import real_digits
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.cluster.vq import kmeans2

from kaggle_digits import predictor
from kaggle_digits.predictor.touch import Touch

COUNTS = (5, 10, 20)
_OF_A_SHAPE, _HANDS, _OF_A_HAND = 50, 30, 90  # digits alike; drawn hands; digits of each
_AT_ONCE = 250  # pictures


@dataclass(frozen=True, eq=False)
class Seen:
    """Digits as the reader saw them, uint8 `(n, 28, 28)`, its answers, float32 `(n, 10)`, the truth, and the hands."""

    images: NDArray[np.uint8]
    answers: NDArray[np.float32]
    labels: NDArray[np.int64]
    hands: list[NDArray[np.intp]]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Of which the likeliest label is not the truth, whether the reader is sure or not."""
        return np.asarray(self.answers.argmax(axis=1) != self.labels, np.bool_)


def look(model: predictor.Model, pictures: list[Image.Image]) -> Iterator[predictor.Prediction]:
    """What the model sees in each."""
    for start in range(0, len(pictures), _AT_ONCE):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number:05}.png" for number in range(len(pictures[start : start + _AT_ONCE]))]
            for path, picture in zip(paths, pictures[start:], strict=False):
                picture.save(path)
            yield from predictor.predict(model, paths, keep_stages=True)


def gather(model: predictor.Model, pictures: list[Image.Image], keep: Path) -> tuple[NDArray[np.intp], Any, Any]:
    """Of pictures in which one digit is seen: their numbers, what was seen, and the answers. Read once for `keep`."""
    if not keep.exists():
        found = [(number, each.seen[0]) for number, each in enumerate(look(model, pictures)) if len(each.seen) == 1]
        numbers, digits = zip(*found, strict=True)
        keep.parent.mkdir(parents=True, exist_ok=True)
        images, answers = ([getattr(each, name) for each in digits] for name in ("image", "probabilities"))
        np.savez(keep, numbers=numbers, images=images, answers=answers)
    with np.load(keep) as seen:
        return seen["numbers"], seen["images"], seen["answers"]


def alike(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Rows of one label and like shape, in random order."""
    groups, random = [], np.random.default_rng(0)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        shapes = ndimage.gaussian_filter(images[rows].astype(np.float32) / 255, (0, 1, 1)).reshape(len(rows), -1)
        count = max(1, round(len(rows) / _OF_A_SHAPE))
        _, group = kmeans2(shapes, count, minit="++", rng=0)
        groups += [random.permutation(rows[group == one]) for one in range(count)]
    return groups


def arc(x: float, y: float, width: float, height: float, first: float, last: float) -> list[tuple[float, float]]:
    """Points of an ellipse's edge, angles in quarters of a turn from the right, clockwise."""
    turns = np.linspace(first, last, 14) * np.pi / 2
    return [(x + width * float(np.cos(turn)), y + height * float(np.sin(turn))) for turn in turns]


# Every way to write a digit: strokes of points, left to right and top to bottom from 0 to 1.
_WAYS: dict[int, list[list[list[tuple[float, float]]]]] = {
    0: [[arc(0.5, 0.5, 0.35, 0.5, -1, 3)], [arc(0.5, 0.5, 0.35, 0.5, -1, 3), [(0.8, 0.1), (0.2, 0.9)]]],
    1: [
        [[(0.5, 0), (0.5, 1)]],
        [[(0.1, 0.4), (0.55, 0), (0.55, 1)]],
        [[(0.1, 0.45), (0.6, 0), (0.6, 1)], [(0.2, 1), (0.95, 1)]],
        [[(0.0, 0.6), (0.6, 0), (0.6, 1)]],
    ],
    2: [
        [[*arc(0.5, 0.28, 0.35, 0.28, -2, 0.6), (0.1, 1), (0.9, 1)]],
        [arc(0.5, 0.28, 0.35, 0.28, -2, 0.6) + arc(0.25, 0.85, 0.15, 0.13, 0, 3.4) + [(0.9, 1)]],
    ],
    3: [
        [arc(0.45, 0.25, 0.35, 0.25, -2, 1) + arc(0.45, 0.75, 0.4, 0.25, -1, 2)],
        [[(0.1, 0), (0.8, 0), (0.4, 0.4), *arc(0.4, 0.7, 0.42, 0.3, -1, 2)]],
    ],
    4: [
        [[(0.3, 0), (0.1, 0.6), (0.9, 0.6)], [(0.7, 0.25), (0.7, 1)]],
        [[(0.9, 0.65), (0.05, 0.65), (0.7, 0), (0.7, 1)]],
        [[(0.2, 0), (0.2, 0.5), (0.8, 0.5)], [(0.8, 0), (0.8, 1)]],
    ],
    5: [
        [[(0.85, 0), (0.25, 0), (0.2, 0.45), *arc(0.45, 0.7, 0.4, 0.3, -1.2, 2)]],
        [[(0.2, 0), (0.2, 0.4), *arc(0.45, 0.7, 0.4, 0.3, -1.2, 2)], [(0.2, 0), (0.95, 0)]],
    ],
    6: [
        [[(0.75, 0), (0.3, 0.4), *arc(0.5, 0.72, 0.33, 0.28, -2, 2)]],
        [[(0.3, 0), (0.17, 0.7), *arc(0.5, 0.75, 0.33, 0.25, 2, -2)]],
    ],
    7: [
        [[(0.1, 0), (0.9, 0), (0.4, 1)]],
        [[(0.1, 0), (0.9, 0), (0.4, 1)], [(0.3, 0.5), (0.9, 0.5)]],
        [[(0.1, 0.2), (0.1, 0), (0.9, 0), (0.35, 1)], [(0.2, 0.5), (0.85, 0.45)]],
    ],
    8: [
        [arc(0.5, 0.25, 0.3, 0.25, -1, 3), arc(0.5, 0.75, 0.37, 0.25, -1, 3)],
        [[(0.85, 0.05), *arc(0.45, 0.25, 0.3, 0.25, -1, -4), *arc(0.5, 0.75, 0.35, 0.25, 0, 2), (0.9, 0.05)]],
    ],
    9: [
        [[*arc(0.5, 0.28, 0.33, 0.28, 0, -4), (0.8, 1)]],
        [[*arc(0.5, 0.28, 0.33, 0.28, 0, -4), (0.83, 0.7), *arc(0.48, 0.75, 0.35, 0.25, 0, 2)]],
    ],
}


def drawn(count: int) -> tuple[list[Image.Image], NDArray[np.int64], NDArray[np.intp]]:
    """Pictures of hands, each with its way to write a digit, its lean, pen and squareness; their labels and hands."""
    pictures, labels, hand_of = [], [], []
    for hand in range(count):
        random = np.random.default_rng((hand, 7))
        habits = {label: ways[random.integers(len(ways))] for label, ways in _WAYS.items()}
        bends = {label: random.normal(0, 0.09, (3, 30, 2)) for label in _WAYS}
        lean, narrow, pen = random.normal(0, 0.25), random.uniform(0.45, 0.9), random.uniform(6, 16)
        for _ in range(_OF_A_HAND):
            label = int(random.integers(10))
            image = Image.new("L", (260, 260), 255)
            now = lean + random.normal(0, 0.05), narrow * random.uniform(0.92, 1.08)
            for stroke, bend in zip(habits[label], bends[label], strict=False):
                points = np.array(stroke) + ndimage.gaussian_filter1d(bend, 2, axis=0)[: len(stroke)]
                points += ndimage.gaussian_filter1d(random.normal(0, 0.05, points.shape), 1, axis=0)
                x = (points[:, 0] - 0.5) * now[1] - (points[:, 1] - 0.5) * now[0]
                line = [(130 + 140 * across, 60 + 140 * down) for across, down in zip(x, points[:, 1], strict=True)]
                ImageDraw.Draw(image).line(line, fill=0, width=round(pen), joint="curve")
            pictures.append(image)
            labels.append(label)
            hand_of.append(hand)
    return pictures, np.array(labels), np.array(hand_of)


def measure(seen: Seen, elsewhere: Seen, rows: Seen, count: int) -> dict[str, Any]:
    """Errors before and after so many corrections of every hand that has more misread digits than that."""
    hands, own, others, learned, spoilt = 0, np.zeros(3, int), np.zeros(3, int), np.zeros(3, int), 0
    for hand in seen.hands:
        misread = np.flatnonzero(seen.wrong[hand])
        if len(misread) <= count:
            continue
        hands += 1
        corrected, later = hand[misread[:count]], hand[misread[count - 1] + 1 :]
        touch = Touch.of(seen.images[corrected], seen.labels[corrected], seen.answers[corrected])
        own += _errors(touch, seen, later)
        spoilt += _errors(touch, seen, later[~seen.wrong[later]])[2]
        others += _errors(touch, seen, np.setdiff1d(np.arange(len(seen.labels)), hand))
        others += _errors(touch, elsewhere, np.arange(len(elsewhere.labels)))
        learned += _errors(touch, rows, np.arange(len(rows.labels)))
    found = {"own": own.tolist(), "spoilt": spoilt, "others": others.tolist(), "learned": learned.tolist()}
    return {"hands": hands, **found}


def _errors(touch: Touch, seen: Seen, rows: NDArray[np.intp]) -> tuple[int, int, int]:
    """How many digits, and of these misread before and after."""
    adapted = touch.adapted(seen.images[rows], seen.answers[rows]).argmax(axis=1)
    return len(rows), int(seen.wrong[rows].sum()), int((adapted != seen.labels[rows]).sum())


def main() -> None:
    """Measures all three kinds of hands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", default="reader")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--seen", type=Path)
    options = parser.parse_args()
    model = predictor.load(options.run)
    _, digits = held_out.load(options.data)
    rows = Seen(digits.images, model.probabilities(digits.images), digits.known_labels, [])
    every: dict[str, Seen] = {}
    with tempfile.TemporaryDirectory() as unnamed:
        keep = options.seen or Path(unnamed)
        for name in real_digits.SETS:
            images, labels = real_digits.load(options.folder, name)
            seen = gather(model, [real_digits.enlarged(image) for image in images], keep / f"{name}.npz")
            every[name] = Seen(*seen[1:], labels[seen[0]], alike(seen[1], labels[seen[0]]))
        pictures, labels, hand_of = drawn(_HANDS)
        seen = gather(model, pictures, keep / "drawn.npz")
        hands = [np.flatnonzero(hand_of[seen[0]] == hand) for hand in range(_HANDS)]
        every["drawn"] = Seen(*seen[1:], labels[seen[0]], hands)
    lines = [
        "| hands | corrected | how many | later digits, misread | after | others, misread | after | learned | after |"
    ]
    lines.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    found: dict[str, Any] = {}
    for name, one in every.items():
        elsewhere = every["semeion" if name == "usps_test" else "usps_test"]
        for count in COUNTS:
            measured = found[f"{name} {count}"] = measure(one, elsewhere, rows, count)
            if measured["hands"]:
                cells = [f"{part:,}" for part in measured["own"]]
                shares = [
                    f"{part / measured[kind][0]:.4f}" for kind in ("others", "learned") for part in measured[kind][1:]
                ]
                cells = [f"{cells[0]}, {cells[1]}", cells[2], *shares]
                lines.append(f"| {name} | {count} | {measured['hands']} | {' | '.join(cells)} |")
                print(lines[-1], measured["spoilt"], flush=True)
    here = machine.describe()
    machine.save("personal", {"machine": here, "hands": found}, "\n".join([*lines, "", machine.sentence(here) + "."]))


if __name__ == "__main__":
    main()
