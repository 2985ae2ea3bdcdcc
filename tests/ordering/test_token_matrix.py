"""Every route of REST, FHIR and CDS Hooks with every kind of token, and what it answers.

The rows are made once for the module, inside one transaction; each call is taken back before the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.views import APIView

from ordering.actions import PatientIdentity, create_patient, hold_order
from ordering.models import Order
from ordering.webhooks import actions as webhooks
from portal import audit
from portal.models import ApiToken, AuditEvent, Organisation, User
from portal.roles import Role
from portal.tokens import create_token, revoke_token
from tests.content import SHIPPED, load
from tests.ordering.calls import CALLS, EVERYBODY, NOBODYS, Call
from tests.ordering.placing import place
from tests.people import make_organisation, make_user

MACHINES = ("/api/v1/", "/fhir/r4/", "/cds-services", "/.well-known/")
ALL_SCOPES = tuple(ApiToken.Scope.values)
UNKNOWN = "a" * 64


@dataclass
class Tenants:
    """Secrets by name, and the rows of the first organisation by the names that calls use."""

    secrets: dict[str, str]
    rows: dict[str, str]

    def ask(
        self, call: Call, secret: str | None, then: Callable[[], object] | None = None, **rows: str
    ) -> HttpResponse:
        """Return the answer to a call, and do `then` while its effects are there; nothing of it is kept."""
        known = self.rows | rows
        if call.form:
            content, kind = call.form.format(**known), "application/x-www-form-urlencoded"
        else:
            body = {
                name: value.format(**known) if isinstance(value, str) else value
                for name, value in (call.body or {}).items()
            }
            content, kind = json.dumps(body) if call.body is not None else "", "application/json"
        headers = {"If-Match": "*"} | ({} if secret is None else {"Authorization": f"Bearer {secret}"})
        with transaction.atomic():
            answer = Client().generic(
                call.method, call.path.format(**known), content, content_type=kind, headers=headers
            )
            if then is not None:
                then()
            transaction.set_rollback(True)
        return answer


@pytest.fixture(scope="module")
def tenants(django_db_setup: None, django_db_blocker: Any) -> Iterator[Tenants]:
    """Return two organisations, the first with orders and a webhook, and tokens of every kind."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(override_settings(PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK=False))
        stack.callback(cache.clear)
        stack.callback(connection.close)
        stack.enter_context(transaction.atomic())
        stack.callback(transaction.set_rollback, True)
        yield _tenants()


def _tenants() -> Tenants:
    north, south = make_organisation("matrix-north", "North"), make_organisation("matrix-south", "South")
    people = {role.value: make_user(f"matrix-{role.value}", role, organisation=north) for role in Role}
    clinician, left = people["clinician"], make_user("matrix-left", Role.CLINICIAN, organisation=north)
    load(SHIPPED)
    rows = _rows(north, clinician, people["administrator"])
    secrets = {
        **{role: _secret(people[role]) for role in EVERYBODY},
        **{f"{role} of elsewhere": _secret(_elsewhere(role, south)) for role in ("clinician", "auditor")},
        **{scope: _secret(clinician, scope) for scope in ALL_SCOPES},
        "disabled": _secret(left),
        "expired": _secret(clinician),
        "revoked": _secret(clinician),
        "no scope": _secret(clinician),
    }
    by_secret = {name: ApiToken.objects.get(token_key=secret[:15]) for name, secret in secrets.items()}
    with audit.acting(audit.system("tests")):
        revoke_token(token=by_secret["revoked"])
        ApiToken.objects.filter(pk=by_secret["expired"].pk).update(expiry=timezone.now())
        ApiToken.objects.filter(pk=by_secret["no scope"].pk).update(scopes=[])
        User.objects.filter(pk=left.pk).update(is_active=False)
    return Tenants(secrets, rows)


def _elsewhere(role: str, organisation: Organisation) -> User:
    return make_user(f"matrix-{role}-elsewhere", Role(role), organisation=organisation)


def _secret(user: User, *scopes: str) -> str:
    with audit.acting(audit.system("tests")):
        return create_token(user=user, name="matrix", scopes=scopes or ALL_SCOPES)[1]


def _rows(organisation: Organisation, clinician: User, administrator: User) -> dict[str, str]:
    identity = PatientIdentity(
        mrn="MX-1",
        family_name="Matrix",
        given_name="Only",
        birth_date=timezone.localdate().replace(year=1980, day=1),
        sex="female",
    )
    with audit.acting(audit.actor_of(clinician)):
        patient = create_patient(organisation=organisation, identity=identity, by=clinician)
    orders = {name: place(patient, clinician, sign=name != "draft") for name in ("draft", "active", "held")}
    with audit.acting(audit.actor_of(clinician)):
        hold_order(order=orders["held"], by=clinician, via="portal", reason="")
    with audit.acting(audit.actor_of(administrator)):
        endpoint, _ = webhooks.create_endpoint(by=administrator, url="http://127.0.0.1:9/")
        delivery = webhooks.send_test(endpoint=endpoint, by=administrator)
    active: Order = orders["active"]
    with connection.cursor() as cursor:  # the trail is read once it is sealed, as a commit does
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    event = AuditEvent.objects.filter(event_type="order.signed", entity_id=str(active.pk)).latest("id")
    return {
        **{name: str(order.pk) for name, order in orders.items()},
        "patient": str(patient.pk),
        "consultation": str(active.consultation_id),
        "person": str(clinician.pk),
        "provenance": str(active.statuses.latest("pk").pk),
        "event": str(event.pk),
        "webhook": str(endpoint.pk),
        "delivery": str(delivery.pk),
        "recently": (timezone.now() - timedelta(hours=1)).isoformat(),
    }


