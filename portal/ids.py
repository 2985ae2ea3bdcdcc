"""Identifiers that grow with time and tell nothing about a person."""

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """Return a new UUIDv7: unique, in order of creation, so that indexes stay compact."""
    return _uuid7()
