"""Loading the training data through the same actions that people use."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from ordering.actions import (
    PatientIdentity,
    cancel_order,
    create_patient,
    enter_in_error,
    hold_order,
    place_order,
    record_consultation,
    record_finding,
    record_progress,
    sign_order,
)
from ordering.advice import advise
from ordering.cds_hooks.actions import development_client
from ordering.choosing import OverrideGiven
from ordering.models import Order, Patient, Via
from ordering.training.past import write_past
from ordering.training.patients import NORTH, SOUTH, Invented, Request
from portal import audit
from portal.models import ApiToken, Organisation, User
from portal.roles import Role, give_roles
from portal.tokens import TEST_PREFIX

SCENARIO = "adult-all-emd-post-therapy"
NORTH_CLINIC = ("northfield", "Northfield University Hospital")
SOUTH_CLINIC = ("southgate", "Southgate Cancer Centre")
TOKEN_LIFE = timedelta(days=365)

PEOPLE: dict[str, tuple[str, str, str, Role, tuple[str, str] | None]] = {
    # who: title, given name, family name, role, organisation
    "clinician": ("Dr", "Priya", "Shah", Role.CLINICIAN, NORTH_CLINIC),
    "colleague": ("Dr", "Daniel", "Osei", Role.CLINICIAN, NORTH_CLINIC),
    "other_clinic": ("Dr", "Marta", "Keller", Role.CLINICIAN, SOUTH_CLINIC),
    "editor": ("", "Ingrid", "Sol", Role.EDITOR, None),
    "approver": ("Prof", "Samuel", "Reyes", Role.APPROVER, None),
    "auditor": ("", "Helen", "Ward", Role.AUDITOR, NORTH_CLINIC),
    "admin": ("", "Robin", "Vale", Role.ADMINISTRATOR, NORTH_CLINIC),
}


def load(known: dict[str, Any]) -> dict[str, Any]:
    """Return how to sign in: {"api_token", "other_clinic_token", "users": {who: {username, password}}}.

    `known` is what an earlier run returned; its passwords and tokens go on working. What is there
    already is left as it is. Everything is loaded, or nothing.
    """
    with transaction.atomic():
        users = {who: _person(who) for who in PEOPLE}
        passwords = {who: _password(user, known, who) for who, user in users.items()}
        tokens = {
            name: _token(users[who], known.get(name, ""))
            for name, who in (("api_token", "clinician"), ("other_clinic_token", "other_clinic"))
        }
        development_client(user=users["clinician"])
        if not Patient.objects.exists():
            for invented in NORTH:
                _patient(invented, by=users["clinician"])
            for invented in SOUTH:
                _patient(invented, by=users["other_clinic"])
            with audit.acting(audit.actor_of(users["clinician"], via=Via.COMMAND)):
                write_past(by=[users["clinician"], users["colleague"]], slug=SCENARIO)
    return tokens | {
        "users": {who: {"username": user.username, "password": passwords[who]} for who, user in users.items()}
    }


def _person(who: str) -> User:
    title, given_name, family_name, role, organisation = PEOPLE[who]
    workplace = None
    if organisation:
        slug, name = organisation
        workplace, _ = Organisation.objects.get_or_create(slug=slug, defaults={"name": name})
    user, is_new = User.objects.get_or_create(
        username=who,
        defaults={
            "title": title,
            "first_name": given_name,
            "last_name": family_name,
            "organisation": workplace,
        },
    )
    if is_new:
        give_roles(user=user, roles=[role])
    return user


def _password(user: User, known: dict[str, Any], who: str) -> str:
    """The password that an earlier run wrote down, if it still works; else a new one."""
    written = known.get("users", {}).get(who, {}).get("password", "")
    if written and user.check_password(written):
        return written
    password = f"training-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _token(user: User, written: str) -> str:
    """The token that an earlier run wrote down, if it is still there; else a new one with every scope."""
    mine = ApiToken.objects.filter(user=user, name="Training", expiry__gt=timezone.now())
    if written and mine.filter(token_key=written[: len(mine.first().token_key) if mine else 0]).exists():
        return written
    mine.delete()
    _, token = ApiToken.objects.create(
        user=user, expiry=TOKEN_LIFE, prefix=TEST_PREFIX, name="Training", scopes=list(ApiToken.Scope.values)
    )
    return token


def _patient(invented: Invented, *, by: User) -> None:
    assert by.organisation is not None
    today = timezone.localdate()
    identity = PatientIdentity(
        mrn=invented.mrn,
        family_name=invented.family_name,
        given_name=invented.given_name,
        birth_date=_born(invented, today),
        sex=invented.sex,
    )
    with audit.acting(audit.actor_of(by, via=Via.COMMAND)):
        patient = create_patient(organisation=by.organisation, identity=identity, by=by)
        _consult(patient, invented.answers, invented.request, by=by)


def _born(invented: Invented, today: date) -> date:
    """A birth date that gives the age, at least a month from the next birthday, other for each patient."""
    number = int("".join(digit for digit in invented.mrn if digit.isdigit()))
    birthday = today - timedelta(days=30 + number % 300)
    return birthday.replace(year=birthday.year - invented.age_years, day=min(birthday.day, 28))


def _consult(
    patient: Patient,
    answers: dict[str, Any],
    request: Request | None,
    *,
    by: User,
    parent: Order | None = None,
) -> None:
    advised = advise(slug=SCENARIO, answers=answers, birth_date=patient.birth_date)
    consultation = record_consultation(
        advised=advised, by=by, via=Via.COMMAND, patient=patient, parent=parent
    )
    if request is None:
        return
    order = place_order(
        consultation=consultation,
        patient=patient,
        by=by,
        via=Via.COMMAND,
        study=request.study,
        study_text=request.study_text,
        reason=OverrideGiven(*request.reason) if request.reason else None,
        priority=request.priority,
        note=request.note,
        parent=parent,
    )
    if request.status != "draft":
        sign_order(order=order, by=by, via=Via.COMMAND)
    for event in request.progress:
        booked = timezone.now() + timedelta(days=request.booked_in) if event == "scheduled" else None
        record_progress(order=order, by=by, via=Via.COMMAND, event=event, at=booked)
    for report in request.reports:
        record_finding(
            order=order,
            by=by,
            via=Via.COMMAND,
            finding=report.finding,
            compared_with_baseline=report.compared_with_baseline,
            discordant=report.discordant,
            complications=report.complications,
            comment=report.comment,
        )
    if request.status == "on-hold":
        hold_order(order=order, by=by, via=Via.COMMAND, reason="The patient asked for a later date.")
    elif request.status == "revoked":
        cancel_order(order=order, by=by, via=Via.COMMAND, reason="Therapy goes on; imaging is planned later.")
    elif request.status == "entered-in-error":
        enter_in_error(order=order, by=by, via=Via.COMMAND, reason="Placed for the wrong patient.")
    if request.follow_up:
        answered = answers | {"post_therapy_ct_result": "indeterminate"}
        _consult(patient, answered, request.follow_up, by=by, parent=order)
