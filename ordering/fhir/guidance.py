"""From a recorded consultation to a GuidanceResponse: the advice as it was given. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guidelines.engine import canonical_json
from ordering.cds_hooks.ratings import RATING_LABELS
from ordering.fhir.definitions import plan_url
from ordering.fhir.values import UUID_SYSTEM, Json, Place, coding, concept, instant, meta, reference, resource

# FHIR's guidance-response-status
SUCCESS, DATA_REQUESTED = "success", "data-requested"


@dataclass(frozen=True, slots=True)
class ConsultationRecord:
    """A consultation. `text` is its advice exactly as stored, `suggestion` the same as data."""

    id: str
    patient: str | None
    created_at: datetime
    answers: Mapping[str, Any]
    engine_version: str
    text: str
    suggestion: Json
    labels: Mapping[str, str]  # of the questions, by key


def guidance_response(record: ConsultationRecord, place: Place) -> Json:
    """Return the GuidanceResponse; its parameters are contained, the whole advice among them."""
    scenario = record.suggestion["scenario"]
    needs = record.suggestion["needs"]
    return resource(
        "GuidanceResponse",
        id=record.id,
        meta=meta(1, record.created_at),
        contained=[_parameters(record)],
        requestIdentifier={"system": UUID_SYSTEM, "value": f"urn:uuid:{record.id}"},
        identifier=[{"system": UUID_SYSTEM, "value": f"urn:uuid:{record.id}"}],
        moduleCanonical=f"{plan_url(scenario['slug'], place)}|{scenario['version']}",
        status=DATA_REQUESTED if record.suggestion["fit"] == "needs_answers" else SUCCESS,
        subject=reference("Patient", record.patient) if record.patient else None,
        occurrenceDateTime=instant(record.created_at),
        performer={"display": "Imaging ordering portal"},
        reasonCode=[concept(text=scenario["title"])],
        note=[{"text": line} for line in _lines(record.suggestion)],
        outputParameters={"reference": "#advice"},
        dataRequirement=[
            {
                "type": "Observation",
                "codeFilter": [
                    {
                        "path": "code",
                        "code": [coding(place.system("question"), key, record.labels.get(key, key))],
                    }
                ],
            }
            for key in needs
        ],
    )


def _parameters(record: ConsultationRecord) -> Json:
    suggestion = record.suggestion
    return {
        "resourceType": "Parameters",
        "id": "advice",
        "parameter": [
            {"name": "fit", "valueCode": suggestion["fit"]},
            {"name": "digest", "valueString": suggestion["scenario"]["digest"]},
            {"name": "engine", "valueString": record.engine_version},
            *({"name": "study", "part": _study(study)} for study in suggestion["studies"]),
            {"name": "answers", "valueString": canonical_json(record.answers)},
            {"name": "advice", "valueString": record.text},
        ],
    }


def _study(study: Json) -> list[Json]:
    radiation = study["radiation"]
    parts = [
        {"name": "code", "valueCode": study["code"]},
        {"name": "name", "valueString": study["name"]},
        {"name": "position", "valuePositiveInt": study["position"]},
        {"name": "role", "valueCode": study["role"]},
    ]
    if study["rating"]:
        parts.append({"name": "rating", "valueCode": study["rating"]})
    if radiation:
        parts.append({"name": "radiationLevel", "valueUnsignedInt": radiation["level"]})
    for name in ("reasons", "cautions"):
        parts += [{"name": name.removesuffix("s"), "valueString": remark["text"]} for remark in study[name]]
    return parts


def _lines(suggestion: Json) -> list[str]:
    """Return what a person reads: the studies, where else to go, what to mind."""
    lines = [
        f"{study['position']}. {study['name']}: {study['role'].replace('_', ' ')}, "
        f"{RATING_LABELS.get(study['rating'] or '', 'not rated').lower()}"
        for study in suggestion["studies"]
    ]
    lines += [f"{redirect['title']}: {redirect['text']}" for redirect in suggestion["redirects"]]
    return lines + [advisory["text"] for advisory in suggestion["advisories"]]
