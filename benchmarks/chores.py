"""What one waits for besides training: start-up, reading, predicting; and memory, with ten times the rows as well.

    python benchmarks/chores.py [--data data] [--against FOLDER]

Every measurement is a process of its own, as a user would start it; the median of several where it is short. Writes
results/chores.json and .md. With the root of another checkout, the light commands of both take turns, and the medians
are only printed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import machine
import numpy as np
import pictures
from PIL import Image

from kaggle_digits import sources

COMMAND = [sys.executable, "-m", "kaggle_digits"]
HERE = Path(__file__).parents[1]
LIGHT = ("--help", "runs", "recipes", "scores", "submit --dry-run")
WRONG = ("train", "--epochs", "many")
_TURNS = 7
_PHOTOS = 200

# What the script that anyone would write does for one image, and for the file of 28,000.
KERAS_WAY = """
import sys, time, numpy as np
from PIL import Image
import keras
model = keras.saving.load_model(sys.argv[1])
image = np.asarray(Image.open(sys.argv[2]).convert("L"))[None]
print(int(model.predict(image, verbose=0).argmax()))
"""

AGREEMENT = """
import json, sys, time, numpy as np
from pathlib import Path
from kaggle_digits import runs, sources
from kaggle_digits.classifiers import lite, neural
test = sources.load(sys.argv[2]).test.images
run = runs.find(sys.argv[1])
quick = lite.load(run.path / lite.FILE)
quick.probabilities(test[:64])
began = time.perf_counter()
ours = quick.probabilities(test)
seconds = time.perf_counter() - began
theirs = neural.load(run.path, run.record).probabilities(test)
print(json.dumps({
    "seconds": seconds,
    "largest_difference": float(np.abs(ours - theirs).max()),
    "other_labels": int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum()),
    "rows": len(test),
}))
"""

PANDAS = """
import sys, time, pandas as pd, numpy as np
began = time.perf_counter()
pd.read_csv(sys.argv[1], dtype=np.uint8)
print(time.perf_counter() - began)
"""

READING = """
import sys, time
from pathlib import Path
import pandas, numpy
from kaggle_digits.sources import kaggle_csv
began = time.perf_counter()
kaggle_csv.load(Path(sys.argv[1]))
print(time.perf_counter() - began)
"""

DISTORTING = """
import json, sys, tempfile
from dataclasses import replace
from pathlib import Path
import msgspec, numpy as np
from kaggle_digits import classifiers, recipes, sources
from kaggle_digits.runs import Listener
recipe = recipes.load(sys.argv[2]).with_values({"epochs": 3})
digits = sources.load(sys.argv[1]).train
train, few = digits.take(np.arange(min(8192, len(digits)))), digits.take(np.arange(10))
def seconds(distortions):
    fit = msgspec.structs.replace(recipe.fit, distortions=distortions)
    with tempfile.TemporaryDirectory() as folder:
        fitted = classifiers.fit(replace(recipe, fit=fit), train, few, 0, Listener(), Path(folder))
    return min(epoch.seconds for epoch in fitted.history[1:])
