"""What a version that runs in silence would have said: one row for each consultation of its scenario."""

from django.db import models
from django.db.models.functions import Now

from guidelines.models import SilentRun
from ordering.models import Consultation
from portal.models import Organisation


class SilentComparison(models.Model):
    """One consultation, asked of a silent version too. Nobody who asked saw any of this."""

    class Outcome(models.TextChoices):
        """How the silent answer stands to the one that was given."""

        SAME = "same", "The same"  # perhaps in other words
        DIFFERENT = "different", "Different"
        FAILED = "failed", "Could not be asked"  # an answer that the silent version does not take

    run = models.ForeignKey(SilentRun, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    first_given = models.CharField(
        max_length=80, blank=True
    )  # code of the study that came first; empty: none
    first_silent = models.CharField(max_length=80, blank=True)
    changes = models.JSONField(default=list)  # sentences about the content, none about the patient
    compared_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "consultation"], name="ordering_compared_in_silence_once")
        ]
        indexes = [
            models.Index(fields=["run", "outcome", "-id"], name="ordering_silent_by_outcome"),
            models.Index(fields=["organisation", "compared_at"], name="ordering_silent_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.get_outcome_display().lower()}"
