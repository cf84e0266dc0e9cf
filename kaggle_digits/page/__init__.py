"""The page on which one draws digits: one file without any outside resource, for the server and for taking along.

`page.html`, `page.css`, `pad.js` and `page.js` are the same for both. What answers differs: `online.js` asks the
server; `offline.js` treats the picture (`filters.js`, `photos.js`) and runs the network (`network.js`) itself.
"""

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any

_PAD, _PAGE = "pad.js", "page.js"


def online() -> str:
    """The page that asks the server it came from, at `api/`."""
    return _assembled([_PAD, "online.js", _PAGE], None)


def offline(model: dict[str, Any]) -> str:
    """The page that needs no server.

    Args:
        model: JSON-like: `layers` and `weights` (as `export.weights` tells; base64 of zlib), `imageShape`,
            `temperature`, and `about`: `recipe`, `parameters`, `classes` and `image_shape`.
    """
    return _assembled(["filters.js", "photos.js", "network.js", _PAD, "offline.js", _PAGE], model)


def text(name: str) -> str:
    """One of the page's parts, such as `network.js`."""
    return (resources.files(__name__) / name).read_text(encoding="utf-8")


def _assembled(scripts: list[str], model: dict[str, Any] | None) -> str:
    style, code = text("page.css"), [text(name) for name in scripts]
    allowed = " ".join(map(_hash, code))
    policy = f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data: blob:; base-uri 'none'"
    policy += "; connect-src 'self'" if model is None else ""
    blocks = [f"<script>{each}</script>" for each in code]
    if model is not None:
        # Within a script element, only "</" could end it.
        data = json.dumps(model, separators=(",", ":")).replace("</", "<\\/")
        blocks.insert(0, f'<script type="application/json" id="model">{data}</script>')
    parts = {"{policy}": html.escape(policy), "{style}": style, "{scripts}": "\n".join(blocks)}
    page = text("page.html")
    for place, part in parts.items():
        page = page.replace(place, part)
    return page


def _hash(content: str) -> str:
    """By which a browser knows the one script or style that it may use."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
