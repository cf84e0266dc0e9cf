"""What one waits for besides training: start-up, reading, predicting; and memory, with ten times the rows as well.

    python benchmarks/chores.py [--data data]

Every measurement is a process of its own, as a user would start it; the median of several where it is short. Writes
results/chores.json and .md.
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

COMMAND = [sys.executable, "-m", "kaggle_digits"]

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
quick = lite.load(run.path)
quick.probabilities(test[:64])
began = time.perf_counter()
ours = quick.probabilities(test)
seconds = time.perf_counter() - began
theirs = neural.load(run.path).probabilities(test)
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
import json, sys, time, tempfile
from pathlib import Path
import numpy as np
from kaggle_digits import sources
from kaggle_digits.classifiers import augmentation
from kaggle_digits.classifiers import feeding, fitting, networks, precision
from kaggle_digits.classifiers.backend import load_keras
from kaggle_digits.digits import Digits
from kaggle_digits.recipes import RECIPES
recipe, keras = RECIPES[sys.argv[2]], load_keras()
train = sources.load(sys.argv[1]).train.take(np.arange(8192))
rng = np.random.default_rng(0)
model = networks.build(recipe.model, train.image_shape, 10, precision.choose(keras, recipe.fit.precision))
fitting._compile(keras, model, recipe.fit)
distort = augmentation.distorter(keras, recipe.fit.distortions, train.image_shape)
def seconds(distort):
    began = time.perf_counter()
    for images, labels in feeding.one_epoch(train, recipe.fit.batch_size, distort, None, rng):
        model.train_on_batch(images, labels)
    return time.perf_counter() - began
seconds(distort)
# By turns, because a machine's speed drifts.
plain, distorted = map(min, zip(*[(seconds(None), seconds(distort)) for _ in range(6)]))
print(json.dumps({"share": 1 - plain / distorted, "step_ms": 1000 * distorted / (8192 // recipe.fit.batch_size)}))
"""


def measure(command: list[str], cwd: Path, expect: int = 0) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and standard output of one process.

    Raises:
        RuntimeError: it ended with another status than expected.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=errors, env={**os.environ, "COLUMNS": "200"})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != expect:
            raise RuntimeError(f"{command} ended with {process.returncode}: {errors.read()[-2000:].decode()}")
        return seconds, usage.ru_maxrss / 1000, out.read().decode()


def often(command: list[str], cwd: Path, times: int = 7, expect: int = 0) -> float:
    """The median of its seconds."""
    return median(measure(command, cwd, expect)[0] for _ in range(times))


def start_up(folder: Path) -> list[tuple[str, str, str]]:
    """Commands that need no model."""
    rows = []
    for words in ("--help", "runs", "recipes", "scores", "submit --dry-run"):
        limit = "0.25 s" if "submit" not in words else "without TensorFlow"
        rows.append((f"`{words}`", f"{often([*COMMAND, *words.split()], folder):.2f} s", limit))
    wrong = often([*COMMAND, "train", "--epochs", "many"], folder, expect=2)
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
    import numpy as np
    from PIL import Image

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


def memory(folder: Path, data: Path) -> list[tuple[str, str, str]]:
    """Peak memory of trainings, and how both it and the seconds grow with ten times the rows."""
    rows = []
    for recipe in ("mlp", "sprint", "strong"):
        epochs = [] if recipe != "strong" else ["--epochs", "2"]
        _, peak, _ = measure([*COMMAND, "train", recipe, "--data", str(data), *epochs], folder)
        rows.append((f"`train {recipe}`, peak memory", f"{peak / 1000:.2f} GB", "1.2 GB"))
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
        ("`train sprint` on 420,000 rows, peak memory", f"{peak / 1000:.2f} GB", "2.5 GB"),
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
            *reading(folder, data),
            *distorting(folder, data),
            *memory(folder, data),
        ]


def table(rows: list[tuple[str, str, str]], under: str) -> str:
    """The results as Markdown."""
    lines = ["| | measured | target |", "|---|---:|---:|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, "", f"{under}."])


def main() -> None:
    """Measures, and writes results/chores.json and results/chores.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    rows: list[Any] = run(options.data.resolve())
    here = machine.describe()
    machine.save("chores", {"machine": here, "rows": rows}, table(rows, machine.sentence(here)))
    print(table(rows, machine.sentence(here)))


if __name__ == "__main__":
    main()