def routes() -> dict[str, tuple[str, Any]]:
    """Return path and view of every route of the machines, by name."""
    found: dict[str, tuple[str, Any]] = {}

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern).removeprefix("^")
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif path.replace("\\", "").startswith(MACHINES):
                assert pattern.name, path
                found[pattern.name] = (path, pattern.callback)

    walk(get_resolver().url_patterns, "/")
    return found


def methods(view: Any) -> set[str]:
    """Return what a class-based view answers; nothing is known of a function."""
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if kind is None or not issubclass(kind, APIView):
        return set()
    names = set(kind.http_method_names) & {"get", "post", "put", "patch", "delete"}
    return {name.upper() for name in names if hasattr(kind, name)}


def stripped(answer: HttpResponse, *ids: str) -> str:
    """Return an answer without what any two answers differ in: ids of the request, the row and a Bundle."""
    text = f"{answer.status_code} {answer.headers.get('Content-Type')} {answer.content.decode()}"
    for id_ in (answer.headers.get("X-Request-ID", ""), *ids):
        text = text.replace(id_, "") if id_ else text
    return re.sub(r'"(id|lastUpdated)":"[^"]*"', "", text)


def denied(tenants: Tenants) -> bool:
    """Return whether it was noted that somebody of elsewhere asked for one of the rows."""
    found = AuditEvent.objects.filter(event_type="access.denied", entity_id__in=tenants.rows.values())
    return any(event.actor.endswith("-elsewhere") for event in found)


def test_every_route_and_method_is_in_the_table():
    known = routes()

    assert {call.name for call in CALLS} == known.keys()
    for name, (_, view) in known.items():
        listed = {call.method for call in CALLS if call.name == name}
        served = methods(view)
        if served and not name.endswith("nothing-here"):
            assert listed == served, name


def test_the_right_token_opens_each_call(tenants: Tenants):
    wrong = []
    for call in CALLS:
        names = call.scopes or (["none"] if call.is_public else [])
        for name in names:
            answer = tenants.ask(call, tenants.secrets.get(name))
            if answer.status_code != call.status:
                wrong.append((call.name, call.method, name, answer.status_code, answer.content[:200]))
    assert "\n".join(map(str, wrong)) == ""


def test_each_scope_alone_opens_its_calls_and_no_other(tenants: Tenants):
    wrong = []
    for call in CALLS:
        refused = [name for name in (*ALL_SCOPES, "no scope") if name not in call.scopes]
        for name in refused if call.scopes else ():  # the others: test_the_right_token_opens_each_call
            answer = tenants.ask(call, tenants.secrets[name])
            if answer.status_code != 403 or "scope" not in answer.content.decode():
                wrong.append((call.name, call.method, name, answer.status_code))
    assert "\n".join(map(str, wrong)) == ""


def test_a_token_that_is_none_opens_nothing_and_keeps_nobody_from_what_is_public(tenants: Tenants):
    wrong = []
    ended = {name: tenants.secrets[name] for name in ("expired", "revoked", "disabled")}
    for call in CALLS:
        cache.clear()  # many wrong tokens are slowed down
        for name, secret in ({"none": None, "unknown": UNKNOWN} | ended).items():
            answer = tenants.ask(call, secret)
            expected = call.status if call.is_public else 401
            challenged = answer.status_code != 401 or "WWW-Authenticate" in answer.headers
            if answer.status_code != expected or not (challenged or call.own_keys):
                wrong.append((call.name, call.method, name, answer.status_code))
    assert "\n".join(map(str, wrong)) == ""


def test_every_role_may_what_the_table_says(tenants: Tenants):
    wrong = []
    for call in CALLS:
        if not call.scopes:
            continue
        for role in EVERYBODY:
            answer = tenants.ask(call, tenants.secrets[role])
            expected = call.status if role in call.roles else 403
            if answer.status_code != expected:
                wrong.append((call.name, call.method, role, answer.status_code, expected))
    assert "\n".join(map(str, wrong)) == ""


def test_a_token_of_ours_opens_no_cds_service(tenants: Tenants):
    for call in CALLS:
        if call.own_keys:
            assert {tenants.ask(call, secret).status_code for secret in tenants.secrets.values()} == {401}


def test_what_is_another_organisations_is_as_good_as_missing_and_asking_for_it_is_recorded(tenants: Tenants):
    wrong = []
    missing = {name: "999999999" if id_.isdigit() else NOBODYS for name, id_ in tenants.rows.items()}
    for call in CALLS:
        for role in ("clinician", "auditor"):
            if not call.scopes or role not in call.roles:
                continue
            secret = tenants.secrets[f"{role} of elsewhere"]
            noted: list[bool] = []
            answer = tenants.ask(call, secret, lambda noted=noted: noted.append(denied(tenants)))
            if call.rows:
                none = tenants.ask(call, secret, **{name: missing[name] for name in call.rows})
                ids = [ids[name] for name in call.rows for ids in (tenants.rows, missing)]
                alike = stripped(answer, *ids) == stripped(none, *ids)
                if (answer.status_code, alike, *noted) != (call.elsewhere, True, call.elsewhere == 404):
                    wrong.append((call.name, call.method, role, answer.status_code, alike, noted))
            else:
                seen = [
                    name for name, id_ in tenants.rows.items() if len(id_) > 9 and id_ in str(answer.content)
                ]
                if answer.status_code != call.status or seen or b"MX-1" in answer.content:
                    wrong.append((call.name, call.method, role, answer.status_code, seen))
    assert "\n".join(map(str, wrong)) == ""
