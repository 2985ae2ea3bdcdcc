"""Where content came from and where it went: which pack a version was loaded from, and who took it away."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from guidelines.models.versions import ScenarioVersion


class PackRecord(models.Model):
    """One version that was loaded from a pack, or put into one. Never changed, never deleted."""

    class Direction(models.TextChoices):
        """Which way the content went."""

        LOADED = "loaded", "Loaded from"
        EXPORTED = "exported", "Exported to"

    version = models.ForeignKey(ScenarioVersion, models.PROTECT, related_name="packs")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    file_name = models.CharField(max_length=200)
    form = models.CharField(max_length=8)  # json, jsonl, yaml
    digest = models.CharField(max_length=71)  # of the scenario in the pack: its checksum
    at = models.DateTimeField(db_default=Now(), editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["version", "-at"], name="guidelines_pack_by_version")]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.file_name}"
