"""How a version comes into use, and out of it: submit, review, approve, publish, withdraw.

`guidelines.workflow` is the table of what is allowed. Each action locks the scenario and the version, checks,
writes the step of the history, and moves the version; the database checks both again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from guidelines import gate, silent, snapshot
from guidelines.engine import canonical_json, digest_of
from guidelines.exceptions import (
    CommentNeeded,
    ContentRefused,
    IllegalMove,
    MoveRefused,
    OwnChange,
    WrongRole,
    WrongTime,
)
from guidelines.models import RELEASED, Action, ReviewStep, Scenario, ScenarioVersion, State
from guidelines.workflow import BY_ACTION, Move, holds_role
from portal import audit, outbox
from portal.models import User

PEOPLE = "user:"  # what the name of an actor begins with when it is a person


@transaction.atomic
def submit(*, version: ScenarioVersion, by: User | None, comment: str) -> ScenarioVersion:
    """Ask for a review of a draft and return it. Raises MoveRefused."""
    version = _locked(version, Action.SUBMIT, by, comment)
    version.submission += 1
    return _move(version, Action.SUBMIT, by, comment, fields=["submission"])


@transaction.atomic
def request_changes(*, version: ScenarioVersion, by: User | None, comment: str) -> ScenarioVersion:
    """Give a version back to its editors, with what has to change, and return it. Raises MoveRefused."""
    return _move(_locked(version, Action.REQUEST_CHANGES, by, comment), Action.REQUEST_CHANGES, by, comment)


@transaction.atomic
def approve(
    *, version: ScenarioVersion, by: User | None, comment: str = "", acknowledged: Collection[str] = ()
) -> ScenarioVersion:
    """Find a version right that others wrote, and return it. Raises MoveRefused, ContentRefused.

    `acknowledged` names the vignettes whose answer changed and is right as it is now.
    """
    version = _locked(version, Action.APPROVE, by, comment)
    _pass_gate(version, acknowledged)
    return _move(version, Action.APPROVE, by, comment, acknowledged=sorted(acknowledged))


@transaction.atomic
def schedule(
    *, version: ScenarioVersion, by: User | None, at: datetime, comment: str = ""
) -> ScenarioVersion:
    """Have an approved version published at a time to come, and return it.

    Raises MoveRefused, ContentRefused.
    """
    version = _locked(version, Action.SCHEDULE, by, comment)
    if at <= timezone.now():
        raise WrongTime("Choose a time to come, or publish the version now.")
    _pass_gate(version, acknowledged_of(version))
    version.publish_at = at
    return _move(version, Action.SCHEDULE, by, comment, publish_at=at)


@transaction.atomic
def unschedule(*, version: ScenarioVersion, by: User | None, comment: str = "") -> ScenarioVersion:
    """Take a version off the schedule; it stays approved. Raises MoveRefused."""
    return _move(_locked(version, Action.UNSCHEDULE, by, comment), Action.UNSCHEDULE, by, comment)


@transaction.atomic
def publish(*, version: ScenarioVersion, by: User | None, comment: str = "") -> ScenarioVersion:
    """Put an approved version into use and return it. The version in use until now is superseded.

    Raises MoveRefused, and ContentRefused when the content cannot be published; each fault names the
    place in the content.
    """
    version = _locked(version, Action.PUBLISH, by, comment)
    document = _pass_gate(version, acknowledged_of(version))
    for before in ScenarioVersion.objects.filter(scenario=version.scenario_id, state=State.PUBLISHED):
        _move(before, Action.SUPERSEDE, by, "")
    version.snapshot = canonical_json(document)
    version.digest = digest_of(document)
    version.published_at = timezone.now()
    version.published_by = by
    fields = ["snapshot", "digest", "published_at", "published_by"]
    return _move(version, Action.PUBLISH, by, comment, fields=fields)


@transaction.atomic
def withdraw(*, version: ScenarioVersion, by: User | None, reason: str) -> ScenarioVersion:
    """Take the version in use out of use, at once and without a successor. Raises MoveRefused.

    Orders placed under it keep it; nobody is advised by it any more.
    """
    return _move(_locked(version, Action.WITHDRAW, by, reason), Action.WITHDRAW, by, reason)


@transaction.atomic
def discard(*, version: ScenarioVersion, by: User | None, comment: str) -> ScenarioVersion:
    """Give up a draft, so that another can be begun, and return it. Raises MoveRefused.

    It stays as it is from then on: readable at the desk, and the start of a new draft if it was a mistake.
    """
    return _move(_locked(version, Action.DISCARD, by, comment), Action.DISCARD, by, comment)


def publish_due(*, now: datetime | None = None) -> list[ScenarioVersion]:
    """Publish what is scheduled for a time that has come, and return it. May run at any time, also twice.

    One that the gate refuses by then goes back to "approved" with the reasons, so that somebody sees it.
    """
    now = now or timezone.now()
    due = ScenarioVersion.objects.filter(state=State.SCHEDULED, publish_at__lte=now).order_by("publish_at")
    published = []
    for version in due:
        try:
            published.append(publish(version=version, by=None, comment="At the scheduled time."))
        except ContentRefused as refusal:
            faults = "; ".join(f"{place}: {message}" for place, message in refusal.errors)
            _not_published(version, f"Not published at the scheduled time. {faults}")
        except MoveRefused:
            continue  # somebody published, or changed, it in the meantime
    return published


def release(
    *,
    version: ScenarioVersion,
    editor: audit.Actor,
    approver: audit.Actor,
    comment: str = "Loaded from a pack.",
) -> ScenarioVersion:
    """Take a draft through the whole workflow under two names, and return it published.

    For content that was reviewed before it came here, such as what ships with the portal. Whoever approves
    answers for the vignettes whose answer changes, too.
    """
    with transaction.atomic():
        with audit.acting(editor):
            submit(version=version, by=None, comment=comment)
        with audit.acting(approver):
            changed = [vignette.key for vignette in gate.changed_vignettes(version)]
            approve(version=version, by=None, comment=comment, acknowledged=changed)
            return publish(version=version, by=None)


def acknowledged_of(version: ScenarioVersion) -> list[str]:
    """Return the vignettes whose changed answers the approval of this submission accepts."""
    approvals = version.steps.filter(action=Action.APPROVE, submission=version.submission)
    return list(approvals.order_by("-pk").values_list("acknowledged", flat=True).first() or [])


def _pass_gate(version: ScenarioVersion, acknowledged: Collection[str]) -> dict[str, Any]:
    """Return the document of a version that may be published. Raises ContentRefused with every fault."""
    document = snapshot.document_of(version)
    gate.check(
        version,
        document=document,
        acknowledged=acknowledged,
        overdue_allowed=_is_first_set_up(version),
    )
    return document


def _is_first_set_up(version: ScenarioVersion) -> bool:
    """Return whether a pack is put into a portal that does not know its scenario, and no person approved it.

    Then a review date that has passed since it was shipped is said to everybody, and keeps nothing back.
    """
    if version.contributors.filter(actor__startswith=PEOPLE).exists():
        return False
    if version.steps.filter(action=Action.APPROVE, by__isnull=False).exists():
        return False
    actor = audit.current_actor()
    if actor is not None and actor.id.startswith(PEOPLE):
        return False
    return not ScenarioVersion.objects.filter(scenario=version.scenario_id, state__in=RELEASED).exists()


def _locked(version: ScenarioVersion, action: Action, by: User | None, comment: str) -> ScenarioVersion:
    """Return the version as it is now, locked with its scenario. Raises MoveRefused."""
    move = BY_ACTION[action]
    _check_role(move, by)
    Scenario.objects.select_for_update().get(pk=version.scenario_id)
    # whoever is changing a row of the draft holds its version: the snapshot has that change, or follows it
    ScenarioVersion.objects.select_for_update().get(pk=version.pk)
    version = ScenarioVersion.objects.select_related("scenario", "primary_source").get(pk=version.pk)
    if version.state not in move.sources:
        raise IllegalMove(_why_not(version, move))
    if move.four_eyes and version.contributors.filter(actor__in=_names_of(by)).exists():
        raise OwnChange(
            f"You changed version {version.number}, so you can neither approve nor publish it. "
            "Ask another approver."
        )
    if move.comment and not comment.strip():
        raise CommentNeeded(move.comment)
    return version


def _check_role(move: Move, by: User | None) -> None:
    actor = audit.current_actor()
    if by is None and (actor is None or not actor.id.startswith((PEOPLE, "anonymous"))):
        return  # a named process of the portal; without any name the database refuses
    if by is None or not holds_role(by, move.role):
        raise WrongRole(f'"{move.says}" is for the role {move.role}.')


def _names_of(by: User | None) -> list[str]:
    """Return how the database names who acts, as in Contributor."""
    actor = audit.current_actor()
    names = [] if by is None else [f"{PEOPLE}{by.pk}"]
    if actor is not None:
        names.append(":".join(actor.id.split(":")[:2]) if actor.id.startswith(PEOPLE) else actor.id)
    return names


def _why_not(version: ScenarioVersion, move: Move) -> str:
    wanted = " or ".join(str(State(source).label).lower() for source in move.sources)
    return (
        f"{version} is {version.get_state_display().lower()}: "
        f'"{move.says}" is for a version that is {wanted}.'
    )


def _move(
    version: ScenarioVersion,
    action: Action,
    by: User | None,
    comment: str,
    *,
    fields: Collection[str] = (),
    publish_at: datetime | None = None,
    acknowledged: list[str] | None = None,
) -> ScenarioVersion:
    """Write the step, move the version, and record both. The caller holds the locks and has checked."""
    target = BY_ACTION[action].target
    ReviewStep.objects.create(
        version=version,
        action=action,
        before=version.state,
        after=target,
        by=by,
        comment=comment.strip(),
        publish_at=publish_at,
        acknowledged=acknowledged or [],
    )
    version.state = target
    version.publish_at = publish_at
    version.save(update_fields=["state", "publish_at", *fields])
    silent.end_runs(version=version, by=by)
    _announce(version, action, comment)
    return version


EVENTS = {
    Action.SUBMIT: "guideline.submitted",
    Action.REQUEST_CHANGES: "guideline.changes-requested",
    Action.APPROVE: "guideline.approved",
    Action.SCHEDULE: "guideline.scheduled",
    Action.UNSCHEDULE: "guideline.unscheduled",
    Action.PUBLISH: "guideline.published",
    Action.SUPERSEDE: "guideline.superseded",
    Action.WITHDRAW: "guideline.withdrawn",
    Action.DISCARD: "guideline.discarded",
}


def _announce(version: ScenarioVersion, action: Action, comment: str) -> None:
    """Record what happened to a version; the one place from which other systems are told, too."""
    detail = {"scenario": version.scenario.slug, "version": version.number, "digest": version.digest}
    if version.publish_at is not None:
        detail["publish_at"] = version.publish_at.isoformat()
    audit.log(
        EVENTS[action],
        action="U",
        entity="scenario-version",
        entity_id=str(version.pk),
        reason=comment.strip(),
        detail={name: value for name, value in detail.items() if value},
    )
    if action == Action.PUBLISH:
        outbox.record(
            type="guideline.published",
            subject=f"scenario:{version.scenario.slug}",
            organisation=None,  # guidelines are everybody's
            data={
                "scenario": {
                    "slug": version.scenario.slug,
                    "title": version.title,
                    "version": version.number,
                    "digest": version.digest,
                }
            },
        )


@transaction.atomic
def _not_published(version: ScenarioVersion, comment: str) -> None:
    try:
        unschedule(version=version, by=None, comment=comment)
    except MoveRefused:
        return  # somebody took it off in the meantime
