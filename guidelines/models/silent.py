"""Silent runs: a version that is asked beside the one in use, without anybody being shown what it says."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guidelines.models.versions import Scenario, ScenarioVersion


class SilentRun(models.Model):
    """One version asked in silence from a start to an end. It keeps the content that it started with."""

    class End(models.TextChoices):
        """Why a run is over."""

        STOPPED = "stopped", "Stopped"  # somebody had seen enough
        PUBLISHED = "published", "Published"  # the version speaks aloud now
        RETURNED = "returned", "Back to draft"  # its content is being changed

    scenario = models.ForeignKey(Scenario, models.PROTECT, related_name="silent_runs")
    version = models.ForeignKey(ScenarioVersion, models.PROTECT, related_name="silent_runs")
    snapshot = models.TextField(editable=False)
    digest = models.CharField(max_length=71, editable=False)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    end = models.CharField(max_length=10, choices=End.choices, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scenario"],
                condition=Q(ended_at=None),
                name="guidelines_one_silent_run_per_scenario",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="guidelines_silent_run_ends_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}, in silence"
