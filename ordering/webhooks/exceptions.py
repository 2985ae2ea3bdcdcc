"""Refusals of webhooks that are not a fault of a value."""

from ordering.exceptions import OrderingError


class WebhookNotActive(OrderingError):
    """Nothing is sent to a webhook that is switched off."""

    code = "webhook-not-active"

    def __init__(self) -> None:
        super().__init__("This webhook is disabled. Enable it first; then everything that waits is sent.")
