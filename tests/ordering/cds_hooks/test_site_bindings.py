"""A site's own rows read what the shipped guideline has no codes for: staging, pregnancy, earlier imaging.

The codes here are nobody's: which ones a site uses, its editors enter. That each element can be read at all,
with its day, is what this shows.
"""

from __future__ import annotations

from typing import Any

import pytest

from guidelines.engine import RuleSet, digest_of
from ordering.cds_hooks.records import read_record
from ordering.cds_hooks.translate import read_answers
from tests.engine.documents import TODAY, document
from tests.ordering.cds_hooks.fhir import FITTING, PATIENT, concept, condition, prefetch

SITE = "https://hospital.example.org/codes"
BEFORE, AFTER = "2026-02-05", "2026-06-02"  # of the therapy's end on 12 March


def row(resource: str, element: str, code: str, match: str, value: str) -> dict[str, Any]:
    return {"resource": resource, "element": element, "system": SITE, "code": code, "match": match} | {
        "value": value,
        "note": "",
        "standing": "site_policy",
        "source": "site-policy",
    }


STARTED = "started=before therapy_ended_on"
MOMENT = "performedDateTime|started|effectiveDateTime"
ROWS = [
    row("Procedure", "baseline_modality", "PETCT", "status", f"{MOMENT}=before therapy_ended_on:fdg_pet_ct"),
    row("ImagingStudy", "baseline_modality", "CT", "status", f"{STARTED}:ct_with_iv_contrast"),
    row("Procedure", "baseline_on", "PETCT", "latest", "performedDateTime with baseline_modality"),
    row("Procedure", "post_therapy_pet_ct_done", "PETCT", "status", f"{MOMENT}=after therapy_ended_on:yes"),
    row("DiagnosticReport", "post_therapy_ct_result", "CT-REPORT", "status", "conclusionCode=clear:negative"),
    row("Observation", "pregnancy", "PREGNANCY", "status", "valueCodeableConcept=pregnant:yes"),
    row("Observation", "pregnancy", "PREGNANCY", "status", "valueCodeableConcept=not-pregnant:no"),
    row("Condition", "fever_or_neutropenia", "NEUTROPENIA", "exact", "yes"),
    row("Condition", "renal_failure", "RENAL", "exact", "yes"),
]  # fmt: skip


def about(resource: str, code: str, field: str = "code", **more: Any) -> dict[str, Any]:
    coded = [concept(SITE, code)] if field == "procedureCode" else concept(SITE, code)
    return {"resourceType": resource, "subject": {"reference": f"Patient/{PATIENT}"}, field: coded} | more


def observed(code: str, value: str) -> dict[str, Any]:
    return about("Observation", code, status="final", valueCodeableConcept=concept(SITE, value))


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    scenario = document("leukaemia")
    scenario["bindings"] += ROWS
    return RuleSet.from_document(scenario, version=1, digest=digest_of(scenario))


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (
            about("Procedure", "PETCT", status="completed", performedDateTime=BEFORE),
            {"baseline_modality": "fdg_pet_ct", "baseline_on": BEFORE},
        ),
        (
            about("Procedure", "PETCT", status="completed", performedDateTime=f"{AFTER}T10:00:00+02:00"),
            {"post_therapy_pet_ct_done": "yes"},
        ),
        (about("Procedure", "PETCT", status="not-done", performedDateTime=BEFORE), {}),
        (
            about("ImagingStudy", "CT", field="procedureCode", status="available", started=BEFORE),
            {"baseline_modality": "ct_with_iv_contrast"},
        ),
        (
            about("DiagnosticReport", "CT-REPORT", status="final", conclusionCode=[concept(SITE, "clear")]),
            {"post_therapy_ct_result": "negative"},
        ),
        (about("DiagnosticReport", "CT-REPORT", status="entered-in-error"), {}),
        (observed("PREGNANCY", "pregnant"), {"pregnancy": "yes"}),
        (observed("PREGNANCY", "Not-Pregnant"), {"pregnancy": "no"}),
        (observed("PREGNANCY", "unsure"), {}),
        (condition(SITE, "NEUTROPENIA"), {"fever_or_neutropenia": "yes"}),
        (condition(SITE, "NEUTROPENIA", clinicalStatus=concept("x", "resolved")), {}),
        (condition(SITE, "RENAL"), {"renal_failure": "yes"}),
    ],
)
def test_a_sites_own_row_reads_the_record(ruleset: RuleSet, resource: dict[str, Any], said: dict[str, str]):
    plain = read_answers(ruleset, read_record(prefetch(*FITTING), PATIENT), on=TODAY, today=TODAY).answers

    given = prefetch(*FITTING) | {"more": resource}
    answers = read_answers(ruleset, read_record(given, PATIENT), on=TODAY, today=TODAY).answers

    assert {key: value for key, value in answers.items() if plain.get(key) != value} == said
