"""Orders and questions for tests of measures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from guidelines.engine import ENGINE_VERSION
from ordering.advice import advise
from ordering.models import Consultation, Order
from ordering.quality.page import TABLES
from ordering.quality.presenters import Look
from ordering.quality.scope import Period, Scope, first_of_month
from ordering.quality.tables import Table
from portal import audit
from portal.models import User
from tests.content import FITTING, LEUKAEMIA
from tests.ordering.placing import place

MakePatient = Callable[..., Any]


def scope(person: User | None, **given: Any) -> Scope:
    """Return the last twelve months of a person's organisation, or of all."""
    period = given.pop("period", None) or Period.ending(first_of_month(), months=12)
    return Scope(person.organisation_id if person else None, period, **given)


def table(name: str, of: Scope, *, may_read_orders: bool = True) -> Table:
    """Return a table of the page."""
    return TABLES[name](Look(of, may_read_orders=may_read_orders))


def cells(name: str, of: Scope, **given: Any) -> dict[str, list[str]]:
    """Return a table as what its cells say, by the heading of the row."""
    return {row.heading: [cell.text for cell in row.cells] for row in table(name, of, **given).rows}


def several(count: int, by: User, make_patient: MakePatient, **given: Any) -> list[Order]:
    """Return so many orders, each for a patient of its own."""
    return [place(make_patient(by), by, **given) for _ in range(count)]


def asked(by: User, *, days_ago: int = 0, via: str = "portal", **answers: Any) -> Consultation:
    """Return a question without a patient, asked some days ago: no action writes into the past."""
    advised = advise(slug=LEUKAEMIA, answers=FITTING | {"age_years": 40} | answers)
    with audit.acting(audit.actor_of(by)):
        return Consultation.objects.create(
            organisation_id=by.organisation_id,
            requester=by,
            version_id=advised.version_id,
            scenario_slug=LEUKAEMIA,
            digest=advised.ruleset.digest,
            engine_version=ENGINE_VERSION,
            answers=advised.case.to_dict(),
            advice=advised.text,
            fit=advised.advice.fit,
            via=via,
            created_at=timezone.now() - timedelta(days=days_ago),
        )
