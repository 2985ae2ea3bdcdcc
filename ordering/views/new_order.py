"""Step 1 of an order: the patient, the scenario, and what is known. Nothing is kept until it is submitted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from ordering.actions import record_consultation
from ordering.advice import derive
from ordering.forms import DIGEST, AnswersForm, answers_from_post
from ordering.models import Order, Patient, Via
from ordering.prefill import Prefill, answers_still_asked, prefill_for
from ordering.presenters.changed import version_changes
from ordering.presenters.follow_up import follow_up_question
from ordering.presenters.patients import banner, listed_name
from ordering.presenters.questions import conflicts_of, sections
from ordering.presenters.so_far import so_far
from ordering.presenters.steps import steps
from ordering.views.access import clinician_required, consultation_named, order_named, patient_of
from ordering.views.responses import CONFLICT, SeeOther
from portal import audit


@require_safe
@clinician_required
def order_start(request: HttpRequest) -> HttpResponse:
    """Choose the scenario for a patient. Without a patient, choose that first."""
    wanted = request.GET.get("scenario", "")
    known = bool(wanted) and any(edition.slug == wanted for edition in library.published())
    query = f"?scenario={wanted}" if known else ""
    patient_id = request.GET.get("patient", "")
    if not patient_id:
        messages.info(request, "Choose the patient first: an order belongs to one patient.")
        return redirect(reverse("patient_search") + query)
    patient = patient_of(request, patient_id)
    if query:
        return redirect("order_new", patient=patient.pk, slug=wanted)
    _viewed(patient)
    typed = request.GET.get("q", "")
    return render(
        request,
        "ordering/scenario_choose.html",
        {
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "steps": steps(1),
            "q": typed,
            "scenarios": library.search(typed),
            "nav": "new-order",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_new(request: HttpRequest, patient: UUID, slug: str) -> HttpResponse:
    """Ask the questions of a scenario about a patient; a submitted form becomes a consultation.

    `from`, `order` and `parent` in the address name the consultation whose answers are taken over, the draft
    that is being changed, and the order that this one follows up.
    """
    person = patient_of(request, patient)
    ruleset = _current(slug)
    draft, parent = order_named(request, "order", person), order_named(request, "parent", person)
    replaces = order_named(request, "replaces", person)
    if draft and draft.status != Order.Status.DRAFT:
        messages.info(request, f"Order {draft.number} is no longer a draft, so its answers stay as they are.")
        return redirect("order_detail", pk=draft.pk)
    if request.method == "POST":
        return _asked(request, person, ruleset, draft=draft, parent=parent, replaces=replaces)
    prefill = prefill_for(
        ruleset, patient=person, basis=consultation_named(request, "from", person), draft=draft, parent=parent
    )
    _viewed(person)
    form = AnswersForm(ruleset, birth_date=person.birth_date, answers=prefill.answers)
    return _page(request, person, ruleset, form, prefill=prefill, draft=draft, parent=parent)


@require_POST
@clinician_required
def order_suggestion_fragment(request: HttpRequest, patient: UUID, slug: str) -> HttpResponse:
    """Return the panel "Suggestion so far" for answers in the making. Records nothing."""
    person = patient_of(request, patient)
    ruleset = _current(slug)
    panel = so_far(ruleset, answers_from_post(ruleset, request.POST), person.birth_date)
    return render(request, "ordering/_suggestion_so_far.html", {"panel": panel})


def _asked(
    request: HttpRequest,
    patient: Patient,
    ruleset: RuleSet,
    *,
    draft: Order | None,
    parent: Order | None,
    replaces: Order | None,
) -> HttpResponse:
    """Record what was asked and go to step 2, or show the page again with what stands against it."""
    form = AnswersForm(ruleset, birth_date=patient.birth_date, data=request.POST)
    if request.POST.get(DIGEST) != ruleset.digest:
        return _outdated(request, patient, ruleset, draft=draft, parent=parent)
    if not form.is_valid():
        return _page(request, patient, ruleset, form, draft=draft, parent=parent)
    advised = form.advised
    assert advised is not None
    if advised.ruleset.digest != ruleset.digest:  # published between two lines of this request
        return _outdated(request, patient, advised.ruleset, draft=draft, parent=parent)
    consultation = record_consultation(
        advised=advised,
        by=request.user,  # type: ignore[arg-type]
        via=Via.PORTAL,
        patient=patient,
        parent=draft.parent if draft else parent,
        replaces=draft.replaces if draft else replaces,
    )
    address = reverse("suggestion", kwargs={"pk": consultation.pk})
    return SeeOther(f"{address}?order={draft.pk}" if draft else address)


def _outdated(
    request: HttpRequest, patient: Patient, ruleset: RuleSet, *, draft: Order | None, parent: Order | None
) -> HttpResponse:
    """Show the questions of the version in use, keep the answers, and say what is different."""
    given = answers_from_post(ruleset, request.POST)
    answers, dropped = answers_still_asked(ruleset, given)
    # bound: what was typed stays on the page, also where it has still to be corrected
    form = AnswersForm(ruleset, birth_date=patient.birth_date, data=request.POST)
    changes = version_changes(
        request.POST.get(DIGEST, ""), ruleset, posted=request.POST, birth_date=patient.birth_date
    )
    prefill = Prefill(answers=answers, dropped=dropped)
    return _page(
        request,
        patient,
        ruleset,
        form,
        prefill=prefill,
        draft=draft,
        parent=parent,
        changes=changes,
        status=CONFLICT,
    )


def _page(
    request: HttpRequest,
    patient: Patient,
    ruleset: RuleSet,
    form: AnswersForm,
    *,
    prefill: Prefill | None = None,
    draft: Order | None,
    parent: Order | None,
    changes: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    prefill = prefill or Prefill()
    panel = so_far(ruleset, form.given if form.is_bound else prefill.answers, patient.birth_date)
    derived, _ = derive(ruleset, {}, birth_date=patient.birth_date, today=timezone.localdate())
    return render(
        request,
        "ordering/order_new.html",
        {
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "steps": steps(1),
            "form": form,
            "sections": sections(
                form,
                derived=derived,
                sources=prefill.sources,
                conflicts=conflicts_of(ruleset, panel.suggestion) if panel.suggestion else {},
            ),
            "ruleset": ruleset,
            "digest_name": DIGEST,
            "panel": panel,
            "prefill": prefill,
            "draft": draft,
            "parent": parent,
            "asks": follow_up_question(parent, panel.suggestion, ruleset) if panel.suggestion else None,
            "changes": changes,
            "redirects": ruleset.document["redirects"],
            "nav": "new-order",
        },
        status=status,
    )


def _current(slug: str) -> RuleSet:
    try:
        return library.current(slug)[1]
    except NoPublishedVersion:
        raise Http404 from None


def _viewed(patient: Patient) -> None:
    audit.log(
        "patient.viewed",
        action="R",
        entity="patient",
        entity_id=patient.pk,
        organisation_id=patient.organisation_id,
        patient_id=patient.pk,
    )
