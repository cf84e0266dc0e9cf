"""What a training does when, and what runs beside what: every thread, looked at a hundred times a second.

    python benchmarks/timeline.py [--data data] [--against FOLDER] [WORDS OF THE TRAINING ...]

The default is `train sprint`, from the shell to its pictures and submission. With the root of another checkout, its
timeline is drawn above this one's. Writes results/timeline.png and .md.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine

HERE = Path(__file__).parents[1]

# Runs in a process of its own: the command, and a thread that notes where every other one is.
SAMPLER = """
import sys, threading, time
BEGAN = time.time()
import json
seen, over, me = [], threading.Event(), threading.get_ident()

def places():
    for thread, frame in sys._current_frames().items():
        if thread == sampler.ident:
            continue
        while frame and "/kaggle_digits/" not in frame.f_code.co_filename:
            frame = frame.f_back
        if frame:
            path = frame.f_code.co_filename.rsplit("/kaggle_digits/", 1)[1].removesuffix(".py")
            yield "main" if thread == me else "beside", f"{path}:{frame.f_code.co_name}"

def sample():
    while not over.wait(0.01):
        seen.append((time.time() - BEGAN, sorted(set(places()))))

sampler = threading.Thread(target=sample, daemon=True)
sampler.start()
from kaggle_digits import cli
where, sys.argv = sys.argv[1], ["kaggle-digits", *sys.argv[2:]]
try:
    cli.main()
except SystemExit:
    pass
over.set()
sampler.join()
with open(where, "w") as file:
    json.dump(seen, file)
"""

KINDS = {
    "backend:": "loading Keras",
    "sources/": "reading the digits",
    "digits/": "dealing the rows",
    "classifiers/neural:save": "saving the model",
    "classifiers/neural:_export": "saving the model",
    "classifiers/lite": "answering",
    "classifiers/neural:answers": "answering",
    "classifiers/networks": "building the network",
    "classifiers/f": "training",
    "classifiers/devices": "training",
    "classifiers/augmentation": "training",
    "evaluation/": "report and pictures",
    "competition/": "submission",
    # Of the checkouts before the rooms:
    "classifiers/backend": "loading Keras",
    **dict.fromkeys(("digits:", "duplicates:", "leaks:"), "dealing the rows"),
    **dict.fromkeys(("plots/", "evaluation:", "reporting:"), "report and pictures"),
    "classifiers/neural": "answering",
    **dict.fromkeys(("augmentation:", "classifiers/precision", "classifiers/silence"), "training"),
    **dict.fromkeys(("submission:", "submitting:"), "submission"),
}
OTHER = "all else"


def kind(place: str) -> str:
    """What somebody waits for while a thread is at a place, `classifiers/fitting:_learn` say."""
    return next((name for start, name in KINDS.items() if place.startswith(start)), OTHER)


def timeline(checkout: Path, words: list[str]) -> list[tuple[float, list[tuple[str, str]]]]:
    """Seconds since the shell started the command, and what the main thread and others were doing then."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        command = [sys.executable, "-c", SAMPLER, str(out), *words]
        began = time.time()
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        ended = time.time() - began
        seen = json.loads(out.read_text())
    late = ended - seen[-1][0]  # the interpreter's own start, and its end
    return [(when + late, sorted({(row, kind(place)) for row, place in doing})) for when, doing in seen]


def shares(seen: list[tuple[float, list[tuple[str, str]]]]) -> dict[tuple[str, str], float]:
    """Seconds of each kind, of the main thread and beside it."""
    found: dict[tuple[str, str], float] = {}
    for (when, doing), (after, _) in itertools.pairwise(seen):
        for one in doing:
            found[one] = found.get(one, 0.0) + after - when
    return found


def table(timelines: dict[str, Any], under: str) -> str:
    """Seconds of each kind as Markdown."""
    columns = {name: shares(seen) for name, seen in timelines.items()}
    lines = ["| seconds | " + " | ".join(f"{name} | beside it" for name in columns) + " |"]
    lines.append("|---|" + "---:|---:|" * len(columns))
    for what in [*dict.fromkeys(KINDS.values()), OTHER]:
        cells = [f"{seconds.get((row, what), 0.0):.1f}" for seconds in columns.values() for row in ("main", "beside")]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    ends = " | ".join(f"{seen[-1][0]:.1f} | " for seen in timelines.values())
    return "\n".join([*lines, f"| from the shell to the end | {ends} |", "", f"{under}."])


def draw(timelines: dict[str, Any], path: Path) -> None:
    """A bar a thread, a colour for each kind of work."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    names = [*dict.fromkeys(KINDS.values()), OTHER]
    colour = dict(zip(names, colormaps["tab20"].colors, strict=False)) | {OTHER: "0.8"}
    figure = Figure(figsize=(9, 1.6 + 1.1 * len(timelines)), layout="constrained")
    panels = figure.subplots(len(timelines), squeeze=False, sharex=True)[:, 0]
    for axes, (name, seen) in zip(panels, timelines.items(), strict=True):
        for (when, doing), (after, _) in itertools.pairwise(seen):
            for row, what in doing:
                axes.barh(row == "beside", after - when, left=when, color=colour[what], height=0.8)
        axes.set_yticks([0, 1], ["main thread", "beside it"])
        axes.invert_yaxis()
        axes.set_title(name, loc="left", fontsize="medium")
    panels[-1].set_xlabel("Seconds since the command was given")
    figure.legend(
        handles=[Patch(color=colour[name], label=name) for name in names], loc="outside lower center", ncols=5
    )
    figure.savefig(path, dpi=130)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", default=["train", "sprint"])
    parser.add_argument("--data", default="data")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="the root of another checkout")
    options = parser.parse_args()
    words = [*options.words, "--data", str(Path(options.data).resolve())]
    timelines = {} if options.against is None else {"before": timeline(options.against.resolve(), words)}
    timelines["now" if timelines else " ".join(options.words)] = timeline(HERE, words)
    here = machine.describe()
    text = table(timelines, machine.sentence(here))
    (machine.RESULTS / "timeline.md").write_text(text + "\n")
    draw(timelines, machine.RESULTS / "timeline.png")
    print(text)


if __name__ == "__main__":
    main()
