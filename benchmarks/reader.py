"""Trains the reader that comes with the package, on the competition's train.csv alone, and says what it is worth.

    python benchmarks/reader.py [--data data] [--work DIR] [--folds 5]

A `resnet` learns distorted digits, and beside them a third as many drawn otherwise: stretched towards a square, or in
coarse pixels, as forms, scanners and small screens make them. Five folds say what it is worth, then one network learns
all rows and goes into kaggle_digits/reader as a run folder. Its numbers are rounded to what 16 bits can hold, so that
the wheel packs them in half the space. An interrupted measurement goes on where it was, in DIR.

Writes results/reader.json and .md, and kaggle_digits/reader.
"""

import argparse
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.backend import load_keras, silenced
from kaggle_digits.classifiers import Fitted, calibration, lite, neural
from kaggle_digits.digits import Digits, splitting
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, DataRecord, Epoch, Listener, Plan, environment

READER = Path(runs.__file__).parents[1] / "reader"
SEED = 20261127
COARSE = 16  # pixels along a side
FIT = {"epochs": 12, "rotation": 12, "shift": 2, "zoom": 0.12, "shear": 0.15, "elastic": 0.8}


class Told(Listener):
    """Prints each epoch."""

    def epoch(self, epoch: Epoch) -> None:
        print(
            f"  epoch {epoch.epoch}: {epoch.accuracy:.4f}, {epoch.val_accuracy:.4f}, {epoch.seconds:.0f} s", flush=True
        )


