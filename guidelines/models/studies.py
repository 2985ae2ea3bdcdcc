"""Imaging studies, the radiation scale, and how the guideline rates each study."""

from django.db import models

from guidelines.models.choices import Rating, Role, Standing
from guidelines.models.versions import Source, VersionRow, slug_key, verification_day, verifier


class RadiationLevel(VersionRow):
    """One level of the radiation scale with its effective dose bands in mSv."""

    level = models.PositiveSmallIntegerField(help_text="0 (none) to 5.")
    adult_min_msv = models.DecimalField(
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Empty: not recorded.",
    )
    adult_max_msv = models.DecimalField(
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Empty: not recorded.",
    )
    paediatric_min_msv = models.DecimalField(
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Empty: not recorded.",
    )
    paediatric_max_msv = models.DecimalField(
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Empty: not recorded.",
    )
    standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.SECONDARY)
    source = models.ForeignKey(Source, models.SET_NULL, null=True, blank=True, related_name="+")
    paediatric_source = models.ForeignKey(
        Source,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of the paediatric band.",
    )
    verified_by = verifier()
    verified_on = verification_day()

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "level"], name="guidelines_radiation_level_once"),
            models.CheckConstraint(
                condition=models.Q(level__lte=5),
                name="guidelines_radiation_level_0_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"Level {self.level}"


class Study(VersionRow):
    """An imaging study as this guideline names it."""

    code = models.CharField(
        max_length=80,
        validators=[slug_key],
        help_text="The study's name for other systems; never reused.",
    )
    name = models.CharField(max_length=200, help_text="Full name: modality, body region, contrast.")
    short_name = models.CharField(max_length=80, help_text="For narrow columns and buttons.")
    modality = models.CharField(max_length=40, help_text="Such as CT, PET/CT, MRI or radiography.")
    site_note = models.TextField(
        blank=True,
        help_text="What clinicians here should know about the site's own protocol.",
    )
    protocol_url = models.URLField(blank=True, help_text="Link to the site's protocol.")
    codes = models.JSONField(
        default=list,
        blank=True,
        help_text='Codes in other systems, a list of {"system", "code", "display"}. Only verified ones.',
    )

    class Meta(VersionRow.Meta):
        verbose_name_plural = "studies"
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="guidelines_study_code_once")]

    def __str__(self) -> str:
        return self.name


class RatedStudy(VersionRow):
    """How the guideline rates a study for this scenario, and why. No answer ever changes the rating."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="ratings")
    default_role = models.CharField(
        max_length=16,
        choices=Role.choices,
        help_text="Its role when no order rule says otherwise.",
    )
    rating = models.CharField(
        max_length=40,
        choices=Rating.choices,
        blank=True,
        help_text="Empty: not rated. Never guess.",
    )
    rating_standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.ARTICLE)
    rating_source = models.ForeignKey(
        Source,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who rated it so. A rating without a source cannot be published.",
    )
    rating_verified_by = verifier()
    rating_verified_on = verification_day()
    radiation_level = models.ForeignKey(
        RadiationLevel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: shown as not recorded. Never guess.",
    )
    radiation_standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.ARTICLE)
    radiation_source = models.ForeignKey(
        Source,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who gives the level. A level without a source cannot be published.",
    )
    radiation_verified_by = verifier()
    radiation_verified_on = verification_day()
    rationale = models.TextField(
        help_text="Why it is rated so, one reason a line; shown on the card or in the table."
    )
    choose_when = models.TextField(
        blank=True, help_text="When this study is the better choice, one case a line."
    )
    limits = models.TextField(blank=True, help_text="What the study cannot show. May stay empty.")

    class Meta(VersionRow.Meta):
        verbose_name_plural = "rated studies"
        constraints = [
            models.UniqueConstraint(fields=["version", "study"], name="guidelines_study_rated_once"),
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.get_rating_display() or 'Not rated'}"
