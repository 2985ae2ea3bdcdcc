"""From what a request says to an order: every part is looked at before anything is refused.

The actions refuse what they meet first; a caller is told all of it at once. So each part is tried in turn,
faults are collected, and the order is placed when there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from guidelines import library
from guidelines.engine import Case, CaseError, RuleSet, difference, evaluate
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import RELEASED, ScenarioVersion
from ordering import actions
from ordering.actions import PatientIdentity
from ordering.actions.orders import UNCHANGED
from ordering.advice import Advised, advise
from ordering.api.errors import VersionNotCurrent
from ordering.api.fields import shape
from ordering.choosing import OverrideGiven, choose, study_faults
from ordering.exceptions import IllegalTransition, Refusal, Refused
from ordering.models import Consultation, Order, Patient, Via
from portal import audit
from portal.models import User

Values = dict[str, Any]
PATIENT_FIELDS = ("mrn", "family_name", "given_name", "birth_date", "sex")


@dataclass(slots=True)
class Asked:
    """What was sent, what of it could be read, and what is wrong with it so far."""

    sent: Values
    values: Values
    faults: list[Refusal]
    by: User
    http: Any  # for recording what was denied

    def give_up_if_faulty(self) -> None:
        """Raise Refused with every fault found so far."""
        if self.faults:
            raise Refused(self.faults)

    def give_up_if_malformed(self) -> None:
        """Raise Refused with every fault found so far, if one of them is a fault of shape."""
        if any(fault.is_shape for fault in self.faults):
            raise Refused(self.faults)

    def gives(self, name: str) -> bool:
        """Return whether a field was sent with a value, sound or not."""
        return self.sent.get(name) is not None

    def sound(self, pointer: str) -> bool:
        """Return whether nothing is wrong at or below a pointer."""
        return not any(
            fault.pointer == pointer or fault.pointer.startswith(f"{pointer}/") for fault in self.faults
        )


@transaction.atomic
def consult(asked: Asked) -> Consultation:
    """Return the recorded consultation. Raises Refused."""
    patient = _patient(asked) if asked.gives("patient") else None
    advised = _advised(asked, patient)
    asked.give_up_if_faulty()
    assert advised is not None
    return actions.record_consultation(advised=advised, by=asked.by, via=Via.API, patient=patient)


@transaction.atomic
def place(asked: Asked) -> Order:
    """Return the new order. Raises Refused, VersionNotCurrent, and what place_order raises."""
    values = asked.values
    _check_basis(asked)
    parent = _named_order(asked, "parent")
    replaces = _named_order(asked, "replaces")
    consultation = _consultation(asked)
    patient = consultation.patient if consultation else None
    if asked.gives("patient"):
        patient = _patient(asked)
    if patient is None and not asked.gives("patient") and asked.sound("/patient"):
        asked.faults.append(shape("/patient", "required", "This field is missing."))
    if patient is not None and parent is not None and parent.patient_id != patient.pk:
        asked.faults.append(
            Refusal("/parent", "another-patient", "The order to follow up is another patient's.")
        )
    if patient is not None and replaces is not None and replaces.patient_id != patient.pk:
        asked.faults.append(
            Refusal("/replaces", "another-patient", "The order to replace is another patient's.")
        )
    advised = None if asked.gives("consultation") else _advised(asked, patient)
    if asked.faults:
        _add_study_faults(asked, advised, consultation)
        raise Refused(asked.faults)
    _check_digest(asked, advised, consultation)
    assert patient is not None
    if consultation is None:
        assert advised is not None
        consultation = actions.record_consultation(
            advised=advised, by=asked.by, via=Via.API, patient=patient, parent=parent, replaces=replaces
        )
    return actions.place_order(
        consultation=consultation,
        patient=patient,
        by=asked.by,
        via=Via.API,
        study=values.get("study"),
        study_text=values.get("study_text") or "",
        reason=_reason(values),
        priority=values["priority"],
        note=values["note"],
        wanted_by=values.get("wanted_by"),
        parent=parent,
        replaces=replaces,
        sign=values["sign"],
    )


@transaction.atomic
def change(asked: Asked, *, order: Order, revision: int | None) -> Order:
    """Return the changed draft. Raises Refused, and what change_draft raises."""
    values = asked.values
    if not asked.faults and order.status != Order.Status.DRAFT:
        raise IllegalTransition(status=order.get_status_display().lower(), wanted="changed")
    advised = None
    if "answers" in values:
        asked.values = values = {**values, "scenario": order.scenario_slug}
        advised = _advised(asked, order.patient)
    if asked.faults:
        if asked.gives("study") or asked.gives("study_text"):
            _add_study_faults(asked, advised, None if "answers" in asked.sent else order.consultation)
        raise Refused(asked.faults)
    if not asked.sent:
        return order
    consultation = None
    if advised is not None:
        consultation = actions.record_consultation(
            advised=advised, by=asked.by, via=Via.API, patient=order.patient, parent=order.parent
        )
    chosen_anew = "study" in values or "study_text" in values
    kept = (
        OverrideGiven(order.override_reason_code, order.override_reason_text)
        if order.override_reason_code and not chosen_anew
        else None
    )
    return actions.change_draft(
        order=order,
        by=asked.by,
        consultation=consultation,
        study=values.get("study") if chosen_anew else order.study_code or None,
        study_text=(values.get("study_text") or "") if chosen_anew else order.study_text,
        reason=_reason(values) if "override_reason" in values else kept,
        priority=values.get("priority"),
        note=values.get("note"),
        wanted_by=values.get("wanted_by") if "wanted_by" in values else UNCHANGED,
        revision=revision,
    )


def own_order(request: Any, pk: UUID) -> Order | None:
    """Return the organisation's order, or None; asking for another organisation's is recorded."""
    order = Order.objects.select_related("consultation", "patient", "parent").filter(pk=pk).first()
    if order is None or order.organisation_id == request.user.organisation_id:
        return order
    audit.denied(request, entity="order", entity_id=pk, reason="another organisation")
    return None


def _check_basis(asked: Asked) -> None:
    """Collect the faults of giving a consultation and a question, neither, or half a question."""
    given = [name for name in ("scenario", "answers") if name in asked.sent]
    if asked.gives("consultation"):
        if given:
            asked.faults.append(
                Refusal(
                    "/consultation", "two-bases", "Give a consultation, or scenario and answers; not both."
                )
            )
    elif not given:
        asked.faults.append(
            Refusal("", "no-basis", "Give scenario and answers, or a consultation that was recorded before.")
        )
    else:
        asked.faults += [
            shape(f"/{name}", "required", "This field is missing.")
            for name in ("scenario", "answers")
            if name not in asked.sent
        ]
    if "study" not in asked.sent and "study_text" not in asked.sent:
        asked.faults.append(shape("/study", "required", "This field is missing."))


def _patient(asked: Asked) -> Patient | None:
    """Return the patient that the request names, made if new; None with the faults collected."""
    given = asked.values.get("patient") or {}
    if not asked.sound("/patient") or any(name not in given for name in PATIENT_FIELDS):
        return None
    identity = PatientIdentity(**{name: given[name] for name in PATIENT_FIELDS})
    assert asked.by.organisation is not None
    try:
        return actions.patient_for(organisation=asked.by.organisation, identity=identity, by=asked.by)
    except Refused as refused:
        asked.faults += [
            Refusal(f"/patient{fault.pointer}", fault.code, fault.message, fault.is_shape)
            for fault in refused.refusals
        ]
        return None


def _advised(asked: Asked, patient: Patient | None) -> Advised | None:
    """Return the advice for the answers; None with the faults collected."""
    slug, answers = asked.values.get("scenario"), asked.values.get("answers")
    if slug is None or answers is None:
        return None
    try:
        return advise(slug=slug, answers=answers, birth_date=patient.birth_date if patient else None)
    except Refused as refused:
        asked.faults += refused.refusals
        return None


def _named_order(asked: Asked, name: str) -> Order | None:
    pk = asked.values.get(name)
    if pk is None:
        return None
    order = own_order(asked.http, pk)
    if order is None:
        asked.faults.append(Refusal(f"/{name}", "unknown-order", "There is no such order."))
    return order


def _consultation(asked: Asked) -> Consultation | None:
    pk = asked.values.get("consultation")
    if pk is None:
        return None
    consultation = Consultation.objects.select_related("patient").filter(pk=pk).first()
    if consultation is not None and consultation.organisation_id != asked.by.organisation_id:
        audit.denied(asked.http, entity="consultation", entity_id=pk, reason="another organisation")
        consultation = None
    if consultation is None:
        asked.faults.append(
            Refusal("/consultation", "unknown-consultation", "There is no such consultation.")
        )
    return consultation


def _add_study_faults(asked: Asked, advised: Advised | None, consultation: Consultation | None) -> None:
    """Collect what is wrong with the choice as well, as far as it can be told without all the rest."""
    if not all(asked.sound(pointer) for pointer in ("/study", "/study_text", "/override_reason")):
        return
    values = asked.values
    study, study_text, reason = values.get("study"), values.get("study_text") or "", _reason(values)
    if consultation is not None:
        ruleset: RuleSet | None = library.ruleset(consultation.version_id)
        suggestion = consultation.suggestion
    elif advised is not None:
        ruleset, suggestion = advised.ruleset, advised.suggestion
    else:
        ruleset, suggestion = _published(values.get("scenario")), None
    if ruleset is None:
        return
    if suggestion is None:
        asked.faults += study_faults(ruleset=ruleset, study=study, study_text=study_text, reason=reason)
        return
    try:
        choose(suggestion=suggestion, ruleset=ruleset, study=study, study_text=study_text, reason=reason)
    except Refused as refused:
        asked.faults += refused.refusals


def _published(slug: str | None) -> RuleSet | None:
    try:
        return library.current(slug)[1] if slug else None
    except NoPublishedVersion:
        return None


def _check_digest(asked: Asked, advised: Advised | None, consultation: Consultation | None) -> None:
    """Raise VersionNotCurrent when the caller showed another version's advice; with what changed since."""
    digest = asked.values.get("digest")
    slug = advised.ruleset.slug if advised else consultation.scenario_slug if consultation else None
    current = advised.ruleset if advised else _published(slug)
    if digest is None or current is None or digest == current.digest:
        return
    if advised is None:
        raise VersionNotCurrent(changes=[], current=None)
    raise VersionNotCurrent(changes=_changes(digest, advised), current=advised.suggestion)


def _changes(digest: str, advised: Advised) -> list[str]:
    """Return what the version of this digest would have said otherwise."""
    current = advised.ruleset
    version = (
        ScenarioVersion.objects.filter(state__in=RELEASED)
        .filter(scenario__slug=current.slug, digest=digest)
        .first()
    )
    if version is None:
        return ["No version of this guideline has that digest."]
    old = library.ruleset(version.pk)
    said = f"Version {old.version} of the guideline was replaced by version {current.version}."
    try:
        case = Case.from_dict(old, advised.case.to_dict(), today=timezone.localdate())
    except CaseError:
        return [said, "The questions have changed as well."]
    differing = difference(evaluate(old, case).to_dict(), advised.suggestion)
    return [said, *(differing or ["The advice for this patient is the same."])]


def _reason(values: Values) -> OverrideGiven | None:
    given = values.get("override_reason")
    if not given or "code" not in given:
        return None
    return OverrideGiven(given["code"], given.get("text", ""))
