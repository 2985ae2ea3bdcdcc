"""Feedback: every entry is kept as it was sent, whatever it says."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import IntegrityError, transaction

from ordering.cds_hooks.models import CdsFeedback
from ordering.models import Consultation
from portal import audit
from portal.models import AuditEvent
from tests.ordering.cds_hooks.fhir import MRI, call, draft, post

REASON = {
    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
    "code": "patient-refuses",
}


def tell(client, *entries, service="imaging-order-select"):
    return client.post(
        f"/cds-services/{service}/feedback",
        json.dumps({"feedback": list(entries)}),
        content_type="application/json",
    )


@pytest.fixture
def card(unsigned):
    """Return a card that was answered."""
    return post(unsigned, call(draft(MRI))).json()["cards"][0]


def test_accepted_and_overridden_are_kept_with_their_consultation(unsigned, card, clinician):
    accepted = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-06-02T09:16:31Z",
    }
    overridden = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": REASON, "userComment": "Discussed with the family."},
        "outcomeTimestamp": "2026-06-02T09:17:02.123+02:00",
    }

    response = tell(unsigned, accepted, overridden)

    assert response.status_code == 200
    first, second = CdsFeedback.objects.order_by("pk")
    assert first.consultation == second.consultation == Consultation.objects.get()
    assert first.accepted == [card["suggestions"][0]["uuid"]]
    assert first.happened_at.isoformat() == "2026-06-02T09:16:31+00:00"
    assert (second.outcome, second.reason_code) == ("overridden", "patient-refuses")
    assert second.comment == "Discussed with the family."
    assert second.entry == overridden
    assert second.organisation == clinician.organisation
    event = AuditEvent.objects.get(event_type="feedback.recorded")
    assert event.actor == f"user:{clinician.pk}:{clinician.username}"


def test_a_comment_does_not_enter_the_trail(unsigned, card):
    reason = {"reason": REASON, "userComment": "canary-comment"}

    tell(unsigned, {"card": card["uuid"], "outcome": "overridden", "overrideReason": reason})

    trail = [str(row) for row in AuditEvent.objects.values_list("before", "after")]
    assert not any("canary-comment" in row for row in trail)


ODD = [
    {"card": str(uuid.uuid4()), "outcome": "accepted"},
    {"card": "no uuid", "outcome": "accepted"},
    {"card": None, "outcome": "overridden", "overrideReason": {"reason": REASON | {"display": "Declined"}}},
    {"card": str(uuid.uuid4()), "outcome": "overridden", "overrideReason": None},
    {"card": str(uuid.uuid4()), "outcome": "overridden", "overrideReason": {"reason": "text"}},
    {"card": str(uuid.uuid4()), "outcome": "somehow", "acceptedSuggestions": [None, {"id": 4}, {}]},
    {"card": str(uuid.uuid4()), "outcome": 7, "outcomeTimestamp": "yesterday"},
    {"card": str(uuid.uuid4()), "outcomeTimestamp": "2026-13-45T99:00:00Z"},
    {"card": ["x"], "acceptedSuggestions": "x"},
    {"x": "y" * 5000},
    {},
]


@pytest.mark.parametrize("entry", ODD)
def test_odd_entries_are_kept_as_sent(unsigned, entry):
    assert tell(unsigned, entry).status_code == 200

    kept = CdsFeedback.objects.get()
    assert kept.entry == entry
    assert kept.consultation is None


def test_the_same_entry_again_is_kept_again(unsigned, card):
    entry = {"card": card["uuid"], "outcome": "accepted"}

    for _ in range(3):
        tell(unsigned, entry, service="imaging-order-sign")

    assert CdsFeedback.objects.count() == 3


@pytest.mark.parametrize("body", [{}, {"feedback": None}, {"feedback": {}}, {"feedback": ["x"]}])
def test_what_is_no_feedback_is_no_request(unsigned, body):
    response = unsigned.post(
        "/cds-services/imaging-order-sign/feedback", json.dumps(body), content_type="application/json"
    )

    assert response.status_code == 400
    assert not CdsFeedback.objects.exists()


def test_feedback_is_never_changed_or_deleted(unsigned, card, acting_system):
    tell(unsigned, {"card": card["uuid"], "outcome": "accepted"})

    for change in (lambda rows: rows.update(outcome="overridden"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(CdsFeedback.objects.all())


def test_a_card_of_another_organisation_is_not_found(unsigned, card, other_clinic):
    from ordering.cds_hooks.models import CdsClient

    with audit.acting(audit.system("tests")):
        CdsClient.objects.update(user=other_clinic, organisation=other_clinic.organisation)
        foreign = tell(unsigned, {"card": str(uuid.uuid4()), "outcome": "accepted"})

    assert foreign.status_code == 200
    assert CdsFeedback.objects.get().consultation is None
