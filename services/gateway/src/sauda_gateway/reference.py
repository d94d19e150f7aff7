"""The OpenAPI document as a page that needs no script and nothing from elsewhere: what there is, with which fields."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from sauda_gateway.headers import POLICY

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h2{margin-top:2.5rem}h3{margin:1.5rem 0 .2rem}code{font-size:.95em}td{padding:.1rem .8rem .1rem 0;vertical-align:top}"
)

# The one style that is not in a file of its own: named by its digest, or a browser leaves it out.
_OWN_POLICY: Final = POLICY.replace(
    "style-src 'self'", f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def install(app: FastAPI, address: str) -> None:
    """Let *app* show its document at *address*."""
    page: list[str] = []

    @app.get(address, include_in_schema=False)
    async def reference() -> HTMLResponse:
        """Show what there is."""
        if not page:
            page.append("".join(_page(app.openapi())))
        return HTMLResponse(page[0], headers={"Content-Security-Policy": _OWN_POLICY})


def _page(document: dict[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
    yield '<meta name="viewport" content="width=device-width"><style>' + _STYLE + "</style>"
    yield f"<h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>"
    yield '<p>For programs: <a href="openapi.json">openapi.json</a>.</p>'
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = (operation.get("tags") or ["streams"])[0]
            groups.setdefault(name, []).append("".join(_operation(method, path, operation)))
    for name, operations in groups.items():
        yield f"<h2>{escape(name)}</h2>{''.join(operations)}"
    yield "<h2>What is sent</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        yield _table(schema.get("properties", {}).items())


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(operation.get('description', ''))}</p>"
    yield _table((one["name"], {**one["schema"], **one}) for one in operation.get("parameters", ()))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        yield f"<p>Send {_kind(body)}.</p>"
    for status, answer in operation["responses"].items():
        found = answer.get("content", {}).get("application/json", {}).get("schema")
        if found and status.startswith("2"):
            yield f"<p>{status}: {_kind(found)}.</p>"


def _table(fields: Any) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{_kind(about)}<td>{escape(about.get('description', ''))}"
        for name, about in fields
    )
    return f"<table>{rows}</table>" if rows else ""


def _kind(schema: dict[str, Any]) -> str:
    """Return what a schema is in a word or two, led on to what is described elsewhere."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{escape(name)}">{escape(name)}</a>'
    for word, between in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if word in schema:
            return between.join(map(_kind, schema[word]))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if "items" in schema.get("properties", {}):
        return f"a page of {_kind(schema['properties']['items'])}"
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return f"a list of {_kind(schema['items'])}"
    return escape(str(schema.get("type", "anything")))
