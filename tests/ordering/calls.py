"""Every address that other systems call: who may, with which token, and what it needs to be answered.

The matrix of tokens and tenants is made from this table and from the URL configuration; a route that is in
one and not in the other fails there. Names in braces stand for rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ordering.cds_hooks.views import SERVICES
from ordering.fhir.editions import activity_id
from portal.models import ApiToken
from tests.content import LEUKAEMIA
from tests.ordering.api.caller import CT, FINDING, ORDER, QUESTION

S = ApiToken.Scope
CLINICIANS = frozenset({"clinician"})
READERS = CLINICIANS | {"auditor"}
MANAGERS = CLINICIANS | {"administrator"}
EVERYBODY = READERS | {"editor", "approver", "administrator"}
NOBODYS = "0190d3f0-0000-7000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Call:
    """One route and method. `rows` are those of one organisation that its path or query names."""

    name: str
    method: str = "GET"
    path: str = ""
    scopes: tuple[str, ...] = ()  # one of them; none: no token is asked for
    roles: frozenset[str] = EVERYBODY
    status: int = 200  # what the right token gets
    body: Any = None
    form: str = ""  # what is posted instead of JSON
    rows: tuple[str, ...] = ()
    elsewhere: int = 404  # what a token of another organisation gets where `rows` are not its own
    own_keys: bool = False  # CDS Hooks: signed by the client's own key, never a token of ours

    @property
    def is_public(self) -> bool:
        """Whether anybody gets an answer."""
        return not self.scopes and not self.own_keys


def api(name: str, path: str, method: str = "GET", **given: Any) -> Call:
    """Return a call of REST."""
    return Call(f"api-{name}", method, f"/api/v1/{path}", **given)


def order(
    name: str, step: str, method: str, scopes: tuple[str, ...], row: str = "active", **given: Any
) -> Call:
    """Return a call about one order."""
    given = {"roles": CLINICIANS} | given
    return api(name, f"orders/{{{row}}}/{step}", method, scopes=scopes, rows=(row,), **given)


def webhook(name: str, step: str = "", method: str = "GET", **given: Any) -> Call:
    """Return a call about one webhook, or one of its deliveries."""
    rows = ("webhook", "delivery") if "{delivery}" in step else ("webhook",)
    given = {"scopes": (S.WEBHOOKS,), "roles": MANAGERS, "rows": rows} | given
    return api(name, f"webhooks/{{webhook}}/{step}", method, **given)


def fhir(name: str, path: str, method: str = "GET", **given: Any) -> Call:
    """Return a call of FHIR."""
    given = {"scopes": (S.ORDERS_READ,), "roles": READERS} | given
    return Call(f"fhir-{name}", method, f"/fhir/r4/{path}", **given)


READ, WRITE = (S.ORDERS_READ,), (S.ORDERS_WRITE,)
TRAIL = (S.ORDERS_READ, S.AUDIT_READ)
CALLS = [
    api("suggestions", "suggestions/", "POST", scopes=(S.SUGGEST,), body=QUESTION),
    api(
        "consultations", "consultations/", "POST",
        scopes=(S.SUGGEST,), roles=CLINICIANS, body=QUESTION, status=201,
    ),
    api("scenarios", "scenarios/", scopes=(S.GUIDELINES_READ,)),
    api("scenario", f"scenarios/{LEUKAEMIA}/", scopes=(S.GUIDELINES_READ,)),
    api("scenario-version", f"scenarios/{LEUKAEMIA}/versions/1/", scopes=(S.GUIDELINES_READ,)),
    api(
        "scenario-version-diff",
        f"scenarios/{LEUKAEMIA}/versions/1/diff/?against=1",
        scopes=(S.GUIDELINES_READ,),
    ),
    api("orders", "orders/", scopes=READ, roles=READERS),
    api("orders", "orders/", "POST", scopes=WRITE, roles=CLINICIANS, body=ORDER, status=201),
    order("order", "", "GET", READ, roles=READERS),
    order("order", "", "PATCH", WRITE, "draft", body={"note": "x"}),
    order("order-sign", "sign/", "POST", WRITE, "draft"),
    order("order-hold", "hold/", "POST", WRITE),
    order("order-resume", "resume/", "POST", WRITE, "held"),
    order("order-cancel", "cancel/", "POST", WRITE, body={"reason": "x"}),
    order("order-entered-in-error", "entered-in-error/", "POST", WRITE, body={"reason": "x"}),
    order("order-findings", "findings/", "POST", (S.FINDINGS_WRITE,), body=FINDING, status=201),
    order(
        "order-progress", "progress/", "POST", (S.ORDERS_WRITE, S.FINDINGS_WRITE),
        body={"event": "received"}, status=201,
    ),
    order("order-omi", "omi/", "GET", READ, roles=READERS),
    order("order-events", "events/", "GET", (S.AUDIT_READ,), roles=READERS),
    api("events", "events/", scopes=(S.AUDIT_READ,), roles=READERS),
    api("webhooks", "webhooks/", scopes=(S.WEBHOOKS,), roles=MANAGERS),
    api(
        "webhooks", "webhooks/", "POST",
        scopes=(S.WEBHOOKS,), roles=MANAGERS, body={"url": "http://127.0.0.1:9/"}, status=201,
    ),
    webhook("webhook"),
    webhook("webhook", "", "PATCH", body={"description": "x"}),
    webhook("webhook", "", "DELETE", status=204),
    webhook("webhook-rotate-secret", "rotate-secret/", "POST"),
    webhook("webhook-test", "test/", "POST", status=202),
    webhook("webhook-redeliver", "redeliver/", "POST", body={"since": "{recently}"}, status=202),
    webhook("webhook-deliveries", "deliveries/"),
    webhook("webhook-delivery", "deliveries/{delivery}/"),
    webhook("webhook-delivery-redeliver", "deliveries/{delivery}/redeliver/", "POST", status=202),
    api("schema", "schema/"),
    api("docs", "docs/"),
    api("client", "docs/portal_client.py"),
    api("guide", "docs/hl7v2/"),
    api("nothing-here", "no/such/address/", status=404),
    fhir("metadata", "metadata", scopes=()),
    fhir("smart", ".well-known/smart-configuration", scopes=()),
    fhir("token", "auth/token", "POST", scopes=(), form="grant_type=client_credentials", status=400),
    fhir("orders", "ServiceRequest?_count=200"),
    fhir("orders-posted", "ServiceRequest/_search", "POST", form="_count=200"),
    fhir("order", "ServiceRequest/{active}", rows=("active",)),
    fhir("patient", "Patient/{patient}", rows=("patient",)),
    fhir("practitioner", "Practitioner/{person}", rows=("person",)),
    fhir("guidance", "GuidanceResponse/{consultation}", rows=("consultation",)),
    fhir("plan", f"PlanDefinition/{LEUKAEMIA}"),
    fhir("activity", f"ActivityDefinition/{activity_id(LEUKAEMIA, CT)}"),
    fhir("provenances", "Provenance?target=ServiceRequest/{active}", rows=("active",), elsewhere=200),
    fhir(
        "provenances-posted", "Provenance/_search", "POST",
        form="target=ServiceRequest/{active}", rows=("active",), elsewhere=200,
    ),
    fhir("provenance", "Provenance/{provenance}", rows=("provenance",)),
    fhir(
        "audit-events", "AuditEvent?entity=ServiceRequest/{active}",
        scopes=TRAIL, rows=("active",), elsewhere=200,
    ),
    fhir(
        "audit-events-posted", "AuditEvent/_search", "POST",
        scopes=TRAIL, form="entity=ServiceRequest/{active}", rows=("active",), elsewhere=200,
    ),
    fhir("audit-event", "AuditEvent/{event}", scopes=TRAIL, rows=("event",)),
    fhir("nothing-here", "NoSuchResource/1", scopes=(), status=404),
    Call("smart-configuration", path="/.well-known/smart-configuration"),
    Call("cds-services", path="/cds-services"),
    *[
        Call("cds-service", "POST", f"/cds-services/{name}", own_keys=True, status=401, body={"hook": "x"})
        for name in SERVICES
    ],
    *[
        Call("cds-feedback", "POST", f"/cds-services/{name}/feedback", own_keys=True, status=401, body={})
        for name in SERVICES
    ],
    Call("cds-nothing-here", path="/cds-services/no/such/address", status=404),
]  # fmt: skip
