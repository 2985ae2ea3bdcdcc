"""A scenario, its versions and the sources that a version cites."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from guidelines.models.choices import OPEN, RELEASED, Action, Standing, State

MAY = {  # which role may do which is in portal.roles; guidelines.workflow asks for the roles
    Action.SUBMIT.value: "submit a version for review",
    Action.REQUEST_CHANGES.value: "ask for changes in a version",
    Action.APPROVE.value: "approve a version",
    Action.SCHEDULE.value: "schedule the publication of a version",
    Action.UNSCHEDULE.value: "take a version off the schedule",
    Action.PUBLISH.value: "publish a version",
    Action.WITHDRAW.value: "withdraw a version",
    Action.DISCARD.value: "discard a draft",
}

slug_key = RegexValidator(
    r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$",
    "Use lower-case letters and digits, joined by single hyphens or underscores.",
)


class Scenario(models.Model):
    """A clinical scenario, identified for ever by its slug; what it says is in its versions."""

    slug = models.CharField(
        max_length=80,
        unique=True,
        validators=[slug_key],
        help_text="The name other systems use for the scenario. It never changes once published.",
    )
    title = models.CharField(
        max_length=200,
        help_text="As shown in lists of the desk; each version has its own title too.",
    )

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class ScenarioVersion(models.Model):
    """Everything that a scenario says at one time.

    Editors change the rows of a draft; `guidelines.workflow` says how it comes into use. Publishing
    writes `snapshot`, the canonical JSON that the engine reads, with its `digest`; from then on neither
    the rows nor the snapshot can change.
    """

    scenario = models.ForeignKey(Scenario, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counts up; orders name the version they used.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    title = models.CharField(max_length=200, help_text="The name that clinicians see and search for.")
    summary = models.TextField(help_text="One or two sentences: which patients, which question.")
    introduction = models.TextField(blank=True, help_text="Opens the guideline page. May stay empty.")
    audience = models.TextField(blank=True, help_text="Whom the guidance is for and who uses it.")
    search_terms = models.TextField(
        blank=True,
        help_text="Other words clinicians may type to find the scenario, one a line.",
    )
    questions_introduction = models.TextField(
        blank=True,
        help_text="Stands before the list of questions that imaging is asked.",
    )
    radiation_justification = models.TextField(
        blank=True,
        help_text="Why the dose of the suggested studies is acceptable here.",
    )
    workflow_introduction = models.TextField(
        blank=True,
        help_text="Stands before the next steps by finding on the guideline page.",
    )
    escalation = models.TextField(
        blank=True,
        help_text="Whom to involve when findings are complex or do not fit the patient.",
    )
    scale_note = models.TextField(blank=True, help_text="What the ratings mean and where they come from.")
    review_due_on = models.DateField(help_text="When the content has to be looked at again.")
    licence = models.CharField(max_length=300, help_text="Under which licence the content may be used.")
    primary_source = models.ForeignKey(
        "guidelines.Source",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The source that clinicians see under every suggestion. Needed to publish.",
    )
    note = models.TextField(blank=True, help_text="What changed in this version and why; for editors.")
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # which submission is being reviewed; an approval of an earlier one counts for nothing
    submission = models.PositiveIntegerField(default=0, editable=False)
    publish_at = models.DateTimeField(null=True, blank=True, editable=False)  # of a scheduled version
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    snapshot = models.TextField(blank=True, editable=False)
    digest = models.CharField(max_length=71, blank=True, editable=False)  # "sha256:" + 64 hex digits

    class Meta:
        ordering = ["scenario", "-number"]
        permissions = [(f"{action}_scenarioversion", f"Can {says}") for action, says in MAY.items()]
        constraints = [
            models.UniqueConstraint(fields=["scenario", "number"], name="guidelines_version_number_once"),
            models.UniqueConstraint(
                fields=["scenario"],
                condition=Q(state=State.PUBLISHED),
                name="guidelines_one_published_version_per_scenario",
            ),
            models.UniqueConstraint(
                fields=["scenario"],
                condition=Q(state__in=OPEN),
                name="guidelines_one_open_version_per_scenario",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=RELEASED) | (~Q(snapshot="") & Q(digest__startswith="sha256:")),
                name="guidelines_released_version_has_snapshot",
            ),
            models.CheckConstraint(
                condition=Q(state=State.SCHEDULED, publish_at__isnull=False)
                | (~Q(state=State.SCHEDULED) & Q(publish_at__isnull=True)),
                name="guidelines_scheduled_version_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    @property
    def is_draft(self) -> bool:
        """Whether it is being written, and was not submitted yet."""
        return self.state == State.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether editors may still change the content; after submission that makes it a draft again."""
        return self.state in OPEN

    @property
    def is_released(self) -> bool:
        """Whether it is, or was, in use: it has a snapshot and stays as it is."""
        return self.state in RELEASED


class PlacedRow(models.Model):
    """A row with a place in the list of its parent, which `list_of` names."""

    list_of = "version"

    position = models.PositiveIntegerField(
        default=0,
        help_text="Place in the list; smaller numbers come first. 0 puts a new row last.",
    )

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row; one without a place goes to the end of its list."""
        if not self.position:
            parent = {f"{self.list_of}_id": getattr(self, f"{self.list_of}_id")}
            last = type(self)._default_manager.filter(**parent).aggregate(last=models.Max("position"))["last"]
            self.position = (last or 0) + 1
        super().save(*args, **kwargs)


class VersionRow(PlacedRow):
    """One row of a version's content."""

    version = models.ForeignKey(ScenarioVersion, models.CASCADE)

    class Meta(PlacedRow.Meta):
        abstract = True


class Source(VersionRow):
    """Where something comes from: title, reviewer, dates and licence."""

    key = models.CharField(
        max_length=80,
        validators=[slug_key],
        help_text="Short name within this version.",
    )
    title = models.CharField(max_length=300, help_text="Title of the article, topic or standard.")
    publisher = models.CharField(max_length=200, blank=True, help_text="Who issues it, if known.")
    url = models.URLField(blank=True, help_text="Where it can be read. Leave empty if it is not known.")
    reviewer = models.CharField(max_length=200, blank=True, help_text="Who reviewed it, as the source says.")
    reviewed_on = models.DateField(null=True, blank=True, help_text="When it was reviewed, if it says so.")
    licence = models.CharField(max_length=300, blank=True, help_text="What its licence allows.")
    note = models.TextField(blank=True, help_text="What this source is used for.")

    class Meta(VersionRow.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="guidelines_source_key_once")]

    def __str__(self) -> str:
        return self.title


def verifier() -> models.CharField:
    """Return the field that says who vouches for a value."""
    return models.CharField(
        max_length=200,
        blank=True,
        help_text="Who checked that the source says so, such as the source's own reviewer. "
        "Empty: not recorded. Never guess.",
    )


def verification_day() -> models.DateField:
    """Return the field that says when the value was checked."""
    return models.DateField(
        null=True, blank=True, help_text="When it was checked, as recorded. Empty: not recorded."
    )


class SourcedRow(VersionRow):
    """A row whose statement has a standing and, unless it is site policy, a source."""

    standing = models.CharField(
        max_length=12,
        choices=Standing.choices,
        default=Standing.ARTICLE,
        help_text="Who says so: the article, another cited source, our reading of it, or the site.",
    )
    source = models.ForeignKey(
        Source,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The source of this statement.",
    )
    verified_by = verifier()
    verified_on = verification_day()

    class Meta(VersionRow.Meta):
        abstract = True
