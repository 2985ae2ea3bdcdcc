"""Reading guidelines: what is published, and every version that ever was. No patient is involved."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import RELEASED, ScenarioVersion, State
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


def _page(request: HttpRequest, version_id: int) -> HttpResponse:
    ruleset = library.ruleset(version_id)
    versions = list(
        ScenarioVersion.objects.filter(scenario__slug=ruleset.slug)
        .filter(state__in=RELEASED)
        .only("pk", "number", "state", "published_at", "title")
        .order_by("-number")
    )
    shown = next(version for version in versions if version.pk == version_id)
    in_use = next((version for version in versions if version.state == State.PUBLISHED), None)
    return render(
        request,
        "guidelines/guideline_detail.html",
        {
            "page": guideline_page(ruleset),
            "slug": ruleset.slug,
            "version": shown,
            "versions": versions,
            "in_use": in_use,
            "withdrawn": None if in_use else library.withdrawal(ruleset.slug),
            "digest": ruleset.digest,
            "start_url": _start_url(request, ruleset.slug) if shown is in_use else "",
            "nav": "guidelines",
        },
    )


def _start_url(request: HttpRequest, slug: str) -> str:
    """Return where an order with this guideline starts, for those who may order."""
    if not has_role(request.user, Role.CLINICIAN):
        return ""
    try:
        return f"{reverse('order_start')}?scenario={slug}"
    except NoReverseMatch:
        return ""
