"""Patients, what was asked and advised, the orders that came of it, and what the reports showed.

Rows change only in `actions.py`. Nothing here is ever deleted: an order must stay explainable.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Now

from guidelines.models import Rating, ScenarioVersion
from ordering.adherence import Adherence
from portal.ids import uuid7
from portal.models import Organisation

USER = settings.AUTH_USER_MODEL


class Patient(models.Model):
    """A patient of one organisation, known there by the medical record number (MRN)."""

    class Sex(models.TextChoices):
        """Administrative gender, with FHIR's codes."""

        FEMALE = "female", "Female"
        MALE = "male", "Male"
        OTHER = "other", "Other"
        UNKNOWN = "unknown", "Not known"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    mrn = models.CharField("MRN", max_length=40)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    birth_date = models.DateField("date of birth")
    sex = models.CharField(max_length=8, choices=Sex.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "mrn"],
                name="ordering_mrn_once_per_organisation",
            )
        ]
        indexes = [
            models.Index(
                fields=["organisation", "family_name", "given_name"],
                name="ordering_patient_by_name",
            ),
            models.Index(fields=["organisation", "birth_date"], name="ordering_patient_by_birth"),
        ]

    def __str__(self) -> str:
        return f"{self.family_name.upper()}, {self.given_name}"


class Via(models.TextChoices):
    """The surface through which something was asked or done."""

    PORTAL = "portal", "Portal"
    API = "api", "API"
    CDS_HOOKS = "cds-hooks", "CDS Hooks"
    COMMAND = "command", "Command line"


