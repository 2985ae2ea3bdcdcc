"""Endpoints of other systems, their secrets, and every delivery with its attempts."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from portal.ids import uuid7
from portal.models import Organisation, OutboxEvent

TEST_TYPE = "webhook.test"
LANES = 4  # deliveries of one endpoint under way at once; one order always has the same lane


class WebhookEndpoint(models.Model):
    """An address that is told of an organisation's events."""

    class Status(models.TextChoices):
        """Whether anything is sent."""

        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"  # nothing is sent or queued until it is enabled again
        DELETED = "deleted", "Deleted"  # kept for the trail; nobody sees it any more

    class PatientData(models.TextChoices):
        """How much of the patient a message holds."""

        NONE = "none", "No patient data"  # the order's id, number and status
        IDS = "ids", "Identifiers"  # also the patient's id and MRN, study, scenario, requester
        FULL = "full", "The whole order"  # as GET orders/{id}/ gives it

    class DisabledBecause(models.TextChoices):
        """Why nothing is sent."""

        PERSON = "person", "Switched off by a person"
        FAILING = "failing", "Every delivery failed for days"
        GONE = "gone", "The receiver answered 410 Gone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    url = models.CharField("URL", max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=40, choices=OutboxEvent.Type.choices))
    patient_data = models.CharField(max_length=4, choices=PatientData.choices, default=PatientData.NONE)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(max_length=8, choices=DisabledBecause.choices, blank=True)
    failing_since = models.DateTimeField(null=True)  # the first failure after the last success
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "webhook"
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="active") & Q(disabled_at__isnull=True) & Q(disabled_because=""))
                | Q(status="deleted")
                | (Q(status="disabled") & Q(disabled_at__isnull=False) & ~Q(disabled_because="")),
                name="ordering_webhook_says_why_disabled",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="ordering_webhook_of_org"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_active(self) -> bool:
        """Whether events are sent there."""
        return self.status == self.Status.ACTIVE


class WebhookSecret(models.Model):
    """A signing secret, encrypted with the portal's key. Those of a rotation overlap for a while."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)  # null: the current one

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(expires_at__isnull=True),
                name="ordering_webhook_one_current_secret",
            )
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"


class WebhookDelivery(models.Model):
    """One event for one endpoint: what is sent, and where it stands."""

    class Status(models.TextChoices):
        """Where a delivery stands."""

        PENDING = "pending", "Pending"  # to be sent, or to be tried again
        DELIVERED = "delivered", "Delivered"  # the receiver answered 2xx
        FAILED = "failed", "Failed"  # given up

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # its hex is in webhook-id
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(OutboxEvent, models.PROTECT, null=True, related_name="+")  # null: a test
    order = models.ForeignKey("ordering.Order", models.PROTECT, null=True, related_name="+")
    type = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)  # what is kept in order
    lane = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()  # place among the endpoint's deliveries of this subject
    occurred_at = models.DateTimeField()
    patient_data = models.CharField(max_length=4, choices=WebhookEndpoint.PatientData.choices)
    body = models.TextField()  # exactly what is signed and sent, at every attempt
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField(null=True)  # of the next attempt; null when there is none
    give_up_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)  # since it was queued, or redelivered by hand
    attempt_count = models.PositiveIntegerField(default=0)  # ever
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    last_duration_ms = models.PositiveIntegerField(null=True)
    unreachable = models.BooleanField(default=False)  # the last attempt got no answer at all
    delivered_at = models.DateTimeField(null=True)
    redelivery = models.BooleanField(default=False)  # asked for by hand
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="ordering_webhook_event_once_per_endpoint"
            ),
            models.CheckConstraint(
                condition=(Q(status="pending") & Q(due_at__isnull=False))
                | (~Q(status="pending") & Q(due_at__isnull=True)),
                name="ordering_webhook_pending_is_due",
            ),
        ]
        indexes = [
            models.Index(
                F("endpoint"), F("created_at").desc(), F("id").desc(), name="ordering_delivery_recent"
            ),
            # what is to be sent, and whether something of the same subject comes first
            models.Index(
                fields=["endpoint", "lane", "due_at"],
                condition=Q(status="pending"),
                name="ordering_delivery_due",
            ),
            models.Index(
                fields=["endpoint", "subject", "position"],
                condition=Q(status="pending"),
                name="ordering_delivery_in_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} to {self.endpoint_id}"

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same at every attempt, so that a receiver knows what it has."""
        return f"msg_{self.id.hex}"


class WebhookAttempt(models.Model):
    """One try to deliver. Rows are only ever added, and go with their delivery."""

    class Outcome(models.TextChoices):
        """How it went."""

        DELIVERED = "delivered", "Delivered"
        REFUSED = "refused", "The receiver answered with an error"
        REDIRECTED = "redirected", "The receiver answered with a redirect, which is not followed"
        TIMED_OUT = "timed-out", "The receiver took too long"
        UNREACHABLE = "unreachable", "No connection could be made"
        BROKEN = "broken", "The answer was no HTTP, or broke off"
        FORBIDDEN = "forbidden-address", "The address is not one that may be called"
        TLS = "tls", "The certificate or the encryption was not accepted"
        UNSIGNED = "unsigned", "The secret could not be read"

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)  # our own words
    response_excerpt = models.CharField(max_length=1000, blank=True)  # the receiver's
    manual = models.BooleanField(default=False)  # the first after a person asked for it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="ordering_webhook_attempt_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_outcome_display()}"
