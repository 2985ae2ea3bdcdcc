"""From a scenario document to a PlanDefinition: the criteria, and the studies contained. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ordering.cds_hooks.ratings import RATING_LABELS
from ordering.fhir.values import TERMINOLOGY, Json, Place, coding, concept, meta, resource


def plan_id(slug: str) -> str:
    """Return the id of a scenario's PlanDefinition: FHIR's ids have no underscores, our slugs no dots."""
    return slug.replace("_", ".")


def slug_of(plan: str) -> str:
    """Return the slug of the scenario behind an id."""
    return plan.replace(".", "_")


def plan_url(slug: str, place: Place) -> str:
    """Return the canonical address of a scenario's PlanDefinition, without version."""
    return f"{place.fhir}/PlanDefinition/{plan_id(slug)}"


def plan_definition(
    document: Mapping[str, Any], *, version: int, digest: str, published_at: datetime | None, place: Place
) -> Json:
    """Return the PlanDefinition of a version of a scenario."""
    studies = {study["code"]: study for study in document["studies"]}
    primary = document["primary_source"]
    reviewed = next((row["reviewed_on"] for row in document["sources"] if row["key"] == primary), None)
    return resource(
        "PlanDefinition",
        id=plan_id(document["slug"]),
        meta=meta(version, published_at),
        contained=[
            _activity(studies[row["study"]], place, position)
            for position, row in enumerate(document["rated_studies"], start=1)
        ],
        url=plan_url(document["slug"], place),
        identifier=[{"system": place.system("scenario-digest"), "value": digest}],
        version=str(version),
        name=_name(document["slug"]),
        title=document["title"],
        type=concept(coding(f"{TERMINOLOGY}/plan-definition-type", "eca-rule", "ECA Rule")),
        status="active",
        experimental=False,
        date=published_at.date().isoformat() if published_at else None,
        description=document["summary"],
        purpose=document["introduction"],
        usage=document["workflow_introduction"],
        copyright=document["licence"],
        lastReviewDate=reviewed,
        relatedArtifact=[
            {"type": "citation", "label": row["publisher"], "display": row["title"], "url": row["url"]}
            for row in document["sources"]
        ],
        action=[
            {
                "title": "Check that the scenario applies",
                "groupingBehavior": "logical-group",
                "action": [
                    {"title": row["title"], "description": row["text"]} for row in document["criteria"]
                ],
            },
            {
                "title": "Choose the study",
                "groupingBehavior": "visual-group",
                "selectionBehavior": "at-most-one",
                "action": [
                    {
                        "title": studies[row["study"]]["name"],
                        "description": " ".join(row["rationale"]),
                        "code": _rating(row["rating"], place),
                        "definitionCanonical": f"#study-{position}",
                    }
                    for position, row in enumerate(document["rated_studies"], start=1)
                ],
            },
        ],
    )


def _activity(study: Mapping[str, Any], place: Place, position: int) -> Json:
    """Return the definition of ordering one study."""
    return {
        "resourceType": "ActivityDefinition",
        "id": f"study-{position}",
        "name": _name(study["code"]),
        "title": study["name"],
        "status": "active",
        "kind": "ServiceRequest",
        "intent": "order",
        "code": concept(
            coding(place.site.study_system, study["code"], study["name"]),
            *(
                coding(code["system"], code["code"], code.get("display") or study["name"])
                for code in study["codes"]
            ),
            text=study["name"],
        ),
    }


def _rating(rating: str | None, place: Place) -> list[Json]:
    if rating is None:
        return [concept(text="Not rated")]
    label = RATING_LABELS.get(rating, rating)
    return [concept(coding(place.site.rating_system, rating, label), text=label)]


def _name(slug: str) -> str:
    """Return a name that programs can use: a capital letter first, no other marks."""
    name = "".join(part[:1].upper() + part[1:] for part in slug.replace("_", "-").split("-"))
    return name if name[:1].isalpha() else f"Item{name}"
