"""OpenAPI 3.1 of the JSON API, made from the routes and their structs."""

import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from roost.web.errors import ErrorAnswer
from roost.web.router import Route
from roost.web.schema import schema_of, schemas_of

_PARAMETER = re.compile(r"\{(\w+)\}")


def openapi(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The description of `routes`, ready for JSON."""
    types = [route.body for route in routes if route.body is not None]
    types += [one.answer for one in routes if one.answer is not bytes and not one.upgrade]
    schemas, components = schemas_of([*types, ErrorAnswer])
    by_type = dict(zip([*types, ErrorAnswer], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "roost admin API", "version": version},
        "paths": paths,
        "components": {"schemas": components},
    }


def reference(routes: Sequence[Route]) -> str:
    """Every route as Markdown."""
    lines = ["# The admin API", "", "JSON over the control socket; `roost` is its client."]
    for route in routes:
        lines += ["", f"## {route.method} {route.path}", "", inspect.getdoc(route.handler) or ""]
        if route.upgrade:
            lines += ["", f"Fields: `Connection: Upgrade`, `Upgrade: {route.upgrade}`; answer 101."]
        if route.query:
            lines += ["", "Query: " + ", ".join(f"`{name}` (optional)" for name in route.query)]
        for title, struct in (("Body", route.body), ("Answer", route.answer)):
            if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
                lines += ["", f"{title}: {_fields(struct)}"]
    return "\n".join(lines) + "\n"


def _fields(struct: type[msgspec.Struct]) -> str:
    names = (
        f"`{field.encode_name}`" + ("" if field.required else " (optional)")
        for field in msgspec.structs.fields(struct)
    )
    return ", ".join(names) or "empty"


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    said = inspect.getdoc(route.handler) or ""
    summary, _, rest = said.partition("\n")
    failed = {"application/json": {"schema": schemas[ErrorAnswer]}}
    operation: dict[str, Any] = {
        "summary": summary,
        "description": rest.strip(),
        "operationId": route.handler.__name__,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PARAMETER.findall(route.path)
        ]
        + [
            {"name": name, "in": "query", "schema": schema_of(kind)}
            for name, kind in route.query.items()
        ],
        "responses": {
            **_success(route, schemas),
            "default": {"description": "Refused; see error.code.", "content": failed},
        },
    }
    if route.body is not None:
        content: dict[str, Any] = {"application/json": {"schema": schemas[route.body]}}
        needed = any(field.required for field in msgspec.structs.fields(route.body))
        operation["requestBody"] = {"required": needed, "content": content}
    return operation


def _success(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    if route.upgrade:
        return {"101": {"description": f"From here on the connection speaks {route.upgrade}."}}
    content: dict[str, Any] = {route.media_type: {}}
    if route.answer is not bytes:
        content = {"application/json": {"schema": schemas[route.answer]}}
    return {"200": {"description": "Done.", "content": content}}
