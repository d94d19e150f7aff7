"""The documentation of the API's answers, made from the structs that are sent: one description of each thing."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

REF: Final = "#/components/schemas/{name}"
_AT: Final = {
    "type": "object",
    "required": ["id", "cause"],
    "properties": {
        "id": {"type": "string", "description": "where the message stands in its stream; `after` of lists"},
        "cause": {"type": "string", "description": "stream and id of what led to it; may be empty"},
    },
}
_known: Final[dict[str, type]] = {}


def answers(
    kind: type, status: int = 200, *, listed: bool = False, entry: bool = False, text: str = "as it stands"
) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route.

    Args:
        kind: The struct that is sent.
        status: With which status.
        listed: Whether a page of many is.
        entry: Whether with the id and cause of its entry.
        text: What it is.
    """
    _known[kind.__name__] = kind
    schema: dict[str, Any] = {"$ref": REF.format(name=kind.__name__)}
    if entry:
        schema = {"allOf": [{"$ref": REF.format(name="EntryAt")}, schema]}
    if listed:
        schema = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": schema},
                "next": {
                    "type": ["string", "null"],
                    "description": "`after` of the next part; null: the last",
                },
            },
        }
    return {status: {"description": text, "content": {"application/json": {"schema": schema}}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of *app*, the structs' schemas included."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in _structs(_known.values()).items():
            schemas.setdefault(name, schema)
        schemas["EntryAt"] = _AT
        for path in made["paths"].values():
            for operation in path.values():
                # Refusals are problems here, in a form of ours.
                operation.get("responses", {}).pop("default", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


def _structs(kinds: Iterable[type]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components(list(kinds), ref_template=REF)
    for schema in components.values():
        # The tag tells messages of one stream apart; where a list is of one kind alone it may be left out.
        if "type" in schema.get("required", ()) and "enum" in schema["properties"]["type"]:
            schema["required"] = [name for name in schema["required"] if name != "type"]
    return dict(components)
