"""One call of a service: drafts and record in, cards and ratings out, every question recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from ordering.actions import record_consultation
from ordering.adherence import Adherence, adherence
from ordering.advice import advise
from ordering.cds_hooks import cards as made
from ordering.cds_hooks.actions import Given, record_cards
from ordering.cds_hooks.cards import Consulted
from ordering.cds_hooks.catalogue import REQUIRED, Catalogue, catalogue
from ordering.cds_hooks.drafts import Draft, UnusableRequest, drafts_in
from ordering.cds_hooks.models import CdsClient
from ordering.cds_hooks.patients import patient_of
from ordering.cds_hooks.records import Json, Record, read_record, text
from ordering.cds_hooks.translate import read_answers, study_of, triggers_in
from ordering.models import Patient, Via
from portal.ids import uuid7

# what a study that "may be appropriate" counts as, by how the client has it reported
COUNTED_AS: dict[str, str] = {
    CdsClient.MayBe.APPROPRIATE: Adherence.ADHERES,
    CdsClient.MayBe.NOT_APPROPRIATE: Adherence.DOES_NOT_ADHERE,
    CdsClient.MayBe.NO_CRITERIA: Adherence.NOT_APPLICABLE,
}


class MissingData(Exception):
    """What the record must hold was not sent; `required` and `others` are keys of the prefetch."""

    def __init__(self, required: list[str], others: list[str]) -> None:
        super().__init__(", ".join(required))
        self.required = required
        self.others = others


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, which service, from where the portal is seen, and the body."""

    client: CdsClient
    service: str
    selected_only: bool
    base: str  # address of the portal, without a slash at its end
    body: Mapping[str, Any]


@dataclass(slots=True)
class _Answer:
    cards: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)


def answer(call: Call) -> Json:
    """Return the response of a service. Raises UnusableRequest, or MissingData."""
    context = call.body.get("context")
    if not isinstance(context, dict):
        raise UnusableRequest("context must be an object.", "context")
    patient_id = text(context.get("patientId")).rpartition("/")[2]
    if not patient_id:
        raise UnusableRequest("context.patientId must name the patient.", "context.patientId")
    known = catalogue()
    drafts = [
        draft
        for draft in drafts_in(context, patient_id=patient_id, selected_only=call.selected_only)
        if draft.is_imaging(known.studies)
    ]
    answered = _Answer()
    if drafts and known.triggers:
        record = _record(call.body.get("prefetch"), patient_id, known)
        with transaction.atomic():
            # nobody is registered for a question that no guideline answers
            asked = any(known.scenarios_for(triggers_in(record, draft.reasons)) for draft in drafts)
            patient = patient_of(record, call.client) if asked else None
            for draft in drafts:
                _judge(call, draft, record, patient, known, answered)
            record_cards(client=call.client, service=call.service, cards=answered.given)
    response: Json = {"cards": answered.cards}
    if answered.actions:
        response["systemActions"] = answered.actions
        response["extension"] = {"systemActions": answered.actions}
    return response


def _record(prefetch: Any, patient_id: str, known: Catalogue) -> Record:
    """Return what was sent about the patient. Raises MissingData when too little was."""
    record = read_record(prefetch if isinstance(prefetch, dict) else {}, patient_id)
    missing = [
        key
        for key, resource_type in known.types.items()
        if key.casefold() not in record.keys and not record.of(resource_type)
    ]
    required = [key for key in missing if known.types[key] in REQUIRED]
    if record.foreign and not record.of("Patient") and "patient" not in required:
        required.append("patient")  # what was sent is another patient
    if required:
        raise MissingData(required, [key for key in missing if key not in required])
    return record


def _judge(
    call: Call, draft: Draft, record: Record, patient: Patient | None, known: Catalogue, answered: _Answer
) -> None:
    """Add the cards of one draft, one for each scenario that its reasons or the conditions bring up."""
    today = timezone.localdate()
    site = call.client.site(call.base)
    rating: tuple[int, Json] | None = None
    slugs = known.scenarios_for(triggers_in(record, draft.reasons))
    if not slugs:
        _refuse_to_guess(record, known)
    for slug in slugs:
        try:
            _, ruleset = library.current(slug)
        except NoPublishedVersion:
            continue  # withdrawn since the catalogue was read
        reading = read_answers(ruleset, record, on=draft.ordered_on(today), today=today)
        advised = advise(slug=slug, answers=reading.answers, today=today)
        consultation = record_consultation(
            advised=advised, by=call.client.user, via=Via.CDS_HOOKS, patient=patient
        )
        consulted = Consulted(
            draft=draft,
            ruleset=advised.ruleset,
            advice=advised.advice,
            study=study_of(advised.ruleset.document, draft.codes),
            consultation=str(consultation.pk),
            link=f"{call.base}/orders/from/{consultation.pk}/",
            remarks=[*reading.remarks, *_gaps(record)],
        )
        card = made.card(consulted, site, lambda: str(uuid7()))
        answered.cards.append(card)
        row = consulted.row
        answered.given.append(
            Given(
                id=UUID(card["uuid"]),
                consultation=consultation,
                indicator=card["indicator"],
                study=consulted.study or "",
                rating=(row.study.rating or "") if row else "",
                adherence=adherence(
                    advised.suggestion["studies"] if consulted.study else [],
                    consulted.study,
                    may_be=COUNTED_AS[call.client.may_be_rating],
                ),
            )
        )
        action = made.rating_action(consulted, site)
        # an order has one rating: that of a scenario that fits goes before one that does not
        weight = 1 if advised.advice.fit == "fits" else 0
        if action is not None and (rating is None or weight > rating[0]):
            rating = (weight, action)
    if rating is not None:
        answered.actions.append(rating[1])


def _refuse_to_guess(record: Record, known: Catalogue) -> None:
    """Raise MissingData where an empty answer might only mean that the conditions were not all read."""
    unread = record.failed | record.paged
    keys = [key for key, resource_type in known.types.items() if resource_type == "Condition"]
    if unread.intersection(keys):
        raise MissingData(sorted(unread.intersection(keys)), [])


def _gaps(record: Record) -> list[str]:
    """Return sentences about what of the record was not there to be read."""
    said = [f"The EHR could not read “{key}”." for key in sorted(record.failed)]
    said += [f"Only the first page of “{key}” was sent." for key in sorted(record.paged)]
    if record.foreign:
        said.append("Entries about another patient were sent along; they are not used.")
    return said
