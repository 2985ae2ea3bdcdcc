"""Who may call what: tokens, scopes, roles, organisations."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from ordering.api import urls
from portal import audit
from portal.models import ApiToken, AuditEvent, User
from portal.tokens import revoke_token, rotate_token
from tests.ordering.api.caller import (
    ALL_SCOPES,
    ANSWERS,
    CT,
    FINDING,
    ORDER,
    PATIENT,
    QUESTION,
    Caller,
    is_problem,
    pointers,
    secret_for,
)

pytestmark = pytest.mark.django_db

S = ApiToken.Scope
# name of the address -> (method, body, scope, roles that may)
READERS, CLINICIANS = {"clinician", "auditor"}, {"clinician"}
MANAGERS = {"clinician", "administrator"}
EVERYBODY = {"clinician", "auditor", "editor", "approver", "administrator"}
CALLS: list[tuple[str, str, Any, tuple[str, ...], set[str]]] = [
    ("api-suggestions", "POST", QUESTION, (S.SUGGEST,), EVERYBODY),
    ("api-consultations", "POST", QUESTION, (S.SUGGEST,), CLINICIANS),
    ("api-scenarios", "GET", None, (S.GUIDELINES_READ,), EVERYBODY),
    ("api-scenario", "GET", None, (S.GUIDELINES_READ,), EVERYBODY),
    ("api-scenario-version", "GET", None, (S.GUIDELINES_READ,), EVERYBODY),
    ("api-scenario-version-diff", "GET", None, (S.GUIDELINES_READ,), EVERYBODY),
    ("api-orders", "GET", None, (S.ORDERS_READ,), READERS),
    ("api-orders", "POST", ORDER, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order", "GET", None, (S.ORDERS_READ,), READERS),
    ("api-order", "PATCH", {"note": "x"}, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order-sign", "POST", None, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order-hold", "POST", None, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order-resume", "POST", None, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order-progress", "POST", {"event": "received"}, (S.ORDERS_WRITE, S.FINDINGS_WRITE), CLINICIANS),
    ("api-order-findings", "POST", FINDING, (S.FINDINGS_WRITE,), CLINICIANS),
    ("api-order-omi", "GET", None, (S.ORDERS_READ,), READERS),
    ("api-order-events", "GET", None, (S.AUDIT_READ,), READERS),
    ("api-events", "GET", None, (S.AUDIT_READ,), READERS),
    ("api-webhooks", "GET", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhooks", "POST", {"url": "http://127.0.0.1:9/"}, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook", "GET", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook", "PATCH", {"active": False}, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook", "DELETE", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-rotate-secret", "POST", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-test", "POST", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-redeliver", "POST", {"since": "2026-11-20T00:00:00Z"}, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-deliveries", "GET", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-delivery", "GET", None, (S.WEBHOOKS,), MANAGERS),
    ("api-webhook-delivery-redeliver", "POST", None, (S.WEBHOOKS,), MANAGERS),
    ("api-order-cancel", "POST", {"reason": "x"}, (S.ORDERS_WRITE,), CLINICIANS),
    ("api-order-entered-in-error", "POST", {"reason": "x"}, (S.ORDERS_WRITE,), CLINICIANS),
]
NO_TOKENS = [
    None, "", "Bearer", "Bearer ", "Bearer nonsense", "Bearer a b", "Basic dTpw", "Token x", "Bearer \x80",
    f"Bearer {'a' * 64}", f"Bearer {'9' * 5000}",
]  # fmt: skip
PUBLIC = {"api-schema", "api-docs", "api-guide", "api-client", "api-nothing-here"}
OF_ONE_ORDER = [call for call in CALLS if call[0].startswith("api-order") and call[0] != "api-orders"]


def address(name: str, order: str, slug: str = "adult-all-emd-post-therapy") -> str:
    resolver = get_resolver("ordering.api.urls")
    patterns = resolver.reverse_dict.getlist(name)[0][0][0]
    return "/api/v1/" + patterns[0] % {
        "pk": order, "webhook": order, "delivery": order, "slug": slug, "number": 1,
    }  # fmt: skip


def people(
    clinician: User, auditor: User, editor: User, approver: User, administrator: User
) -> dict[str, User]:
    return {
        "clinician": clinician,
        "auditor": auditor,
        "editor": editor,
        "approver": approver,
        "administrator": administrator,
    }


def test_every_address_is_in_the_table():
    assert {pattern.name for pattern in urls.urlpatterns} == {name for name, *_ in CALLS} | PUBLIC


def test_nobody_calls_without_a_token(api: Caller):
    order = api.placed(sign=False)["id"]
    for header in NO_TOKENS:
        for name, method, *_ in CALLS:
            headers = {} if header is None else {"Authorization": header}
            answer = Client().generic(
                method, address(name, order), content_type="application/json", headers=headers
            )
            assert is_problem(answer, 401, "unauthorised"), (header, name)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_expired_or_was_revoked_opens_nothing(api: Caller, clinician: User):
    token = ApiToken.objects.get()
    with audit.acting(audit.system("tests")):
        successor, secret = rotate_token(token=token, overlap=timedelta(hours=1))

    assert api.get("scenarios/").status_code == 200  # the overlap
    assert Caller(secret).get("scenarios/").status_code == 200
    with audit.acting(audit.system("tests")):
        revoke_token(token=successor)
        ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now())
    assert is_problem(api.get("scenarios/"), 401, "unauthorised")
    assert is_problem(Caller(secret).get("scenarios/"), 401, "unauthorised")
    assert set(AuditEvent.objects.filter(entity="api-token").values_list("event_type", flat=True)) >= {
        "token.created",
        "token.rotated",
        "token.revoked",
    }


def test_the_token_of_a_person_who_left_opens_nothing(api: Caller, clinician: User):
    with audit.acting(audit.system("tests")):
        User.objects.filter(pk=clinician.pk).update(is_active=False)

    assert is_problem(api.get("scenarios/"), 401, "unauthorised")


def test_guessing_tokens_is_slowed_down(api: Caller, monkeypatch):
    monkeypatch.setattr("ordering.api.throttles.FAILED_SIGN_INS", 3)
    guesser = Caller("0" * 64)

    statuses = [guesser.get("scenarios/").status_code for _ in range(5)]

    assert statuses == [401, 401, 401, 429, 429]
    assert "Retry-After" in guesser.get("scenarios/").headers


def test_every_scope_opens_its_calls_and_no_other(api: Caller, clinician: User):
    callers = {scope: Caller(secret_for(clinician, scope)) for scope in ALL_SCOPES}
    wrong = []
    for name, method, body, scopes, _ in CALLS:
        for scope, caller in callers.items():
            order = (
                api.placed(sign=False)["id"] if scope in scopes else "0190d3f0-0000-7000-8000-000000000001"
            )
            answer = caller.send(method, address(name, order), body, If_Match="*")
            refused = answer.status_code == 403 and answer.json()["code"] == "missing-scope"
            if refused == (scope in scopes):
                wrong.append((name, method, scope, answer.status_code))
    assert wrong == []


def test_every_role_may_what_its_policy_says(
    api: Caller, clinician: User, auditor: User, editor: User, approver: User, administrator: User
):
    wrong = []
    everybody = people(clinician, auditor, editor, approver, administrator)
    for role, user in everybody.items():
        caller = Caller(secret_for(user))
        for name, method, body, _, roles in CALLS:
            order = api.placed(sign=False)["id"]
            answer = caller.send(method, address(name, order), body, If_Match="*")
            refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
            if refused == (role in roles) or answer.status_code >= 500:
                wrong.append((role, name, method, answer.status_code))
    assert wrong == []


def test_a_denial_is_recorded(api: Caller, auditor: User):
    answer = Caller(secret_for(auditor)).post("orders/", ORDER)

    assert answer.status_code == 403
    denial = AuditEvent.objects.filter(event_type="access.denied").latest("id")
    assert denial.actor == f"user:{auditor.pk}:auditor"
    assert denial.via == "api"
    assert denial.outcome == 4


def test_another_organisations_order_is_as_good_as_none(api: Caller, other_api: Caller, other_clinic: User):
    order = api.placed(sign=False)["id"]
    etag = api.get(f"orders/{order}/").headers["ETag"]
    missing = "0190d3f0-0000-7000-8000-000000000001"
    for name, method, body, *_ in OF_ONE_ORDER:
        answer = other_api.send(method, address(name, order), body, If_Match="*")
        nothing = other_api.send(method, address(name, missing), body, If_Match="*")

        assert is_problem(answer, 404, "not-found"), name
        told, said = answer.json(), nothing.json()
        for body_of in (told, said):
            del body_of["instance"], body_of["request_id"]
        assert told == said, name
        denial = AuditEvent.objects.filter(event_type="access.denied").latest("id")
        assert (denial.entity, denial.entity_id, denial.actor) == (
            "order",
            order,
            f"user:{other_clinic.pk}:other_clinic",
        )
    assert api.get(f"orders/{order}/").headers["ETag"] == etag


def test_another_organisations_rows_are_unknown_in_bodies_and_filters(api: Caller, other_api: Caller):
    order = api.placed()
    recorded = api.post("consultations/", QUESTION | {"answers": ANSWERS, "patient": PATIENT}).json()

    follow_up = other_api.post("orders/", ORDER | {"parent": order["id"]})
    on_it = other_api.post("orders/", {"consultation": recorded["id"], "patient": PATIENT, "study": CT})

    assert pointers(follow_up) == [("/parent", "unknown-order")]
    assert pointers(on_it) == [("/consultation", "unknown-consultation")]
    assert AuditEvent.objects.filter(event_type="access.denied", entity="consultation").exists()
    assert other_api.get("orders/").json()["results"] == []
    assert other_api.get(f"orders/?patient={PATIENT['mrn']}").json()["results"] == []
    # the same MRN elsewhere is another patient
    theirs = other_api.placed(patient=PATIENT | {"family_name": "Somebody"})
    assert theirs["patient"]["id"] != order["patient"]["id"]


def test_the_use_of_a_token_is_noted_once_a_minute(api: Caller):
    api.get("scenarios/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None

    api.get("scenarios/")

    assert ApiToken.objects.get().last_used_at == first


def test_who_acts_through_a_token_is_in_the_trail(api: Caller, clinician: User):
    answer = api.post("orders/", ORDER, X_Request_ID="ehr-1")

    events = AuditEvent.objects.filter(entity="order", entity_id=answer.json()["id"])
    assert {event.actor for event in events} == {f"user:{clinician.pk}:clinician"}
    assert {event.via for event in events} == {"api"}
    assert {event.request_id for event in events} == {"ehr-1"}
    assert set(events.values_list("event_type", flat=True)) >= {"order.placed", "order.signed"}


def test_reading_is_recorded(api: Caller, clinician: User):
    order = api.placed()
    api.get(f"orders/{order['id']}/")
    api.get(f"orders/{order['id']}/", If_None_Match="*")
    api.get("orders/?patient=T-100")

    viewed = AuditEvent.objects.filter(event_type="order.viewed", entity_id=order["id"])
    assert viewed.count() == 2
    assert viewed[0].patient_ref == order["patient"]["id"]
    listed = AuditEvent.objects.filter(event_type="orders.listed").latest("id")
    assert listed.after == {"count": 1}


def test_answers_are_not_kept_by_caches(api: Caller):
    assert api.get("orders/").headers["Cache-Control"] == "no-store"
