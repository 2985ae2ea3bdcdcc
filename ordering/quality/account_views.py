"""The account of consultations: a person's yearly report, the organisation's requesters, files to keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ordering.models import Consultation
from ordering.quality.account_tables import report_table, requesters_table
from ordering.quality.accounting import COLUMNS, accounts, consultations_of, rows_of, years
from ordering.quality.viewers import (
    may_export_account,
    may_have_account,
    may_read_typed,
    may_see_account,
)
from ordering.quality.views import neighbours, only, user_of
from portal import audit
from portal.models import User
from portal.spreadsheets import csv_lines, download

EARLIEST, LATEST = 2000, 9000  # years that an address may name


@dataclass(frozen=True, slots=True)
class YearChoice:
    """The years that a page offers, and the one it shows."""

    offered: list[int]
    chosen: int


@require_safe
@only(may_see_account)
def account_of_consultations(request: HttpRequest) -> HttpResponse:
    """Show what the consultations of each requester of the organisation come to in a year."""
    user = user_of(request)
    year = _year(request)
    assert user.organisation_id is not None
    table = requesters_table(
        accounts(year.chosen, organisation_id=user.organisation_id), exact=may_read_typed(user)
    )
    _record(user, "account.viewed", year=year.chosen)
    return render(
        request,
        "ordering/quality/account.html",
        {
            "table": table,
            "year": year,
            "organisation": user.organisation,
            "may": neighbours(user),
            "may_export": may_export_account(user),
        },
    )


@require_safe
@only(may_see_account)
def requesters_csv(request: HttpRequest, year: str) -> HttpResponseBase:
    """Answer the table of requesters as a CSV file."""
    user = user_of(request)
    assert user.organisation_id is not None
    number = _number(year)
    table = requesters_table(
        accounts(number, organisation_id=user.organisation_id), exact=may_read_typed(user)
    )
    _record(user, "account.exported", year=year, table="requesters")
    return download(
        csv_lines(table.file_columns(), table.file_rows()),
        "text/csv; charset=utf-8",
        f"requesters-{year}.csv",
    )


@require_safe
@only(may_export_account)
def account_file(request: HttpRequest, year: str, form: str) -> HttpResponseBase:
    """Answer every consultation of the organisation in a year, as CSV or JSON lines, without patient data."""
    user = user_of(request)
    rows = rows_of(consultations_of(_number(year), organisation_id=user.organisation_id))
    _record(user, "consultations.exported", year=year, format=form)
    return _file(rows, form, f"consultations-{year}.{form}")


@require_safe
@only(lambda user: may_have_account(user) or may_see_account(user))
def feedback_report(request: HttpRequest, person: int | None = None) -> HttpResponse:
    """Show the yearly report of a requester: one's own, or that of somebody of the organisation."""
    user = user_of(request)
    about = _about(request, user, person)
    year = _year(request)
    assert user.organisation_id is not None
    found = accounts(year.chosen, organisation_id=user.organisation_id, person_id=about.pk)
    exact = about == user or may_read_typed(user)
    _record(user, "account.viewed", year=year.chosen, requester=about.pk)
    return render(
        request,
        "ordering/quality/report.html",
        {
            "about": about,
            "is_own": about == user,
            "table": report_table(found[0] if found else None, exact=exact),
            "year": year,
            "organisation": user.organisation,
            "may": neighbours(user),
            "may_export": about == user or may_export_account(user),
        },
    )


@require_safe
@only(lambda user: may_have_account(user) or may_export_account(user))
def report_file(request: HttpRequest, person: str, year: str, form: str) -> HttpResponseBase:
    """Answer every consultation of a requester in a year: one's own, or for the auditor anybody's."""
    user = user_of(request)
    about = _about(request, user, int(person))
    rows = rows_of(consultations_of(_number(year), organisation_id=user.organisation_id, person_id=about.pk))
    _record(user, "consultations.exported", year=year, format=form, requester=about.pk)
    return _file(rows, form, f"consultations-{year}-{about.pk}.{form}")


def _file(rows: Any, form: str, name: str) -> HttpResponseBase:
    if form == "csv":
        return download(csv_lines(COLUMNS, (row.values() for row in rows)), "text/csv; charset=utf-8", name)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return download(lines, "application/jsonl; charset=utf-8", name)


def _about(request: HttpRequest, user: User, person: int | None) -> User:
    """Return whose report it is. Raises Http404 for anybody who is not of the organisation.

    Somebody who sees no account but the own gets the same answer for everybody else.
    """
    if person is None or person == user.pk:
        return user
    assert user.organisation_id is not None
    asked = Consultation.objects.filter(requester=OuterRef("pk"), organisation_id=user.organisation_id)
    known = User.objects.filter(Q(organisation_id=user.organisation_id) | Exists(asked))
    found = known.filter(pk=person).first() if may_see_account(user) else None
    if found is None:
        audit.denied(request, entity="account", entity_id=person, reason="not-in-organisation")
        raise Http404
    return found


def _year(request: HttpRequest) -> YearChoice:
    """Return the year that the address names, this year where it names none that is offered."""
    offered = years()
    named = request.GET.get("year", "")
    chosen = next((year for year in offered if str(year) == named), offered[0])
    return YearChoice(offered, chosen)


def _number(year: str) -> int:
    """Return the year that an address names. Raises Http404 where that is none."""
    if not EARLIEST <= int(year) <= LATEST:
        raise Http404
    return int(year)


def _record(user: User, event: str, **detail: Any) -> None:
    audit.log(event, action="R", entity="consultation", organisation_id=user.organisation_id, detail=detail)
