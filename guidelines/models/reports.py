"""After the report: what it can have shown, and the next steps that follow."""

from django.db import models

from guidelines.models.rules import CONDITION_HELP
from guidelines.models.studies import Study
from guidelines.models.versions import SourcedRow, VersionRow, slug_key


class ReportFinding(VersionRow):
    """One thing that the report of the study can have shown."""

    class Tone(models.TextChoices):
        """How the finding's next steps are shown."""

        OK = "ok", "Reassuring"
        CAUTION = "caution", "Needs a decision"
        STOP = "stop", "Needs action now"

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    label = models.CharField(max_length=200, help_text="As the form offers it.")
    description = models.TextField(blank=True, help_text="Helps to choose the right one.")
    tone = models.CharField(max_length=8, choices=Tone.choices, default=Tone.CAUTION)
    reminder = models.TextField(blank=True, help_text="What the finding does not mean. May stay empty.")

    class Meta(VersionRow.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="guidelines_finding_key_once")]

    def __str__(self) -> str:
        return self.label


class Complication(VersionRow):
    """A treatment complication that the report can mention."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    label = models.CharField(max_length=200, help_text="As the form offers it.")

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_complication_key_once")
        ]

    def __str__(self) -> str:
        return self.label


class NextStep(SourcedRow):
    """Something to consider after a report."""

    code = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    title = models.CharField(max_length=200, help_text="The step in a few words.")
    text = models.TextField(help_text="What to consider, and why.")
    study = models.ForeignKey(
        Study,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="If set, the step offers a linked follow-up order of this study.",
    )
    prefill = models.JSONField(
        default=list,
        blank=True,
        help_text="Answers that the follow-up order starts with, a list of "
        '{"element", "value", "studies"}: used when the reported study is one of those.',
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="guidelines_next_step_code_once")
        ]

    def __str__(self) -> str:
        return self.title


class NextStepRule(VersionRow):
    """When its condition is true, its steps are added to, or taken from, the next steps."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    condition = models.JSONField(
        help_text=CONDITION_HELP
        + " Beside the answers it may test finding, discordant, complications and studies_done, and "
        '{"established": ...} is true only if the inner condition is known to be true.'
    )
    adds = models.JSONField(default=list, help_text="Codes of the steps that the rule adds, in order.")
    removes = models.JSONField(
        default=list,
        blank=True,
        help_text="Codes of the steps that never stand beside this rule.",
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_next_step_rule_key_once")
        ]

    def __str__(self) -> str:
        return self.key
