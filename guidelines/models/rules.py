"""The rules of a version: who fits, where else to go, which study comes first, what to mind."""

from django.db import models

from guidelines.models.choices import Role, Severity
from guidelines.models.studies import Study
from guidelines.models.versions import PlacedRow, SourcedRow, VersionRow, slug_key

CONDITION_HELP = (
    "When it is true, as JSON. A test is "
    '{"element": "diagnosis", "op": "equals", "value": "all"}; tests are joined by '
    '{"all": [...]}, {"any": [...]} and {"not": ...}. Operators: equals, in, at_least, at_most, '
    "less_than, more_than, contains, contains_other_than, contains_only. An answer that is not "
    "documented makes a test unknown, never false."
)


class Redirect(VersionRow):
    """Where a reader goes whom this scenario does not fit."""

    code = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    title = models.CharField(max_length=200, help_text="The pathway's name.")
    text = models.TextField(help_text="What applies to the patient instead, in one or two sentences.")
    scenario = models.CharField(
        max_length=80,
        blank=True,
        help_text="Slug of a scenario of this portal, if there is one.",
    )
    url = models.URLField(blank=True, help_text="Outside guidance, if there is a page to name.")

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="guidelines_redirect_code_once")
        ]

    def __str__(self) -> str:
        return self.title


class Criterion(SourcedRow):
    """One thing that has to be true of the patient for the scenario to fit."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    title = models.CharField(max_length=200, help_text="A few words for lists.")
    text = models.TextField(help_text="Said when the criterion is met.")
    not_met_text = models.TextField(help_text="Said when it is not met: why the scenario does not fit.")
    condition = models.JSONField(help_text=CONDITION_HELP)

    class Meta(VersionRow.Meta):
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_criterion_key_once")
        ]

    def __str__(self) -> str:
        return self.title


class CriterionRedirect(PlacedRow):
    """Which redirect applies when the criterion is not met and this condition holds."""

    list_of = "criterion"

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="redirects")
    when = models.JSONField(help_text=CONDITION_HELP)
    redirect = models.ForeignKey(Redirect, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.redirect)


class OrderRule(SourcedRow):
    """Puts studies into another order. The first rule whose condition is true decides."""

    key = models.CharField(max_length=80, validators=[slug_key], help_text="Name within this version.")
    reason = models.CharField(
        max_length=80,
        validators=[slug_key],
        help_text="The code of the reason that other systems get.",
    )
    condition = models.JSONField(help_text=CONDITION_HELP)
    text = models.TextField(help_text="The reason as clinicians read it, on the study that comes first.")
    caution_text = models.TextField(
        blank=True,
        help_text="Said on the placements marked as caution. Empty: the reason's text.",
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="guidelines_order_rule_key_once")
        ]

    def __str__(self) -> str:
        return self.key


class RulePlacement(PlacedRow):
    """The role that a deciding order rule gives a study. Studies not named keep their default role."""

    list_of = "rule"

    rule = models.ForeignKey(OrderRule, models.CASCADE, related_name="placements")
    study = models.ForeignKey(Study, models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices)
    caution = models.BooleanField(
        default=False,
        help_text="Show the rule's caution on this study whenever the rule is true.",
    )

    class Meta(PlacedRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["rule", "study"], name="guidelines_study_placed_once_per_rule")
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.get_role_display()}"


class Advisory(SourcedRow):
    """Something to mind for this patient. It never changes a rating or the order."""

    code = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    condition = models.JSONField(help_text=CONDITION_HELP)
    title = models.CharField(max_length=200, help_text="A few words.")
    text = models.TextField(help_text="What to mind, and why.")

    class Meta(VersionRow.Meta):
        verbose_name_plural = "advisories"
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="guidelines_advisory_code_once")
        ]

    def __str__(self) -> str:
        return self.title


class Contradiction(VersionRow):
    """Answers that cannot both be right. Shown to the reader; nothing is corrected or refused."""

    code = models.CharField(max_length=80, validators=[slug_key], help_text="Name for other systems.")
    condition = models.JSONField(
        help_text=CONDITION_HELP + ' Here {"element": ..., "op": "answered"} is allowed too.'
    )
    text = models.TextField(help_text="Which answers disagree and what to check.")
    elements = models.JSONField(
        default=list,
        help_text="Keys of the questions that disagree, for the links on the form.",
    )

    class Meta(VersionRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="guidelines_contradiction_code_once")
        ]

    def __str__(self) -> str:
        return self.code
