"""Step 1 of an order: the patient, the scenario, and what is known. Nothing is kept until it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from ordering.actions import FormOf, forget_answers, note_unmatched, record_consultation
from ordering.advice import advise, derive
from ordering.forms import DIGEST, AnswersForm, answers_from_post
from ordering.models import Order, Patient, Via
from ordering.prefill import Prefill, answers_still_asked, differences, earlier_answers, prefill_for
from ordering.presenters.changed import version_changes
from ordering.presenters.follow_up import follow_up_question
from ordering.presenters.patients import banner, listed_name
from ordering.presenters.questions import conflicts_of, sections
from ordering.presenters.scenarios import favourites_of, found_group, groups_for
from ordering.presenters.so_far import so_far
from ordering.presenters.steps import steps
from ordering.views.access import clinician_required, consultation_named, patient_of, signed_in
from ordering.views.keeping import current_ruleset, form_named
from ordering.views.responses import CONFLICT, SeeOther
from ordering.views.withdrawn import guideline_withdrawn
from ordering.working_models import KeptAnswers
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
    typed = request.GET.get("q", "").strip()
    user = signed_in(request)
    favourites = favourites_of(user)
    groups = found_group(library.search(typed)) if typed else groups_for(user, favourites=favourites)
    if typed and not groups:
        note_unmatched(by=user, phrase=typed)
    return render(
        request,
        "ordering/scenario_choose.html",
        {
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "steps": steps(1),
            "q": typed,
            "groups": groups,
            "favourites": favourites,
            "stands_in": bool(library.published({library.NO_SCENARIO})),
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
    try:
        _, ruleset = library.current(slug)
    except NoPublishedVersion:
        return guideline_withdrawn(request, slug, person)
    about = form_named(request, person)
    if about.draft and about.draft.status != Order.Status.DRAFT:
        number = about.draft.number
        messages.info(request, f"Order {number} is no longer a draft, so its answers stay as they are.")
        return redirect("order_detail", pk=about.draft.pk)
    if request.method == "POST":
        return _asked(request, about, ruleset)
    prefill = _prefill(request, about, ruleset)
    rows = KeptAnswers.objects.filter(**about.key(by=signed_in(request), slug=slug))
    kept = None if "from" in request.GET else rows.first()
    _viewed(person)
    typed = kept.typed if kept else None
    form = AnswersForm(ruleset, birth_date=person.birth_date, answers=prefill.answers, typed=typed)
    return _page(request, about, ruleset, form, prefill=prefill, kept=kept)


@require_POST
@clinician_required
def order_without_scenario(request: HttpRequest, patient: UUID) -> HttpResponse:
    """Go on where no scenario covers the question: any study can be named, and none is rated."""
    person = patient_of(request, patient)
    current_ruleset(library.NO_SCENARIO)
    advised = advise(slug=library.NO_SCENARIO, answers={"covered": "no"}, birth_date=person.birth_date)
    consultation = record_consultation(advised=advised, by=signed_in(request), via=Via.PORTAL, patient=person)
    return SeeOther(reverse("study_choose", kwargs={"pk": consultation.pk}))


@require_POST
@clinician_required
def order_suggestion_fragment(request: HttpRequest, patient: UUID, slug: str) -> HttpResponse:
    """Return the panel "Suggestion so far" for answers in the making. Records nothing."""
    person = patient_of(request, patient)
    ruleset = current_ruleset(slug)
    given = answers_from_post(ruleset, request.POST)
    recorded = differences(ruleset, _prefill(request, form_named(request, person), ruleset), given)
    panel = so_far(ruleset, given, person.birth_date, recorded=recorded)
    return render(request, "ordering/_suggestion_so_far.html", {"panel": panel})


def _prefill(request: HttpRequest, about: FormOf, ruleset: RuleSet) -> Prefill:
    basis = consultation_named(request, "from", about.patient)
    return prefill_for(ruleset, patient=about.patient, basis=basis, draft=about.draft, parent=about.parent)


def _asked(request: HttpRequest, about: FormOf, ruleset: RuleSet) -> HttpResponse:
    """Record what was asked and go to step 2, or show the page again with what stands against it."""
    form = AnswersForm(ruleset, birth_date=about.patient.birth_date, data=request.POST)
    if request.POST.get(DIGEST) != ruleset.digest:
        return _outdated(request, about, ruleset)
    if not form.is_valid():
        return _page(request, about, ruleset, form, prefill=_prefill(request, about, ruleset))
    advised = form.advised
    assert advised is not None
    if advised.ruleset.digest != ruleset.digest:  # published between two lines of this request
        return _outdated(request, about, advised.ruleset)
    draft, by = about.draft, signed_in(request)
    consultation = record_consultation(
        advised=advised,
        by=by,
        via=Via.PORTAL,
        patient=about.patient,
        parent=draft.parent if draft else about.parent,
        replaces=draft.replaces if draft else about.replaces,
    )
    forget_answers(by=by, form=about, slug=ruleset.slug)
    address = reverse("suggestion", kwargs={"pk": consultation.pk})
    return SeeOther(f"{address}?order={draft.pk}" if draft else address)


def _outdated(request: HttpRequest, about: FormOf, ruleset: RuleSet) -> HttpResponse:
    """Show the questions of the version in use, keep the answers, and say what is different."""
    birth_date = about.patient.birth_date
    answers, dropped = answers_still_asked(ruleset, answers_from_post(ruleset, request.POST))
    # bound: what was typed stays on the page, also where it has still to be corrected
    form = AnswersForm(ruleset, birth_date=birth_date, data=request.POST)
    shown = request.POST.get(DIGEST, "")
    changes = version_changes(shown, ruleset, posted=request.POST, birth_date=birth_date)
    prefill = Prefill(answers=answers, dropped=dropped)
    return _page(request, about, ruleset, form, prefill=prefill, changes=changes, status=CONFLICT)


def _page(
    request: HttpRequest,
    about: FormOf,
    ruleset: RuleSet,
    form: AnswersForm,
    *,
    prefill: Prefill,
    changes: list[str] | None = None,
    kept: KeptAnswers | None = None,
    status: int = 200,
) -> HttpResponse:
    patient, parent = about.patient, about.parent
    recorded = differences(ruleset, prefill, form.given)
    panel = so_far(ruleset, form.given, patient.birth_date, recorded=recorded)
    is_new = not (prefill.answers or about.draft or parent or kept or form.is_bound)
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
                conflicts=_joined(conflicts_of(ruleset, panel.suggestion), recorded),
            ),
            "ruleset": ruleset,
            "digest_name": DIGEST,
            "panel": panel,
            "prefill": prefill,
            "kept": kept,
            "keep_url": _same_query(request, "answers_keep", patient, ruleset.slug),
            "forget_url": _same_query(request, "answers_forget", patient, ruleset.slug),
            "so_far_url": _same_query(request, "order_suggestion_fragment", patient, ruleset.slug),
            "earlier": earlier_answers(patient, ruleset.slug) if is_new else None,
            "draft": about.draft,
            "parent": parent,
            "asks": follow_up_question(parent, panel.suggestion, ruleset) if panel.suggestion else None,
            "changes": changes,
            "redirects": ruleset.document["redirects"],
            "nav": "new-order",
        },
        status=status,
    )


def _same_query(request: HttpRequest, name: str, patient: Patient, slug: str) -> str:
    """Return an address about the same form: what the query names, it names there too."""
    query = request.GET.urlencode()
    address = reverse(name, kwargs={"patient": patient.pk, "slug": slug})
    return f"{address}?{query}" if query else address


def _joined(*notes: Mapping[str, str]) -> dict[str, str]:
    """Return what is said of each row, one sentence after the other."""
    return {key: " ".join(note[key] for note in notes if key in note) for key in set().union(*notes)}


def _viewed(patient: Patient) -> None:
    audit.log(
        "patient.viewed",
        action="R",
        entity="patient",
        entity_id=patient.pk,
        organisation_id=patient.organisation_id,
        patient_id=patient.pk,
    )
