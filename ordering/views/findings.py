"""Recording what a report showed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from guidelines import library
from guidelines.engine import RuleSet
from ordering.actions import acknowledge_finding, record_finding
from ordering.exceptions import NotReportable, Refused, StaleOrder
from ordering.forms import refuse
from ordering.forms.findings import FindingForm
from ordering.models import Finding, Order, Via
from ordering.presenters.findings import GONE, ORDER_ACTION, baseline_words, follow_up_url
from ordering.views.access import clinician_required, order_of
from ordering.views.orders import detail_page
from ordering.views.responses import CONFLICT, SeeOther
from portal.models import User


@require_POST
@clinician_required
def order_finding(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Record a finding and show what follows, or start the linked order that the pressed button asks for.

    The form carries the revision of the order that it was made from: the same form sent again records
    nothing, and a form made before somebody else's change comes back with what was typed.
    """
    order = order_of(request, pk)
    ruleset = library.ruleset(order.consultation.version_id)
    form = _form(ruleset, order, request.POST)
    if not form.is_valid():
        return detail_page(request, order, form=form)
    user = request.user
    assert isinstance(user, User)
    try:
        recorded = record_finding(
            order=order, by=user, via=Via.PORTAL, revision=form.cleaned_data["revision"], **form.given
        )
    except (StaleOrder, NotReportable) as refusal:
        order = order_of(request, pk)
        before = _same_again(order, user, form.given)
        if before is None:
            return _conflict(request, order, ruleset, str(refusal))
        recorded = before
    except Refused as refused:
        refuse(form, refused.refusals)
        return detail_page(request, order, form=form)
    messages.success(
        request,
        "The finding is saved as provisional. It stays on the worklist until it is compared with baseline."
        if recorded.provisional
        else "The finding is recorded.",
    )
    study = request.POST.get("action", "").removeprefix(ORDER_ACTION)
    if study and _is_next(order, recorded, study):
        return SeeOther(follow_up_url(order))
    return SeeOther(f"{reverse('order_detail', args=[order.pk])}#finding")


@require_POST
@clinician_required
def finding_acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Record that the person has read the finding that the page showed. Sent twice it is recorded once."""
    order = order_of(request, pk)
    latest = order.findings.last()
    user = request.user
    assert isinstance(user, User)
    if latest is None or str(latest.pk) != request.POST.get("finding"):
        messages.warning(request, "There is a later finding than the one you saw. Please read that one.")
        return SeeOther(reverse("order_detail", args=[order.pk]))
    try:
        acknowledge_finding(order=order, by=user, via=Via.PORTAL, finding=latest)
    except NotReportable as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "The result is acknowledged.")
    return SeeOther(reverse("order_detail", args=[order.pk]))


def _form(ruleset: RuleSet, order: Order, data: Any) -> FindingForm:
    return FindingForm(ruleset, data, baseline=baseline_words(ruleset, order.consultation.answers))


def _conflict(request: HttpRequest, order: Order, ruleset: RuleSet, why: str) -> HttpResponse:
    """Show the order as it is now with what was typed, ready to be sent for this revision."""
    data = request.POST.copy()
    data["revision"] = str(order.revision)
    return detail_page(request, order, form=_form(ruleset, order, data), conflict=why, status=CONFLICT)


def _same_again(order: Order, user: User, given: dict[str, Any]) -> Finding | None:
    """Return the order's latest finding if the same person recorded just this: the form was sent twice."""
    latest = order.findings.last()
    if latest is None or latest.recorded_by_id != user.pk:
        return None
    return latest if all(getattr(latest, name) == value for name, value in given.items()) else None


def _is_next(order: Order, finding: Finding, study: str) -> bool:
    """Whether the finding asks for this study and no linked order for it stands."""
    if study not in {step["study"] for step in finding.next_steps}:
        return False
    return not order.follow_ups.filter(study_code=study).exclude(status__in=GONE).exists()
