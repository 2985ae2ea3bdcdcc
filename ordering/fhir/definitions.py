"""From a scenario document to a PlanDefinition, and to an ActivityDefinition for each study. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guidelines.engine import canonical_json
from ordering.cds_hooks.ratings import RATING_LABELS
from ordering.fhir.values import TERMINOLOGY, Json, Place, coding, concept, instant, meta, resource

_MOST = 64  # characters of an id in FHIR
_MOST_PLAN = 32  # of these for the scenario, in the id of a study


@dataclass(frozen=True, slots=True)
class Edition:
    """One released version: its content, and what is known of it beside."""

    document: Mapping[str, Any]
    version: int
    digest: str
    published_at: datetime | None
    status: str = "active"  # retired: superseded or withdrawn


def plan_id(slug: str) -> str:
    """Return the id of a scenario's PlanDefinition: FHIR's ids have no underscores, our slugs no dots."""
    return _short(slug.replace("_", "."), _MOST)


def slug_of(plan: str) -> str:
    """Return the slug of the scenario behind an id that was not cut short."""
    return plan.replace(".", "_")


def activity_id(slug: str, study: str) -> str:
    """Return the id of the ActivityDefinition of a study in a scenario."""
    plan = _short(plan_id(slug), _MOST_PLAN)
    return f"{plan}.{_short(study.replace('_', '.'), _MOST - len(plan) - 1)}"


def plan_url(slug: str, place: Place) -> str:
    """Return the canonical address of a scenario's PlanDefinition, without version."""
    return f"{place.fhir}/PlanDefinition/{plan_id(slug)}"


def activity_url(slug: str, study: str, place: Place) -> str:
    """Return the canonical address of a study's ActivityDefinition, without version."""
    return f"{place.fhir}/ActivityDefinition/{activity_id(slug, study)}"


def plan_definition(edition: Edition, place: Place) -> Json:
    """Return the PlanDefinition of a version of a scenario; its studies are ActivityDefinitions."""
    document = edition.document
    return resource(
        "PlanDefinition",
        id=plan_id(document["slug"]),
        meta=meta(edition.version, edition.published_at),
        url=plan_url(document["slug"], place),
        identifier=[{"system": place.system("scenario-digest"), "value": edition.digest}],
        version=str(edition.version),
        name=_name(document["slug"]),
        title=document["title"],
        type=concept(coding(f"{TERMINOLOGY}/plan-definition-type", "eca-rule", "ECA Rule")),
        status=edition.status,
        experimental=False,
        date=_day(edition),
        description=document["summary"],
        purpose=document["introduction"],
        usage=document["workflow_introduction"],
        copyright=document["licence"],
        lastReviewDate=_reviewed_on(document),
        relatedArtifact=[_citation(row) for row in document["sources"]],
        action=[
            {
                "title": "Check that the scenario applies",
                "groupingBehavior": "logical-group",
                "action": [
                    {
                        "title": row["title"],
                        "description": row["text"],
                        "documentation": _said_by(document, row["source"]),
                        "condition": [_applicability(row)],
                    }
                    for row in document["criteria"]
                ],
            },
            {
                "title": "Choose the study",
                "groupingBehavior": "visual-group",
                "selectionBehavior": "at-most-one",
                "action": [_choice(edition, row, place) for row in document["rated_studies"]],
            },
        ],
    )


def activity_definition(edition: Edition, study: str, place: Place) -> Json | None:
    """Return the ActivityDefinition of a rated study; None where the version does not rate it.

    It describes the request that a clinician may make. How the study is rated stands in the PlanDefinition.
    """
    document = edition.document
    rated = next((row for row in document["rated_studies"] if row["study"] == study), None)
    if rated is None:
        return None
    row = next(row for row in document["studies"] if row["code"] == study)
    return resource(
        "ActivityDefinition",
        id=activity_id(document["slug"], study),
        meta=meta(edition.version, edition.published_at),
        url=activity_url(document["slug"], study, place),
        version=str(edition.version),
        name=_name(study),
        title=row["name"],
        status=edition.status,
        experimental=False,
        date=_day(edition),
        description=" ".join(rated["rationale"]),
        usage=rated["limits"],
        copyright=document["licence"],
        lastReviewDate=_reviewed_on(document),
        relatedArtifact=_said_by(document, rated["rating_source"]),
        kind="ServiceRequest",
        intent="proposal",
        code=concept(
            coding(place.site.study_system, row["code"], row["name"]),
            *(
                coding(code["system"], code["code"], code.get("display") or row["name"])
                for code in row["codes"]
            ),
            text=row["name"],
        ),
    )


def collection(edition: Edition, place: Place) -> Json:
    """Return the PlanDefinition of a version and its ActivityDefinitions in one Bundle, to take away."""
    document = edition.document
    activities = [activity_definition(edition, row["study"], place) for row in document["rated_studies"]]
    made = [plan_definition(edition, place), *(one for one in activities if one is not None)]
    return resource(
        "Bundle",
        id=f"{_short(plan_id(document['slug']), _MOST - 8)}-v{edition.version}"[:_MOST],
        type="collection",
        timestamp=instant(edition.published_at),
        entry=[{"fullUrl": one["url"], "resource": one} for one in made],
    )


def _choice(edition: Edition, row: Mapping[str, Any], place: Place) -> Json:
    document = edition.document
    name = next(study["name"] for study in document["studies"] if study["code"] == row["study"])
    return {
        "title": name,
        "description": " ".join(row["rationale"]),
        "code": _rating(row["rating"], place),
        "documentation": _said_by(document, row["rating_source"]),
        "definitionCanonical": f"{activity_url(document['slug'], row['study'], place)}|{edition.version}",
    }


def _applicability(row: Mapping[str, Any]) -> Json:
    """Return when a criterion is met: in the portal's own closed form, as its guidelines have it."""
    return {
        "kind": "applicability",
        "expression": {"language": "application/json", "expression": canonical_json(row["condition"])},
    }


def _said_by(document: Mapping[str, Any], key: str | None) -> list[Json]:
    return [_citation(row) for row in document["sources"] if row["key"] == key]


def _citation(row: Mapping[str, Any]) -> Json:
    return {"type": "citation", "label": row["publisher"], "display": row["title"], "url": row["url"]}


def _reviewed_on(document: Mapping[str, Any]) -> str | None:
    primary = document["primary_source"]
    return next((row["reviewed_on"] for row in document["sources"] if row["key"] == primary), None)


def _day(edition: Edition) -> str | None:
    return edition.published_at.date().isoformat() if edition.published_at else None


def _short(text: str, most: int) -> str:
    """Return a text that is no longer than that, and still nobody else's."""
    if len(text) <= most:
        return text
    return f"{text[: most - 9].rstrip('-.')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _rating(rating: str | None, place: Place) -> list[Json]:
    if rating is None:
        return [concept(text="Not rated")]
    label = RATING_LABELS.get(rating, rating)
    return [concept(coding(place.site.rating_system, rating, label), text=label)]


def _name(slug: str) -> str:
    """Return a name that programs can use: a capital letter first, no other marks."""
    name = "".join(part[:1].upper() + part[1:] for part in slug.replace("_", "-").split("-"))
    return name if name[:1].isalpha() else f"Item{name}"
