"""The package beside the scripts that people write, by turns in one run: accuracy, training and whole-process time.

    python benchmarks/speed.py [--seeds 5] [--data data] [CONTESTANT ...]

All learn from the same 36,000 rows and are judged on the 6,000 others; `peers.py` wants PyTorch. Every training is a
process of its own, from the shell to a submission CSV (and, for the package, its pictures). Writes results/speed.json,
.md and .png.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import held_out
import machine

from kaggle_digits.digits import Digits

CONTESTANTS = (
    *("plain cnn", "plain mlp", "peers torch-cnn", "peers torch-mlp", "peers sklearn-mlp"),
    *("sprint", "sprint --precision float32", "strong", "mlp", "cnn"),
)


def write_csv(path: Path, digits: Digits) -> None:
    """Digits as a CSV of the competition's form."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        labelled = digits.labels is not None
        table.writerow((["label"] if labelled else []) + [f"pixel{number}" for number in range(784)])
        rows = digits.images.reshape(len(digits), -1).tolist()
        labels = [[label] for label in digits.known_labels.tolist()] if labelled else [[]] * len(rows)
        table.writerows(label + row for label, row in zip(labels, rows, strict=True))


def prepare(data: Path, folder: Path) -> None:
    """Puts the 36,000 rows, the test set, and the 6,000 held-out rows where the contestants find them."""
    source, unseen = held_out.load(data)
    (folder / "data").mkdir()
    (folder / "unseen").mkdir()
    write_csv(folder / "data" / "train.csv", source.train)
    write_csv(folder / "unseen" / "train.csv", unseen)
    if source.test is not None:
        write_csv(folder / "data" / "test.csv", source.test)


def run(contestant: str, seed: int, folder: Path) -> dict[str, Any]:
    """One training in a process of its own, and its accuracy on the held-out rows."""
    if contestant.startswith(("plain ", "peers ")):
        files = ["data/train.csv", "unseen/train.csv", "data/test.csv"]
        name, kind = contestant.split()
        script = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), kind, str(seed)]
        result: dict[str, Any] = call([*script, *files], folder)
        return result
    told, seconds, judged = trained(contestant.split(), seed, folder)
    return {
        "accuracy": judged["accuracy"],
        "train_seconds": told["train_seconds"],
        "seconds": round(seconds, 2),
        "validation_accuracy": told["validation_accuracy"],
    }


def trained(words: list[str], seed: int, folder: Path) -> tuple[dict[str, Any], float, dict[str, Any]]:
    """What `train` with these words told, the seconds of the whole process, and its evaluation on held-out rows."""
    command = [sys.executable, "-m", "kaggle_digits"]
    began = time.perf_counter()
    told = call([*command, "train", *words, "--seed", str(seed), "--json"], folder)
    seconds = time.perf_counter() - began
    return told, seconds, call([*command, "evaluate", told["run"], "--data", "unseen", "--json"], folder)


def call(command: list[str], folder: Path) -> dict[str, Any]:
    """The JSON that a command prints."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def table(results: dict[str, list[dict[str, Any]]], under: str) -> str:
    """The results as Markdown."""
    lines = [
        "| | accuracy (lowest to highest) | seeds | training | whole process |",
        "|---|---|---:|---:|---:|",
    ]
    for name, runs in results.items():
        accuracies = [run["accuracy"] for run in runs]
        lines.append(
            f"| {name} | {mean(accuracies):.4f} ({min(accuracies):.4f} to {max(accuracies):.4f}) | {len(runs)} "
            f"| {mean(run['train_seconds'] for run in runs):.1f} s | {mean(run['seconds'] for run in runs):.1f} s |"
        )
    note = (
        "Accuracy on 6,000 rows kept out of training and tuning, mean over seeds. `plain cnn` and `torch-cnn` stop "
        "when their own validation first reaches 99.0 %, or after ten epochs"
    )
    return "\n".join([*lines, "", f"{note}. {under}."])


def draw(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Accuracy against seconds of training, a point a seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, runs in results.items():
        marker = "s" if name.startswith(("plain", "peers")) else "o"
        axes.plot([r["train_seconds"] for r in runs], [100 * r["accuracy"] for r in runs], marker, label=name)
    axes.set(xscale="log", xlabel="Seconds of training (log scale)", ylabel="Accuracy on 6,000 unseen rows (%)")
    axes.axhline(99, color="0.6", linestyle=":")
    axes.grid(color="0.92")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Measures, and writes the results; those of contestants that are not named are kept from the last time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestants", nargs="*", default=list(CONTESTANTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    results, here = machine.kept("speed").get("results", {}), machine.describe()
    with tempfile.TemporaryDirectory() as name:
        prepare(options.data, Path(name))
        results |= {contestant: [] for contestant in options.contestants}
        for seed in range(options.seeds):  # by turns, because a machine's speed drifts
            for contestant in options.contestants:
                results[contestant].append(run(contestant, seed, Path(name)))
                print(contestant, results[contestant][-1], flush=True)
            ordered = {known: results[known] for known in CONTESTANTS if results.get(known)}
            document = {"machine": here, "results": ordered}
            machine.save("speed", document, table(ordered, machine.sentence(here)))
    draw(ordered, machine.RESULTS / "speed.png")


if __name__ == "__main__":
    main()