class Consultation(models.Model):
    """One question to the engine and its answer, exactly as it was given. It never changes."""

    class Fit(models.TextChoices):
        """Whether the scenario applies to the patient."""

        FITS = "fits", "Fits"
        DOES_NOT_FIT = "does_not_fit", "Does not fit"
        NEEDS_ANSWERS = "needs_answers", "Needs answers"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="consultations")
    requester = models.ForeignKey(USER, models.PROTECT, related_name="+")
    version = models.ForeignKey(ScenarioVersion, models.PROTECT, related_name="+")
    scenario_slug = models.CharField(max_length=80)
    digest = models.CharField(max_length=71)
    engine_version = models.CharField(max_length=20)
    answers = models.JSONField()
    advice = models.TextField()  # canonical JSON: a replay must give the same bytes
    fit = models.CharField(max_length=16, choices=Fit.choices)
    via = models.CharField(max_length=10, choices=Via.choices)
    parent = models.ForeignKey(
        "Order",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The order that this consultation follows up.",
    )
    replaces = models.ForeignKey(
        "Order",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The order that an order on this consultation will replace.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # worked out by the database from the advice, for counting: "rule:<reason>@<study>", "advisory:<code>",
    # "not-met:<criterion>"; and the keys of what was not documented
    fired = models.GeneratedField(
        expression=Func(F("advice"), function="ordering_fired"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )
    not_documented = models.GeneratedField(
        expression=Func(F("advice"), function="ordering_not_documented"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "-created_at"],
                name="ordering_consultation_recent",
            ),
            models.Index(fields=["version"], name="ordering_consultation_version"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario_slug}, {self.get_fit_display().lower()}"

    @cached_property
    def suggestion(self) -> dict[str, Any]:
        """The advice as given, as data."""
        return json.loads(self.advice)


class OverrideReason(models.TextChoices):
    """Why a study is chosen that the guideline does not suggest."""

    RADIOLOGIST_ADVISED = "radiologist-advised", "A radiologist advised it"
    PREVIOUS_STUDY_UNHELPFUL = (
        "previous-study-unhelpful",
        "A previous study did not help",
    )
    UNAVAILABLE = (
        "suggested-unavailable-or-contraindicated",
        "The suggested study is unavailable or contraindicated",
    )
    SPECIAL = "special-circumstances", "Special circumstances"  # says which
    PATIENT_PREFERENCE = "patient-preference", "The patient prefers it"
    OTHER = "other", "Another reason"  # says which


REASONS_WITH_TEXT = frozenset({OverrideReason.SPECIAL, OverrideReason.OTHER})


class Order(models.Model):
    """A request for one imaging study (FHIR's ServiceRequest)."""

    class Status(models.TextChoices):
        """FHIR request status."""

        DRAFT = "draft", "Draft"  # being written; nothing has been sent
        ACTIVE = "active", "Active"  # signed, waiting for the study or its report
        ON_HOLD = "on-hold", "On hold"  # signed, but not to be done for now
        REVOKED = "revoked", "Cancelled"  # withdrawn with a reason
        COMPLETED = "completed", "Completed"  # the report's finding was recorded
        ENTERED_IN_ERROR = (
            "entered-in-error",
            "Entered in error",
        )  # should never have existed

    class Priority(models.TextChoices):
        """FHIR request priority."""

        ROUTINE = "routine", "Routine"
        URGENT = "urgent", "Urgent"
        ASAP = "asap", "As soon as possible"
        STAT = "stat", "Immediately"

    Adherence = Adherence

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=20, unique=True)  # such as 2026-000123, for people
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="orders")
    consultation = models.OneToOneField(Consultation, models.PROTECT, related_name="order")
    scenario_slug = models.CharField(max_length=80)
    scenario_title = models.CharField(max_length=200)
    version_number = models.PositiveIntegerField()
    study_code = models.CharField(max_length=80, blank=True)  # empty: a study outside the scenario
    study_name = models.CharField(max_length=200, blank=True)
    study_text = models.CharField(max_length=200, blank=True)  # the study outside the scenario, as typed
    rating = models.CharField(max_length=40, choices=Rating.choices, blank=True)  # empty: not rated
    radiation = models.JSONField(null=True)  # as advised, or null where not recorded
    override_reason_code = models.CharField(max_length=50, choices=OverrideReason.choices, blank=True)
    override_reason_text = models.TextField(blank=True)
    adherence = models.CharField(max_length=16, choices=Adherence.choices)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.ROUTINE)
    note = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    wanted_by = models.DateField(null=True)  # the day by which the result is needed
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="follow_ups")
    # an amendment: signing it withdraws the order that it replaces
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replacements")
    requester = models.ForeignKey(USER, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)  # counts every change; the ETag
    finding = models.CharField(max_length=80, blank=True)  # the latest one's key
    finding_provisional = models.BooleanField(default=False)
    finding_unread = models.BooleanField(default=False)  # it came from elsewhere and nobody acknowledged it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["replaces"],
                condition=~Q(status__in=["revoked", "entered-in-error"]),
                name="ordering_order_is_replaced_once",
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(replaces=F("id")),
                name="ordering_order_does_not_replace_itself",
            ),
            models.CheckConstraint(
                condition=(~Q(study_code="") & Q(study_text="")) | (Q(study_code="") & ~Q(study_text="")),
                name="ordering_order_names_one_study",
            ),
            models.CheckConstraint(
                # a draft can be cancelled, and a cancelled order be marked as an error
                condition=Q(status="draft")
                | Q(status="revoked")
                | Q(status="entered-in-error")
                | Q(signed_at__isnull=False),
                name="ordering_order_in_use_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | Q(signed_by__isnull=False),
                name="ordering_signed_order_names_signer",
            ),
            models.CheckConstraint(
                condition=Q(study_code__gt="") | Q(rating=""),
                name="ordering_unlisted_study_is_not_rated",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="ordering_order_is_not_its_parent",
            ),
        ]
        indexes = [
            models.Index(
                F("organisation"),
                F("placed_at").desc(),
                F("id").desc(),
                name="ordering_order_recent",
            ),
            models.Index(
                F("organisation"),
                F("status"),
                F("placed_at").desc(),
                F("id").desc(),
                name="ordering_order_by_status",
            ),
            models.Index(
                F("patient"),
                F("placed_at").desc(),
                F("id").desc(),
                name="ordering_order_by_patient",
            ),
            models.Index(
                F("organisation"),
                F("study_code"),
                F("placed_at").desc(),
                F("id").desc(),
                name="ordering_order_by_study",
            ),
            models.Index(
                F("organisation"),
                F("rating"),
                F("placed_at").desc(),
                F("id").desc(),
                name="ordering_order_by_rating",
            ),
            # FHIR's authoredOn and lastUpdated
            models.Index(
                F("organisation"),
                Coalesce("signed_at", "placed_at").desc(),
                F("id").desc(),
                name="ordering_order_authored",
            ),
            models.Index(
                F("organisation"),
                F("updated_at").desc(),
                F("id").desc(),
                name="ordering_order_updated",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def study_label(self) -> str:
        """The study as people read it, listed in the scenario or not."""
        return self.study_name or self.study_text

    @property
    def etag(self) -> str:
        """The entity tag of this revision, quoted as HTTP wants it."""
        return f'"{self.revision}"'


class OrderStatus(models.Model):
    """One step in an order's life. Rows are only ever added."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="statuses")
    status = models.CharField(max_length=20, choices=Order.Status.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    via = models.CharField(max_length=10, choices=Via.choices)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "order statuses"

    def __str__(self) -> str:
        return f"{self.order}: {self.get_status_display()}"


class Finding(models.Model):
    """What the report of an order's study showed. The latest counts; all are kept."""

    class Compared(models.TextChoices):
        """Whether the report was compared with the baseline study."""

        YES = "yes", "Yes, compared"
        NO_BASELINE = "no_baseline", "No baseline available"
        NOT_YET = "not_yet", "Not yet"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="findings")
    finding = models.CharField(max_length=80)
    compared_with_baseline = models.CharField(max_length=12, choices=Compared.choices)
    discordant = models.BooleanField(default=False)
    complications = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    reported_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    via = models.CharField(max_length=10, choices=Via.choices)
    provisional = models.BooleanField()
    next_steps = models.JSONField()  # as shown: [{code, title, text, study, prefill}]

    class Meta:
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(provisional=True) & Q(compared_with_baseline="not_yet"))
                | (Q(provisional=False) & ~Q(compared_with_baseline="not_yet")),
                name="ordering_uncompared_finding_is_provisional",
            )
        ]

    def __str__(self) -> str:
        return self.finding


