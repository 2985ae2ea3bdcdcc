"""Query parameters of lists: each is checked, unknown ones are refused, and all faults are named at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from guidelines.models import Rating
from ordering.api.errors import BadQuery
from ordering.api.fields import parse_instant
from ordering.api.input import MAX_CODE
from ordering.api.paging import DEFAULT_LIMIT, MAX_LIMIT, BadCursor, Cursor
from ordering.models import Order, Patient

NOT_RATED = ("null", "not_rated")
WIDEST_KEY = 2**63 - 1  # of a bigint
NUMBER = re.compile(r"[0-9]{1,19}")


class Unusable(ValueError):
    """A value that a parameter cannot have; the message says what it can."""


Read = Callable[[str], Any]


def read_query(request: Request, known: Mapping[str, Read]) -> dict[str, Any]:
    """Return the parameters by name. Raises BadQuery naming every fault."""
    values: dict[str, Any] = {}
    faults = []
    for name, given in request.query_params.lists():
        if name not in known:
            listed = ", ".join(known) or "none"
            faults.append((name[:MAX_CODE], "unknown-parameter", f"is not known here; known: {listed}."))
        elif len(given) > 1 and not getattr(known[name], "takes_several", False):
            faults.append((name, "repeated", "can be given once only."))
        else:
            try:
                values[name] = known[name](",".join(given))
            except Unusable as error:
                faults.append((name, "not-usable", str(error)))
    if faults:
        raise BadQuery(faults)
    return values


def whole_number(at_least: int, at_most: int) -> Read:
    """Return a reader of ASCII digits within bounds; "4_2" is no number."""

    def read(text: str) -> int:
        if not NUMBER.fullmatch(text) or not at_least <= int(text) <= at_most:
            raise Unusable(f"must be a whole number from {at_least} to {at_most}.")
        return int(text)

    return read


def one_of(values: list[str]) -> Read:
    """Return a reader of a closed list, several separated by commas."""

    def read(text: str) -> list[str]:
        given = text.split(",")
        if not set(given) <= set(values):
            raise Unusable(f"must be one of {', '.join(values)}, or several separated by commas.")
        return given

    # clients differ in how they write a list: a,b or the parameter twice
    read.takes_several = True  # type: ignore[attr-defined]
    return read


def some_text(text: str) -> str:
    """Return a text that is not empty."""
    if not text or len(text) > MAX_CODE:
        raise Unusable(f"must have 1 to {MAX_CODE} characters.")
    return text


def any_text(text: str) -> str:
    """Return a text, which may be empty."""
    if len(text) > MAX_CODE:
        raise Unusable(f"must have {MAX_CODE} characters at most.")
    return text


def moment(text: str) -> datetime:
    """Return a moment with its time zone."""
    found = parse_instant(text)
    if isinstance(found, str):
        hint = " Write + as %2B in an address." if " " in text else ""
        raise Unusable(f"must be a moment. {found}{hint}")
    return found


def cursor(by: tuple[tuple[str, Read], ...]) -> Read:
    """Return a reader of the cursor of a page sorted `by`."""

    def read(text: str) -> Cursor:
        try:
            return Cursor.from_text(text, tuple(reader for _, reader in by))
        except BadCursor:
            raise Unusable("must be taken from a next or previous link.") from None

    return read


PAGING: dict[str, Read] = {"limit": whole_number(1, MAX_LIMIT)}
ORDER_FILTERS: dict[str, Read] = {
    "status": one_of(Order.Status.values),
    "scenario": some_text,
    "study": some_text,
    "rating": one_of([*Rating.values, *NOT_RATED]),
    "patient": some_text,
    "requester": whole_number(1, WIDEST_KEY),
    "placed_after": moment,
    "placed_before": moment,
    "finding": some_text,
    "updated_since": moment,
}


def limit_of(query: Mapping[str, Any]) -> int:
    """Return how many rows a page has."""
    return int(query.get("limit", DEFAULT_LIMIT))


def filtered(queryset: QuerySet[Order], query: Mapping[str, Any], *, organisation_id: int) -> QuerySet[Order]:
    """Return the orders that a query asks for; MRNs are those of the reader's organisation."""
    conditions: dict[str, Any] = {
        "status": "status__in",
        "scenario": "scenario_slug",
        "study": "study_code",
        "requester": "requester_id",
        "placed_after": "placed_at__gt",
        "placed_before": "placed_at__lt",
        "finding": "finding",
        "updated_since": "updated_at__gte",
    }
    for name, lookup in conditions.items():
        if name in query:
            queryset = queryset.filter(**{lookup: query[name]})
    if "rating" in query:
        queryset = queryset.filter(
            rating__in=["" if rating in NOT_RATED else rating for rating in query["rating"]]
        )
    if "patient" in query:
        patient = Patient.objects.filter(organisation_id=organisation_id, mrn=query["patient"]).first()
        queryset = queryset.filter(patient=patient) if patient else queryset.none()
    return queryset
