"""Every write of the CDS Hooks door. Keyword-only, one transaction each, under the name of who acts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ordering.actions import record_consultation
from ordering.advice import advise
from ordering.cds_hooks.models import DEVELOPMENT, CdsCard, CdsClient, CdsFeedback, CdsSeenToken
from ordering.models import Consultation, Patient, Via
from portal import audit
from portal.models import User

_PURGED_AT_ONCE = 100  # expired tokens that one call clears away


class TokenReplayed(ValueError):
    """The token was used before."""


@dataclass(frozen=True, slots=True)
class Given:
    """A card as it goes out, for the record."""

    id: UUID
    consultation: Consultation
    indicator: str
    study: str
    rating: str
    adherence: str


@transaction.atomic
def use_token(*, client: CdsClient, identifier: str, expires_at: datetime) -> None:
    """Remember a token until it expires. Raises TokenReplayed when it was used before."""
    digest = hashlib.sha256(f"{client.pk}\n{identifier}".encode()).hexdigest()
    old = CdsSeenToken.objects.filter(expires_at__lt=timezone.now()).values("pk")[:_PURGED_AT_ONCE]
    CdsSeenToken.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    try:
        with transaction.atomic():
            CdsSeenToken.objects.create(digest=digest, client=client, expires_at=expires_at)
    except IntegrityError as error:
        raise TokenReplayed from error


@transaction.atomic
def record_cards(*, client: CdsClient, service: str, cards: Sequence[Given]) -> None:
    """Keep which card came from which consultation, so that feedback finds it."""
    CdsCard.objects.bulk_create(
        CdsCard(
            id=card.id,
            client=client,
            consultation=card.consultation,
            service=service,
            indicator=card.indicator,
            study_code=card.study,
            rating=card.rating,
            adherence=card.adherence,
        )
        for card in cards
    )


@transaction.atomic
def record_feedback(*, client: CdsClient, service: str, entries: Sequence[dict[str, Any]]) -> int:
    """Return how many entries were kept: all of them, repeats and unknown cards too."""
    cards = {entry["card"]: _uuid(entry["card"]) for entry in entries if isinstance(entry.get("card"), str)}
    known = dict(
        CdsCard.objects.filter(
            pk__in=[pk for pk in cards.values() if pk], client__organisation=client.organisation_id
        ).values_list("pk", "consultation")
    )
    for entry in entries:
        card = _text(entry.get("card"), 100)
        pk = _uuid(card)
        override = entry.get("overrideReason")
        override = override if isinstance(override, dict) else {}
        reason = override.get("reason")
        reason = reason if isinstance(reason, dict) else {}
        CdsFeedback.objects.create(
            organisation_id=client.organisation_id,
            client=client,
            card=card,
            consultation_id=known.get(pk) if pk else None,
            service=service,
            outcome=_text(entry.get("outcome"), 40),
            accepted=_accepted(entry.get("acceptedSuggestions")),
            reason_system=_text(reason.get("system"), 200),
            reason_code=_text(reason.get("code"), 100),
            reason_display=_text(reason.get("display"), 200),
            comment=_text(override.get("userComment"), None),
            happened_at=_moment(entry.get("outcomeTimestamp")),
            entry=entry,
        )
    audit.log(
        "feedback.recorded",
        action="C",
        entity="cds-hooks-client",
        entity_id=client.pk,
        organisation_id=client.organisation_id,
        detail={"service": service, "entries": len(entries)},
    )
    return len(entries)


@transaction.atomic
def take_over(*, consultation: Consultation, patient: Patient, by: User) -> Consultation:
    """Return a new consultation about a patient of the portal with the answers that an EHR's record gave.

    Raises Refused when the answers cannot be this patient's: the age differs, or the content changed.
    """
    advised = advise(
        slug=consultation.scenario_slug, answers=consultation.answers, birth_date=patient.birth_date
    )
    return record_consultation(advised=advised, by=by, via=Via.PORTAL, patient=patient)


def development_client(*, user: User) -> CdsClient:
    """Return the client behind unsigned calls from the same machine; it acts as this person."""
    assert user.organisation_id is not None
    client, _ = CdsClient.objects.get_or_create(
        issuer=DEVELOPMENT,
        defaults={
            "name": "Unsigned calls from this machine",
            "organisation_id": user.organisation_id,
            "user": user,
        },
    )
    return client


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


def _text(value: Any, limit: int | None) -> str:
    return value.strip()[:limit] if isinstance(value, str) else ""


def _accepted(value: Any) -> list[str]:
    members = value if isinstance(value, list) else []
    return [
        member["id"] for member in members if isinstance(member, dict) and isinstance(member.get("id"), str)
    ]


def _moment(value: Any) -> datetime | None:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is not None and timezone.is_naive(moment):
        return timezone.make_aware(moment)
    return moment
