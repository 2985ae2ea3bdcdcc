"""Reading guidelines: what is published, and every version that ever was. No patient is involved."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import RELEASED, ScenarioVersion, State
from guidelines.presenters.evidence import evidence_of
from guidelines.presenters.page import guideline_page
from portal.roles import Role, has_role

PAGE = 50  # guidelines on a page of the list
EVERYTHING = 1_000_000


@require_safe
def guideline_list(request: HttpRequest) -> HttpResponse:
    """List the guidelines in use, or those that fit what was typed."""
    typed = request.GET.get("q", "")
    found = library.search(typed, limit=EVERYTHING)
    asked = request.GET.get("page", "")
    page = Paginator(found, PAGE).get_page(asked if asked.isascii() and len(asked) < 9 else 1)
    links = {
        name: f"?{urlencode({**({'q': typed} if typed else {}), 'page': number})}" if there else ""
        for name, there, number in (
            ("newer_url", page.has_previous(), page.number - 1),
            ("older_url", page.has_next(), page.number + 1),
        )
    }
    context = {"q": typed, "guidelines": page.object_list, "count": len(found), "nav": "guidelines"}
    return render(
        request,
        "guidelines/guideline_list.html",
        context
        | links
        | {"today": timezone.localdate(), "withdrawn": [] if typed or asked else library.withdrawals()},
    )


@require_safe
def guideline_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the version in use; of a guideline that was withdrawn, the one that was."""
    try:
        version_id, _ = library.current(slug)
    except NoPublishedVersion:
        withdrawn = library.withdrawal(slug)
        if withdrawn is None:
            raise Http404 from None
        version_id = withdrawn.version_id
    return _page(request, version_id)


@require_safe
def guideline_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one version by its number, also one that was replaced: orders rest on it."""
    try:
        version_id, _ = library.numbered(slug, number)
    except NoPublishedVersion:
        raise Http404 from None
    return _page(request, version_id)


@require_safe
def guideline_evidence(request: HttpRequest, slug: str, number: int = 0) -> HttpResponse:
    """Show where every value of a version comes from: the one in use, or one by its number.

    Of a guideline that is out of use the last version is shown: orders rest on it.
    """
    released = _released(slug)
    if number:
        shown = next((version for version in released if version.number == number), None)
    else:
        in_use = (version for version in released if version.state == State.PUBLISHED)
        shown = next(in_use, released[0] if released else None)
    if shown is None:
        raise Http404
    ruleset = library.ruleset(shown.pk)
    context = _frame(ruleset, shown, released) | {
        "parts": evidence_of(ruleset),
        "sources": ruleset.document["sources"],
        "guideline_url": reverse("guideline_version", args=[slug, shown.number]),
    }
    return render(request, "guidelines/guideline_evidence.html", context)


def _page(request: HttpRequest, version_id: int) -> HttpResponse:
    ruleset = library.ruleset(version_id)
    versions = _released(ruleset.slug)
    shown = next(version for version in versions if version.pk == version_id)
    frame = _frame(ruleset, shown, versions)
    context = frame | {
        "page": guideline_page(ruleset),
        "digest": ruleset.digest,
        "start_url": _start_url(request, ruleset.slug) if shown is frame["in_use"] else "",
    }
    return render(request, "guidelines/guideline_detail.html", context)


def _released(slug: str) -> list[ScenarioVersion]:
    """Return every version that is, or was, in use, the latest first."""
    versions = ScenarioVersion.objects.filter(scenario__slug=slug, state__in=RELEASED)
    return list(versions.defer("snapshot").order_by("-number"))


def _frame(ruleset: RuleSet, shown: ScenarioVersion, versions: list[ScenarioVersion]) -> dict[str, Any]:
    """Return what the pages of a version share: the version, the others, and what a reader must know."""
    in_use = next((version for version in versions if version.state == State.PUBLISHED), None)
    return {
        "slug": ruleset.slug,
        "version": shown,
        "versions": versions,
        "in_use": in_use,
        "withdrawn": None if in_use else library.withdrawal(ruleset.slug),
        "overdue": shown is in_use and shown.review_due_on < timezone.localdate(),
        "nav": "guidelines",
    }


def _start_url(request: HttpRequest, slug: str) -> str:
    """Return where an order with this guideline starts, for those who may order."""
    if not has_role(request.user, Role.CLINICIAN):
        return ""
    try:
        return f"{reverse('order_start')}?scenario={slug}"
    except NoReverseMatch:
        return ""
