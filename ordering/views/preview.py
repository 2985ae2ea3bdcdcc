"""Steps 1 and 2 on a version that is not in use, for those who write and review it.

The pages are the real ones; the patient is invented, nothing is recorded, and there is nothing to choose or
to sign. What was answered is kept in the session, so that step 2 has an address of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guidelines import snapshot
from guidelines.engine import RuleSet, digest_of
from guidelines.gate.vignettes import ruleset_of
from guidelines.models import ScenarioVersion
from ordering import policies
from ordering.advice import derive, judge
from ordering.exceptions import Refused
from ordering.forms import DIGEST, AnswersForm, answers_from_post
from ordering.forms.answers import WHOLE
from ordering.models import Consultation
from ordering.presenters.advice import advice_page
from ordering.presenters.questions import conflicts_of, sections
from ordering.presenters.so_far import so_far
from ordering.presenters.steps import steps
from ordering.views.responses import SeeOther
from portal import audit
from portal.models import User

AGE = "_age"  # of the invented patient; no element's key begins with "_"
USUAL_AGE_YEARS, OLDEST_YEARS = 42, 130
WRONG_AGE = f"The age of the invented patient must be a whole number of years, 0 to {OLDEST_YEARS}."


@dataclass(frozen=True, slots=True)
class Previewed:
    """A version that is previewed, with its rules."""

    version: ScenarioVersion
    ruleset: RuleSet

    @property
    def ask(self) -> Callable[..., Any]:
        """Return what judges answers by this version."""
        return partial(judge, self.version.pk, self.ruleset)

    @property
    def asks_age(self) -> bool:
        """Return whether the guideline reads the patient's age."""
        return any(element.derived_from for element in self.ruleset.elements)

    @property
    def session_key(self) -> str:
        """Return where the answers are kept between the pages."""
        return f"preview-{self.version.pk}"


Page = Callable[[HttpRequest, Previewed], HttpResponse]


def previewed(page: Page) -> Callable[..., HttpResponseBase]:
    """Let those in who write or review guidelines; others get 403, and it is recorded."""

    @wraps(page)
    def guarded(request: HttpRequest, version: int) -> HttpResponseBase:
        if not isinstance(request.user, User) or not policies.may_preview(request.user):
            audit.denied(request, entity="scenario-version", entity_id=version, reason="role")
            raise PermissionDenied
        rows = ScenarioVersion.objects.select_related("scenario", "primary_source")
        found = get_object_or_404(rows, pk=version)
        document = snapshot.document_of(found)
        ruleset = ruleset_of(document, version=found.number, digest=digest_of(document))
        if ruleset is None:
            messages.error(request, "This version has faults that keep it from being asked.")
            return redirect("admin:guideline_check", pk=found.pk)
        return page(request, Previewed(found, ruleset))

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@previewed
def preview_questions(request: HttpRequest, preview: Previewed) -> HttpResponse:
    """Step 1: the questions of the version, about an invented patient."""
    kept = request.session.get(preview.session_key, {})
    if request.method != "POST":
        age = kept.get("age", USUAL_AGE_YEARS)
        known = {key: kept["answers"][key] for key in kept.get("answers", {}) if _asked(preview, key)}
        form = AnswersForm(preview.ruleset, birth_date=_born(age), answers=known, ask=preview.ask)
        return _questions(request, preview, form, age=str(age), answers=known)
    typed = request.POST.get(AGE, str(USUAL_AGE_YEARS)).strip()
    age = _age(typed)
    form = AnswersForm(
        preview.ruleset, birth_date=_born(age or USUAL_AGE_YEARS), data=request.POST, ask=preview.ask
    )
    valid = form.is_valid()
    if age is None:
        form.add_error(None, WRONG_AGE)
    if not valid or age is None:
        return _questions(request, preview, form, age=typed, answers=form.given)
    assert form.advised is not None
    answers = form.advised.case.to_dict()
    for element in preview.ruleset.elements:
        if element.derived_from:
            answers.pop(element.key, None)  # follows from the age
    request.session[preview.session_key] = {"age": age, "answers": answers}
    return SeeOther(reverse("guideline_preview_suggestion", args=[preview.version.pk]))


@require_POST
@previewed
def preview_so_far(request: HttpRequest, preview: Previewed) -> HttpResponse:
    """Return the panel "Suggestion so far" for answers in the making."""
    born = _born(_age(request.POST.get(AGE, "").strip()) or USUAL_AGE_YEARS)
    answers = answers_from_post(preview.ruleset, request.POST)
    panel = so_far(preview.ruleset, answers, born, ask=preview.ask)
    return render(request, "ordering/_suggestion_so_far.html", {"panel": panel})


@require_safe
@previewed
def preview_suggestion(request: HttpRequest, preview: Previewed) -> HttpResponse:
    """Step 2: what the version suggests; there is nothing to choose."""
    kept = request.session.get(preview.session_key)
    step_1 = reverse("guideline_preview", args=[preview.version.pk])
    if kept is None:
        return redirect(step_1)
    try:
        advised = preview.ask(answers=kept["answers"], birth_date=_born(kept["age"]))
    except Refused:
        messages.warning(request, "The version asks something else now. Check the answers.")
        return redirect(step_1)
    # never saved: the presenters read the advice of a consultation
    consultation = Consultation(answers=advised.case.to_dict(), advice=advised.text)
    page = advice_page(consultation, preview.ruleset, choose_url="", change_url=step_1)
    return render(
        request,
        "ordering/preview_suggestion.html",
        _frame(preview, kept["age"], step=2)
        | {
            "page": page,
            "current": True,
            "source": consultation.suggestion["source"],
            "guideline_url": "",
        },
    )


def _questions(
    request: HttpRequest, preview: Previewed, form: AnswersForm, *, age: str, answers: dict[str, Any]
) -> HttpResponse:
    panel = so_far(preview.ruleset, answers, form.birth_date, ask=preview.ask)
    derived, _ = derive(preview.ruleset, {}, birth_date=form.birth_date, today=timezone.localdate())
    return render(
        request,
        "ordering/preview_questions.html",
        _frame(preview, age, step=1)
        | {
            "form": form,
            "sections": sections(
                form,
                derived=derived,
                conflicts=conflicts_of(preview.ruleset, panel.suggestion) if panel.suggestion else {},
            ),
            "ruleset": preview.ruleset,
            "digest_name": DIGEST,
            "age_name": AGE,
            "asks_age": preview.asks_age,
            "panel": panel,
            "redirects": preview.ruleset.document["redirects"],
        },
    )


def _frame(preview: Previewed, age: int | str, *, step: int) -> dict[str, Any]:
    """Return what both pages show around their content."""
    return {
        "version": preview.version,
        "patient_name": "Invented patient",
        "age": age,
        "asks_age": preview.asks_age,
        "steps": steps(step),
        "nav": "guidelines",
    }


def _asked(preview: Previewed, key: str) -> bool:
    element = preview.ruleset.elements_by_key.get(key)
    return element is not None and not element.derived_from


def _age(typed: str) -> int | None:
    return int(typed) if WHOLE.fullmatch(typed) and 0 <= int(typed) <= OLDEST_YEARS else None


def _born(age_years: int) -> date:
    """Return a birthday that makes somebody this old today."""
    return date(timezone.localdate().year - age_years, 1, 1)
