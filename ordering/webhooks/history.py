"""What there is to know of webhooks: always of one organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from ordering import policies
from ordering.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from ordering.webhooks.payload import REDACTED, redacted
from ordering.webhooks.queueing import first_in_line
from portal.models import User

LAG = timedelta(seconds=60)  # something that could be sent for longer than this is late
RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint does: counts of the last 24 hours, and what waits."""

    delivered: int
    failed: int
    pending: int
    last_delivered_at: datetime | None
    oldest_pending_at: datetime | None


def endpoints(organisation_id: int) -> QuerySet[WebhookEndpoint]:
    """Return the organisation's endpoints, newest first."""
    return (
        WebhookEndpoint.objects.filter(organisation=organisation_id)
        .exclude(status=WebhookEndpoint.Status.DELETED)
        .order_by("-created_at", "-id")
    )


def endpoint(organisation_id: int, pk: UUID) -> WebhookEndpoint | None:
    """Return one endpoint of the organisation, or None."""
    return endpoints(organisation_id).filter(pk=pk).first()


def belongs_to_another(organisation_id: int, pk: UUID) -> bool:
    """Return whether there is such an endpoint elsewhere: then asking for it is an event of the trail."""
    return WebhookEndpoint.objects.filter(pk=pk).exclude(organisation=organisation_id).exists()


def deliveries(of: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return the endpoint's deliveries; sort by `-created_at, -id`."""
    return WebhookDelivery.objects.filter(endpoint=of)


def delivery(of: WebhookEndpoint, pk: UUID) -> WebhookDelivery | None:
    """Return one delivery of the endpoint, or None."""
    return deliveries(of).select_related("endpoint", "order").filter(pk=pk).first()


def attempts(of: WebhookDelivery) -> QuerySet[WebhookAttempt]:
    """Return the attempts of a delivery, oldest first."""
    return WebhookAttempt.objects.filter(delivery=of).order_by("number")


def health(organisation_id: int) -> dict[UUID, Health]:
    """Return how each endpoint of the organisation does; one query."""
    since = timezone.now() - RECENT
    states = WebhookDelivery.Status
    rows = (
        WebhookDelivery.objects.filter(endpoint__organisation=organisation_id)
        .values("endpoint_id")
        .annotate(
            delivered=Count("pk", filter=Q(status=states.DELIVERED, delivered_at__gte=since)),
            failed=Count("pk", filter=Q(status=states.FAILED, last_attempt_at__gte=since)),
            pending=Count("pk", filter=Q(status=states.PENDING)),
            last_delivered_at=Max("delivered_at"),
            oldest_pending_at=Min("occurred_at", filter=Q(status=states.PENDING)),
        )
    )
    return {
        row["endpoint_id"]: Health(
            delivered=row["delivered"],
            failed=row["failed"],
            pending=row["pending"],
            last_delivered_at=row["last_delivered_at"],
            oldest_pending_at=row["oldest_pending_at"],
        )
        for row in rows
    }


def disabled_notices(organisation_id: int) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that the portal itself switched off: their administrators should know."""
    because = WebhookEndpoint.DisabledBecause
    return endpoints(organisation_id).filter(
        status=WebhookEndpoint.Status.DISABLED, disabled_because__in=[because.FAILING, because.GONE]
    )


def body_for(user: User, of: WebhookDelivery) -> str:
    """Return the message as this person may see it: patient data only for those who may read orders."""
    return of.body if policies.may_read_orders(user) else redacted(of.body)


def excerpt_for(user: User, of: WebhookDelivery, attempt: WebhookAttempt) -> str:
    """Return what the receiver answered, as this person may see it: it may repeat what was sent."""
    harmless = of.patient_data == WebhookEndpoint.PatientData.NONE or not attempt.response_excerpt
    return attempt.response_excerpt if harmless or policies.may_read_orders(user) else REDACTED


def lagging(now: datetime | None = None) -> bool:
    """Return whether something could have been sent for more than a minute and was not."""
    return first_in_line((now or timezone.now()) - LAG).exists()
