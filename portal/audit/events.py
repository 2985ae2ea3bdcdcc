"""Events that change no row: views, sign-ins, exports, denials, and the clinical name of a change."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.http import HttpRequest

from portal.audit.context import ANONYMOUS, acting, current_actor

SUCCESS, MINOR_FAILURE, SERIOUS_FAILURE = 0, 4, 8  # FHIR AuditEvent.outcome
_MAX_LENGTH = 200  # characters of an identifier: what was asked for may be anything
_DENIALS = "_portal_audit_denials"
_LOG = 'SELECT audit.log(%s, %s::"char", %s, %s, %s, %s, %s, %s, %s::jsonb)'


def log(
    event_type: str,
    *,
    action: str = "E",
    outcome: int = SUCCESS,
    entity: str = "",
    entity_id: object = "",
    organisation_id: object = None,
    patient_id: object = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Record an event in the current transaction and return its id.

    `action` is FHIR's: C create, R read, U update, D delete, E execute. Who did it is the actor of the
    context; without one the database refuses (SQLSTATE PA001).
    """
    parameters: list[str | int | None] = [
        event_type,
        action,
        outcome,
        entity,
        _text(entity_id)[:_MAX_LENGTH],
        _text(organisation_id),
        _text(patient_id),
        _text(reason),
        None if detail is None else json.dumps(detail, cls=DjangoJSONEncoder),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LOG, parameters)
        return int(cursor.fetchone()[0])


def denied(request: Any, *, entity: str = "", entity_id: object = "", reason: str = "") -> None:
    """Record that somebody asked for what they may not have.

    The refused request is usually rolled back, and the record must not go with it: inside a request it is
    written by `ActorMiddleware` when the view is done. Takes Django's request or REST framework's.
    """
    denial = {"entity": entity, "entity_id": _text(entity_id), "reason": reason}
    waiting: list[dict[str, str]] | None = getattr(_plain(request), _DENIALS, None)
    if waiting is None:
        _record(denial, view="")
    else:
        waiting.append(denial)


def await_denials(request: HttpRequest) -> None:
    """Have `denied` keep what it is told until `record_denials`."""
    setattr(request, _DENIALS, [])


def in_request(request: HttpRequest | None) -> bool:
    """Return whether this is a request that `ActorMiddleware` has in hand."""
    return hasattr(request, _DENIALS)


def denials_waiting(request: HttpRequest) -> bool:
    """Return whether `denied` was told of anything in this request."""
    return bool(getattr(request, _DENIALS, None))


def record_denials(request: HttpRequest) -> None:
    """Write what `denied` was told during the request."""
    match = request.resolver_match
    waiting: list[dict[str, str]] = getattr(request, _DENIALS, None) or []
    for denial in waiting:
        _record(denial, view=f"{request.method} {match.view_name if match else ''}".strip())
    waiting.clear()


def _record(denial: dict[str, str], *, view: str) -> None:
    with acting(current_actor() or ANONYMOUS):
        log("access.denied", outcome=MINOR_FAILURE, detail={"view": view} if view else None, **denial)


def _plain(request: Any) -> Any:
    return getattr(request, "_request", request)


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()
