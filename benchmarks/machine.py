"""Where and with what a benchmark ran, and how its results are kept."""

import importlib.metadata
import json
import platform
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits import recipes
from kaggle_digits.machine import usable_cores
from kaggle_digits.recipes import Measured

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn", "pandas")
_MEASURED = Path(recipes.__file__).with_name("measured.json")


def describe() -> dict[str, Any]:
    """Processor, usable cores, instruction sets that matter, versions and date."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    flags = set(fields.get("flags", "").split())
    return {
        "processor": fields.get("model name", platform.processor()),
        "cores": usable_cores(),
        "instructions": sorted(flags & {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        "date": date.today().isoformat(),
    }


def sentence(machine: dict[str, Any]) -> str:
    """The same in one line, to stand under a table."""
    versions = ", ".join(f"{name} {machine[name]}" for name in ("python", *_LIBRARIES))
    return (
        f"{machine['processor']}, {machine['cores']} cores ({', '.join(machine['instructions'])}); {versions}; "
        f"{machine['date']}"
    )


def save(name: str, document: dict[str, Any], table: str) -> None:
    """Writes results/NAME.json and results/NAME.md."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(table + "\n")


def kept(name: str) -> dict[str, Any]:
    """What results/NAME.json says from the last time; empty where it was never written."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def save_measured(name: str, measured: Measured) -> None:
    """Writes what a built-in recipe gave into the package, where `kaggle-digits recipes` finds it."""
    every = sorted({**recipes.measurements(), name: measured}.items(), key=lambda one: one[1].accuracy)
    document = {
        name: {**msgspec.to_builtins(one), "accuracy": round(one.accuracy, 4), "seconds": round(one.seconds)}
        for name, one in every
    }
    _MEASURED.write_text(json.dumps(document, indent=2) + "\n")
