"""Silent mode: every consultation is asked of a version under review too, and nobody notices."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from guidelines import actions, gate, silent
from guidelines.admin.checks import checks_of
from guidelines.consulted import SilentCounts, source
from guidelines.models import Advisory, OrderRule, ScenarioVersion, SilentRun
from ordering.models import Consultation, Patient
from ordering.silent_models import SilentComparison
from portal import audit
from portal.models import AuditEvent, User
from tests.guidelines.desk import REVIEWERS, TESTS, copy
from tests.guidelines.vignettes import as_it_answers
from tests.ordering.placing import CT, PET, ask, patient, text_of
from tests.people import AsUser

__all__ = ["patient"]
pytestmark = pytest.mark.django_db

Committed = Callable[..., Any]


@pytest.fixture
def in_review(leukaemia: ScenarioVersion) -> ScenarioVersion:
    """Return a version under review that puts PET/CT first for a baseline CT."""
    draft = copy(leukaemia)
    rule = {"element": "baseline_modality", "op": "in", "value": ["fdg_pet_ct", "ct_with_iv_contrast"]}
    with audit.acting(TESTS):
        OrderRule.objects.filter(version=draft, key="same-modality-ct").delete()
        OrderRule.objects.filter(version=draft, key="same-modality-pet-ct").update(condition=rule)
        as_it_answers(draft)
        return actions.submit(version=draft, by=None, comment="Please look.")


@pytest.fixture
def run(in_review: ScenarioVersion, approver: User) -> SilentRun:
    """Return its silent run."""
    with audit.acting(audit.actor_of(approver)):
        return silent.start_silent(version=in_review, by=approver)


def test_a_difference_is_kept_and_the_clinician_is_told_the_version_in_use(
    run: SilentRun, patient: Patient, clinician: User, django_capture_on_commit_callbacks: Committed
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        consultation = ask(patient, clinician)
        same = ask(patient, clinician, baseline_modality="fdg_pet_ct")

    kept = SilentComparison.objects.get(consultation=consultation)
    assert consultation.suggestion["studies"][0]["code"] == CT
    assert (kept.outcome, kept.first_given, kept.first_silent) == ("different", CT, PET)
    assert any("now comes first" in sentence for sentence in kept.changes)
    assert SilentComparison.objects.get(consultation=same).outcome == "same"
    assert source().silent_counts(run=run.pk) == SilentCounts(compared=2, different=1, failed=0)
    assert kept.organisation_id == clinician.organisation_id


def test_a_failure_of_the_silent_version_disturbs_nobody(
    run: SilentRun,
    patient: Patient,
    clinician: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    def fail(*given: Any) -> None:
        raise RuntimeError("the silent version broke")

    monkeypatch.setattr("ordering.silent.evaluate", fail)
    with django_capture_on_commit_callbacks() as callbacks:
        consultation = ask(patient, clinician)
    with pytest.raises(RuntimeError):  # what on_commit(robust=True) catches and logs
        callbacks[-1]()

    assert Consultation.objects.filter(pk=consultation.pk).exists()
    assert not SilentComparison.objects.exists()


def test_answers_that_the_silent_version_does_not_take_are_counted(
    leukaemia: ScenarioVersion,
    patient: Patient,
    clinician: User,
    approver: User,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    draft = copy(leukaemia)
    with audit.acting(TESTS):
        draft.dataelement_set.filter(key="therapy_course").delete()  # nothing reads it
        actions.submit(version=draft, by=None, comment="Please look.")
        silent.start_silent(version=draft, by=approver)
    with django_capture_on_commit_callbacks(execute=True):
        ask(patient, clinician)

    assert SilentComparison.objects.get().outcome == "failed"


def test_a_run_ends_with_the_publication_and_when_the_version_is_a_draft_again(
    run: SilentRun,
    approver: User,
    patient: Patient,
    clinician: User,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    version = run.version
    with audit.acting(TESTS):
        Advisory.objects.filter(version=version, code="pregnancy").update(title="Changed")  # back to draft
    assert silent.running(version.scenario.slug) is None
    with django_capture_on_commit_callbacks(execute=True):
        ask(patient, clinician)
    assert not SilentComparison.objects.exists()

    with audit.acting(TESTS):
        actions.submit(version=version, by=None, comment="Again.")
    with audit.acting(audit.actor_of(approver)), pytest.raises(silent.SilentRefused, match="already"):
        silent.start_silent(version=ScenarioVersion.objects.get(pk=version.pk), by=approver)
    with audit.acting(REVIEWERS):
        changed = [vignette.key for vignette in gate.changed_vignettes(version)]
        actions.approve(version=version, by=None, acknowledged=changed)
        actions.publish(version=version, by=None)

    run.refresh_from_db()
    assert run.end == SilentRun.End.PUBLISHED
    assert AuditEvent.objects.filter(event_type="guideline.silent-ended").count() == 1


def test_only_a_version_under_review_or_approved_runs_and_only_one(
    leukaemia: ScenarioVersion, run: SilentRun, approver: User
) -> None:
    with audit.acting(audit.actor_of(approver)):
        with pytest.raises(silent.SilentRefused, match="in review or approved"):
            silent.start_silent(version=leukaemia, by=approver)
        stopped = silent.stop_silent(run=run, by=approver)
        again = silent.start_silent(version=run.version, by=approver)
    assert stopped.end == "stopped"
    assert again.pk != run.pk
    started = AuditEvent.objects.filter(event_type="guideline.silent-started")
    assert started.count() == 2
    with (
        audit.acting(TESTS),
        pytest.raises(IntegrityError, match="one_silent_run_per_scenario"),
        transaction.atomic(),
    ):
        SilentRun.objects.create(scenario=run.scenario, version=run.version, snapshot="{}", digest="sha256:")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ordering_silentcomparison SET outcome = 'same'",
        "DELETE FROM ordering_silentcomparison",
        "UPDATE guidelines_silentrun SET snapshot = '{}'",
        "DELETE FROM guidelines_silentrun",
    ],
)
def test_what_was_found_in_silence_cannot_be_changed_in_sql(
    run: SilentRun,
    patient: Patient,
    clinician: User,
    statement: str,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask(patient, clinician)

    with audit.acting(TESTS), pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_where_nothing_runs_in_silence_a_consultation_costs_one_query_more(
    leukaemia: ScenarioVersion,
    patient: Patient,
    clinician: User,
    django_assert_num_queries: Any,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        ask(patient, clinician)

    with django_assert_num_queries(1):
        callbacks[-1]()


# --- the desk ----------------------------------------------------------------------------------------------


@pytest.fixture
def desk(approver: User, as_user: AsUser) -> Client:
    """Return a client signed in as an approver."""
    return as_user(approver)


def test_the_desk_starts_stops_and_shows_where_it_differs_without_patient_data(
    in_review: ScenarioVersion,
    desk: Client,
    make_patient: Callable[..., Patient],
    clinician: User,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    page = reverse("admin:guideline_silent", args=[in_review.pk])
    person = make_patient(clinician, family_name="Canarybird", mrn="CANARY 77")

    desk.post(page, {"action": "start"})
    with django_capture_on_commit_callbacks(execute=True):
        ask(person, clinician, egfr=28.25, therapy_ended_on="2026-01-17")
    shown = text_of(desk.get(page))
    desk.post(page, {"action": "stop"})

    assert "1 of 1 consultation would have got other advice" in shown
    assert "now comes first" in shown
    for canary in ("Canarybird", "CANARYBIRD", "CANARY 77", "28.25", "2026-01-17", "17-Jan-2026", "42 years"):
        assert canary not in shown
    assert "below 30" in shown
    assert "18 or more" in shown
    assert SilentRun.objects.get().end == "stopped"


def test_replaying_counts_what_would_change_and_tells_nothing_of_anybody(
    in_review: ScenarioVersion, make_patient: Callable[..., Patient], clinician: User, desk: Client
) -> None:
    person = make_patient(clinician, family_name="Canarybird", mrn="CANARY 77")
    for given in ({}, {"egfr": 28.25}, {"baseline_modality": "fdg_pet_ct"}, {"diagnosis": "aml"}):
        ask(person, clinician, **given)

    replay = checks_of(in_review)["replay"]
    page = text_of(desk.get(reverse("admin:guideline_check", args=[in_review.pk])))

    assert (replay.asked, replay.changed, replay.not_taken) == (4, 2, 0)
    assert replay.same + replay.reworded == 2
    assert "The latest 4 consultations" in page
    assert "<strong>2 would get other advice</strong>" in page
    for canary in ("Canarybird", "CANARYBIRD", "CANARY 77", "28.25", str(person.pk)):
        assert canary not in page
