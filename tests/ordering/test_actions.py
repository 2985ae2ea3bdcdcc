"""Orders from the question to the finding: each step with its event, and what is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection

from guidelines.actions import copy_to_draft
from guidelines.models import RatedStudy, ScenarioVersion
from ordering.actions import (
    cancel_order,
    change_draft,
    enter_in_error,
    hold_order,
    place_order,
    record_consultation,
    record_finding,
    record_progress,
    resume_order,
    sign_order,
)
from ordering.advice import advise
from ordering.choosing import OverrideGiven
from ordering.exceptions import (
    AdviceOutOfDate,
    ConsultationUsed,
    IllegalTransition,
    NotReportable,
    Refused,
    StaleOrder,
)
from ordering.models import Consultation, Order, Patient
from ordering.transitions import TRANSITIONS
from portal import audit
from portal.models import User
from tests.content import FITTING, LEUKAEMIA, MakePatient, publish

pytestmark = pytest.mark.django_db

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"
PET = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"
S = Order.Status
Ask = Callable[..., Consultation]


@pytest.fixture(autouse=True)
def _acting(clinician: User, leukaemia: ScenarioVersion):
    with audit.acting(audit.actor_of(clinician)):
        yield


@pytest.fixture
def patient(clinician: User, make_patient: MakePatient) -> Patient:
    return make_patient(clinician)


@pytest.fixture
def ask(clinician: User, patient: Patient) -> Ask:
    def ask(**answers: Any) -> Consultation:
        advised = advise(slug=LEUKAEMIA, answers=FITTING | answers, birth_date=patient.birth_date)
        return record_consultation(advised=advised, by=clinician, via="portal", patient=patient)

    return ask


@pytest.fixture
def place(ask: Ask, clinician: User, patient: Patient):
    def place(
        *, study: str | None = CT, sign: bool = True, answers: dict[str, Any] | None = None, **given: Any
    ):
        return place_order(
            consultation=ask(**(answers or {})),
            patient=patient,
            by=clinician,
            via="portal",
            study=study,
            sign=sign,
            **given,
        )

    return place


def events_of(order: Order) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_type FROM audit.event WHERE entity = 'order' AND entity_id = %s ORDER BY id",
            [str(order.pk)],
        )
        return [kind for (kind,) in cursor.fetchall()]


def test_a_signed_order_keeps_study_rating_version_and_advice_as_given(place, clinician):
    order = place()

    assert (order.status, order.study_code, order.rating) == (S.ACTIVE, CT, "usually_appropriate")
    assert order.adherence == "adheres"
    assert order.version_number == 1
    assert order.consultation.suggestion["studies"][0]["code"] == CT
    assert order.signed_by == clinician
    assert [row.status for row in order.statuses.all()] == [S.DRAFT, S.ACTIVE]
    assert events_of(order) == ["order.placed", "order.signed"]


@pytest.mark.parametrize(
    ("study", "answers", "given", "fault"),
    [
        (CT, {}, {}, None),
        (PET, {}, {}, None),
        (MRI, {}, {}, "/override_reason"),
        (PLAIN_CT, {}, {}, "/override_reason"),
        (PLAIN_CT, {"renal_failure": "yes"}, {}, "/override_reason"),
        (CT, {"renal_failure": "yes"}, {}, "/override_reason"),
        (CT, {"diagnosis": "aml"}, {}, "/override_reason"),
        (MRI, {}, {"reason": OverrideGiven("radiologist-advised")}, None),
        (MRI, {}, {"reason": OverrideGiven("other")}, "/override_reason/text"),
        (MRI, {}, {"reason": OverrideGiven("other", "  ")}, "/override_reason/text"),
        (MRI, {}, {"reason": OverrideGiven("special-circumstances", "Pacemaker was cleared")}, None),
        (MRI, {}, {"reason": OverrideGiven("because")}, "/override_reason/code"),
        (None, {}, {}, "/study"),
        (None, {}, {"study_text": "Whole-body MRI"}, "/override_reason"),
        (None, {}, {"study_text": "Whole-body MRI", "reason": OverrideGiven("patient-preference")}, None),
        ("us-abdomen", {}, {}, "/study"),
        (CT, {}, {"study_text": "and another"}, "/study_text"),
        (CT, {}, {"priority": "yesterday"}, "/priority"),
        (CT, {"severe_contrast_allergy": "yes"}, {"reason": OverrideGiven("radiologist-advised")}, None),
    ],
)
def test_a_reason_is_needed_for_what_is_not_suggested(place, study, answers, given, fault):
    if fault is None:
        assert place(study=study, answers=answers, **given).status == S.ACTIVE
        return

    with pytest.raises(Refused) as refused:
        place(study=study, answers=answers, **given)

    assert [refusal.pointer for refusal in refused.value.refusals] == [fault]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("study", "answers", "adherence", "rating"),
    [
        (CT, {}, "adheres", "usually_appropriate"),
        (MRI, {}, "does_not_adhere", "usually_not_appropriate"),
        (PLAIN_CT, {}, "not_applicable", ""),
        (PLAIN_CT, {"severe_contrast_allergy": "yes"}, "adheres", ""),
        (CT, {"severe_contrast_allergy": "yes"}, "adheres", "usually_appropriate"),
        (CT, {"diagnosis": "cll"}, "not_applicable", ""),
        (None, {}, "not_applicable", ""),
    ],
)
def test_adherence_and_rating_follow_the_advice(place, study, answers, adherence, rating):
    text = "" if study else "Ultrasound of the abdomen"

    order = place(study=study, answers=answers, study_text=text, reason=OverrideGiven("radiologist-advised"))

    assert (order.adherence, order.rating) == (adherence, rating)


def test_a_consultation_carries_one_order(ask, clinician, patient):
    consultation = ask()
    place_order(consultation=consultation, patient=patient, by=clinician, via="portal", study=CT)

    with pytest.raises(ConsultationUsed):
        place_order(consultation=consultation, patient=patient, by=clinician, via="portal", study=CT)


def test_a_consultation_about_another_patient_is_refused(ask, clinician, make_patient):
    other = make_patient(clinician)

    with pytest.raises(Refused) as refused:
        place_order(consultation=ask(), patient=other, by=clinician, via="portal", study=CT)

    assert [refusal.code for refusal in refused.value.refusals] == ["another-patient"]


MOVES = {
    S.ACTIVE: lambda order, by: sign_order(order=order, by=by, via="portal"),
    S.ON_HOLD: lambda order, by: hold_order(order=order, by=by, via="portal"),
    S.REVOKED: lambda order, by: cancel_order(order=order, by=by, via="portal", reason="Not needed"),
    S.ENTERED_IN_ERROR: lambda order, by: enter_in_error(
        order=order, by=by, via="portal", reason="Wrong patient"
    ),
    S.COMPLETED: lambda order, by: record_finding(
        order=order, by=by, via="portal", finding="negative", compared_with_baseline="yes"
    ),
}
WAY_TO = {
    S.DRAFT: [],
    S.ACTIVE: [S.ACTIVE],
    S.ON_HOLD: [S.ACTIVE, S.ON_HOLD],
    S.REVOKED: [S.ACTIVE, S.REVOKED],
    S.COMPLETED: [S.ACTIVE, S.COMPLETED],
    S.ENTERED_IN_ERROR: [S.ACTIVE, S.ENTERED_IN_ERROR],
}


@pytest.mark.parametrize("status", list(WAY_TO))
@pytest.mark.parametrize("wanted", list(MOVES))
def test_every_pair_of_statuses_is_allowed_or_refused_as_the_table_says(place, clinician, status, wanted):
    order = place(sign=False)
    for step in WAY_TO[status]:
        MOVES[step](order, clinician)
    order.refresh_from_db()
    assert order.status == status
    before = events_of(order)
    if (status, wanted) == (S.ON_HOLD, S.ACTIVE):
        resume_order(order=order, by=clinician, via="portal")
    elif (status, wanted) in TRANSITIONS:
        MOVES[wanted](order, clinician)
    elif (status, wanted) == (S.COMPLETED, S.COMPLETED):  # a later finding is kept beside the first
        MOVES[wanted](order, clinician)
        assert order.findings.count() == 2
        return
    else:
        with pytest.raises((IllegalTransition, NotReportable)):
            MOVES[wanted](order, clinician)
        order.refresh_from_db()
        assert order.status == status
        assert events_of(order) == before
        return

    order.refresh_from_db()
    assert order.status == wanted
    assert len(events_of(order)) > len(before)
    assert order.statuses.last().status == wanted


@pytest.mark.parametrize("reason", ["", "   "])
def test_cancelling_needs_a_reason(place, clinician, reason):
    order = place()

    with pytest.raises(Refused):
        cancel_order(order=order, by=clinician, via="portal", reason=reason)


def test_a_stale_revision_is_refused(place, clinician):
    order = place()
    hold_order(order=order, by=clinician, via="portal")

    with pytest.raises(StaleOrder):
        cancel_order(order=order, by=clinician, via="portal", reason="Not needed", revision=order.revision)


def publish_with_pet_ct_not_rated(version: ScenarioVersion) -> ScenarioVersion:
    draft = copy_to_draft(version=version, by=None)
    RatedStudy.objects.filter(version=draft, study__code=PET).update(
        rating="may_be_appropriate", rating_standing="site_policy"
    )
    return publish(version=draft)


def test_a_draft_cannot_be_signed_after_the_guideline_changed_and_says_what_did(place, clinician, leukaemia):
    order = place(sign=False)
    publish_with_pet_ct_not_rated(leukaemia)

    with pytest.raises(AdviceOutOfDate) as refused:
        sign_order(order=order, by=clinician, via="portal")

    assert "Version 1" in refused.value.changes[0]
    assert any("PET/CT" in change for change in refused.value.changes)
    order.refresh_from_db()
    assert order.status == S.DRAFT
    assert events_of(order) == ["order.placed"]


def test_a_draft_with_new_advice_can_be_signed(place, ask, clinician, leukaemia):
    order = place(sign=False)
    publish_with_pet_ct_not_rated(leukaemia)

    order = change_draft(order=order, by=clinician, consultation=ask(), study=CT)
    order = sign_order(order=order, by=clinician, via="portal")

    assert (order.status, order.version_number) == (S.ACTIVE, 2)


def test_a_birthday_between_advice_and_signature_asks_again(ask, clinician, make_patient):
    with time_machine.travel("2026-03-01 10:00+00:00", tick=False):
        patient = make_patient(clinician, birth_date=date(2008, 3, 2))
        advised = advise(
            slug=LEUKAEMIA,
            answers=FITTING,
            birth_date=patient.birth_date,
        )
        consultation = record_consultation(advised=advised, by=clinician, via="portal", patient=patient)
        assert consultation.fit == "does_not_fit"
        order = place_order(
            consultation=consultation,
            patient=patient,
            by=clinician,
            via="portal",
            study=CT,
            reason=OverrideGiven("radiologist-advised"),
        )

    with time_machine.travel("2026-03-02 10:00+00:00", tick=False), pytest.raises(AdviceOutOfDate):
        sign_order(order=order, by=clinician, via="portal")


def test_an_uncompared_finding_is_provisional_until_a_later_one_was_compared(place, clinician):
    order = place()

    first = record_finding(
        order=order, by=clinician, via="portal", finding="negative", compared_with_baseline="not_yet"
    )
    order.refresh_from_db()
    assert first.provisional
    assert (order.status, order.finding_provisional) == (S.ACTIVE, True)

    record_finding(order=order, by=clinician, via="portal", finding="negative", compared_with_baseline="yes")
    order.refresh_from_db()
    assert (order.status, order.finding_provisional) == (S.COMPLETED, False)
    assert order.findings.count() == 2


def steps(finding) -> list[str]:
    return [step["code"] for step in finding.next_steps]


def test_an_indeterminate_ct_leads_to_pet_ct_and_a_reported_pet_ct_beyond_it(place, clinician):
    order = place()

    finding = record_finding(
        order=order, by=clinician, via="portal", finding="indeterminate", compared_with_baseline="yes"
    )
    assert steps(finding) == ["order-fdg-pet-ct", "exclude-infection"]
    assert finding.next_steps[0]["study"] == PET

    follow_up = place(study=PET, parent=order, answers={"post_therapy_ct_result": "indeterminate"})
    again = record_finding(
        order=follow_up, by=clinician, via="portal", finding="indeterminate", compared_with_baseline="yes"
    )
    assert steps(again) == ["short-interval-imaging", "consider-biopsy", "tumour-board"]
    later = record_finding(
        order=order, by=clinician, via="portal", finding="indeterminate", compared_with_baseline="yes"
    )
    assert steps(later) == ["short-interval-imaging", "consider-biopsy", "tumour-board"]


def test_a_cancelled_follow_up_does_not_count_as_done(place, clinician):
    order = place()
    follow_up = place(study=PET, parent=order)
    record_finding(
        order=follow_up, by=clinician, via="portal", finding="negative", compared_with_baseline="not_yet"
    )
    cancel_order(order=follow_up, by=clinician, via="portal", reason="Reported on the wrong patient")

    finding = record_finding(
        order=order, by=clinician, via="portal", finding="indeterminate", compared_with_baseline="yes"
    )

    assert steps(finding) == ["order-fdg-pet-ct", "exclude-infection"]


def test_a_finding_names_every_fault_at_once(place, clinician):
    order = place()

    with pytest.raises(Refused) as refused:
        record_finding(
            order=order,
            by=clinician,
            via="api",
            finding="cured",
            compared_with_baseline="maybe",
            complications=["infection", "boredom"],
        )

    assert [refusal.pointer for refusal in refused.value.refusals] == [
        "/finding",
        "/compared_with_baseline",
        "/complications/1",
    ]


def test_progress_from_radiology_is_kept_and_changes_no_status(place, clinician):
    order = place()

    progress = record_progress(order=order, by=clinician, via="api", event="reported", accession="26-003911")

    order.refresh_from_db()
    assert (progress.event, order.status) == ("reported", S.ACTIVE)
    assert events_of(order)[-1] == "order.reported"
