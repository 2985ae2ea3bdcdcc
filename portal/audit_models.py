"""The audit trail as Django reads it."""

# ruff: noqa: DJ001 - the trail has NULL where nothing is known, not an empty text

from django.db import models


class AuditEvent(models.Model):
    """An event of the audit trail, for reading only; the database writes it (`portal.audit`)."""

    class Action(models.TextChoices):
        """What was done, in the codes of FHIR's AuditEvent."""

        CREATE = "C", "create"
        READ = "R", "read"
        UPDATE = "U", "update"
        DELETE = "D", "delete"
        EXECUTE = "E", "execute"

    class Outcome(models.IntegerChoices):
        """How it ended, in the codes of FHIR's AuditEvent."""

        SUCCESS = 0, "success"
        MINOR_FAILURE = 4, "minor failure"  # refused
        SERIOUS_FAILURE = 8, "serious failure"
        MAJOR_FAILURE = 12, "major failure"

    id = models.BigIntegerField(primary_key=True)
    chain = models.IntegerField()
    seq = models.BigIntegerField(
        "place in the chain", null=True
    )  # order of commits; ids become visible out of order
    tx = models.TextField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    actor_role = models.TextField("roles", null=True)
    via = models.TextField(null=True)
    request_id = models.TextField("request", null=True)
    client_ip = models.TextField("address", null=True)
    db_user = models.TextField("database user")
    event_type = models.TextField("event")
    action = models.CharField(max_length=1, choices=Action.choices)
    outcome = models.SmallIntegerField(choices=Outcome.choices)
    entity = models.TextField(null=True)
    entity_id = models.TextField(null=True)
    organisation = models.TextField(null=True)
    patient_ref = models.TextField("patient", null=True)
    reason = models.TextField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    content_hash = models.BinaryField()
    prev_hash = models.BinaryField(null=True)
    hash = models.BinaryField(null=True)

    class Meta:
        managed = False
        db_table = '"audit"."trail"'
        default_permissions = ()  # the role auditor decides, not a permission
        ordering = ["-id"]
        verbose_name = "audit event"

    def __str__(self) -> str:
        return f"{self.id} {self.event_type}"
