"""What corrections bring: how the reader reads a hand's later digits once 5, 10 or 20 were put right.

    python benchmarks/personal.py FOLDER [--run RUN]

FOLDER holds usps_test.npz and semeion.npz, as for real_digits.py. A hand is simulated twice over: by digits of one
label and one shape from those sets (flagged ones, barred sevens), and by strokes, with habits and a lean of its own in
all digits. What is not read rightly, be it refused or misread, is corrected as `predict --correct` does. Others are
digits of the sets that are not the hand's. Nothing was trained on any of them; the constants were chosen on the drawn
hands. Writes results/personal.json and .md.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import numpy as np
import real_digits
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.cluster.vq import kmeans2

from kaggle_digits import predictor

COUNTS = (5, 10, 20)
_OF_A_SHAPE, _HANDS, _OF_A_HAND = 50, 30, 90  # digits alike; drawn hands; digits of each
_OTHERS = 1000  # digits of others


@dataclass(frozen=True, eq=False)
class Shown:
    """Pictures of a digit each, int64 `(n,)` its label, whose hand each is, and int64 `(n,)`, how it is read."""

    paths: list[Path]
    labels: NDArray[np.int64]
    hands: list[NDArray[np.intp]]
    said: NDArray[np.int64]


def read(model: predictor.Model, paths: list[Path], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How each is read: int64 `(n,)`, 1 rightly, 0 refused, -1 as another label."""
    said = [each.label for each in predictor.predict(model, paths)]
    return np.array(
        [0 if one is None else 1 if one == str(label) else -1 for one, label in zip(said, labels, strict=True)]
    )


def shown(
    model: predictor.Model, folder: Path, pictures: list[Image.Image], labels: Any, hands: list[NDArray[np.intp]]
) -> Shown:
    """The pictures as files, and how they are read."""
    folder.mkdir()
    paths = [folder / f"{number:05}.png" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        picture.save(path)
    return Shown(paths, labels, hands, read(model, paths, labels))


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


def measure(model: predictor.Model, of: Shown, others: Shown, count: int) -> dict[str, Any]:
    """How digits are read before and after so many corrections of every hand that has more to correct than that.

    Returns:
        How many hands; and of their later digits, and of others, how many are rightly read before and after, of all,
        and how many are silently misread.
    """
    hands, own, spoilt, rest = 0, np.zeros(5, int), 0, np.zeros(5, int)
    random = np.random.default_rng(count)
    for hand in of.hands:
        to_correct = hand[np.flatnonzero(of.said[hand] != 1)]
        if len(to_correct) <= count:
            continue
        with tempfile.TemporaryDirectory() as name:
            kept, done = Path(name) / "corrections", 0
            for row in to_correct:
                (seen,) = predictor.predict(model, [of.paths[row]], keep_stages=True)
                if len(seen.seen) + len(seen.seen_marks) == 1:  # else its picture holds more than its digit
                    predictor.correct(seen, str(of.labels[row]), kept)
                    done, last = done + 1, row
                if done == count:
                    break
            later = hand[int(np.flatnonzero(hand == last)[0]) + 1 :]
            if done < count or not len(later):
                continue
            touched = predictor.personal(model, kept)
        hands += 1
        own += _told(touched, of, later)
        before = of.said[later] == 1
        spoilt += int((read(touched, [of.paths[row] for row in later[before]], of.labels[later[before]]) != 1).sum())
        rest += _told(touched, others, random.choice(len(others.paths), _OTHERS, replace=False))
    return {"hands": hands, "own": own.tolist(), "spoilt": spoilt, "others": rest.tolist()}


def _told(touched: predictor.Model, of: Shown, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    paths, labels = [of.paths[row] for row in rows], of.labels[rows]
    before, after = of.said[rows], read(touched, paths, labels)
    return np.array(
        [len(rows), *((each == 1).sum() for each in (before, after)), *((each == -1).sum() for each in (before, after))]
    )


def main() -> None:
    """Measures all three kinds of hands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", default="reader")
    options = parser.parse_args()
    model = predictor.load(options.run)
    lines = ["| hands | corrected | how many | later digits | right | after | wrong | after | others | right | after |"]
    lines[0] += " wrong | after |"
    lines.append("|---" + "|---:" * 12 + "|")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        every: dict[str, Shown] = {}
        for one in real_digits.SETS:
            images, labels = real_digits.load(options.folder, one)
            pictures = [real_digits.enlarged(image) for image in images]
            every[one] = shown(model, Path(name) / one, pictures, labels, alike(images, labels))
        pictures, labels, hand_of = drawn(_HANDS)
        hands = [np.flatnonzero(hand_of == hand) for hand in range(_HANDS)]
        every["drawn"] = shown(model, Path(name) / "drawn", pictures, labels, hands)
        for kind, of in every.items():
            others = every["semeion" if kind == "usps_test" else "usps_test"]
            for count in COUNTS:
                measured = found[f"{kind} {count}"] = measure(model, of, others, count)
                if measured["hands"]:
                    numbers = [measured["hands"], *measured["own"], *measured["others"]]
                    lines.append(f"| {kind} | {count} | {' | '.join(f'{part:,}' for part in numbers)} |")
                    print(lines[-1], "spoilt", measured["spoilt"], flush=True)
    here = machine.describe()
    machine.save("personal", {"machine": here, "hands": found}, "\n".join([*lines, "", machine.sentence(here) + "."]))


if __name__ == "__main__":
    main()
