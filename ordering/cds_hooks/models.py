"""EHRs that may call, the tokens they have used, the cards they were given, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ordering.adherence import Adherence
from ordering.cds_hooks import checks
from portal.ids import uuid7
from portal.models import Organisation

if TYPE_CHECKING:
    from ordering.cds_hooks.ratings import Site

USER = settings.AUTH_USER_MODEL
DEVELOPMENT = "urn:imaging-portal:cds-hooks-development"  # issuer of the client behind unsigned calls


class CdsClient(models.Model):
    """An EHR that may call the CDS Hooks services, and how the portal answers it."""

    class MayBe(models.TextChoices):
        """How "may be appropriate" is reported on an order; the site decides."""

        NO_CRITERIA = "no-criteria-apply", "No criteria apply"
        APPROPRIATE = "appropriate", "Appropriate"
        NOT_APPROPRIATE = "not-appropriate", "Not appropriate"

    class Replacement(models.TextChoices):
        """How a suggestion changes the draft order."""

        UPDATE = "update", "Update the draft"
        DELETE_CREATE = "delete-create", "Delete the draft and create another"  # for EHRs without update

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, help_text="The EHR, as people call it.")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(
        USER,
        models.PROTECT,
        related_name="+",
        verbose_name="acts as",
        help_text="A clinician of the organisation: asks in its consultations, acts in the audit trail.",
    )
    issuer = models.CharField(
        max_length=200,
        unique=True,
        help_text="What the EHR's tokens say in “iss”, exactly. Tokens of any other issuer are refused.",
    )
    jku = models.URLField(
        "key set address",
        blank=True,
        max_length=300,
        help_text="If its tokens carry “jku”, it must be this. It is never fetched: enter the keys below.",
    )
    jwks = models.JSONField(
        "public keys",
        default=dict,
        blank=True,
        validators=[checks.usable_key_set],
        help_text="The EHR's JSON Web Key Set, public keys only: EC P-384 for ES384, RSA for RS384.",
    )
    origins = ArrayField(
        models.CharField(max_length=200, validators=[checks.web_origin]),
        default=list,
        blank=True,
        help_text="Origins of browser-based clients (CORS), such as https://ehr.example.org, commas between.",
    )
    replacement = models.CharField(
        max_length=14,
        choices=Replacement.choices,
        default=Replacement.UPDATE,
        help_text="How a suggestion replaces the draft.",
    )
    may_be_rating = models.CharField(
        "“may be appropriate” is reported as",
        max_length=20,
        choices=MayBe.choices,
        default=MayBe.NO_CRITERIA,
    )
    qcdsm = models.CharField(
        "qualified mechanism",
        max_length=40,
        blank=True,
        help_text="Code of the qualified mechanism that the site has contracted. Empty: none is claimed.",
    )
    mrn_system = models.CharField(
        "MRN system",
        max_length=200,
        blank=True,
        help_text="Identifier system of medical record numbers in the EHR. Empty: identifiers of type MR.",
    )
    is_active = models.BooleanField(default=True, help_text="Calls of a client that is not active get 401.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "CDS Hooks client"

    def __str__(self) -> str:
        return self.name

    def site(self, base: str) -> Site:
        """Return the choices of the site, for the portal at this address."""
        from ordering.cds_hooks.ratings import Site

        return Site(
            base=base,
            may_be_rating=self.may_be_rating,
            qcdsm=self.qcdsm,
            replaces_by_update=self.replacement == self.Replacement.UPDATE,
        )


class CdsSeenToken(models.Model):
    """A signed token that was used. It is remembered until it expires, so that nobody can send it again."""

    digest = models.CharField(primary_key=True, max_length=64)  # SHA-256 of client and “jti”
    client = models.ForeignKey(CdsClient, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "CDS Hooks token"

    def __str__(self) -> str:
        return self.digest[:8]


class CdsCard(models.Model):
    """A card that was answered, with the consultation that it came from. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # the card's uuid
    client = models.ForeignKey(CdsClient, models.PROTECT, related_name="+")
    consultation = models.ForeignKey("ordering.Consultation", models.PROTECT, related_name="cards")
    service = models.CharField(max_length=40)
    indicator = models.CharField(max_length=10)
    study_code = models.CharField(max_length=80, blank=True)  # the draft's study, where the scenario knows it
    rating = models.CharField(max_length=40, blank=True)
    adherence = models.CharField(
        max_length=16, choices=Adherence.choices, default=Adherence.NOT_APPLICABLE
    )  # of the draft's study
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "CDS Hooks card"

    def __str__(self) -> str:
        return f"{self.service}: {self.indicator}"


class CdsFeedback(models.Model):
    """What an EHR told about one card: accepted or overridden, and why. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    client = models.ForeignKey(CdsClient, models.PROTECT, related_name="+")
    card = models.CharField(max_length=100, blank=True)  # as sent; a card nobody knows is kept as well
    consultation = models.ForeignKey(
        "ordering.Consultation", models.PROTECT, null=True, related_name="feedback"
    )  # null: not a card of this organisation
    service = models.CharField(max_length=40)
    outcome = models.CharField(max_length=40, blank=True)
    accepted = models.JSONField(default=list)  # ids of accepted suggestions
    reason_system = models.CharField(max_length=200, blank=True)
    reason_code = models.CharField(max_length=100, blank=True)
    reason_display = models.CharField(max_length=200, blank=True)
    comment = models.TextField(blank=True)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    entry = models.JSONField()  # as sent

    class Meta:
        verbose_name = "CDS Hooks feedback"
        verbose_name_plural = "CDS Hooks feedback"
        indexes = [
            models.Index(fields=["organisation", "-received_at"], name="ordering_feedback_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.card}: {self.outcome}"
