"""The review page: what a version changes, what keeps it back, what was said, and its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from guidelines import actions, gate
from guidelines.admin.access import reader
from guidelines.admin.fields import PlainTextarea, PlainTextField
from guidelines.admin.places import faults_of
from guidelines.difference import VersionDifference
from guidelines.exceptions import ContentRefused, MoveRefused
from guidelines.models import Action, ScenarioVersion, State
from guidelines.reviewing import base_of, contributors_of, difference, history_of
from guidelines.workflow import MOVES, Move, holds_role
from portal.models import User

SUMMED_UP = 3  # changes named in the comment that is offered
SAID = {  # what happened, as a message
    Action.SUBMIT: "is submitted. An approver who did not change it can now review it.",
    Action.REQUEST_CHANGES: "is a draft again. Its editors see your comment.",
    Action.APPROVE: "is approved. Publish it now, or schedule its publication.",
    Action.SCHEDULE: "is scheduled. It is published by itself at that time.",
    Action.UNSCHEDULE: "is off the schedule, and still approved.",
    Action.PUBLISH: "is published. New orders use it; orders already placed keep the version that they "
    "were placed under.",
    Action.WITHDRAW: "is withdrawn. Nobody is advised by it any more; orders placed under it keep it.",
}
LABELS = {
    Action.APPROVE: "Approve version {}",
    Action.PUBLISH: "Publish version {} now",
    Action.SCHEDULE: "Schedule version {}",
    Action.WITHDRAW: "Withdraw version {}",
}
GATED = (Action.APPROVE, Action.PUBLISH, Action.SCHEDULE)  # refused while the gate finds a fault


class MoveForm(forms.Form):
    """What a move takes beside its button. Texts are refused as content refuses them."""

    comment = PlainTextField(required=False, max_length=4000, widget=PlainTextarea(3))
    publish_at = forms.DateTimeField(
        required=False,
        label="Publish at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M"],
        error_messages={"invalid": "Write the day and the time, such as 2026-06-30 08:00."},
    )


@dataclass(frozen=True, slots=True)
class Button:
    """A move that the person may make now, or the reason why not."""

    action: str
    label: str
    main: bool
    needs_comment: str
    why_not: str = ""


class ReviewPage(ModelAdmin):
    """Adds the review page to the admin of versions."""

    def review_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what changes first; move the version when asked to."""
        person = reader(request)
        version = get_object_or_404(
            ScenarioVersion.objects.select_related("scenario", "primary_source", "based_on"), pk=pk
        )
        form = MoveForm(request.POST or None)
        refused: list[str] = []
        if request.method == "POST":
            refused = self._moved(request, version, person, form)
            if not refused:
                return HttpResponseRedirect(self.review_url(version))
            version.refresh_from_db()
        context = self._review_context(request, version, person) | {
            "form": form,
            "refused": refused,
            "acknowledged": request.POST.getlist("acknowledged"),
        }
        return TemplateResponse(
            request,
            "admin/guidelines/version_review.html",
            context,
            status=409 if refused else 200,
        )

    def review_url(self, version: ScenarioVersion) -> str:
        """Return the address of the review of a version."""
        return reverse("admin:guideline_review", args=[version.pk])

    def _moved(
        self, request: HttpRequest, version: ScenarioVersion, person: User, form: MoveForm
    ) -> list[str]:
        """Make the move that the pressed button asks for; return what refused it, as sentences."""
        asked = request.POST.get("action", "")
        if asked not in SAID:
            return ["Choose one of the buttons."]
        if not form.is_valid():
            return [str(fault) for faults in form.errors.values() for fault in faults]
        action, comment = Action(asked), form.cleaned_data["comment"]
        acknowledged = request.POST.getlist("acknowledged")
        at: datetime | None = form.cleaned_data["publish_at"]
        if action is Action.SCHEDULE and at is None:
            return ["Say when the version is to be published: the day and the time."]
        try:
            match action:
                case Action.APPROVE:
                    actions.approve(version=version, by=person, comment=comment, acknowledged=acknowledged)
                case Action.SCHEDULE:
                    assert at is not None
                    actions.schedule(version=version, by=person, at=at, comment=comment)
                case Action.WITHDRAW:
                    actions.withdraw(version=version, by=person, reason=comment)
                case _:
                    getattr(actions, action.value)(version=version, by=person, comment=comment)
        except MoveRefused as refusal:
            return [str(refusal)]
        except ContentRefused as refusal:
            return [f"{fault.place}: {fault.message}" for fault in faults_of(version, refusal.errors)]
        messages.success(request, f"{version} {SAID[action]}")
        return []

    def _review_context(self, request: HttpRequest, version: ScenarioVersion, person: User) -> dict[str, Any]:
        others = list(ScenarioVersion.objects.filter(scenario=version.scenario_id).exclude(pk=version.pk))
        base = _chosen(others, request.GET.get("against", "")) or base_of(version)
        everything = request.GET.get("all") == "1"
        report = gate.report_of(version) if version.is_open else None
        faults = (
            faults_of(version, [(fault.pointer, fault.message) for fault in report.faults]) if report else []
        )
        contributors = contributors_of(version)
        in_use = next((other for other in others if other.state == State.PUBLISHED), None)
        compared = difference(base, version, everything=everything)
        steps = history_of(version)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "media": self.media,
            "title": f"Review version {version.number}: {version.title}",
            "version": version,
            "base": base,
            "others": others,
            "everything": everything,
            "difference": compared,
            "unchanged_draft": version.is_open and base is not None and not compared.changes,
            "gate": report,
            "faults": faults,
            "contributors": list(contributors.values()),
            "own_change": f"user:{person.pk}" in contributors,
            "in_use": in_use,
            "steps": steps,
            "latest": steps[0] if steps else None,
            "buttons": buttons(version, person, contributors, len(faults)),
            "suggested_comment": version.note or _summary(compared) if version.is_draft and base else "",
            "zone": timezone.get_current_timezone_name(),
            "heading": f"Review version {version.number}",
        }