# By turns, because a machine's speed drifts.
turns = [(seconds(None), seconds(recipe.fit.distortions)) for _ in range(3)]
plain, distorted = map(min, zip(*turns))
print(json.dumps({"share": 1 - plain / distorted, "step_ms": 1000 * distorted / (len(train) // recipe.fit.batch_size)}))
"""


def measure(command: list[str], cwd: Path, expect: int = 0, checkout: Path = HERE) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and standard output of one process, with the package of a checkout.

    Raises:
        RuntimeError: it ended with another status than expected.
    """
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # which would compile a fresh checkout again and again
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != expect:
            raise RuntimeError(f"{command} ended with {process.returncode}: {errors.read()[-2000:].decode()}")
        return seconds, usage.ru_maxrss / 1000, out.read().decode()


def often(command: list[str], cwd: Path, times: int = _TURNS, expect: int = 0) -> float:
    """The median of its seconds."""
    return median(measure(command, cwd, expect)[0] for _ in range(times))


def start_up(folder: Path) -> list[tuple[str, str, str]]:
    """Commands that need no model."""
    rows = []
    for words in LIGHT:
        limit = "0.25 s" if "submit" not in words else "without TensorFlow"
        rows.append((f"`{words}`", f"{often([*COMMAND, *words.split()], folder):.2f} s", limit))
    wrong = often([*COMMAND, *WRONG], folder, expect=2)
    return [*rows, ("wrong usage", f"{wrong:.2f} s", "0.25 s")]


def predicting(run: str, folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """One image from a cold start, and the whole test set."""
    picture = folder / "digit.png"
    write_picture(picture)
    ours = often([*COMMAND, "predict", str(picture), "--run", run], folder)
    keras_way = [sys.executable, "-c", KERAS_WAY, str(folder / "models" / run / "model.keras"), str(picture)]
    theirs = often(keras_way, folder, times=3)
    agreement = json.loads(
        measure([sys.executable, "-c", AGREEMENT, str(folder / "models" / run), str(data)], folder)[2]
    )
    whole, _, _ = measure([*COMMAND, "predict", str(data / "test.csv"), "--run", run, "--json"], folder)
    return [
        ("one image, cold", f"{ours:.2f} s", "0.6 s"),
        ("the same with Keras", f"{theirs:.2f} s, {theirs / ours:.1f} times as long", "6 times"),
        (f"{agreement['rows']:,} rows with `sprint`", f"{agreement['seconds']:.2f} s", "1.5 s"),
        ("the same, `predict test.csv`, whole process", f"{whole:.2f} s", ""),
        (
            "model.tflite against Keras",
            f"largest difference {agreement['largest_difference']:.1e}, other labels {agreement['other_labels']}",
            "1e-4, 0",
        ),
    ]


def write_picture(path: Path) -> None:
    """A seven, drawn by the numbers, as MNIST has them."""
    image = np.zeros((28, 28), np.uint8)
    image[4:7, 6:20] = 255
    for row in range(7, 24):
        image[row, 19 - (row - 7) // 2 : 22 - (row - 7) // 2] = 255
    Image.fromarray(image).save(path)


def reading(folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """train.csv alone, for the first time and again."""
    alone = folder / "alone"
    alone.mkdir()
    shutil.copy(data / "train.csv", alone)
    first, again, theirs = [], [], []
    for _ in range(3):
        (alone / ".train.csv.parsed").unlink(missing_ok=True)
        script = [sys.executable, "-c", READING, str(alone)]
        first.append(float(measure(script, folder)[2]))
        again.append(float(measure(script, folder)[2]))
        theirs.append(float(measure([sys.executable, "-c", PANDAS, str(alone / "train.csv")], folder)[2]))
    return [
        ("train.csv, first time, checked and kept", f"{min(first):.2f} s", "no slower than pandas"),
        ("`pandas.read_csv(dtype=uint8)`", f"{min(theirs):.2f} s", ""),
        ("train.csv again", f"{min(again):.3f} s", "0.1 s"),
    ]


def photos(run: str, folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """A folder of photos of a digit each, and one of five digits with 12 megapixels from a cold start."""
    digits, random = sources.load(data).train.images, np.random.default_rng(0)
    taken = folder / "photos"
    taken.mkdir()
    for number in range(_PHOTOS):
        pictures.photo(digits[number], random).save(taken / f"{number}.jpg", quality=90)
    large = pictures.string([*digits[:5]], random).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    large.save(folder / "large.jpg", quality=90)
    command = [*COMMAND, "predict", "--run", run, "--json"]
    one, many = often([*command, "photos/0.jpg"], folder), often([*command, "photos"], folder, times=3)
    return [
        ("photos of a digit, a second, start-up left out", f"{(_PHOTOS - 1) / (many - one):.0f}", "150"),
        ("a photo of 12 megapixels, five digits, cold", f"{often([*command, 'large.jpg'], folder):.2f} s", "0.5 s"),
    ]


def in_folds(folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """Five folds of `sprint` beside one training, by turns."""
    once, folds = [], []
    for _ in range(3):
        command = [*COMMAND, "train", "sprint", "--data", str(data)]
        once.append(measure(command, folder)[0])
        folds.append(measure([*command, "--folds", "5"], folder)[0])
    told = f"{median(folds):.1f} s, {median(folds) / median(once):.1f} times one training"
    return [("`train sprint --folds 5`", told, "4 times")]


def memory(folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """Peak memory of trainings, and how both it and the seconds grow with ten times the rows."""
    rows = []
    for recipe, most in (("mlp", 0.95), ("sprint", 0.95), ("strong", 0.95), ("resnet", 0.95), ("forest", 1.0)):
        epochs = ["--epochs", "2"] if recipe in ("strong", "resnet") else []
        _, peak, _ = measure([*COMMAND, "train", recipe, "--data", str(data), *epochs], folder)
        rows.append((f"`train {recipe}`, peak memory", f"{peak / 1000:.2f} GB", f"{most} GB"))
    alone, ten = folder / "alone", folder / "ten"
    ten.mkdir()
    with (alone / "train.csv").open("rb") as source, (ten / "train.csv").open("wb") as target:
        header, body = source.readline(), source.read()
        target.write(header)
        for _ in range(10):
            target.write(body)
    command = [*COMMAND, "train", "sprint"]
    (alone / ".train.csv.parsed").unlink(missing_ok=True)
    once, _, _ = measure([*command, "--data", "alone"], folder)
    tenfold, peak, _ = measure([*command, "--data", "ten"], folder)
    shutil.rmtree(ten)
    return [
        *rows,
        ("`train sprint` on 420,000 rows, peak memory", f"{peak / 1000:.2f} GB", "1.6 GB"),
        (
            "seconds for 42,000 and 420,000 rows",
            f"{once:.1f} and {tenfold:.1f}: {tenfold / once:.1f} times",
            "10 times",
        ),
    ]


def distorting(folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """What distorting the images adds to a step of `strong`."""
    found = json.loads(measure([sys.executable, "-c", DISTORTING, str(data), "strong"], folder)[2])
    return [(f"distorting, of a step of `strong` ({found['step_ms']:.0f} ms)", f"{100 * found['share']:.0f} %", "15 %")]


def run(data: Path) -> list[tuple[str, str, str]]:
    """All chores: what, measured, target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = measure([*COMMAND, "train", "sprint", "--data", str(data), "--json"], folder)[2]
        trained = json.loads(told.splitlines()[-1])["run"]
        return [
            *start_up(folder),
            *predicting(trained, folder, data),
            *photos(trained, folder, data),
            *reading(folder, data),
            *in_folds(folder, data),
            *distorting(folder, data),
            *memory(folder, data),
        ]


def against(other: Path, data: str) -> list[tuple[str, float, float]]:
    """What the light commands take in another checkout and in this one, by turns: medians of seconds."""
    with tempfile.TemporaryDirectory() as name:
        folders = {checkout: Path(name) / str(number) for number, checkout in enumerate((other, HERE))}
        for checkout, folder in folders.items():  # each with a run of its own, which the other may not be able to read
            folder.mkdir()
            measure([*COMMAND, "train", "sprint", "--data", data], folder, checkout=checkout)
            write_picture(folder / "digit.png")
            write_submission(folder / "submission.csv")
        commands = {words: (words.split(), 0) for words in LIGHT[:-1]} | {
            LIGHT[-1]: (["submit", "submission.csv", "--dry-run"], 0),
            "wrong usage": ([*WRONG], 2),
            "one image, cold": (["predict", "digit.png"], 0),
        }
        found = []
        for what, (words, expect) in commands.items():
            seconds: dict[Path, list[float]] = {other: [], HERE: []}
            for turn in range(_TURNS):
                for checkout in (other, HERE) if turn % 2 == 0 else (HERE, other):
                    command = [*COMMAND, *words]
                    seconds[checkout].append(measure(command, folders[checkout], expect, checkout)[0])
            found.append((what, median(seconds[other]), median(seconds[HERE])))
        return found


def write_submission(path: Path) -> None:
    """One of the right form."""
    labels = "".join(f"{number},{number % 10}\n" for number in range(1, 28_001))
    path.write_text("ImageId,Label\n" + labels)


def comparison(found: list[tuple[str, float, float]]) -> str:
    """Two checkouts' medians as Markdown."""
    lines = [f"| median of {_TURNS} | other | this | this / other |", "|---|---:|---:|---:|"]
    lines += [f"| {what} | {old:.3f} s | {new:.3f} s | {new / old:.2f} |" for what, old, new in found]
    return "\n".join(lines)


def table(rows: list[tuple[str, str, str]], under: str) -> str:
    """The results as Markdown."""
    lines = ["| | measured | target |", "|---|---:|---:|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, "", f"{under}."])


def main() -> None:
    """Measures, and writes results/chores.json and results/chores.md; or compares, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="the root of another checkout")
    options = parser.parse_args()
    if options.against is not None:
        data = options.data if options.data == sources.BUNDLED else str(Path(options.data).resolve())
        print(comparison(against(options.against.resolve(), data)))
        return
    rows: list[Any] = run(Path(options.data).resolve())
    here = machine.describe()
    machine.save("chores", {"machine": here, "rows": rows}, table(rows, machine.sentence(here)))
    print(table(rows, machine.sentence(here)))


if __name__ == "__main__":
    main()
