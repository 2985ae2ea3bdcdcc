"""Pages of a search: a searchset Bundle, each page starting where the last one ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Model, QuerySet, Value
from django.utils import timezone

from ordering.api.paging import OLDER, BadCursor, Cursor, RowIsAfter, RowIsBefore
from ordering.fhir.outcomes import BadSearch
from ordering.fhir.query import PAGE, Search
from ordering.fhir.values import Json, Place, instant, resource
from portal.ids import uuid7

Row = TypeVar("Row", bound=Model)
Key = tuple[str, Callable[[str], Any]]
BY_ID: Key = ("pk", int)
BY_UUID: Key = ("pk", UUID)


def by_moment(name: str) -> Key:
    """Return the sort key of a column of moments."""
    return name, datetime.fromisoformat


def page_of(
    queryset: QuerySet[Row], search: Search, *, keys: tuple[Key, ...], newest_first: bool
) -> tuple[list[Row], str]:
    """Return the rows of a page and the cursor of the next one, empty when there is none."""
    names = [name for name, _ in keys]
    if search.page:
        try:
            cursor = Cursor.from_text(search.page, tuple(reader for _, reader in keys))
        except BadCursor:
            raise BadSearch([(PAGE, "Take it from a next link, with the same search.")]) from None
        comparison = RowIsBefore if newest_first else RowIsAfter
        queryset = queryset.filter(
            comparison(*(F(name) for name in names), *(Value(value) for value in cursor.edge))
        )
    order = [f"-{name}" if newest_first else name for name in names]
    rows = list(queryset.order_by(*order)[: search.count + 1])
    if len(rows) <= search.count:
        return rows, ""
    rows = rows[: search.count]
    return rows, Cursor(OLDER, tuple(getattr(rows[-1], name) for name in names)).to_text()


def searchset(
    kind: str, search: Search, resources: Sequence[Json], *, total: int, after: str, place: Place
) -> Json:
    """Return the Bundle of a page. The links say how the search was understood."""
    address = f"{place.fhir}/{kind}"
    links = [{"relation": "self", "url": _link(address, search, search.page)}]
    if after:
        links.append({"relation": "next", "url": _link(address, search, after)})
    return resource(
        "Bundle",
        id=str(uuid7()),
        meta={"lastUpdated": instant(timezone.now())},
        type="searchset",
        total=total,
        link=links,
        entry=[
            {"fullUrl": f"{address}/{made['id']}", "resource": made, "search": {"mode": "match"}}
            for made in resources
        ],
    )


def _link(address: str, search: Search, page: str) -> str:
    query = urlencode([*search.used, *([(PAGE, page)] if page else [])])
    return f"{address}?{query}" if query else address
