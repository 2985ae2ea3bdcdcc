"""What happened, in words for other systems. Rows are only ever added."""

from __future__ import annotations

from django.db import models

from portal.ids import uuid7


class OutboxEvent(models.Model):
    """One thing that other systems may want to know. It names no patient: who may know more is told more."""

    class Type(models.TextChoices):
        """What can happen."""

        ORDER_SIGNED = "order.signed", "An order was signed"
        ORDER_CANCELLED = "order.cancelled", "An order was cancelled"
        ORDER_STATUS_CHANGED = "order.status_changed", "An order has another status"
        FINDING_RECORDED = "finding.recorded", "A finding was recorded"
        GUIDELINE_PUBLISHED = "guideline.published", "A version of a guideline was published"

    # grows in the order of changes to one subject, because whoever changes it holds its lock
    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True, default=uuid7, editable=False)  # what others know it by
    organisation = models.ForeignKey(
        "portal.Organisation",
        models.PROTECT,
        null=True,  # null: for every organisation
        related_name="+",
    )
    type = models.CharField(max_length=40, choices=Type.choices)
    subject = models.CharField(max_length=120)  # what it is about: "order:<uuid>", "scenario:<slug>"
    occurred_at = models.DateTimeField()
    data = models.JSONField()  # identifiers and facts; never a name, a number or an answer of a patient

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "occurred_at", "id"], name="portal_outbox_by_time"),
            models.Index(fields=["subject", "id"], name="portal_outbox_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"
