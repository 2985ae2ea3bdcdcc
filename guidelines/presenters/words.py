"""Guideline content in words that every page shares: standings, doses, studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guidelines.models import Standing
from portal.templatetags.portal_ui import dose

ADULT_AGE_YEARS = 18  # ACR relative radiation levels: the paediatric bands are for patients under 18

STANDING_WORDS = {
    Standing.ARTICLE: "article",
    Standing.SECONDARY: "secondary source",
    Standing.INFERRED: "our reading of the article",
    Standing.SITE_POLICY: "site policy",
}


def standing_words(standing: str) -> str:
    """Return how a clinician reads a standing: article, secondary source, our reading, site policy."""
    return STANDING_WORDS.get(Standing(standing), standing) if standing else ""


def study_standing(study: Mapping[str, Any]) -> str:
    """Return where the rating and the radiation level of a study come from, in one line.

    `study` is a study of the suggestion object. A secondary source is named, because it is not the one under
    the page.
    """
    parts = [
        _claim("Rating" if study["rating"] else "Not rated", study["rating_standing"], study["rating_source"])
    ]
    radiation = study["radiation"]
    if radiation:
        parts.append(_claim("Radiation level", radiation["standing"], radiation["source"]))
    return " ".join(part for part in parts if part)


def dose_words(radiation: Mapping[str, Any] | None, *, age_years: int | None = None) -> str:
    """Return the dose band for a patient of this age, such as "10 to 30 mSv"; "" where none is recorded."""
    if not radiation:
        return ""
    young = age_years is not None and age_years < ADULT_AGE_YEARS
    return dose(radiation["paediatric_msv" if young else "adult_msv"])


@dataclass(frozen=True, slots=True)
class Band:
    """The dose bands of a study for the guideline page."""

    adult: str
    paediatric: str


def bands(radiation: Mapping[str, Any] | None) -> Band | None:
    """Return both dose bands in words, or None where no level is recorded or nothing is emitted."""
    if not radiation or not radiation["level"]:
        return None
    return Band(
        dose(radiation["adult_msv"]) or "not recorded", dose(radiation["paediatric_msv"]) or "not recorded"
    )


def _claim(what: str, standing: str, source: str | None) -> str:
    if not standing:
        return ""
    named = f", {source}" if source and standing == Standing.SECONDARY else ""
    return f"{what}: {standing_words(standing)}{named}."
