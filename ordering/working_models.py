"""What helps somebody while an order is being written. None of it is a record of care; it may be deleted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.ids import uuid7
from portal.models import Organisation

USER = settings.AUTH_USER_MODEL


class KeptAnswers(models.Model):
    """The answers of a form that nobody has sent yet, as they were typed, right or wrong.

    They belong to one person, one patient and one form: a new question, the change of a draft, the follow-up
    of an order, or what replaces one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    author = models.ForeignKey(USER, models.PROTECT, related_name="+")
    patient = models.ForeignKey("ordering.Patient", models.PROTECT, related_name="+")
    scenario_slug = models.CharField(max_length=80)
    draft = models.ForeignKey("ordering.Order", models.PROTECT, null=True, related_name="+")
    parent = models.ForeignKey("ordering.Order", models.PROTECT, null=True, related_name="+")
    replaces = models.ForeignKey("ordering.Order", models.PROTECT, null=True, related_name="+")
    typed = models.JSONField(help_text="What each row of the form holds: a list of texts by the row's name.")
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "kept answers"
        constraints = [
            models.UniqueConstraint(
                fields=["author", "patient", "scenario_slug", "draft", "parent", "replaces"],
                nulls_distinct=False,
                name="ordering_answers_kept_once_per_form",
            )
        ]
        indexes = [
            models.Index(fields=["organisation", "author", "-saved_at"], name="ordering_answers_kept_by")
        ]

    def __str__(self) -> str:
        return f"{self.scenario_slug}, not asked yet"


class FavouriteScenario(models.Model):
    """A scenario that somebody wants at hand."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(USER, models.PROTECT, related_name="+")
    scenario_slug = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "scenario_slug"], name="ordering_favourite_once")
        ]

    def __str__(self) -> str:
        return self.scenario_slug


class UnmatchedPhrase(models.Model):
    """What somebody searched for and no scenario matched: for editors to see what is missing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    phrase = models.CharField(max_length=200)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-asked_at"], name="ordering_unmatched_recent")]

    def __str__(self) -> str:
        return self.phrase
