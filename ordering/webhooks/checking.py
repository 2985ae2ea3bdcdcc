"""What may be said of an endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from ordering.exceptions import Refusal
from ordering.webhooks.destinations import ForbiddenDestination, check_destination
from ordering.webhooks.models import WebhookEndpoint
from portal.models import OutboxEvent

EVENTS: tuple[str, ...] = tuple(OutboxEvent.Type.values)
MAX_DESCRIPTION = 200


def endpoint_faults(
    *,
    url: str | None,
    events: Sequence[str] | None,
    patient_data: str | None,
    description: str | None,
) -> list[Refusal]:
    """Return every fault of what is said of an endpoint; None is not looked at."""
    faults = []
    if url is not None:
        try:
            check_destination(url)
        except ForbiddenDestination as refused:
            faults.append(Refusal("/url", refused.code, str(refused)))
    if events is not None:
        listed = ", ".join(EVENTS)
        if not events:
            faults.append(Refusal("/events", "required", f"Name at least one of: {listed}."))
        for place, event in enumerate(events):
            if event not in EVENTS:
                faults.append(Refusal(f"/events/{place}", "not-in-list", f"Use any of: {listed}."))
            elif event in events[:place]:
                faults.append(Refusal(f"/events/{place}", "repeated", "Name it once."))
    if patient_data is not None and patient_data not in WebhookEndpoint.PatientData.values:
        levels = ", ".join(WebhookEndpoint.PatientData.values)
        faults.append(Refusal("/patient_data", "not-in-list", f"Use one of: {levels}."))
    if description is not None and len(description) > MAX_DESCRIPTION:
        faults.append(Refusal("/description", "too-long", f"Use at most {MAX_DESCRIPTION} characters."))
    return faults
