"""Forms that somebody has begun and not sent: on the worklist, and on the patient's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from guidelines import library
from ordering.presenters.patients import listed_name
from ordering.working_models import KeptAnswers


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One form. `of` says which order it changes or follows up, if it does."""

    patient_name: str
    birth_date: date
    scenario: str
    of: str
    saved_at: datetime
    url: str
    forget_url: str


def kept_rows(rows: QuerySet[KeptAnswers]) -> list[KeptRow]:
    """Return the forms that can still be gone on with: those whose scenario is in use."""
    kept = list(rows)
    if not kept:
        return []
    titles = {
        edition.slug: edition.title for edition in library.published({row.scenario_slug for row in kept})
    }
    return [_row(row, titles[row.scenario_slug]) for row in kept if row.scenario_slug in titles]


def _row(row: KeptAnswers, title: str) -> KeptRow:
    named = {"order": row.draft, "parent": row.parent, "replaces": row.replaces}
    query = urlencode({name: str(order.pk) for name, order in named.items() if order is not None})
    arguments = {"patient": row.patient_id, "slug": row.scenario_slug}
    addresses = [reverse(name, kwargs=arguments) for name in ("order_new", "answers_forget")]
    url, forget_url = (f"{address}?{query}" if query else address for address in addresses)
    return KeptRow(
        patient_name=listed_name(row.patient),
        birth_date=row.patient.birth_date,
        scenario=title,
        of=_of(row),
        saved_at=row.saved_at,
        url=url,
        forget_url=forget_url,
    )


def _of(row: KeptAnswers) -> str:
    if row.draft is not None:
        return _("changes draft %(number)s") % {"number": row.draft.number}
    if row.replaces is not None:
        return _("replaces order %(number)s") % {"number": row.replaces.number}
    if row.parent is not None:
        return _("follow-up of order %(number)s") % {"number": row.parent.number}
    return ""
