"""Recording what a report showed, and what radiology says of an order's progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from guidelines import library
from guidelines.engine import Case, RuleSet, next_steps
from ordering.actions.announcing import announce_finding
from ordering.actions.orders import complete_order, locked
from ordering.actions.requests import MAX_NOTE
from ordering.exceptions import NotReportable, Refusal, Refused
from ordering.models import Acknowledgement, Finding, Order, Progress, Via
from portal import audit
from portal.models import User

S = Order.Status
REPORTABLE = frozenset({S.ACTIVE, S.COMPLETED})
FROM_ELSEWHERE = frozenset({Via.API, Via.CDS_HOOKS})  # the requester has not read it by recording it


@transaction.atomic
def record_finding(
    *,
    order: Order,
    by: User,
    via: str,
    finding: str,
    compared_with_baseline: str,
    discordant: bool = False,
    complications: Sequence[str] = (),
    comment: str = "",
    reported_at: datetime | None = None,
    revision: int | None = None,
) -> Finding:
    """Return the finding with its next steps, by the version the order was placed under.

    Not yet compared with baseline makes it provisional; any other completes an active order.
    Raises NotReportable, StaleOrder when the order has left `revision`, and Refused with every fault.
    """
    order = locked(order, revision=revision)
    if order.status not in REPORTABLE:
        raise NotReportable(
            f"This order is {order.get_status_display().lower()}. "
            "A finding can be recorded on a signed order that still stands."
        )
    ruleset = library.ruleset(order.consultation.version_id)
    now = timezone.now()
    refusals = content_faults(ruleset, finding=finding)
    if compared_with_baseline not in Finding.Compared.values:
        refusals.append(_not_in_list("/compared_with_baseline", Finding.Compared.values))
    refusals += content_faults(ruleset, complications=complications)
    if reported_at is not None and reported_at > now:
        refusals.append(Refusal("/reported_at", "in-the-future", "The report cannot be in the future."))
    if len(comment) > MAX_NOTE:
        refusals.append(Refusal("/comment", "too-long", f"Use at most {MAX_NOTE} characters."))
    if refusals:
        raise Refused(refusals)
    case = Case.from_dict(
        ruleset,
        order.consultation.answers,
        today=timezone.localdate(order.consultation.created_at),
    )
    steps = next_steps(
        ruleset,
        answers=case,
        finding=finding,
        discordant=discordant,
        complications=list(complications),
        studies_done=studies_done(order),
    )
    provisional = compared_with_baseline == Finding.Compared.NOT_YET
    recorded = Finding.objects.create(
        order=order,
        finding=finding,
        compared_with_baseline=compared_with_baseline,
        discordant=discordant,
        complications=list(complications),
        comment=comment,
        reported_at=reported_at,
        recorded_at=now,
        recorded_by=by,
        via=via,
        provisional=provisional,
        next_steps=[asdict(step) for step in steps],
    )
    order.finding = finding
    order.finding_provisional = provisional
    order.finding_unread = via in FROM_ELSEWHERE or by.pk != order.requester_id
    order.updated_at = now
    order.revision += 1
    order.save(update_fields=["finding", "finding_provisional", "finding_unread", "updated_at", "revision"])
    audit.log(
        "finding.recorded",
        action="C",
        entity="order",
        entity_id=str(order.pk),
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail={"finding": str(recorded.pk), "provisional": provisional},
    )
    announce_finding(order, recorded)
    if order.status == S.ACTIVE and not provisional:
        complete_order(order=order, by=by, via=via)
    return recorded


@transaction.atomic
def acknowledge_finding(*, order: Order, by: User, via: str, finding: Finding) -> Acknowledgement:
    """Return that the order's latest finding was seen; acknowledged twice, it is the first one's.

    Raises NotReportable when there is a later finding, which was not seen, and for an order entered in error.
    """
    order = locked(order)
    if order.status == S.ENTERED_IN_ERROR:
        raise NotReportable("This order was entered in error; there is nothing to acknowledge.")
    latest = order.findings.last()
    if latest is None or latest.pk != finding.pk:
        raise NotReportable("There is a later finding than the one you saw. Please read that one.")
    known = Acknowledgement.objects.filter(finding=latest).first()
    if known is not None:
        return known
    now = timezone.now()
    seen = Acknowledgement.objects.create(order=order, finding=latest, at=now, by=by, via=via)
    order.finding_unread = False
    order.updated_at = now
    order.revision += 1
    order.save(update_fields=["finding_unread", "updated_at", "revision"])
    audit.log(
        "finding.acknowledged",
        action="U",
        entity="order",
        entity_id=str(order.pk),
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail={"finding": str(latest.pk)},
    )
    return seen


@transaction.atomic
def record_progress(
    *,
    order: Order,
    by: User,
    via: str,
    event: str,
    at: datetime | None = None,
    accession: str = "",
) -> Progress:
    """Return what radiology reported of a signed order. It changes no status.

    Raises NotReportable and Refused with every fault.
    """
    order = locked(order)
    now = timezone.now()
    if order.status not in REPORTABLE | {S.ON_HOLD}:
        raise NotReportable(f"This order is {order.get_status_display().lower()}; nothing is under way.")
    refusals = []
    if event not in Progress.Event.values:
        refusals.append(_not_in_list("/event", Progress.Event.values))
    if at is not None and at > now and event != Progress.Event.SCHEDULED:
        refusals.append(Refusal("/at", "in-the-future", "This cannot have happened in the future."))
    if len(accession) > Progress._meta.get_field("accession").max_length:  # type: ignore[operator]
        refusals.append(Refusal("/accession", "too-long", "Use at most 60 characters."))
    if refusals:
        raise Refused(refusals)
    progress = Progress.objects.create(
        order=order,
        event=event,
        at=at or now,
        accession=accession,
        recorded_at=now,
        recorded_by=by,
        via=via,
    )
    order.updated_at = now
    order.revision += 1
    order.save(update_fields=["updated_at", "revision"])
    audit.log(
        f"order.{event}",
        action="U",
        entity="order",
        entity_id=str(order.pk),
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail={"accession": accession} if accession else None,
    )
    return progress


def studies_done(order: Order) -> list[str]:
    """Codes of the studies that are done: this order's, and those of linked orders with a finding.

    Linked are all orders of the same chain, up and down; cancelled ones and errors do not count.
    """
    done = {order.study_code}
    root = order
    while root.parent is not None:
        root = root.parent
    generation = [root]
    while generation:
        done |= {
            linked.study_code
            for linked in generation
            if linked.finding and linked.status not in {S.REVOKED, S.ENTERED_IN_ERROR}
        }
        generation = list(Order.objects.filter(parent__in=generation))
    return sorted(done - {""})


def content_faults(
    ruleset: RuleSet, *, finding: str | None = None, complications: Sequence[object] = ()
) -> list[Refusal]:
    """Return what the content knows nothing of in a report; a finding of None is not looked at."""
    refusals = []
    if finding is not None and finding not in ruleset.findings:
        refusals.append(_not_in_list("/finding", ruleset.findings))
    for place, complication in enumerate(complications):
        pointer = f"/complications/{place}"
        if complication not in ruleset.complications:
            refusals.append(_not_in_list(pointer, ruleset.complications))
        elif complication in complications[:place]:
            refusals.append(Refusal(pointer, "repeated", "Name it once.", is_shape=True))
    return refusals


def _not_in_list(pointer: str, values: Sequence[str]) -> Refusal:
    return Refusal(pointer, "not-in-list", f"Use one of: {', '.join(values)}.")
