"""Which status an order may go to from which, as data."""

from ordering.models import Order

S = Order.Status

TRANSITIONS: frozenset[tuple[str, str]] = frozenset(
    {
        (S.DRAFT, S.ACTIVE),  # sign
        (S.ACTIVE, S.ON_HOLD),
        (S.ON_HOLD, S.ACTIVE),  # resume
        (S.DRAFT, S.REVOKED),  # cancel, with a reason
        (S.ACTIVE, S.REVOKED),
        (S.ON_HOLD, S.REVOKED),
        (S.ACTIVE, S.COMPLETED),  # a finding that was compared with baseline
        (S.ACTIVE, S.ENTERED_IN_ERROR),  # with a reason
        (S.ON_HOLD, S.ENTERED_IN_ERROR),
        (S.COMPLETED, S.ENTERED_IN_ERROR),
        (S.REVOKED, S.ENTERED_IN_ERROR),
    }
)


def allowed(status: str, wanted: str) -> bool:
    """Whether an order may go from `status` to `wanted`."""
    return (status, wanted) in TRANSITIONS
