"""How a chosen study stands to the guideline, as orders, cards and the account of consultations say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from guidelines.models.choices import Rating, Role

MAY_BE = frozenset({Rating.MAY_BE_APPROPRIATE, Rating.MAY_BE_APPROPRIATE_DISAGREEMENT})


class Adherence(models.TextChoices):
    """How the chosen study stands to the guideline."""

    ADHERES = "adheres", "Adheres"
    DOES_NOT_ADHERE = "does_not_adhere", "Does not adhere"
    NOT_APPLICABLE = "not_applicable", "Not applicable"  # nothing is rated, or the site leaves it open


def adherence(studies: Sequence[Mapping[str, Any]], study: str | None, *, may_be: str) -> str:
    """Return how a study stands to the advice whose studies these are, as the suggestion object lists them.

    `may_be` is what the site counts a study as that "may be appropriate". What takes the place of a
    contraindicated study adheres, whatever it is rated.
    """
    advised = next((row for row in studies if row["code"] == study), None)
    if advised is None:
        return Adherence.NOT_APPLICABLE
    if advised["rating"] == Rating.USUALLY_APPROPRIATE:
        return Adherence.ADHERES
    contraindicated = any(row["role"] == Role.CONTRAINDICATED for row in studies)
    if contraindicated and advised["role"] in {Role.SUGGESTED, Role.FALLBACK}:
        return Adherence.ADHERES
    if advised["rating"] == Rating.USUALLY_NOT_APPROPRIATE:
        return Adherence.DOES_NOT_ADHERE
    return may_be if advised["rating"] in MAY_BE else Adherence.NOT_APPLICABLE
