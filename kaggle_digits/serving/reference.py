"""The description of the API as a page, made from its OpenAPI document; FastAPI's own loads parts from elsewhere."""

import base64
import hashlib
import json
import re
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .25rem; padding-top: 1rem; border-top: 1px solid #8886; font-size: 1.1rem; }
h3 { margin: 1rem 0 .25rem; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { border-top: 1px solid #8884; padding: .3rem .75rem .3rem 0; vertical-align: top; }
td:first-child { width: 11rem; }
code, pre, td:first-child { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { margin: .5rem 0; overflow-x: auto; padding: .6rem .8rem; border-radius: .5rem; background: #8882; }
"""

POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: show its one style."""

_EXAMPLES = {
    "/api/image": [
        "curl -F image=@seven.jpg {address}/api/image",
        "curl --data-binary @seven.jpg -H 'Content-Type: application/octet-stream' {address}/api/image",
    ],
    "/api/images": ["curl -F images=@seven.jpg -F images=@eight.png {address}/api/images"],
    "/api/pixels": [
        """curl -H 'Content-Type: application/json' -d '{{"rows": [[0, 0, 12, 255, ...]]}}' {address}/api/pixels"""
    ],
}

Rows = list[tuple[str, str]]


def page(document: dict[str, Any], address: str) -> str:
    """HTML, without scripts and outside resources, of an OpenAPI document; the examples have the server's address."""
    information = document["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
        f"<style>{_STYLE}</style></head><body><h1>API</h1><p>{escape(information['description'])}</p>",
        '<p>For programs: <a href="openapi.json">openapi.json</a>. To draw: <a href="./">the page</a>.',
        " What is refused gets a status of 400 or more, and <code>{&quot;detail&quot;: why}</code>.</p>",
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += _operation(document, path, method, operation, address)
    return "".join([*parts, "</body></html>"])


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any], address: str) -> list[str]:
    commands = [each.format(address=address) for each in _EXAMPLES.get(path, ["curl {address}" + path])]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    example = json.dumps(_example(document, answer), indent=2)
    # Each list of numbers in one line.
    example = re.sub(r"\[\s+([\d.,\s]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", example)
    parameters = [(each["name"], each.get("description", "")) for each in operation.get("parameters", [])]
    schemas = [each["schema"] for each in operation.get("requestBody", {}).get("content", {}).values()]
    bodies = [row for each in schemas for row in _fields(document, each) or [(each["title"], each["description"])]]
    refusals = [(status, each["description"]) for status, each in operation["responses"].items() if status >= "4"]
    return [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}.",
        f" {escape(operation['description'])}</p>",
        *(f"<pre>{escape(command)}</pre>" for command in commands),
        _table("Question", parameters + bodies),
        _table("Answer", _fields(document, answer)),
        f"<pre>{escape(example)}</pre>",
        _table("Refusals", refusals) if method == "post" else "",
    ]


def _table(title: str, rows: Rows) -> str:
    cells = "".join(f"<tr><td>{escape(name)}</td><td>{escape(words)}</td></tr>" for name, words in rows)
    return f"<h3>{title}</h3><table>{cells}</table>" if rows else ""


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _fields(document: dict[str, Any], schema: dict[str, Any], before: str = "") -> Rows:
    """Names and descriptions of what a schema holds, those of each item where it is a list."""
    schema = _resolved(document, schema)
    if "items" in schema:
        return _fields(document, schema["items"], f"{before}[]." if before else "")
    if "anyOf" in schema:
        return [row for option in schema["anyOf"] for row in _fields(document, option, before)]
    rows = []
    for name, each in schema.get("properties", {}).items():
        rows.append((before + name, each.get("description", "")))
        rows += _fields(document, each, before + name) if "items" in each else []
    return list(dict.fromkeys(rows))


def _example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    schema = _resolved(document, schema)
    if "items" in schema:
        items = _resolved(document, schema["items"])
        return [_example(document, option) for option in items.get("anyOf", [items])]
    return schema.get("examples", [{}])[0]
