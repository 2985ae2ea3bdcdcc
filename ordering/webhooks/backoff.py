"""When to try again, and when to give up. Constants of the method are here; docs/webhooks.md repeats them."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=3)
FACTOR = 3
LONGEST_WAIT = timedelta(hours=6)
JITTER = 0.2  # of a wait, either way: receivers that come back are not met by everybody at once
GIVE_UP_AFTER = timedelta(days=3)  # of trying one delivery
DISABLE_AFTER = timedelta(days=3)  # without one success
LONGEST_ASKED_WAIT = timedelta(hours=6)  # what Retry-After may ask for


def wait_after(tries: int, *, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after this many failed tries; `asked` is what the receiver wants at least."""
    wait = min(FIRST_WAIT * FACTOR ** min(tries - 1, 20), LONGEST_WAIT)
    wait *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return max(wait, min(asked, LONGEST_ASKED_WAIT)) if asked else wait