def drawn_otherwise(digits: Digits, rng: np.random.Generator) -> Digits:
    """A third of the digits, stretched towards a square, every second one in coarse pixels of ink or paper."""
    chosen = rng.permutation(len(digits))[: len(digits) // 3]
    images = np.stack([_redrawn(digits.images[one], rng) for one in chosen])
    return replace(digits.take(chosen), images=images)


def _redrawn(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    rows, columns = (np.flatnonzero((image > 64).any(axis=axis)) for axis in (1, 0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    share = rng.uniform(0, 0.7)  # 0: as it is, 1: as wide as high
    height, width = (max(3, round(side + share * (20 - side))) for side in box.shape)
    picture = Image.fromarray(box)
    if rng.random() < 0.5:
        small = [max(2, round(side * COARSE / 20)) for side in (width, height)]
        coarse = np.asarray(picture.resize((small[0], small[1]), Image.Resampling.BOX))
        picture = Image.fromarray(np.where(coarse > rng.uniform(70, 150), 255, 0).astype(np.uint8))
    ink = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float64)
    new = np.zeros(image.shape, np.uint8)
    top, left = (_start(ink.sum(axis=axis), 28) for axis in (1, 0))
    new[top : top + height, left : left + width] = ink
    return new


def _start(ink: NDArray[np.float64], side: int) -> int:
    """Where ink begins along a side of an image whose middle is the ink's own."""
    return int(np.clip(round((side - 1) / 2 - np.average(np.arange(len(ink)), weights=ink)), 0, side - len(ink)))


def fit(recipe: Recipe, learned: Digits, judged: Digits, folder: Path) -> Fitted:
    """One network, which goes on where its checkpoint in the folder is."""
    rng = np.random.default_rng(SEED)
    others = drawn_otherwise(learned, rng)
    together = Digits.numbered(
        np.concatenate([learned.images, others.images]),
        np.concatenate([learned.known_labels, others.known_labels]),
        learned.classes,
    )
    folder.mkdir(parents=True, exist_ok=True)
    return classifiers.fit(recipe, together, judged, SEED, Told(), folder)


def out_of_fold(
    recipe: Recipe, digits: Digits, count: int, work: Path
) -> tuple[NDArray[np.float32], list[float], float]:
    """What networks say of rows that they have not learned, each fold's accuracy, and the seconds of training."""
    fold = splitting.folds(digits, count, SEED)
    probabilities, accuracies, seconds = np.zeros((len(digits), digits.classes), np.float32), [], 0.0
    for number in range(count):
        rows, kept = np.flatnonzero(fold == number), work / f"fold-{number + 1}.npz"
        if not kept.exists():
            clock = time.perf_counter()
            fitted = fit(recipe, digits.take(np.flatnonzero(fold != number)), digits.take(rows), work / kept.stem)
            said = fitted.classifier.probabilities(digits.images[rows])
            np.savez(kept, said=said, seconds=time.perf_counter() - clock)
        with np.load(kept) as known:
            probabilities[rows] = known["said"]
            seconds += float(known["seconds"])
        accuracies.append(float((probabilities[rows].argmax(axis=1) == digits.known_labels[rows]).mean()))
        print(f"fold {number + 1}: {accuracies[-1]:.4f} of {len(rows)} rows", flush=True)
    return probabilities, accuracies, seconds


def save(model: Any, folder: Path) -> list[str]:
    """Both files of a network, its weights rounded to 16 bits."""
    for weight in model.weights:
        weight.assign(load_keras().ops.convert_to_numpy(weight).astype(np.float16).astype(np.float32))
    model.save(folder / neural.FILE)
    import tensorflow

    with tempfile.TemporaryDirectory() as saved, silenced():
        model.export(saved, verbose=False)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(saved)
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tensorflow.float16]
        (folder / lite.FILE).write_bytes(converter.convert())
    return [neural.FILE, lite.FILE]


def main() -> None:
    """Measures, trains, and writes the reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--work", type=Path, default=Path("reader-work"))
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    clock = time.perf_counter()
    source = sources.load(options.data)
    digits = source.train
    recipe = classifiers.prepare(recipes.load("resnet").with_values(FIT), digits, len(digits), FIT)

    said, accuracies, seconds = out_of_fold(recipe, digits, options.folds, options.work)
    report = evaluation.evaluate(digits.known_labels, calibration.cross_fitted(said, digits.known_labels))
    print(f"out of fold {report.accuracy:.5f}, {report.interval}", flush=True)

    fitted = fit(recipe, digits, digits.take(np.arange(0, len(digits), 100)), options.work / "all")
    network = fitted.classifier
    assert isinstance(network, neural.NeuralNetwork)
    network.calibrate(calibration.fit_temperature(said, digits.known_labels))
    shutil.rmtree(READER, ignore_errors=True)
    READER.mkdir()
    beginning = Beginning(
        plan=Plan("resnet", seed=SEED),
        recipe=recipe.record(),
        data=DataRecord(name="digit-recognizer", path="data", kind=source.kind, train_sha256=source.train_sha256),
        classes=digits.classes,
        image_shape=digits.image_shape,
        **environment.circumstances(),
    )
    runs.write_plan(READER, beginning)
    trained = sum(epoch.seconds for epoch in fitted.history)
    files = save(network.model, READER)
    run = runs.complete(
        READER,
        beginning,
        files,
        train_rows=len(digits),
        validation_rows=report.rows,
        validation_accuracy=report.accuracy,
        validation_interval=report.interval,
        parameters=sum(layer.parameters for layer in network.layers()),
        layers=network.layers(),
        epochs=len(fitted.history),
        kept=fitted.kept,
        precision=fitted.precision,
        temperature=1.0,
        folds=accuracies,
        seconds=round(time.perf_counter() - clock, 1),
        train_seconds=round(trained, 1),
    )
    (READER / runs.PLAN).unlink()
    document = {
        "machine": machine.describe(),
        "accuracy": report.accuracy,
        "interval": report.interval,
        "calibration_error": report.calibration_error,
        "folds": options.folds,
        "fold_seconds": round(seconds),
        "train_seconds": round(trained),
        "bytes": {name: (READER / name).stat().st_size for name in files},
        "sha256": run.record.files,
    }
    machine.save("reader", document, card(document))
    (READER / "README.md").write_text(card(document) + "\n")


def card(found: dict[str, Any]) -> str:
    """What the reader is, as Markdown."""
    low, high = found["interval"]
    values = ", ".join(f"{name} {value}" for name, value in FIT.items())
    lines = [
        "# The reader",
        "",
        "A network that reads handwritten digits, for those who have not trained one. `kaggle-digits predict`,",
        "`serve` and `export` use it where there is no run of your own; `submit` never does.",
        "",
        "| | |",
        "|---|---|",
        "| learned | the 42,000 rows of train.csv of Kaggle's Digit Recognizer, and nothing else |",
        f"| recipe | `resnet` ({values}), and beside each three digits one stretched, or in coarse pixels |",
        f"| out of fold | {found['accuracy']:.4f} ({low:.4f} to {high:.4f}, 95 %), {found['folds']} folds, one seed |",
        f"| calibration error | {found['calibration_error']:.4f} |",
        f"| training | {found['train_seconds']} s, and {found['fold_seconds']} s for the folds, beside other work |",
        *(
            f"| {name} | {found['bytes'][name] / 1000:.0f} kB, SHA-256 {found['sha256'][name]} |"
            for name in found["bytes"]
        ),
        f"| machine | {machine.sentence(found['machine'])} |",
        "| licence | that of the package |",
        "",
        "Make it again: `python benchmarks/reader.py`.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
