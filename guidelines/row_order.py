"""The place of rows in their list: an editor types a place, and the others move up or down."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models


def settle(siblings: models.QuerySet[Any], moved: Collection[Any]) -> None:
    """Number the rows of one list 1, 2, 3 ... with the `moved` ones at the place that they ask for.

    Place 0 is the end of the list. Saves only the rows whose place changed; the caller holds the
    transaction and the lock on the version.
    """
    asked = {row.pk: row.position for row in moved}
    rows = list(siblings.order_by("position", "pk"))
    line = [row for row in rows if row.pk not in asked]
    last = len(rows)
    for row in sorted(
        (row for row in rows if row.pk in asked), key=lambda row: (asked[row.pk] or last + 1, row.pk)
    ):
        line.insert((asked[row.pk] or last + 1) - 1, row)
    for place, row in enumerate(line, start=1):
        if row.position != place:
            row.position = place
            row.save(update_fields=["position"])
