"""How a rating is written on an order: the Argonaut extensions for appropriate use criteria.

Pure: the engine and the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

from guidelines.engine import Advice
from ordering.cds_hooks.records import Json

ARGONAUT = "http://fhir.org/argonaut/Extension/pama-rating"  # all four extensions start with this
AUC_APPLIED = f"{ARGONAUT}-auc-applied"
ARGONAUT_RATING = "http://fhir.org/argonaut/CodeSystem/pama-rating"
APPROPRIATE, NOT_APPROPRIATE = "appropriate", "not-appropriate"
NO_CRITERIA = "no-criteria-apply"

RATING_LABELS = {
    "usually_appropriate": "Usually appropriate",
    "may_be_appropriate": "May be appropriate",
    "may_be_appropriate_disagreement": "May be appropriate (disagreement)",
    "usually_not_appropriate": "Usually not appropriate",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What a site has chosen, and where its portal is. `base` is an address without a slash at its end."""

    base: str
    may_be_rating: str = NO_CRITERIA  # what "may be appropriate" is reported as
    qcdsm: str = ""  # code of a qualified mechanism; none is claimed unless the site configures it
    replaces_by_update: bool = True  # else a suggestion deletes the draft and creates another

    @property
    def study_system(self) -> str:
        """Return the code system of the portal's studies."""
        return f"{self.base}/fhir/CodeSystem/imaging-study"

    @property
    def rating_system(self) -> str:
        """Return the code system of the guideline's own categories."""
        return f"{self.base}/fhir/CodeSystem/guideline-rating"


def argonaut_rating(rating: str | None, site: Site) -> str:
    """Return what a rating of the guideline is reported as."""
    if rating == "usually_appropriate":
        return APPROPRIATE
    if rating == "usually_not_appropriate":
        return NOT_APPROPRIATE
    return NO_CRITERIA if rating is None else site.may_be_rating


def rating_of(advice: Advice, study: str | None) -> str | None:
    """Return the rating of a study in an advice; None where it is not rated, or nothing applies."""
    return next((row.study.rating for row in advice.studies if row.study.code == study), None)


def rating_extensions(advice: Advice, rating: str | None, *, consultation: str, site: Site) -> list[Json]:
    """Return the extensions that say how a study is rated and where that was asked."""
    coding = [{"system": ARGONAUT_RATING, "code": argonaut_rating(rating, site)}]
    if rating is not None:
        label = RATING_LABELS.get(rating, rating)
        coding.append({"system": site.rating_system, "code": rating, "display": label})
    extensions: list[Json] = [{"url": ARGONAUT, "valueCodeableConcept": {"coding": coding}}]
    if site.qcdsm:
        extensions.append({"url": f"{ARGONAUT}-qcdsm-consulted", "valueString": site.qcdsm})
    extensions.append({"url": f"{ARGONAUT}-consult-id", "valueUri": f"urn:uuid:{consultation}"})
    extensions.append({"url": AUC_APPLIED, "valueUri": version_url(advice, site)})
    return extensions


def version_url(advice: Advice, site: Site) -> str:
    """Return the address of the version of the scenario that was applied."""
    scenario = advice.scenario
    return f"{site.base}/guidelines/{scenario['slug']}/versions/{scenario['version']}/"