class Acknowledgement(models.Model):
    """That a clinician has seen a finding which came from elsewhere. Rows are only ever added."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="acknowledgements")
    finding = models.OneToOneField(Finding, models.PROTECT, related_name="acknowledgement")
    at = models.DateTimeField()
    by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    via = models.CharField(max_length=10, choices=Via.choices)

    def __str__(self) -> str:
        return f"{self.finding}, seen by {self.by}"


class PriorStudy(models.Model):
    """A study that was done elsewhere, or before this portal, as somebody entered it by hand."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="prior_studies")
    name = models.CharField(max_length=200)
    done_on = models.DateField()
    place = models.CharField(max_length=200, blank=True)  # where it was done
    accession = models.CharField(max_length=60, blank=True)
    result = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    struck_at = models.DateTimeField(null=True)  # entered in error: kept, and shown as such
    struck_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    struck_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-done_on", "-pk"]
        verbose_name_plural = "prior studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True, struck_reason="")
                | (Q(struck_at__isnull=False, struck_by__isnull=False) & ~Q(struck_reason="")),
                name="ordering_struck_prior_study_says_why",
            )
        ]
        indexes = [models.Index(fields=["patient", "-done_on"], name="ordering_prior_by_patient")]

    def __str__(self) -> str:
        return self.name


class Progress(models.Model):
    """What radiology reported of an order's way through the department. It changes no status."""

    class Event(models.TextChoices):
        """Steps that a radiology system reports."""

        RECEIVED = "received", "Received by radiology"
        SCHEDULED = "scheduled", "Scheduled"
        PERFORMED = "performed", "Performed"
        REPORTED = "reported", "Reported"

    order = models.ForeignKey(Order, models.PROTECT, related_name="progress")
    event = models.CharField(max_length=12, choices=Event.choices)
    at = models.DateTimeField()
    accession = models.CharField(max_length=60, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    via = models.CharField(max_length=10, choices=Via.choices)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "progress"

    def __str__(self) -> str:
        return f"{self.order}: {self.get_event_display()}"


class IdempotencyKey(models.Model):
    """The stored answer of a request, so that the same request again does not act again."""

    id = models.BigAutoField(primary_key=True)
    holder = models.CharField(max_length=80)  # who sent it: "token:<digest prefix>" or "user:<pk>"
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField(null=True)  # null: still running
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "key"],
                name="ordering_idempotency_key_once_per_holder",
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="ordering_idempotency_by_age")]

    def __str__(self) -> str:
        return self.key


# Django finds models here; these refer to the ones above by name
from ordering.cds_hooks.models import CdsCard, CdsClient, CdsFeedback, CdsSeenToken  # noqa: E402, F401
from ordering.silent_models import SilentComparison  # noqa: E402, F401
from ordering.webhooks.models import (  # noqa: E402, F401
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from ordering.working_models import FavouriteScenario, KeptAnswers, UnmatchedPhrase  # noqa: E402, F401
