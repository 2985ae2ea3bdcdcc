"""Step 2 of an order: the suggested study, and choosing this or another one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import State
from ordering.actions import change_draft, place_order, record_consultation
from ordering.advice import advise
from ordering.choosing import OverrideGiven, needs_reason
from ordering.exceptions import AdviceOutOfDate, ConsultationUsed, IllegalTransition, Refused
from ordering.forms import ReasonForm, refuse
from ordering.forms.choosing import PLACES
from ordering.models import Consultation, Order, Via
from ordering.prefill import answers_still_asked
from ordering.presenters.advice import advice_page, guideline_url, study_card
from ordering.presenters.follow_up import follow_up_question
from ordering.presenters.patients import banner, listed_name
from ordering.presenters.steps import steps
from ordering.views.access import clinician_required, consultation_of, order_named
from ordering.views.responses import CONFLICT, SeeOther
from ordering.views.withdrawn import withdrawal_of
from portal import audit


@require_safe
@clinician_required
def suggestion(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the advice as it was given, with the study to choose."""
    consultation = consultation_of(request, pk)
    draft, placed = _orders(request, consultation)
    ruleset = library.ruleset(consultation.version_id)
    _log_view(consultation)
    choose_url = "" if placed else _address("study_choose", consultation, draft)
    page = advice_page(
        consultation,
        ruleset,
        choose_url=choose_url,
        change_url=change_address(consultation, draft),
    )
    return render(
        request,
        "ordering/suggestion.html",
        _frame(consultation)
        | {
            "page": page,
            "draft": draft,
            "placed": placed,
            "asks": None
            if placed
            else follow_up_question(consultation.parent, consultation.suggestion, ruleset),
            "answer_url": _address("answer_one", consultation, draft),
            "current": consultation.version.state == State.PUBLISHED,
            "withdrawn": withdrawal_of(consultation),
            "again_url": _address("ask_again", consultation, draft),
            "choose_url": choose_url,
            "source": consultation.suggestion["source"],
            "published_on": consultation.version.published_at,
            "guideline_url": guideline_url(consultation.scenario_slug, page.version),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def study_choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make the draft with the chosen study, or change it; ask for a reason where one is needed."""
    consultation = consultation_of(request, pk)
    draft, placed = _orders(request, consultation)
    if placed is not None:
        return _already_placed(request, placed)
    ruleset = library.ruleset(consultation.version_id)
    code = (request.POST if request.method == "POST" else request.GET).get("study", "")
    if code not in ruleset.studies:
        code = ""  # a study that the guideline does not list has to be named in words
    if request.method == "POST":
        if "reason_text" not in request.POST and _asks_reason(consultation, code):
            return SeeOther(_reason_address(consultation, draft, code))
        form = ReasonForm(request.POST, listed=bool(code))
        if form.is_valid():
            return _chosen(request, consultation, draft, ruleset, code, form)
    else:
        form = ReasonForm(listed=bool(code), initial=_given_before(draft, code))
    return _reason_page(request, consultation, draft, ruleset, code, form)


@require_POST
@clinician_required
def ask_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the version in use with the same answers; the draft is kept."""
    consultation = consultation_of(request, pk)
    draft, placed = _orders(request, consultation)
    if placed is not None:
        return _already_placed(request, placed)
    patient = consultation.patient
    assert patient is not None
    try:
        _, ruleset = library.current(consultation.scenario_slug)
    except NoPublishedVersion:
        messages.warning(request, "This guideline is no longer in use. Choose another scenario.")
        return SeeOther(f"{reverse('order_start')}?patient={patient.pk}")
    answers, dropped = answers_still_asked(ruleset, consultation.answers)
    if dropped:
        messages.warning(
            request, "The guideline asks something else now. Check the answers before you go on."
        )
        return SeeOther(change_address(consultation, draft))
    advised = advise(slug=ruleset.slug, answers=answers, birth_date=patient.birth_date)
    renewed = record_consultation(
        advised=advised,
        by=request.user,  # type: ignore[arg-type]
        via=Via.PORTAL,
        patient=patient,
        parent=consultation.parent,
        replaces=consultation.replaces,
    )
    return SeeOther(_address("suggestion", renewed, draft))


@require_POST
@clinician_required
def answer_one(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add one answer to those that the advice rests on, and show the advice that follows."""
    consultation = consultation_of(request, pk)
    draft, placed = _orders(request, consultation)
    if placed is not None:
        return _already_placed(request, placed)
    patient = consultation.patient
    assert patient is not None
    key, value = request.POST.get("key", ""), request.POST.get("value", "")
    try:
        _, ruleset = library.current(consultation.scenario_slug)
        answers, dropped = answers_still_asked(ruleset, consultation.answers)
        advised = advise(slug=ruleset.slug, answers=answers | {key: value}, birth_date=patient.birth_date)
    except (NoPublishedVersion, Refused):
        dropped = [key]
    if dropped:
        messages.warning(request, "This answer could not be taken over. Give it with the other answers.")
        return SeeOther(change_address(consultation, draft))
    renewed = record_consultation(
        advised=advised,
        by=request.user,  # type: ignore[arg-type]
        via=Via.PORTAL,
        patient=patient,
        parent=consultation.parent,
        replaces=consultation.replaces,
    )
    return SeeOther(_address("suggestion", renewed, draft))


def change_address(consultation: Consultation, draft: Order | None) -> str:
    """Return the address of step 1 with the answers of a consultation."""
    named = {"from": consultation.pk} | ({"order": draft.pk} if draft else {})
    if consultation.parent_id and not draft:
        named["parent"] = consultation.parent_id
    if consultation.replaces_id and not draft:
        named["replaces"] = consultation.replaces_id
    page = reverse("order_new", args=[consultation.patient_id, consultation.scenario_slug])
    return f"{page}?{urlencode(named)}"


def advice_changed(
    request: HttpRequest, consultation: Consultation, draft: Order | None, change: AdviceOutOfDate
) -> HttpResponse:
    """Show what changed since the advice was given, with one click to the new advice."""
    return render(
        request,
        "ordering/advice_changed.html",
        _frame(consultation)
        | {
            "change": change,
            "draft": draft,
            "again_url": _address("ask_again", consultation, draft),
            "change_url": change_address(consultation, draft),
            "start_url": f"{reverse('order_start')}?patient={consultation.patient_id}",
        },
        status=CONFLICT,
    )


def _chosen(
    request: HttpRequest,
    consultation: Consultation,
    draft: Order | None,
    ruleset: RuleSet,
    code: str,
    form: ReasonForm,
) -> HttpResponse:
    text, reason = form.cleaned_data.get("study_text", ""), form.given
    try:
        order = _place(request, consultation, draft, study=code or None, study_text=text, reason=reason)
    except Refused as refused:
        refuse(form, refused.refusals, PLACES)
        if not code and reason is None and not form.has_error("reason"):
            # without a study nobody asked for the reason yet, and a study that is not listed always needs one
            form.add_error("reason", "Give a reason for a study that is not listed.")
        return _reason_page(request, consultation, draft, ruleset, code, form)
    except AdviceOutOfDate as change:
        return advice_changed(request, consultation, draft, change)
    except ConsultationUsed:  # a second click, a moment after the first
        return _already_placed(request, Order.objects.get(consultation=consultation))
    except IllegalTransition:
        assert draft is not None
        return _already_placed(request, draft)
    return SeeOther(reverse("order_review", args=[order.pk]))


def _place(
    request: HttpRequest,
    consultation: Consultation,
    draft: Order | None,
    *,
    study: str | None,
    study_text: str,
    reason: OverrideGiven | None,
) -> Order:
    if draft is not None:
        return change_draft(
            order=draft,
            by=request.user,  # type: ignore[arg-type]
            consultation=consultation,
            study=study,
            study_text=study_text,
            reason=reason,
        )
    assert consultation.patient is not None
    return place_order(
        consultation=consultation,
        patient=consultation.patient,
        by=request.user,  # type: ignore[arg-type]
        via=Via.PORTAL,
        study=study,
        study_text=study_text,
        reason=reason,
        parent=consultation.parent,
        replaces=consultation.replaces,
    )


def _reason_page(
    request: HttpRequest,
    consultation: Consultation,
    draft: Order | None,
    ruleset: RuleSet,
    code: str,
    form: ReasonForm,
) -> HttpResponse:
    given = consultation.suggestion["studies"]
    suggested = next((row["code"] for row in given if not needs_reason(row)), "")
    return render(
        request,
        "ordering/choose_reason.html",
        _frame(consultation)
        | {
            "form": form,
            "code": code,
            "chosen": study_card(consultation, ruleset, code) if code else None,
            "suggested": study_card(consultation, ruleset, suggested)
            if suggested not in ("", code)
            else None,
            "needed": not code or _asks_reason(consultation, code),
            "choose_url": _address("study_choose", consultation, draft),
            "back_url": _address("suggestion", consultation, draft),
            "stands_in": consultation.scenario_slug == library.NO_SCENARIO,
        },
    )


def _asks_reason(consultation: Consultation, code: str) -> bool:
    advised = (row for row in consultation.suggestion["studies"] if row["code"] == code)
    return needs_reason(next(advised, None))


def _given_before(draft: Order | None, code: str) -> dict[str, str]:
    """Return the reason that the draft already has for this study."""
    if draft is None or draft.study_code != code:
        return {}
    return {
        "study_text": draft.study_text,
        "reason": draft.override_reason_code,
        "reason_text": draft.override_reason_text,
    }


def _orders(request: HttpRequest, consultation: Consultation) -> tuple[Order | None, Order | None]:
    """Return (the draft that a choice would change, the order past drafting that rests on this advice)."""
    assert consultation.patient is not None
    order = Order.objects.filter(consultation=consultation).first() or order_named(
        request, "order", consultation.patient
    )
    if order is None or order.status == Order.Status.DRAFT:
        return order, None
    return None, order


def _already_placed(request: HttpRequest, order: Order) -> HttpResponse:
    """Go on to the order that exists: to its review while it is a draft, else to its page."""
    if order.status == Order.Status.DRAFT:
        return SeeOther(reverse("order_review", args=[order.pk]))
    messages.info(request, f"Order {order.number} was placed on this advice already.")
    return redirect("order_detail", pk=order.pk)


def _address(name: str, consultation: Consultation, draft: Order | None) -> str:
    address = reverse(name, args=[consultation.pk])
    return f"{address}?{urlencode({'order': draft.pk})}" if draft else address


def _reason_address(consultation: Consultation, draft: Order | None, code: str) -> str:
    address = _address("study_choose", consultation, draft)
    return f"{address}{'&' if draft else '?'}{urlencode({'study': code})}" if code else address


def _frame(consultation: Consultation) -> dict[str, object]:
    """Return what every page about a consultation shows around its content."""
    patient = consultation.patient
    assert patient is not None
    return {
        "consultation": consultation,
        "patient": patient,
        "patient_banner": banner(patient),
        "patient_name": listed_name(patient),
        "steps": steps(2),
        "nav": "new-order",
    }


def _log_view(consultation: Consultation) -> None:
    audit.log(
        "advice.viewed",
        action="R",
        entity="consultation",
        entity_id=consultation.pk,
        organisation_id=consultation.organisation_id,
        patient_id=consultation.patient_id,
    )
