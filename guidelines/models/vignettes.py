"""Vignettes: patients that clinicians made up, with the answer that the guideline must give for them."""

from django.db import models

from guidelines.models.versions import VersionRow, slug_key


class Vignette(VersionRow):
    """One invented patient, asked of the version before it is published, and what must come out."""

    class Fit(models.TextChoices):
        """Whether the scenario applies to the patient."""

        FITS = "fits", "The scenario fits"
        NEEDS_ANSWERS = "needs_answers", "Answers are missing"
        DOES_NOT_FIT = "does_not_fit", "The scenario does not fit"

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    title = models.CharField(max_length=200, help_text="The patient in a few words.")
    story = models.TextField(
        blank=True, help_text="Who the patient is, what the vignette is for, and who says what is right."
    )
    answers = models.JSONField(default=dict, blank=True, help_text="The answers that are documented.")
    fit = models.CharField(max_length=16, choices=Fit.choices, help_text="Must the scenario fit?")
    redirects = models.JSONField(
        default=list, blank=True, help_text="Where the reader must be sent; exactly these."
    )
    studies = models.JSONField(
        default=list,
        blank=True,
        help_text="The studies that must come first, in this order, with their roles.",
    )
    advisories = models.JSONField(
        default=list, blank=True, help_text="The advisories that must be shown; exactly these."
    )
    report = models.JSONField(
        null=True, blank=True, help_text="What the report then showed, and the next steps that must follow."
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_vignette_key_once")
        ]

    def __str__(self) -> str:
        return self.title
