"""How well own pictures are read: simulated drawings, scans, photos, strings, desks, signs, pages and more.

    python benchmarks/own_images.py --fonts fonts [--recipe sprint | --run RUN] [--count 1000] [--first 0]

The digits are those of the 6,000 rows of held_out.py; the pictures are made by pictures.py and scenes.py, whose signs
and letters are from the fonts that marks.py keeps out. The model is trained on
the other 36,000 rows, or is a run that has not learned the held-out ones. `--first` is the number of the first picture,
from which its row and everything random about it follow: pictures that were looked at while the treatment was improved
are no measure of it.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import held_out
import machine
import marks
import numpy as np
import pictures
import scenes
from PIL import Image

from kaggle_digits import evaluation, predictor, training
from kaggle_digits.digits import Digits
from kaggle_digits.predictor import Model

TARGETS = {
    "drawing": 0.99,
    "scan": 0.985,
    "photo": 0.985,
    "string": 0.96,
    "blank": 0.98,
    "scribble": 0.98,
    "desk": 0.93,
    "tilted": 0.93,
    "signs": 0.9,
    "letters": 0.97,
    "boxes": 0.9,
    "page": 0.9,
    "shadow": 0.95,
    "touching": 0.9,
    "note": 0.93,
}
_ONE = {"drawing": pictures.drawing, "scan": pictures.scan, "photo": pictures.photo}
_NONE = {"blank": pictures.blank, "scribble": pictures.scribble}
_DIGITS = 5
_SHOWN = 8  # of what is silently wrong, for those who want to look


def trained(recipe: str, data: Path, folder: Path) -> Model:
    """A model of the recipe that knows nothing of the held-out rows."""
    source, _ = held_out.load(data)
    plan = training.Plan(recipe, str(data))
    run = training.train(plan, source=source, models=folder / "models", submissions=folder / "submissions")
    return predictor.load(run.path)


def made(kind: str, numbers: range, unseen: Digits, fonts: list[Path]) -> Iterator[tuple[Image.Image, str | None]]:
    """Pictures of a kind, each with its digits, or None where it has none."""
    for number in numbers:
        random = np.random.default_rng([number, sum(map(ord, kind))])
        if kind in _NONE:
            yield _NONE[kind](random), None
        elif kind in scenes.SCENES:
            rows = random.integers(0, len(unseen), scenes.MOST_DIGITS)
            image, shown = scenes.SCENES[kind](unseen.images[rows], fonts, random)
            yield image, None if shown is None else "".join(map(str, unseen.known_labels[rows[shown]]))
        elif kind == "string":
            rows = random.integers(0, len(unseen), _DIGITS)
            yield pictures.string(unseen.images[rows], random), "".join(map(str, unseen.known_labels[rows]))
        else:
            row = number % len(unseen)
            yield _ONE[kind](unseen.images[row], random), str(unseen.known_labels[row])


def saved(kind: str, numbers: range, unseen: Digits, fonts: list[Path], folder: Path) -> dict[str, str | None]:
    """The pictures as files, and what each holds."""
    folder.mkdir(parents=True)
    truth = {}
    for number, (image, digits) in zip(numbers, made(kind, numbers, unseen, fonts), strict=True):
        path = folder / f"{number}.{'jpg' if image.format == 'JPEG' else 'png'}"
        image.save(path, **({"quality": "keep"} if image.format == "JPEG" else {}))
        truth[path.as_posix()] = digits
    return truth


def measure(kind: str, numbers: range, unseen: Digits, fonts: list[Path], model: Model, folder: Path) -> dict[str, Any]:
    """The share of pictures of a kind that are read rightly, or refused where there is nothing to read."""
    truth, count = saved(kind, numbers, unseen, fonts, folder / kind), len(numbers)
    clock = time.perf_counter()
    predictions = predictor.predict(model, [folder / kind])
    seconds = time.perf_counter() - clock
    said = {each.image: each.label and each.label.replace(" ", "") for each in predictions}
    right = sum(said[image] == digits for image, digits in truth.items())
    wrong = [image for image, digits in truth.items() if said[image] not in (None, digits)]
    low, high = evaluation.wilson_interval(right, count)
    result = {"pictures": count, "right": right, "share": right / count, "low": low, "high": high}
    result |= {"refused": count - right - len(wrong), "silently_wrong": len(wrong)}
    for image in wrong[:_SHOWN]:
        print(f"  {Path(image).name}: {said[image]}, not {truth[image]}")
    print(kind, result, flush=True)
    return {**result, "pictures_a_second": round(count / seconds, 1), "target": TARGETS[kind]}


def table(results: dict[str, dict[str, Any]], under: str) -> str:
    """The results as Markdown."""
    lines = [
        "| pictures | how many | right | 95 % interval | refused | silently wrong | a second | target |",
        "|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {kind} | {each['pictures']:,} | {each['share']:.4f} | {each['low']:.4f} to {each['high']:.4f} "
        f"| {each['refused']:,} | {each['silently_wrong']:,} | {each['pictures_a_second']:.0f} | {each['target']} |"
        for kind, each in results.items()
    ]
    return "\n".join([*lines, "", under])


def main() -> None:
    """Measures, and writes results/own_images.json and results/own_images.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="sprint")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument(
        "--only", default=",".join(TARGETS), help="kinds, with commas between them; then nothing is kept"
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    _, unseen = held_out.load(options.data)
    fonts = [path for path in sorted(options.fonts.glob("*.[wt][ot]f*")) if path.stem in marks.KEPT_OUT]
    numbers = range(options.first, options.first + options.count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = predictor.load(options.run) if options.run else trained(options.recipe, options.data, folder)
        if learned := model.rows_learned(unseen):
            raise SystemExit(f"{model.run.name} has learned {learned:,} of the held-out rows.")
        plain = model.evaluate(unseen).accuracy
        kinds = options.only.split(",")
        results = {kind: measure(kind, numbers, unseen, fonts, model, folder) for kind in kinds}
    if set(kinds) != set(TARGETS):
        return
    here, recipe = machine.describe(), model.run.record.recipe.name
    under = (
        f"Simulated from held-out digits, of which `{recipe}` labels {plain:.4f} rightly as they are. A string has "
        "five digits, all of which must be right; blanks, scribbles and letters are right when refused. "
        f"Pictures number {numbers[0]:,} to {numbers[-1]:,}. "
        f"{machine.sentence(here)}."
    )
    document = {"machine": here, "recipe": recipe, "accuracy_as_they_are": plain, "kinds": results}
    machine.save("own_images", document, table(results, under))


if __name__ == "__main__":
    main()
