"""Organisations, people and API tokens."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from knox.models import AbstractAuthToken

from portal.audit_models import AuditEvent
from portal.ids import uuid7
from portal.npi import valid_npi
from portal.outbox_models import OutboxEvent

__all__ = ["ApiToken", "AuditEvent", "Organisation", "OutboxEvent", "User"]


class Organisation(models.Model):
    """A hospital or clinic. Its patients and orders are seen by its own people only."""

    slug = models.SlugField(unique=True, max_length=60, help_text="Short name in addresses and exports.")
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox has no types
    """A person who signs in. What they may do follows from their groups (`portal.roles`)."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        help_text="Where this person works. Editors and approvers of guidelines need none.",
    )
    title = models.CharField(
        max_length=40, blank=True, help_text="Such as Dr or Prof; shown before the name."
    )
    npi = models.CharField(
        "NPI",
        max_length=20,
        blank=True,
        validators=[valid_npi],
        help_text="US National Provider Identifier, ten digits, where the person has one. It is sent with "
        "orders and stands in the account of consultations.",
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(npi="") | models.Q(npi__regex=r"^[12][0-9]{9}$"),
                name="portal_npi_is_ten_digits",
            )
        ]

    class TextSize(models.TextChoices):
        """How large pages are set."""

        NORMAL = "", "Normal"
        LARGE = "large", "Large"
        LARGER = "larger", "Larger"

    # what somebody prefers; the page of preferences writes it
    time_zone = models.CharField(
        max_length=60, blank=True, help_text="Times are shown in this zone; empty: the site's."
    )
    text_size = models.CharField(max_length=10, blank=True, choices=TextSize.choices)
    shortcuts = models.BooleanField(default=False, help_text="Single letters go to pages.")

    @property
    def display_name(self) -> str:
        """Return title and full name, or the user name when no name is known."""
        return " ".join(part for part in (self.title, self.get_full_name()) if part) or self.username


class ApiToken(AbstractAuthToken):
    """A bearer token of one person for one system; only its hash is stored, and it expires."""

    class Scope(models.TextChoices):
        """What a token may do. The person behind it must be allowed to do it as well."""

        SUGGEST = "suggest", "Ask for advice"
        ORDERS_READ = "orders:read", "Read orders"
        ORDERS_WRITE = "orders:write", "Place and change orders"
        FINDINGS_WRITE = "findings:write", "Record findings"
        GUIDELINES_READ = "guidelines:read", "Read guidelines"
        AUDIT_READ = "audit:read", "Read the trail of an order"
        WEBHOOKS = "webhooks", "Manage webhooks"

    # the digest would do as a key, but a key is copied into logs, trails and other tables
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    name = models.CharField(max_length=100, help_text="The system that uses this token.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=list)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.GenericIPAddressField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(  # null: the command line
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # the one that a rotation put in its place
    successor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["user", "name", "created"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}...)"

    @property
    def beginning(self) -> str:
        """The first characters of the secret, by which people tell tokens apart: few enough."""
        return self.token_key[:10]

    def allows(self, scope: str) -> bool:
        """Return whether this token holds the scope."""
        return scope in self.scopes
