"""Tokens at the door of REST, and what the trail keeps. Every route: tests/ordering/test_token_matrix.py."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal import audit
from portal.models import ApiToken, AuditEvent, User
from portal.tokens import revoke_token, rotate_token
from tests.ordering.api.caller import (
    ANSWERS,
    CT,
    ORDER,
    PATIENT,
    QUESTION,
    Caller,
    is_problem,
    pointers,
    secret_for,
)

pytestmark = pytest.mark.django_db

NO_TOKENS = [
    None, "", "Bearer", "Bearer ", "Bearer nonsense", "Bearer a b", "Basic dTpw", "Token x", "Bearer \x80",
    f"Bearer {'a' * 64}", f"Bearer {'9' * 5000}",
]  # fmt: skip


@pytest.mark.usefixtures("guideline")
@pytest.mark.parametrize("path", ["orders/", "scenarios/"])
def test_nobody_calls_without_a_token(path: str):
    for header in NO_TOKENS:
        headers = {} if header is None else {"Authorization": header}
        answer = Client().get(f"/api/v1/{path}", headers=headers)
        assert is_problem(answer, 401, "unauthorised"), header
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


def test_a_denial_is_recorded(api: Caller, auditor: User):
    answer = Caller(secret_for(auditor)).post("orders/", ORDER)

    assert answer.status_code == 403
    denial = AuditEvent.objects.filter(event_type="access.denied").latest("id")
    assert denial.actor == f"user:{auditor.pk}:auditor"
    assert denial.via == "api"
    assert denial.outcome == 4


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
