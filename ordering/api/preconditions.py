"""ETag, If-Match and If-None-Match of an order (RFC 9110, 13)."""

from __future__ import annotations

import re

from ordering.api.errors import BadHeader, PreconditionRequired
from ordering.exceptions import StaleOrder
from ordering.models import Order

ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e]*"')


def revision_to_change(order: Order, header: str | None, *, required: bool = False) -> int | None:
    """Return the revision that the caller means to change, or None for whatever it is now.

    Raises PreconditionRequired, BadHeader, and StaleOrder when the order is not the one that was read.
    """
    if header is None:
        if required:
            raise PreconditionRequired
        return None
    if header.strip() == "*":
        return None
    # the strong comparison: a weak tag does not say that every byte is the same
    if order.etag not in [tag for tag in _tags("If-Match", header) if not tag.startswith("W/")]:
        raise StaleOrder("Somebody changed this order since you read it. Please read it again.")
    return order.revision


def not_modified(etag: str, header: str | None) -> bool:
    """Return whether the caller already has this representation."""
    if header is None:
        return False
    return header.strip() == "*" or etag in [tag.removeprefix("W/") for tag in _tags("If-None-Match", header)]


def _tags(name: str, header: str) -> list[str]:
    tags = [tag.strip() for tag in header.split(",") if tag.strip()]
    if not tags or not all(ENTITY_TAG.fullmatch(tag) for tag in tags):
        raise BadHeader(f'{name} takes entity tags in quotation marks, such as "3", or *.')
    return tags
