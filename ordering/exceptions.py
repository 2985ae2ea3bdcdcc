"""What ordering can refuse, by name. Each surface translates these at one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One fault: where (a JSON pointer into the request), a stable code, and what to do."""

    pointer: str
    code: str
    message: str
    is_shape: bool = False


class OrderingError(Exception):
    """Base of everything that ordering refuses; `code` is stable, the message is for people."""

    code = "refused"


class Refused(OrderingError):
    """The request cannot be carried out as it is; `refusals` names every fault."""

    code = "invalid"

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(refusal.message for refusal in refusals))


class TooMuchToKeep(OrderingError):
    """What was typed into a form is more than is kept of a form that was not sent."""

    code = "too-much-to-keep"


class IllegalTransition(OrderingError):
    """The order's status does not allow this."""

    code = "illegal-transition"

    def __init__(self, *, status: str, wanted: str) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__(f"An order that is {status} cannot become {wanted}.")


class NotReplaceable(IllegalTransition):
    """The order that this one replaces is past being replaced: its report is there, or it was an error."""

    def __init__(self, *, replaced: str, status: str) -> None:
        super().__init__(status=status, wanted="replaced")
        said = f"Order {replaced} is {status} by now, so this order cannot replace it."
        self.args = (f"{said} Cancel this draft, and place a new order if one is still needed.",)


class NotReportable(OrderingError):
    """A finding belongs to a signed order that still stands."""

    code = "not-reportable"


class NotSigned(OrderingError):
    """Nothing leaves the portal about an order that was never signed."""

    code = "not-signed"


class StaleOrder(OrderingError):
    """Somebody changed the order since it was read."""

    code = "stale"


class AdviceOutOfDate(OrderingError):
    """The advice no longer holds: the guideline or the patient's age changed since it was given.

    `changes` says what is different now, one sentence each; `current` is the advice as it would be
    given now, or None when the scenario is no longer published.
    """

    code = "advice-out-of-date"

    def __init__(self, message: str, *, changes: list[str], current: dict[str, Any] | None) -> None:
        self.changes = changes
        self.current = current
        super().__init__(message)


class ConsultationUsed(OrderingError):
    """Another order was placed on this consultation."""

    code = "consultation-used"
