"""Jobs of webhooks: sending, telling administrators; and what the worker does now and then."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import mail
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ordering.webhooks.lanes import NOTIFY, work_lane
from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from ordering.webhooks.queueing import DELIVER, QUEUE, due_lanes, wake
from portal import audit, jobs
from portal.models import User
from portal.roles import Role

SWEEP_SECONDS = 2  # between two looks at what has become due
PURGE_SECONDS = 3600
PURGED_AT_ONCE = 500


@app.task(name=DELIVER, queue=QUEUE)
def deliver(endpoint: str, lane: int) -> None:
    """Send what is due in a lane. One that fails unexpectedly is found again by `sweep`."""
    with audit.acting(audit.system("webhooks")):
        work_lane(UUID(endpoint), lane, stopping=jobs.STOPPING.is_set)


@app.task(name=NOTIFY, queue=QUEUE, retry=RetryStrategy(max_attempts=8, wait=30, exponential_wait=4))
def notify(endpoint: str) -> None:
    """Write to the organisation's administrators that a webhook was switched off, where mail is set up."""
    found = WebhookEndpoint.objects.select_related("organisation").get(pk=endpoint)
    people = User.objects.filter(
        organisation=found.organisation, is_active=True, groups__name=Role.ADMINISTRATOR.value
    ).exclude(email="")
    addresses = sorted({person.email for person in people})
    if addresses and settings.PORTAL_MAIL:
        mail.send_mail(
            subject="A webhook was switched off",
            message=(
                f"{found.get_disabled_because_display()}: {found.description or found.id}\n\n"
                "Nothing is sent to it any more. When the receiver works again, enable the webhook in the "
                "portal: what waits is sent then, and what was missed meanwhile can be sent again."
            ),
            from_email=None,
            recipient_list=addresses,
        )


def sweep() -> None:
    """Wake every lane that has something due: a retry, or what a job that died has left."""
    for endpoint_id, lane in due_lanes(timezone.now()):
        wake(endpoint_id, lane)


def purge() -> None:
    """Forget deliveries, and with them their messages, some weeks after they ended."""
    before = timezone.now() - timedelta(days=settings.PORTAL_WEBHOOK_KEEP_DAYS)
    ended = WebhookDelivery.objects.exclude(status=WebhookDelivery.Status.PENDING)
    while keys := list(ended.filter(created_at__lt=before).values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        WebhookDelivery.objects.filter(pk__in=keys).delete()
