"""Reads digits that nobody here made, as pictures: the US Postal Service's and Semeion's.

    python benchmarks/real_digits.py FOLDER [--run RUN ...] [--rows 500]

FOLDER holds usps_test.npz and semeion.npz, each with `images` uint8 `(n, 16, 16)`, 0 paper and 255 ink, and `labels`.
Nothing is ever trained or tuned on them. Each image is enlarged eight times, bicubically, on white paper with a margin
of 48 pixels, and read as any picture is. Writes results/real_digits.json and .md.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import machine
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from kaggle_digits import evaluation, predictor

SETS = ("usps_test", "semeion")
_ENLARGED, _MARGIN, _AT_ONCE = 8, 48, 250


def load(folder: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A set's images, uint8 `(n, 16, 16)`, 0 paper and 255 ink, and their labels."""
    with np.load(folder / f"{name}.npz") as known:
        return known["images"], known["labels"]


def enlarged(image: NDArray[np.uint8]) -> Image.Image:
    """An image as a picture of ink on white paper."""
    side = image.shape[1] * _ENLARGED
    return ImageOps.expand(Image.fromarray(255 - image).resize((side, side), Image.Resampling.BICUBIC), _MARGIN, 255)


def read(model: predictor.Model, name: str, folder: Path, rows: int | None) -> dict[str, Any]:
    """How one set was read."""
    images, labels = load(folder, name)
    order = np.random.default_rng(0).permutation(len(images))[:rows]
    answers = []
    for start in range(0, len(order), _AT_ONCE):
        with tempfile.TemporaryDirectory() as pictures:
            paths = []
            for one in order[start : start + _AT_ONCE]:
                paths.append(Path(pictures) / f"{one:05}.png")
                enlarged(images[one]).save(paths[-1])
            answers += [each.label for each in predictor.predict(model, paths)]
    truth = [str(label) for label in labels[order]]
    right = sum(answer == label for answer, label in zip(answers, truth, strict=True))
    wrong = Counter(
        (label, answer) for answer, label in zip(answers, truth, strict=True) if answer not in (label, None)
    )
    low, high = evaluation.wilson_interval(right, len(order))
    return {
        "rows": len(order),
        "right": right / len(order),
        "interval": [low, high],
        "unsure": answers.count(None) / len(order),
        "wrong": sum(wrong.values()) / len(order),
        "most": [[label, answer, count] for (label, answer), count in wrong.most_common(8)],
    }


def main() -> None:
    """Reads both sets with each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", action="append")
    parser.add_argument("--rows", type=int)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    lines = ["| read by | set | images | right | 95 % interval | refused | silently wrong | most |"]
    lines.append("|---|---|---:|---:|---|---:|---:|---|")
    for run in options.run or ["reader"]:
        model = predictor.load(run)
        title = model.run.record.recipe.name if model.run.name != "reader" else "reader"
        for name in SETS:
            one = found[f"{title} {name}"] = read(model, name, options.folder, options.rows)
            most = ", ".join(f"{label} as {answer} ({count})" for label, answer, count in one["most"][:5])
            low, high = one["interval"]
            lines.append(
                f"| {title} | {name} | {one['rows']:,} | {one['right']:.4f} | {low:.4f} to {high:.4f} "
                f"| {one['unsure']:.4f} | {one['wrong']:.4f} | {most} |"
            )
            print(lines[-1], flush=True)
    here = machine.describe()
    machine.save("real_digits", {"machine": here, "sets": found}, "\n".join([*lines, "", machine.sentence(here) + "."]))


if __name__ == "__main__":
    main()
