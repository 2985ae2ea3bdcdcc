"""A year of invented orders that are over, so that the quality page and the account have something to show.

Written as rows, not through the actions: no action places an order in the past. What the rows say is what the
actions would have written, and the rules of the database hold for them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from guidelines.engine import next_steps
from ordering.advice import Advised, advise
from ordering.choosing import OverrideGiven, choose
from ordering.models import Consultation, Finding, Order, OrderStatus, Patient, Progress, Via
from ordering.training.patients import CT, MRI, PET_CT, STAGED_BY_CT
from portal.models import User

S = Order.Status
PATIENTS = 45
DAYS = range(35, 335, 3)  # days ago; nothing of it is on a worklist
FAMILY_NAMES = ("Abbott", "Brandt", "Castillo", "Duarte", "Eriksen", "Farrell", "Guerra", "Holm", "Ivanov")
GIVEN_NAMES = ("Alma", "Bruno", "Clara", "David", "Elsa")
UNLISTED = ("Ultrasound of the abdomen", "Ultrasound of the abdomen", "Whole-body MRI")
REASONS = (
    OverrideGiven("radiologist-advised"),
    OverrideGiven("radiologist-advised"),
    OverrideGiven("previous-study-unhelpful"),
    OverrideGiven("patient-preference"),
    OverrideGiven("special-circumstances", "Invented for training."),
)
FINDINGS = ("negative",) * 6 + ("residual_or_progressive",) * 2 + ("indeterminate",) * 2 + ("new_sites",)


@dataclass(slots=True)
class _Past:
    """What was asked on a day, the order that came of it if one did, and what was found."""

    answers: dict[str, Any]
    advised: Advised
    consultation: Consultation
    order: Order | None = None
    finding: Finding | None = None
    cancelled: bool = False


def write_past(*, by: Sequence[User], slug: str) -> None:
    """Write the invented year of these clinicians, who are of one organisation."""
    chance = Random(2026)  # noqa: S311 - the same year every time
    today = timezone.localdate()
    patients = _patients(by[0], today, chance)
    past = [
        _day(
            chance,
            patient=chance.choice(patients),
            by=chance.choice(by),
            slug=slug,
            day=today - timedelta(ago),
        )
        for ago in DAYS
    ]
    past += [
        _follow_up(chance, earlier, slug=slug)
        for earlier in past
        if earlier.finding and earlier.finding.finding == "indeterminate" and chance.random() < 0.7
    ]
    _save(past)


def _patients(by: User, today: date, chance: Random) -> list[Patient]:
    assert by.organisation is not None
    return Patient.objects.bulk_create(
        Patient(
            organisation=by.organisation,
            mrn=f"4009 {place:04d}",
            family_name=FAMILY_NAMES[place % len(FAMILY_NAMES)],
            given_name=GIVEN_NAMES[place // len(FAMILY_NAMES)],
            birth_date=today - timedelta(days=chance.randrange(22 * 365, 78 * 365)),
            sex=chance.choice((Patient.Sex.FEMALE, Patient.Sex.MALE)),
        )
        for place in range(PATIENTS)
    )


def _day(chance: Random, *, patient: Patient, by: User, slug: str, day: date) -> _Past:
    """Return one invented question, and what came of it."""
    asked_at = timezone.make_aware(datetime.combine(day, time(8))) + timedelta(minutes=chance.randrange(600))
    answers = _answers(chance)
    past = _asked(answers, patient=patient, by=by, slug=slug, asked_at=asked_at)
    if past.consultation.fit == Consultation.Fit.FITS:
        _order(chance, past, patient=patient, by=by)
    return past


def _answers(chance: Random) -> dict[str, Any]:
    def sometimes(share: float, **given: Any) -> dict[str, Any]:
        return given if chance.random() < share else {}

    return (
        STAGED_BY_CT
        | sometimes(0.3, baseline_modality="fdg_pet_ct")
        | sometimes(0.07, severe_contrast_allergy="yes")
        | sometimes(0.04, renal_failure="yes")
        | sometimes(0.5, egfr=chance.randrange(24, 110))
        | sometimes(0.2, fever_or_neutropenia="yes")
        | sometimes(0.2, residual_mass="yes")
        | sometimes(0.4, marrow_remission="yes")
        | sometimes(0.4, pregnancy="no")
        | sometimes(0.06, diagnosis="aml")
        | sometimes(0.05, emd_at_diagnosis="no")
    )


def _asked(
    answers: dict[str, Any],
    *,
    patient: Patient,
    by: User,
    slug: str,
    asked_at: datetime,
    parent: Order | None = None,
) -> _Past:
    advised = advise(
        slug=slug, answers=answers, birth_date=patient.birth_date, today=timezone.localdate(asked_at)
    )
    consultation = Consultation(
        organisation_id=patient.organisation_id,
        patient=patient,
        requester=by,
        version_id=advised.version_id,
        scenario_slug=slug,
        digest=advised.ruleset.digest,
        engine_version=advised.advice.engine,
        answers=advised.case.to_dict(),
        advice=advised.text,
        fit=advised.advice.fit,
        via=Via.PORTAL,
        parent=parent,
        created_at=asked_at,
    )
    return _Past(answers, advised, consultation)


def _order(
    chance: Random, past: _Past, *, patient: Patient, by: User, parent: Order | None = None, study: str = ""
) -> None:
    """Add the order that came of a question, and what was found."""
    consultation, advised = past.consultation, past.advised
    suggestion = advised.suggestion
    first = study or suggestion["studies"][0]["code"]
    draw = chance.random()
    text, reason = "", None
    if not study and draw < 0.18:
        first, text = (MRI, "") if draw < 0.09 else ("", chance.choice(UNLISTED))
        reason = chance.choice(REASONS)
    elif first == CT and draw > 0.9:
        first = PET_CT
    choice = choose(
        suggestion=suggestion, ruleset=advised.ruleset, study=first or None, study_text=text, reason=reason
    )
    placed_at = consultation.created_at + timedelta(seconds=chance.randrange(15, 150))
    signed_at = placed_at + timedelta(seconds=int(chance.lognormvariate(4, 0.8)) + 8)
    past.cancelled = chance.random() < 0.04
    past.order = Order(
        organisation_id=patient.organisation_id,
        patient=patient,
        consultation=consultation,
        scenario_slug=consultation.scenario_slug,
        scenario_title=suggestion["scenario"]["title"],
        version_number=suggestion["scenario"]["version"],
        parent=parent,
        requester=by,
        created_by=by,
        placed_at=placed_at,
        updated_at=signed_at,
        signed_at=signed_at,
        signed_by=by,
        **choice.as_fields(),
    )
    if past.cancelled:
        past.order.updated_at = signed_at + timedelta(hours=5)
        return
    reported_at = signed_at + timedelta(hours=chance.randrange(30, 220))
    key = "negative" if parent else chance.choice(FINDINGS)
    steps = next_steps(
        advised.ruleset,
        answers=advised.case,
        finding=key,
        discordant=False,
        complications=[],
        studies_done=[first] if first else [],
    )
    past.finding = Finding(
        order=past.order,
        finding=key,
        compared_with_baseline="yes" if chance.random() < 0.9 else "no_baseline",
        recorded_at=reported_at + timedelta(hours=int(chance.lognormvariate(3.9, 0.9))),
        reported_at=reported_at,
        recorded_by=by,
        via=Via.PORTAL,
        provisional=False,
        next_steps=[asdict(step) for step in steps],
    )
    past.order.updated_at = past.finding.recorded_at


def _follow_up(chance: Random, earlier: _Past, *, slug: str) -> _Past:
    """Return the linked order that follows an indeterminate report."""
    assert earlier.order is not None
    assert earlier.finding is not None
    parent = earlier.order
    answers = earlier.answers | {"post_therapy_ct_result": "indeterminate"}
    past = _asked(
        answers,
        patient=parent.patient,
        by=parent.requester,
        slug=slug,
        asked_at=min(earlier.finding.recorded_at, timezone.now() - timedelta(days=20)) + timedelta(minutes=9),
        parent=parent,
    )
    _order(chance, past, patient=parent.patient, by=parent.requester, parent=parent, study=PET_CT)
    return past


def _save(past: Sequence[_Past]) -> None:
    """Write everything, each order on its way: draft, active, completed or cancelled."""
    ordered = [(one, one.order) for one in past if one.order is not None]
    for (_one, order), number in zip(ordered, _numbers(len(ordered)), strict=True):
        order.number = f"{timezone.localtime(order.placed_at).year}-{number:06d}"
    Consultation.objects.bulk_create(one.consultation for one in past)
    Order.objects.bulk_create(order for _one, order in ordered)
    orders = Order.objects.filter(pk__in=[order.pk for _one, order in ordered])
    orders.update(status=S.ACTIVE, revision=2)
    statuses, progress = [], []
    for one, order in ordered:
        assert order.signed_at is not None
        steps = [(S.DRAFT, order.placed_at, ""), (S.ACTIVE, order.signed_at, "")]
        if one.cancelled:
            steps.append((S.REVOKED, order.updated_at, "Therapy goes on; imaging is planned later."))
        if one.finding is not None:
            assert one.finding.reported_at is not None
            steps.append((S.COMPLETED, order.updated_at, ""))
            progress.append(_reported(order, one.finding.reported_at))
        statuses += [
            OrderStatus(order=order, status=status, at=at, by=order.requester, via=Via.PORTAL, reason=reason)
            for status, at, reason in steps
        ]
    cancelled = [order.pk for one, order in ordered if one.cancelled]
    orders.filter(pk__in=cancelled).update(status=S.REVOKED, revision=3)
    for finding in set(FINDINGS):
        found = [order.pk for one, order in ordered if one.finding and one.finding.finding == finding]
        orders.filter(pk__in=found).update(status=S.COMPLETED, finding=finding, revision=3)
    OrderStatus.objects.bulk_create(statuses)
    Progress.objects.bulk_create(progress)
    Finding.objects.bulk_create(one.finding for one in past if one.finding is not None)


def _reported(order: Order, at: datetime) -> Progress:
    return Progress(
        order=order,
        event=Progress.Event.REPORTED,
        at=at,
        recorded_at=at,
        recorded_by=order.requester,
        via=Via.API,
    )


def _numbers(count: int) -> list[int]:
    """Return the next order numbers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('ordering_order_number') FROM generate_series(1, %s)", [count])
        return [number for (number,) in cursor.fetchall()]
