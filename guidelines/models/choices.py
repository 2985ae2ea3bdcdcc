"""The closed vocabularies of guideline content. The slugs are stored; the labels are for people."""

from django.db import models


class State(models.TextChoices):
    """Where a version of a scenario stands; `guidelines.workflow` says how it moves."""

    DRAFT = "draft", "Draft"  # editors write it; nobody is advised by it
    IN_REVIEW = "in_review", "In review"  # submitted; an edit makes it a draft again
    APPROVED = "approved", "Approved"  # somebody who did not write it found it right
    SCHEDULED = "scheduled", "Scheduled"  # approved, and published by itself at its time
    PUBLISHED = "published", "Published"  # in use; nothing in it can change
    SUPERSEDED = "superseded", "Superseded"  # replaced; kept, because orders were placed under it
    WITHDRAWN = "withdrawn", "Withdrawn"  # taken out of use without a successor; kept for the same reason
    DISCARDED = "discarded", "Discarded"  # a draft that was given up; kept, never in use, and can be copied


OPEN = (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED)  # not in use yet; one a scenario
RELEASED = (State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN)  # has a snapshot, and stays as it is


class Action(models.TextChoices):
    """What moves a version from one state to another."""

    SUBMIT = "submit", "Submitted for review"
    REQUEST_CHANGES = "request_changes", "Changes requested"
    EDIT = "edit", "Changed after submission"  # written by the database when content changes
    APPROVE = "approve", "Approved"
    SCHEDULE = "schedule", "Publication scheduled"
    UNSCHEDULE = "unschedule", "Taken off the schedule"
    PUBLISH = "publish", "Published"
    SUPERSEDE = "supersede", "Superseded"  # by the publication of its successor
    WITHDRAW = "withdraw", "Withdrawn"
    DISCARD = "discard", "Draft discarded"


class Standing(models.TextChoices):
    """Where a value comes from, as clinicians see it."""

    ARTICLE = "article", "Article"  # the scenario's primary source says so
    SECONDARY = "secondary", "Secondary"  # another cited source says so
    INFERRED = "inferred", "Inferred"  # our reading of the primary source
    SITE_POLICY = "site_policy", "Site policy"  # the institution decides


class Rating(models.TextChoices):
    """How appropriate a study is for the scenario, in the words of the ACR methodology."""

    USUALLY_APPROPRIATE = "usually_appropriate", "Usually appropriate"
    MAY_BE_APPROPRIATE = "may_be_appropriate", "May be appropriate"
    MAY_BE_APPROPRIATE_DISAGREEMENT = (
        "may_be_appropriate_disagreement",
        "May be appropriate (disagreement)",
    )
    USUALLY_NOT_APPROPRIATE = "usually_not_appropriate", "Usually not appropriate"


class Role(models.TextChoices):
    """What a study is for this patient; the list shows studies in this order of roles."""

    SUGGESTED = "suggested", "Suggested"
    ALTERNATIVE = "alternative", "Alternative"
    FALLBACK = "fallback", "Fallback"  # if neither of the above is possible
    CONTRAINDICATED = (
        "contraindicated",
        "Contraindicated",
    )  # stays visible, never removed
    NOT_RATED = "not_rated", "Not rated"
    NOT_RECOMMENDED = "not_recommended", "Not recommended"


class Severity(models.TextChoices):
    """How loud an advisory is."""

    INFO = "info", "For information"
    CAUTION = "caution", "Caution"
    STOP = "stop", "Stop and check"
