"""Who vouches for a value: the status of a rating, level, criterion or rule, from what is recorded of it."""

from collections.abc import Mapping
from typing import Any

VERIFIED = "verified"  # the primary source says so, and it is recorded who checked it and when
SECONDARY = "secondary"  # another cited source says so
SITE_POLICY = "site_policy"  # the institution decides
NOT_RECORDED = "not_recorded"  # there is no value, or nobody is recorded as having checked it
STATUSES = (VERIFIED, SECONDARY, SITE_POLICY, NOT_RECORDED)


def status_of(row: Mapping[str, Any], prefix: str = "", *, recorded: bool = True) -> str:
    """Return the status of a value of a document's row; `recorded` says whether there is a value at all.

    Rows of older documents lack a verifier and a day. An inference is never verified by its source's
    reviewer, so it needs a verifier of its own like every other value.
    """
    standing = row.get(f"{prefix}standing")
    if not recorded:
        return NOT_RECORDED
    if standing in (SECONDARY, SITE_POLICY):
        return str(standing)
    who, when = row.get(f"{prefix}verified_by"), row.get(f"{prefix}verified_on")
    return VERIFIED if row.get(f"{prefix}source") and who and when else NOT_RECORDED
