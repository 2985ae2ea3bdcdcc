"""What readers of the guideline see beside the decision, and how records are read into answers."""

from django.db import models

from guidelines.models.studies import Study
from guidelines.models.versions import SourcedRow, VersionRow, slug_key


class Question(VersionRow):
    """A question that the imaging is asked to answer."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    title = models.CharField(max_length=200, help_text="The question in a few words.")
    text = models.TextField(help_text="What the reader looks for, and what depends on it.")

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_question_key_once")
        ]

    def __str__(self) -> str:
        return self.title


class Pitfall(SourcedRow):
    """A known way to misread or misuse the study."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    title = models.CharField(max_length=200, help_text="The pitfall in a few words.")
    text = models.TextField(help_text="What goes wrong and how to avoid it.")

    class Meta(VersionRow.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="guidelines_pitfall_key_once")]

    def __str__(self) -> str:
        return self.title


class Faq(SourcedRow):
    """A question that clinicians ask about the guideline, with its answer."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    question = models.CharField(max_length=300)
    answer = models.TextField()

    class Meta(VersionRow.Meta):
        verbose_name = "FAQ"
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="guidelines_faq_key_once")]

    def __str__(self) -> str:
        return self.question


class LeafletText(SourcedRow):
    """One paragraph that the leaflet for patients takes from the scenario, in plain words."""

    class Part(models.TextChoices):
        """Where it stands on the leaflet."""

        WHY = "why", "Why the scan is done"
        STUDY = "study", "What the scan is"
        RADIATION = "radiation", "Radiation"
        TELL_STAFF = "tell_staff", "What to tell the staff"
        AFTER = "after", "After the scan"

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    part = models.CharField(max_length=12, choices=Part.choices, help_text="Where it stands on the leaflet.")
    study = models.ForeignKey(
        Study,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="If set, only leaflets of this study say it.",
    )
    text = models.TextField(
        help_text="Plain words that an eleven-year-old reads with ease. What no source says is left out."
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_leaflet_text_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.key}"


class Binding(SourcedRow):
    """How a record in an EHR is read into an answer. What the record does not say stays unknown."""

    class Match(models.TextChoices):
        """How a record is compared with the code."""

        EXACT = "exact", "This code"
        CATEGORY = "category", "This code and those below it"
        STATUS = "status", "This code; the record's status gives the value"
        LATEST = "latest", "The latest record with this code"
        BIRTH_DATE = "birth-date", "The patient's birth date"
        TRIGGER = "trigger", "This code makes the scenario relevant"
        STUDY = "study", "This code names a study"

    resource = models.CharField(max_length=40, help_text="FHIR resource type, such as Condition.")
    element = models.CharField(
        max_length=80,
        blank=True,
        help_text="Key of the question it answers. Empty for triggers and studies.",
    )
    system = models.CharField(max_length=200, blank=True, help_text="Code system, as a URL.")
    code = models.CharField(max_length=80, blank=True)
    match = models.CharField(max_length=12, choices=Match.choices)
    value = models.CharField(max_length=80, blank=True, help_text="The answer that the record gives.")
    note = models.TextField(blank=True, help_text="What limits the reading, such as units or dates.")

    def __str__(self) -> str:
        return f"{self.resource} {self.code}".strip()
