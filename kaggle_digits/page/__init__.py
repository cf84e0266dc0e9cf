"""The page on which one draws digits: one file without any outside resource, for the server and for taking along.

`page.html`, `page.css`, `pad.js` and `page.js` are the same for both. What answers differs: `online.js` asks the
server; `offline.js` has a worker, which treats the picture and computes the network (`network.js` and
`operations.js`). The treatment in `photos/` has the package's own steps, file by file, and takes their numbers from it;
the reasons are told there, and tests hold the two together.
"""

import base64
import hashlib
import json
from importlib import resources
from typing import Any

from kaggle_digits import photos

__all__ = ["engine", "offline", "online"]

_PHOTOS = (
    *("paper", "mask", "rules", "strokes", "frames", "pieces", "segmentation"),
    *("standard", "marks", "tilt", "sheet", "ruler", "cutter", "layout", "votes", "decision"),
)  # each after those that it takes functions from


def online() -> str:
    """The page that asks the server it came from, at `api/`."""
    scripts = {"page": _joined("pad.js", "online.js", "page.js")}
    return _assembled(scripts, "connect-src 'self'")


def offline(model: dict[str, Any]) -> str:
    """The page that needs no server.

    Args:
        model: JSON-like: `steps`, `arrays` and `weights` (as `export.graph` tells; base64 of zlib), `imageShape`,
            `temperature`, and `about`: `recipe`, `validation_accuracy`, `classes` and `image_shape`.
    """
    scripts = {"engine": engine(), "page": _joined("pad.js", "offline.js", "page.js")}
    # Within a script element, "</" ends it, and "<!--" with "<script" keeps it from ending.
    data = json.dumps(model, separators=(",", ":")).replace("<", "\\u003c")
    return _assembled(scripts, "worker-src blob:", f'<script type="application/json" id="model">{data}</script>\n')


def engine() -> str:
    """The scripts that read a picture without a server: the photo treatment and the network."""
    steps = [f"photos/{name}.js" for name in _PHOTOS]
    data = json.dumps({**photos.constants(), "weights": photos.weights()}, separators=(",", ":"))
    constants = f"const constants = {data};\n"
    return constants + _joined("numbers.js", "filters.js", *steps, "operations.js", "network.js", "reading.js")


def _text(name: str) -> str:
    return (resources.files(__name__) / name).read_text(encoding="utf-8")


def _joined(*names: str) -> str:
    """Scripts without their comments and indentation, which are a sixth of them."""
    lines = (line.strip() for name in names for line in _text(name).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _assembled(scripts: dict[str, str], allowed: str, data: str = "") -> str:
    """The page with these scripts, by their ids, which may do what the policy's directive `allowed` says."""
    style, hashes = _text("page.css"), " ".join(map(_hash, scripts.values()))
    policy = f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; img-src data: blob:; base-uri 'none'"
    blocks = "\n".join(f'<script id="{name}">{script}</script>' for name, script in scripts.items())
    parts = {"{policy}": f"{policy}; {allowed}", "{style}": style, "{scripts}": data + blocks}
    page = _text("page.html")
    for place, part in parts.items():
        page = page.replace(place, part)
    return page


def _hash(content: str) -> str:
    """By which a browser knows the one script or style that it may use."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
