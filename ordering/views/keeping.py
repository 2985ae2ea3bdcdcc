"""Answers that are kept while a form is filled in, and what somebody wants at hand."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from ordering.actions import FormOf, choose_favourite, forget_answers, keep_answers
from ordering.exceptions import TooMuchToKeep
from ordering.models import Patient
from ordering.views.access import clinician_required, order_named, patient_of, signed_in
from ordering.views.responses import SeeOther
from ordering.views.withdrawn import guideline_withdrawn
from ordering.working_models import KeptAnswers
from portal.models import User

LEAVE = "_leave"  # the button that keeps the answers and goes


def current_ruleset(slug: str) -> RuleSet:
    """Return the ruleset in use. Raises Http404 when the scenario has none."""
    try:
        return library.current(slug)[1]
    except NoPublishedVersion:
        raise Http404 from None


def form_named(request: HttpRequest, patient: Patient) -> FormOf:
    """Return which form of step 1 the query names. Raises Http404 for an order of somebody else."""
    return FormOf(
        patient,
        draft=order_named(request, "order", patient),
        parent=order_named(request, "parent", patient),
        replaces=order_named(request, "replaces", patient),
    )


def kept_of(user: User) -> QuerySet[KeptAnswers]:
    """Return all forms that somebody has begun, with their patients, the latest first."""
    assert user.organisation_id is not None
    rows = KeptAnswers.objects.filter(organisation_id=user.organisation_id, author=user)
    return rows.select_related("patient", "draft", "parent", "replaces").order_by("-saved_at")


@require_POST
@clinician_required
def answers_keep(request: HttpRequest, patient: UUID, slug: str) -> HttpResponse:
    """Keep the answers as they are typed: say when, or leave the form for later."""
    person = patient_of(request, patient)
    try:
        ruleset = current_ruleset(slug)
    except Http404:
        if LEAVE not in request.POST:  # a script saved it: the form stays on the screen
            raise
        return guideline_withdrawn(request, slug, person)
    typed = {name: request.POST.getlist(name) for name in request.POST}
    try:
        kept = keep_answers(
            by=signed_in(request), form=form_named(request, person), ruleset=ruleset, typed=typed
        )
    except TooMuchToKeep:
        return HttpResponse(_("Too much was typed to be kept."), status=413, content_type="text/plain")
    if LEAVE in request.POST:
        messages.success(request, _("Your answers are kept. You find them on your worklist."))
        return SeeOther(reverse("worklist"))
    return render(request, "ordering/_kept.html", {"kept": kept})


@require_POST
@clinician_required
def answers_forget(request: HttpRequest, patient: UUID, slug: str) -> HttpResponse:
    """Drop the kept answers of a form, and begin it afresh or go back to the worklist."""
    person = patient_of(request, patient)
    forget_answers(by=signed_in(request), form=form_named(request, person), slug=slug)
    if LEAVE in request.POST:
        messages.success(request, _("The answers are dropped."))
        return SeeOther(reverse("worklist"))
    query = request.GET.urlencode()
    address = reverse("order_new", kwargs={"patient": person.pk, "slug": slug})
    return SeeOther(f"{address}?{query}" if query else address)


@require_POST
@clinician_required
def scenario_favourite(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a scenario at hand, or no longer, and go back to where one was."""
    current_ruleset(slug)
    choose_favourite(by=signed_in(request), slug=slug, wanted=request.POST.get("wanted") == "yes")
    patient = request.POST.get("patient", "")
    person = patient_of(request, patient)
    return SeeOther(f"{reverse('order_start')}?patient={person.pk}")
