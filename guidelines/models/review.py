"""What happened to a version on its way into use, and who wrote it. The database fills in who and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from guidelines.models.choices import Action, State
from guidelines.models.versions import ScenarioVersion

NEEDS_COMMENT = (Action.SUBMIT, Action.REQUEST_CHANGES, Action.WITHDRAW, Action.DISCARD)


class Contributor(models.Model):
    """Somebody who wrote something in a version, and may therefore not approve it.

    Rows come from triggers on every table of content, for whoever writes there: admin, ORM or SQL.
    """

    version = models.ForeignKey(ScenarioVersion, models.PROTECT, related_name="contributors")
    actor = models.CharField(max_length=200)  # as the audit trail names it, without the login: "user:7"
    at = models.DateTimeField()  # of the first change

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "actor"], name="guidelines_contributor_once")
        ]

    def __str__(self) -> str:
        return self.actor


class ReviewStep(models.Model):
    """One move of a version from a state to another: who, when, and what was said. Never changed."""

    version = models.ForeignKey(ScenarioVersion, models.PROTECT, related_name="steps")
    action = models.CharField(max_length=16, choices=Action.choices)
    before = models.CharField(max_length=12, choices=State.choices)
    after = models.CharField(max_length=12, choices=State.choices)
    submission = models.PositiveIntegerField(default=0)  # of the version, when it was made
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)  # as in Contributor
    at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)
    acknowledged = models.JSONField(default=list, blank=True)  # vignettes whose changed answer is accepted
    publish_at = models.DateTimeField(null=True)  # of a schedule

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action__in=NEEDS_COMMENT) | ~Q(comment=""),
                name="guidelines_reviewstep_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} (version {self.version_id})"
