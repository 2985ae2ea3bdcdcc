"""The OpenAPI document as a whole: what no single call says. The last step of making it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TAGS = {
    "suggestions": "What a guideline says about answers; nothing is stored.",
    "consultations": "The same, recorded, so that an order can be placed on it.",
    "scenarios": "The published guidelines as content.",
    "orders": "Orders with their statuses, findings, progress and trail.",
    "webhooks": "Who is told of what happens, and what was delivered.",
    "events": "What happened, to be fetched by those who cannot be called.",
}
# calls that go on with the order that these calls answer with
ORDER_MAKERS = ("place_order",)
ORDER = "$response.body#/id"


def complete(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Return the document with tags, links between calls, and inputs closed to unknown fields."""
    used = {
        tag
        for methods in result["paths"].values()
        for operation in methods.values()
        for tag in operation["tags"]
    }
    result["tags"] = [
        {"name": tag, "description": TAGS.get(tag, tag.capitalize() + ".")} for tag in sorted(used)
    ]
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Input") and schema.get("type") == "object":
            schema["additionalProperties"] = False
            schema.setdefault("properties", {})
    _link(result)
    _name_scopes(result, generator)
    return result


def _name_scopes(result: Json, generator: Any) -> None:
    """Say of each call which scope its token needs; the views know."""
    for path, _, method, view in generator._get_paths_and_endpoints():
        operation = result["paths"].get(path.replace("{pk}", "{id}"), {}).get(method.lower())
        needed = getattr(view, "needs", {}).get(method)
        if operation is None or needed is None:
            continue
        operation["x-required-scopes"] = list(needed.scopes)
        operation["description"] += f"\n\nScope: {' or '.join(f'`{scope}`' for scope in needed.scopes)}."


def _link(result: Json) -> None:
    """Say which calls go on with the id of a new order."""
    operations = [
        (path, operation) for path, methods in result["paths"].items() for operation in methods.values()
    ]
    links = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"id": ORDER},
            "description": f"{operation['summary']}: this one.",
        }
        for path, operation in operations
        if path.startswith("/api/v1/orders/{id}/")
    }
    for _, operation in operations:
        if operation["operationId"] in ORDER_MAKERS:
            operation["responses"]["201"]["links"] = links
