"""Amending, acknowledging, prior studies, duplicates, and the question that a follow-up order waits for."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from ordering.actions import (
    acknowledge_finding,
    amend_order,
    cancel_order,
    enter_in_error,
    record_consultation,
    record_prior_study,
    record_progress,
    sign_order,
    strike_prior_study,
)
from ordering.advice import advise
from ordering.choosing import OverrideGiven
from ordering.exceptions import IllegalTransition, NotReplaceable, NotReportable, Refused
from ordering.models import Consultation, Order, PriorStudy
from portal import audit
from tests.content import FITTING, LEUKAEMIA
from tests.ordering.placing import CT, PET, ask, events, patient, place, progress, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
S = Order.Status
ENDED = {"therapy_ended_on": "2026-06-05"}


@pytest.fixture
def order(patient, clinician, leukaemia) -> Order:
    """Return a signed order."""
    return place(patient, clinician, answers=ENDED, note="Ward 7.")


def amended(order: Order, by) -> Order:
    with audit.acting(audit.actor_of(by)):
        begun = amend_order(order=order, by=by, via="portal")
    assert isinstance(begun, Order)
    return begun


def signed(order: Order, by) -> Order:
    with audit.acting(audit.actor_of(by)):
        return sign_order(order=order, by=by, via="portal")


def test_an_amendment_is_a_draft_like_the_order_and_leaves_it_alone_until_it_is_signed(clinician, order):
    draft = amended(order, clinician)
    order.refresh_from_db()

    assert (draft.status, draft.replaces, draft.study_code, draft.note) == (S.DRAFT, order, CT, "Ward 7.")
    assert draft.consultation.answers == order.consultation.answers
    assert order.status == S.ACTIVE
    assert amended(order, clinician) == draft  # begun twice, it is one draft


def test_signing_an_amendment_cancels_what_it_replaces_in_the_same_transaction(clinician, order):
    draft = amended(order, clinician)

    new = signed(draft, clinician)
    order.refresh_from_db()

    assert (new.status, order.status) == (S.ACTIVE, S.REVOKED)
    assert order.statuses.last().reason == f"Replaced by order {new.number}."
    assert (
        events("order.cancelled", entity_id=str(order.pk))[0].tx
        == events("order.signed", entity_id=str(new.pk))[0].tx
    )


def test_an_order_that_was_reported_meanwhile_is_not_replaced_and_nothing_is_signed(clinician, order):
    draft = amended(order, clinician)
    report(order, clinician)

    with pytest.raises(NotReplaceable, match="is completed by now"), transaction.atomic():
        signed(draft, clinician)
    draft.refresh_from_db()

    assert draft.status == S.DRAFT


def test_an_order_is_replaced_once(clinician, patient, order):
    place(patient, clinician, replaces=order, sign=False)

    with pytest.raises(Refused, match="replaces it already"):
        place(patient, clinician, replaces=order, sign=False)
    other = place(patient, clinician, sign=False)
    with (
        pytest.raises(IntegrityError, match="ordering_order_is_replaced_once"),
        transaction.atomic(),
        audit.acting(audit.actor_of(clinician)),
    ):
        Order.objects.filter(pk=other.pk).update(replaces=order)


@pytest.mark.parametrize("status", [S.DRAFT, S.COMPLETED, S.REVOKED, S.ENTERED_IN_ERROR])
def test_only_an_order_that_stands_is_amended(as_user, clinician, patient, status):
    order = place(patient, clinician, sign=status != S.DRAFT)
    with audit.acting(audit.actor_of(clinician)):
        if status == S.COMPLETED:
            report(order, clinician)
        elif status == S.REVOKED:
            cancel_order(order=order, by=clinician, via="portal", reason="No.")
        elif status == S.ENTERED_IN_ERROR:
            enter_in_error(order=order, by=clinician, via="portal", reason="No.")

    page = as_user(clinician).post(f"/orders/{order.pk}/amend/", {"revision": order.revision})

    assert (page.status_code, page.url) == (302, f"/orders/{order.pk}/")
    with pytest.raises(IllegalTransition):
        amended(order, clinician)


def test_the_pages_lead_from_the_order_to_the_signed_replacement(as_user, clinician, order):
    client = as_user(clinician)

    shown = text_of(client.get(f"/orders/{order.pk}/"))
    begun = client.post(f"/orders/{order.pk}/amend/", {"revision": order.revision})
    draft = Order.objects.get(replaces=order)
    review = text_of(client.get(begun.url))
    client.post(
        f"/orders/{draft.pk}/sign/",
        {"priority": "routine", "note": "", "revision": draft.revision, "year_of_birth": born(order)},
    )
    done = text_of(client.get(f"/orders/{draft.pk}/signed/"))

    assert f'href="/orders/{order.pk}/amend/"' in shown
    assert begun.url == f"/orders/{draft.pk}/review/"
    assert f"This draft corrects order {order.number}." in review
    assert f"It replaces order {order.number}, which is cancelled." in done
    assert f'href="/orders/{draft.pk}/requisition/"' in done
    assert f'href="/orders/{draft.pk}/leaflet/"' in done


def born(order: Order) -> str:
    return f"{order.patient.birth_date:%Y}"


def test_an_old_page_begins_no_amendment(as_user, clinician, order):
    answer = as_user(clinician).post(f"/orders/{order.pk}/amend/", {"revision": order.revision - 1})

    assert answer.status_code == 409
    assert not Order.objects.filter(replaces=order).exists()


# --- acknowledging ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "via", "unread"),
    [("clinician", "portal", False), ("clinician", "api", True), ("colleague", "portal", True)],
)
def test_a_finding_from_elsewhere_waits_until_it_is_acknowledged_once(
    request, as_user, clinician, order, who, via, unread
):
    finding = report(order, request.getfixturevalue(who), via=via)
    client = as_user(clinician)
    page = text_of(client.get(f"/orders/{order.pk}/"))
    rows = client.get("/?show=results").context["rows"]

    assert order.finding_unread is unread
    assert ("I have read this result" in page) is unread
    assert [row.next_label for row in rows] == (["Read and acknowledge"] if unread else [])
    for _ in range(2):
        client.post(f"/orders/{order.pk}/acknowledge/", {"finding": str(finding.pk)})
    order.refresh_from_db()
    assert order.finding_unread is False
    assert len(events("finding.acknowledged", entity_id=str(order.pk))) == 1
    assert "Finding acknowledged" in text_of(client.get(f"/orders/{order.pk}/"))


def test_only_the_finding_that_was_seen_is_acknowledged(as_user, clinician, colleague, order):
    first = report(order, colleague, compared_with_baseline="not_yet")
    report(order, colleague)

    as_user(clinician).post(f"/orders/{order.pk}/acknowledge/", {"finding": str(first.pk)})
    order.refresh_from_db()

    assert order.finding_unread is True
    assert events("finding.acknowledged") == []
    with pytest.raises(NotReportable), audit.acting(audit.actor_of(clinician)):
        acknowledge_finding(order=order, by=clinician, via="portal", finding=first)


# --- prior studies ------------------------------------------------------------------------------------------


def test_a_prior_study_is_entered_once_and_struck_in_sight(as_user, clinician, patient):
    client = as_user(clinician)
    typed = {"name": "CT of the chest", "done_on": "03-Feb-2026", "place": "County", "accession": "=1+1"}
    for _ in range(2):
        client.post(f"/patients/{patient.pk}/prior-studies/new/", typed)
    study = PriorStudy.objects.get()

    client.post(f"/prior-studies/{study.pk}/strike/", {"reason": "Another patient's."})
    page = text_of(client.get(f"/patients/{patient.pk}/"))

    assert "<del>CT of the chest</del>" in page
    assert "Another patient&#x27;s." in page
    assert [event.event_type for event in events("prior-study.recorded")] == ["prior-study.recorded"]
    assert events("prior-study.struck")[0].reason == "Another patient's."
    with pytest.raises(IntegrityError), transaction.atomic(), audit.acting(audit.actor_of(clinician)):
        PriorStudy.objects.filter(pk=study.pk).update(name="Other")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": "", "done_on": "03-Feb-2026"}, "Say what was done"),
        ({"name": "CT", "done_on": "03/02/2026"}, "can be two days"),
        ({"name": "CT", "done_on": "03-Feb-2126"}, "cannot be in the future"),
        ({"name": "CT", "done_on": "03-Feb-1901"}, "was not born on that day"),
        ({"name": "CT\x00", "done_on": "03-Feb-2026"}, "ull characters"),
    ],
)
def test_a_prior_study_that_cannot_be_is_explained_and_kept_in_the_form(
    as_user, clinician, patient, typed, says
):
    page = text_of(as_user(clinician).post(f"/patients/{patient.pk}/prior-studies/new/", typed))

    assert says in page
    assert not PriorStudy.objects.exists()


def test_another_organisations_prior_study_is_not_there(as_user, clinician, other_clinic, patient):
    with audit.acting(audit.actor_of(clinician)):
        study = record_prior_study(patient=patient, by=clinician, name="CT", done_on=date(2026, 2, 3))
        with pytest.raises(Refused):
            strike_prior_study(study=study, by=clinician, reason=" ")

    assert as_user(other_clinic).get(f"/prior-studies/{study.pk}/strike/").status_code == 404


# --- possible duplicates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "done_on", "is_duplicate"),
    [
        (ENDED, None, True),
        ({}, None, True),  # unknown tells nothing apart
        ({"therapy_ended_on": "2026-01-05"}, None, False),
        ({"therapy_status": "not_started"}, None, False),  # staging is the baseline
        ({"therapy_course": "re_induction"}, None, False),
        ({}, "2026-05-01", False),  # done before this course of therapy ended
        (ENDED, "2026-06-20", True),
    ],
)
def test_the_same_study_after_the_same_course_of_therapy_is_pointed_out(
    as_user, clinician, patient, theirs, done_on, is_duplicate
):
    other = place(patient, clinician, answers=theirs, reason=reason(theirs))
    if done_on:
        with audit.acting(audit.actor_of(clinician)):
            at = timezone.make_aware(timezone.datetime.fromisoformat(f"{done_on}T10:00"))
            record_progress(order=other, by=clinician, via="api", event="performed", at=at)
    draft = place(patient, clinician, answers=ENDED, sign=False)

    page = as_user(clinician).get(f"/orders/{draft.pk}/review/")

    assert [row.number for row in page.context["page"].same_study] == [other.number] * is_duplicate
    assert (f'href="/orders/{other.pk}/"' in text_of(page)) is is_duplicate


def reason(answers: dict):
    return OverrideGiven("radiologist-advised", "") if "therapy_status" in answers else None


# --- overdue ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "performed", "overdue"), [(-3, False, True), (3, False, False), (-3, True, False)]
)
def test_an_appointment_that_passed_without_a_scan_is_overdue(
    as_user, clinician, order, days, performed, overdue
):
    with audit.acting(audit.actor_of(clinician)):
        at = timezone.now() + timedelta(days=days)
        record_progress(order=order, by=clinician, via="api", event="scheduled", at=at)
    if performed:
        progress(order, clinician, "performed")
    client = as_user(clinician)

    rows = client.get("/?show=overdue").context["rows"]
    waiting = client.get("/?show=waiting").context["rows"]

    assert [row.tag.text for row in rows] == ["Overdue 3 days"] * overdue
    assert len(waiting) == (0 if overdue else 1)


# --- a follow-up that one answer stands before --------------------------------------------------------------


def test_a_follow_up_asks_the_one_answer_without_which_its_study_does_not_come_first(
    as_user, clinician, patient, leukaemia
):
    unknown = {**FITTING, "post_therapy_pet_ct_done": None, "post_therapy_ct_result": "not_done"}
    parent = place(patient, clinician, consultation=ask(patient, clinician, **unknown))
    report(parent, clinician, "indeterminate")
    client = as_user(clinician)

    step_1 = text_of(client.get(f"/orders/new/{patient.pk}/{LEUKAEMIA}/?parent={parent.pk}"))
    with audit.acting(audit.actor_of(clinician)):
        answers = {key: value for key, value in unknown.items() if value is not None}
        answers |= {"post_therapy_ct_result": "indeterminate"}
        advised = advise(slug=LEUKAEMIA, answers=answers, birth_date=patient.birth_date)
        asked = record_consultation(
            advised=advised, by=clinician, via="portal", patient=patient, parent=parent
        )
    address = reverse("suggestion", args=[asked.pk])
    step_2 = text_of(client.get(address))
    answered = client.post(
        reverse("answer_one", args=[asked.pk]), {"key": "post_therapy_pet_ct_done", "value": "no"}
    )
    renewed = Consultation.objects.get(pk=answered.url.split("/")[2])

    assert 'href="#div_id_post_therapy_pet_ct_done"' in step_1
    assert "One answer is missing" in step_1
    assert "not documented is never read as no" in step_2
    assert asked.suggestion["studies"][0]["code"] == CT
    assert renewed.suggestion["studies"][0]["code"] == PET
    assert (renewed.parent, renewed.answers["post_therapy_pet_ct_done"]) == (parent, "no")
    assert "is never read as no" not in text_of(client.get(answered.url))


@pytest.mark.parametrize("given", [{}, {"key": "no_such", "value": "x"}, {"key": "age_years", "value": "5"}])
def test_an_answer_that_cannot_be_taken_over_leads_to_all_the_questions(as_user, clinician, patient, given):
    asked = ask(patient, clinician)

    answer = as_user(clinician).post(reverse("answer_one", args=[asked.pk]), given)

    assert answer.url.startswith(f"/orders/new/{patient.pk}/{LEUKAEMIA}/")
    assert Consultation.objects.count() == 1
