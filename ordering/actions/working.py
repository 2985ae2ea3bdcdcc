"""Keeping what helps while an order is written: answers not sent yet, favourites, unmatched phrases."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from guidelines.engine import RuleSet
from ordering.exceptions import TooMuchToKeep
from ordering.models import Order, Patient
from ordering.working_models import FavouriteScenario, KeptAnswers, UnmatchedPhrase
from portal.models import User

MAX_BYTES = 20_000  # of all typed texts of one form; a form of our own scenarios holds about one thousand
DIGITS = re.compile(r"\d")
PHRASE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class FormOf:
    """Which form of step 1: about whom, and the draft it changes, or the order it follows up or replaces."""

    patient: Patient
    draft: Order | None = None
    parent: Order | None = None
    replaces: Order | None = None

    def key(self, *, by: User, slug: str) -> dict[str, Any]:
        """Return what identifies the kept answers of this form."""
        orders = {"draft": self.draft, "parent": self.parent, "replaces": self.replaces}
        return {"author": by, "patient": self.patient, "scenario_slug": slug, **orders}


@transaction.atomic
def keep_answers(
    *, by: User, form: FormOf, ruleset: RuleSet, typed: Mapping[str, Sequence[str]]
) -> KeptAnswers:
    """Keep the rows of a form as they were typed, in place of what was kept of it before.

    `typed` holds a list of texts by the row's name; names that are no row of the form are left out. Raises
    TooMuchToKeep.
    """
    assert by.organisation_id == form.patient.organisation_id
    rows = {key: list(texts) for key, texts in typed.items() if key in ruleset.elements_by_key}
    if len(json.dumps(rows)) > MAX_BYTES:
        raise TooMuchToKeep
    given = {"typed": rows, "saved_at": timezone.now()}
    kept, _ = KeptAnswers.objects.update_or_create(
        **form.key(by=by, slug=ruleset.slug),
        defaults=given,
        create_defaults={"organisation_id": by.organisation_id, **given},
    )
    return kept


@transaction.atomic
def forget_answers(*, by: User, form: FormOf, slug: str) -> None:
    """Drop what was kept of a form; nothing happens when nothing was."""
    KeptAnswers.objects.filter(**form.key(by=by, slug=slug)).delete()


@transaction.atomic
def choose_favourite(*, by: User, slug: str, wanted: bool) -> None:
    """Put a scenario at hand for somebody, or no longer."""
    if wanted:
        FavouriteScenario.objects.get_or_create(user=by, scenario_slug=slug)
    else:
        FavouriteScenario.objects.filter(user=by, scenario_slug=slug).delete()


@transaction.atomic
def note_unmatched(*, by: User, phrase: str) -> None:
    """Tell the editors of a phrase that no scenario matches.

    Digits are masked: a number that somebody types may be a patient's, and editors see no patient data.
    """
    assert by.organisation_id is not None
    masked = DIGITS.sub("#", " ".join(phrase.split()))[:PHRASE_LENGTH]
    if masked:
        UnmatchedPhrase.objects.create(organisation_id=by.organisation_id, asked_by=by, phrase=masked)
