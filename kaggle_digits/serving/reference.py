"""The description of the API as a page, made from its OpenAPI document; FastAPI's own loads parts from elsewhere."""

from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h2 { margin: 2rem 0 .25rem; font-size: 1.05rem; font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { border-top: 1px solid #8884; padding: .3rem .75rem .3rem 0; vertical-align: top; }
td:first-child { width: 11rem; font-family: ui-monospace, monospace; }
pre { overflow-x: auto; padding: .6rem .8rem; border-radius: .5rem; background: #8882; }
"""

_EXAMPLES = {
    "/api/image": "curl -F image=@seven.jpg {address}/api/image",
    "/api/images": "curl -F images=@seven.jpg -F images=@eight.png {address}/api/images",
    "/api/pixels": """curl -H 'Content-Type: application/json' -d @pixels.json {address}/api/pixels""",
}


def page(document: dict[str, Any], address: str) -> str:
    """HTML without scripts and outside resources.

    Args:
        document: an OpenAPI document, version 3.
        address: of the server, such as `http://127.0.0.1:8000`, for the examples.
    """
    information = document["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><h1>API</h1><p>{escape(information['description'])}</p>",
        '<p>For programs: <a href="openapi.json">openapi.json</a>. To draw: <a href="./">the page</a>.</p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts += [f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation['summary'])}.</p>"]
            example = _EXAMPLES.get(path, "curl {address}" + path).format(address=address)
            parts += [f"<pre>{escape(example)}</pre>", _table(_inputs(document, operation))]
            parts += ["<p>The answer:</p>", _table(_fields(document, _answer(operation)))]
    return "".join([*parts, "</body></html>"])


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{escape(name)}</td><td>{escape(words)}</td></tr>" for name, words in rows)
    return f"<table>{cells}</table>" if rows else ""


def _inputs(document: dict[str, Any], operation: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [(each["name"], each.get("description", "")) for each in operation.get("parameters", [])]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        rows += _fields(document, content["schema"])
    return rows


def _answer(operation: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and descriptions of what a schema holds, those of each item where it is a list."""
    if "$ref" in schema:
        return _fields(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "items" in schema:
        return _fields(document, schema["items"])
    if "anyOf" in schema:
        return [row for option in schema["anyOf"] for row in _fields(document, option)]
    return [(name, each.get("description", "")) for name, each in schema.get("properties", {}).items()]
