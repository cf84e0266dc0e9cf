"""Where and with what a benchmark ran, and how its tables are written."""

import importlib.metadata
import json
import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn", "pandas")


def describe() -> dict[str, Any]:
    """Processor, usable cores, instruction sets that matter, versions and date."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    flags = set(fields.get("flags", "").split())
    return {
        "processor": fields.get("model name", platform.processor()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
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
