"""Data elements: what the clinician is asked, with the type and the legal values of each answer."""

from django.db import models

from guidelines.models.versions import PlacedRow, VersionRow, slug_key


class DataElement(VersionRow):
    """One question about the patient. It can always be left "not documented": unknown, never no."""

    class Kind(models.TextChoices):
        """Type of the answer."""

        CHOICE = "choice", "One of a list"
        CHOICES = "choices", "Several of a list"
        INTEGER = "integer", "Whole number"
        DECIMAL = "decimal", "Number"
        DATE = "date", "Date"

    class Section(models.TextChoices):
        """Where the form shows the question."""

        FIT = "fit", "Does the patient fit?"
        CHOICE = "choice", "What affects the choice of study?"
        MORE = "more", "More about this patient"

    key = models.CharField(
        max_length=80,
        validators=[slug_key],
        help_text="The name of the answer for other systems, such as baseline_modality.",
    )
    label = models.CharField(max_length=200, help_text="The question as the form shows it.")
    summary_label = models.CharField(
        max_length=200,
        blank=True,
        help_text="A shorter name for lists of answers. Empty: the label is used.",
    )
    hint = models.TextField(blank=True, help_text="Helps to answer; shown under the label.")
    kind = models.CharField(max_length=10, choices=Kind.choices, help_text="What kind of answer it takes.")
    section = models.CharField(max_length=10, choices=Section.choices, default=Section.MORE)
    unit = models.CharField(max_length=40, blank=True, help_text="Unit of a number, such as mL/min/1.73 m2.")
    minimum = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Smallest legal number.",
    )
    maximum = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Largest legal number.",
    )
    allow_future = models.BooleanField(
        default=False, help_text="Whether a date after today is a legal answer."
    )
    derived_from = models.CharField(
        max_length=40,
        blank=True,
        choices=[("patient.birth_date", "The patient's birth date (age in whole years)")],
        help_text="Filled in from the patient in an order instead of being asked.",
    )

    class Meta(VersionRow.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="guidelines_element_key_once")]

    def __str__(self) -> str:
        return self.label


class Choice(PlacedRow):
    """One legal value of a list question."""

    list_of = "element"

    element = models.ForeignKey(DataElement, models.CASCADE, related_name="choices")
    value = models.CharField(max_length=80, validators=[slug_key], help_text="As other systems send it.")
    label = models.CharField(max_length=200, help_text="As clinicians read it.")

    class Meta(PlacedRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["element", "value"], name="guidelines_choice_value_once")
        ]

    def __str__(self) -> str:
        return self.label
