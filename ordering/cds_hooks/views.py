"""CDS Hooks over HTTP: discovery, the two services, their feedback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from ordering.cds_hooks.actions import record_feedback
from ordering.cds_hooks.advising import Call, MissingData, answer
from ordering.cds_hooks.authentication import NotAuthenticated, client_of
from ordering.cds_hooks.catalogue import catalogue
from ordering.cds_hooks.drafts import UnusableRequest
from ordering.cds_hooks.origins import share
from ordering.cds_hooks.records import Json
from portal.strict_json import StrictJSONError, loads

FHIR_JSON = "application/fhir+json"
TAKEN = frozenset({"application/json", FHIR_JSON, "application/json+fhir"})
# id -> hook, title, description
SERVICES = {
    "imaging-order-select": (
        "order-select",
        "Imaging guideline, while choosing",
        (
            "Says how the guideline rates a selected imaging order, with its radiation level, and offers the "
            "suggested study. Decision support only: it never blocks an order."
        ),
    ),
    "imaging-order-sign": (
        "order-sign",
        "Imaging guideline, before signing",
        (
            "Checks imaging orders once more before they are signed, and records how the guideline rates "
            "them. Decision support only: it never blocks an order."
        ),
    ),
}
USAGE = (
    "Needs the patient and the conditions; what else the record does not say is unknown and is named on the "
    "card. Data is taken from the prefetch alone: the portal does not call the FHIR server."
)
View = Callable[..., HttpResponse]


class _Refusal(Exception):
    """An answer other than 200: an OperationOutcome with a status."""

    def __init__(self, status: int, code: str, said: str, **issue: Any) -> None:
        super().__init__(said)
        self.status = status
        self.issues = [{"severity": "error", "code": code, "details": {"text": said}, **issue}]


def _endpoint(*methods: str) -> Callable[[View], View]:
    """Make a view that other systems call: no session, no CSRF, CORS, refusals as OperationOutcome."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def called(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                return share(request, HttpResponse(status=204, headers={"Allow": ", ".join(methods)}))
            try:
                if request.method not in methods:
                    raise _Refusal(405, "not-supported", f"This address takes {' and '.join(methods)}.")
                response = view(request, *args, **kwargs)
            except _Refusal as refusal:
                response = _outcome(refusal.status, refusal.issues)
                if refusal.status == 405:
                    response["Allow"] = ", ".join(methods)
            except NotAuthenticated:
                # the caller learns nothing about what was wrong
                issues = [{"severity": "error", "code": "login", "details": {"text": "Not authenticated."}}]
                response = _outcome(401, issues)
                response["WWW-Authenticate"] = "Bearer"
            return share(request, response)

        return called

    return decorate


@_endpoint("GET", "HEAD")
def discovery(request: HttpRequest) -> HttpResponse:
    """List the services with what an EHR should send along. Open to everybody, as CDS Hooks wants it."""
    prefetch = catalogue().prefetch
    services = [
        {
            "hook": hook,
            "id": name,
            "title": title,
            "description": description,
            "prefetch": prefetch,
            "usageRequirements": USAGE,
        }
        for name, (hook, title, description) in SERVICES.items()
    ]
    return JsonResponse({"services": services})


@_endpoint("POST")
def service(request: HttpRequest, name: str) -> HttpResponse:
    """Answer a hook with cards, and with the rating of each draft that can be rated."""
    hook = _hook_of(name)
    client = client_of(request)
    body = _body(request)
    said = body.get("hook")
    if said not in (None, "") and said != hook:
        raise _Refusal(400, "value", f"This service answers the hook {hook}.", expression=["hook"])
    call = Call(
        client=client,
        service=name,
        selected_only=hook == "order-select",
        base=request.build_absolute_uri("/").rstrip("/"),
        body=body,
    )
    try:
        return JsonResponse(answer(call))
    except UnusableRequest as refusal:
        raise _Refusal(400, "invalid", refusal.message, expression=[refusal.expression]) from None
    except MissingData as missing:
        return _outcome(412, _missing(missing))


@_endpoint("POST")
def feedback(request: HttpRequest, name: str) -> HttpResponse:
    """Keep what users did with cards. Repeats and unknown cards are kept as well."""
    _hook_of(name)
    client = client_of(request)
    entries = _body(request).get("feedback")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Refusal(400, "structure", "feedback must be a list of objects.", expression=["feedback"])
    return JsonResponse({"recorded": record_feedback(client=client, service=name, entries=entries)})


@_endpoint("GET", "HEAD", "POST")
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say that there is no such service."""
    raise _Refusal(404, "not-found", "There is no such service. GET /cds-services lists them.")


def _hook_of(name: str) -> str:
    if name not in SERVICES:
        raise _Refusal(404, "not-found", "There is no such service. GET /cds-services lists them.")
    return SERVICES[name][0]


def _body(request: HttpRequest) -> Json:
    """Return the object that was sent, as it was sent."""
    if (request.content_type or "").casefold() not in TAKEN:
        raise _Refusal(415, "not-supported", f"Send one of: {', '.join(sorted(TAKEN))}.")
    try:
        body = loads(request.body)
    except StrictJSONError as fault:
        raise _Refusal(
            413 if fault.code == "too_large" else 400, "structure", f"{fault.message} {fault.pointer}".strip()
        ) from None
    if not isinstance(body, dict):
        raise _Refusal(400, "structure", "The body must be a JSON object.")
    return body


def _missing(missing: MissingData) -> list[Json]:
    """Return one issue for each thing that must be sent, and a hint for what else would help."""
    issues: list[Json] = [
        {
            "severity": "error",
            "code": "required",
            "details": {"text": f"The prefetch “{key}” is missing or incomplete; the order cannot be rated."},
            "diagnostics": f"Missing prefetch keys: {', '.join([*missing.required, *missing.others])}",
            "expression": [f"prefetch.{key}"],
        }
        for key in missing.required
    ]
    if missing.others:
        issues.append(
            {
                "severity": "information",
                "code": "informational",
                "details": {"text": f"Not sent either, and useful: {', '.join(missing.others)}."},
                "expression": [f"prefetch.{key}" for key in missing.others],
            }
        )
    return issues


def _outcome(status: int, issues: list[Json]) -> JsonResponse:
    body = {"resourceType": "OperationOutcome", "issue": issues}
    return JsonResponse(body, status=status, content_type=FHIR_JSON)
