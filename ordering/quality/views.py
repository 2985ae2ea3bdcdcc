"""The quality page and its tables as files. Nothing here names a patient."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from guidelines.models import Scenario
from ordering.quality.forms import QualityForm
from ordering.quality.page import FIRST, TABLES, tables_of
from ordering.quality.presenters import Look
from ordering.quality.scope import Scope
from ordering.quality.small_groups import shown
from ordering.quality.viewers import (
    may_have_account,
    may_read_typed,
    may_see_account,
    may_see_quality,
    places_of,
)
from portal import audit
from portal.models import User
from portal.spreadsheets import csv_lines, download

FILTERS = ("organisation", "first", "last", "scenario", "version", "by")
View = Callable[..., HttpResponseBase]


def only(allowed: Callable[[User], bool]) -> Callable[[View], View]:
    """Let only those in whom the function allows; others get 403, and it is recorded."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User) or not allowed(user):
                audit.denied(request, entity="quality", reason="role")
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


@require_safe
@only(may_see_quality)
def quality(request: HttpRequest) -> HttpResponse:
    """Show the measures of a period as tables; the filters are in the address."""
    user = user_of(request)
    form = _form(request, user)
    if not form.is_valid():
        form.offer([], {}, None)
        return render(request, "ordering/quality/quality.html", {"form": form, "may": neighbours(user)})
    scope = form.scope()
    look = Look(scope, may_read_orders=may_read_typed(user))
    tables = tables_of(look)
    slugs = {row.scenario for row in look.asked} | ({scope.scenario} if scope.scenario else set())
    titles = dict(Scenario.objects.filter(slug__in=slugs).values_list("slug", "title"))
    form.show(scope)
    form.offer(look.asked, titles, scope)
    _record(user, scope, "quality.viewed")
    return render(
        request,
        "ordering/quality/quality.html",
        {
            "form": form,
            "may": neighbours(user),
            "scope": scope,
            "place": form.places[0],
            "signed": shown(look.signed.total),
            "asked": shown(sum(row.count for row in look.asked_here)),
            "nothing": not look.asked_here and not look.signed.total,
            "tables": [table for table in tables if table.key != "signals"],
            "signals": tables[0],
            "first_tables": FIRST,
            "flagged": [sentence for table in tables for sentence in table.flagged],
            "filters": urlencode(_kept(form)),
            "now": timezone.now(),
        },
    )


@require_safe
@only(may_see_quality)
def quality_csv(request: HttpRequest, table: str) -> HttpResponseBase:
    """Answer one table of the page as a CSV file; what the page hides is hidden here too."""
    if table not in TABLES:
        raise Http404
    user = user_of(request)
    form = _form(request, user)
    if not form.is_valid():
        raise BadRequest
    scope = form.scope()
    made = TABLES[table](Look(scope, may_read_orders=may_read_typed(user)))
    _record(user, scope, "quality.exported", table=table)
    name = f"quality-{table}-{scope.period.first:%Y-%m}-{scope.period.last:%Y-%m}.csv"
    return download(csv_lines(made.file_columns(), made.file_rows()), "text/csv; charset=utf-8", name)


def _form(request: HttpRequest, user: User) -> QualityForm:
    return QualityForm(
        {name: request.GET.get(name, "") for name in FILTERS}, places=places_of(user), auto_id="filter_%s"
    )


def neighbours(user: User) -> dict[str, bool]:
    """Return which neighbouring pages the person may open."""
    return {"account": may_see_account(user), "own": may_have_account(user)}


def _kept(form: QualityForm) -> dict[str, Any]:
    return {name: form.data[name] for name in FILTERS if form.data.get(name)}


def _record(user: User, scope: Scope, event: str, **detail: str) -> None:
    audit.log(
        event,
        action="R",
        entity="quality",
        organisation_id=scope.organisation_id or user.organisation_id,
        detail=detail
        | {
            "first": f"{scope.period.first:%Y-%m}",
            "last": f"{scope.period.last:%Y-%m}",
            "scenario": scope.scenario,
            "version": scope.version,
        },
    )


def user_of(request: HttpRequest) -> User:
    """Return who asks; `only` has made sure that it is somebody."""
    assert isinstance(request.user, User)
    return request.user