def buttons(
    version: ScenarioVersion, person: User, contributors: dict[str, str], faults: int
) -> list[Button]:
    """Return the moves that the person's role has for the version, with the reason where one is refused."""
    found = []
    for move in MOVES:
        if move.action is Action.DISCARD:  # asked for on a page of its own
            continue
        if version.state not in move.sources or not holds_role(person, move.role):
            continue
        found.append(
            Button(
                action=str(move.action),
                label=LABELS.get(move.action, move.says).format(version.number),
                main=move.action in (Action.SUBMIT, Action.APPROVE, Action.PUBLISH),
                needs_comment=move.comment,
                why_not=_why_not(move, person, contributors, faults),
            )
        )
    return sorted(found, key=lambda button: not button.main)


def _summary(compared: VersionDifference) -> str:
    """Return the first changes in words: what an editor would begin the comment with."""
    changes = compared.changes
    said = [
        ": ".join(filter(None, (change.row, change.field or change.kind))) for change in changes[:SUMMED_UP]
    ]
    more = len(changes) - len(said)
    return "; ".join([*said, *([f"and {more} more"] if more else [])])


def _why_not(move: Move, person: User, contributors: dict[str, str], faults: int) -> str:
    if move.four_eyes and f"user:{person.pk}" in contributors:
        return "You changed this version, so another approver has to do that."
    if move.action in GATED and faults:
        problems = "problem keeps" if faults == 1 else "problems keep"
        return f"{faults} {problems} it back; they are listed above."
    return ""


def _chosen(others: list[ScenarioVersion], number: str) -> ScenarioVersion | None:
    """Return the other version that the address asks to compare with."""
    return next((other for other in others if str(other.number) == number), None)
