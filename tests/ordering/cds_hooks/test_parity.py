"""The card agrees with the engine: every vignette, as far as a FHIR record can say it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from guidelines.engine import Case, evaluate
from ordering.cds_hooks.records import read_record
from ordering.cds_hooks.translate import read_answers
from ordering.models import Consultation
from tests.engine.documents import CASES, TODAY, ruleset
from tests.ordering.cds_hooks.answers import born, checked
from tests.ordering.cds_hooks.fhir import (
    CT,
    PATIENT,
    SEVERE,
    allergy,
    call,
    chemotherapy,
    draft,
    egfr,
    leukaemia,
    nodes,
    patient,
    post,
    prefetch,
)

DIAGNOSES = {"all": "C91.00", "aml": "C92.00", "cml": "C92.10", "cll": "C91.10"}
THERAPIES = {"completed": "completed", "in_progress": "in-progress", "not_started": "preparation"}
VIGNETTES = sorted(CASES.glob("*.json"))


def record_of(answers, birth_date):
    """The FHIR record that says as much of the answers as FHIR can, and the answers that it says."""
    said = {"age_years": answers["age_years"]}
    resources = []
    if answers.get("diagnosis") in DIAGNOSES:
        said["diagnosis"] = answers["diagnosis"]
        resources.append(leukaemia(DIAGNOSES[answers["diagnosis"]]))
    if answers.get("therapy_status") in THERAPIES:
        said["therapy_status"] = answers["therapy_status"]
        ended = answers["therapy_status"] == "completed"
        period = {"start": "2026-02-10"} | ({"end": "2026-03-12"} if ended else {})
        resources.append(chemotherapy(THERAPIES[answers["therapy_status"]], performedPeriod=period))
        if ended:
            said["therapy_ended_on"] = "2026-03-12"
            if "lymph_nodes" in answers.get("emd_sites", []):
                said |= {"emd_at_diagnosis": "yes", "emd_sites": ["lymph_nodes"]}
                resources.append(nodes())
    if "egfr" in answers:
        said |= {"egfr": answers["egfr"], "egfr_on": "2026-05-28"}
        resources.append(egfr(answers["egfr"]))
    if answers.get("severe_contrast_allergy") == "yes":
        said["severe_contrast_allergy"] = "yes"
        resources.append(allergy(**SEVERE))
    return prefetch(*resources, about=patient(birth_date)), said


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_a_record_says_exactly_the_answers_of_its_vignette_that_it_can(path):
    answers = json.loads(path.read_text(encoding="utf-8"))["answers"]
    if "age_years" not in answers:
        answers["age_years"] = 42
    birth_date = date(TODAY.year - answers["age_years"], 1, 1).isoformat()
    given, said = record_of(answers, birth_date)

    reading = read_answers(ruleset("leukaemia"), read_record(given, PATIENT), on=TODAY, today=TODAY)

    assert reading.answers == said


# what these vignettes say beside it changes neither whether the scenario fits nor what comes first
EXPRESSIBLE = ["after-induction-ct-baseline", "severe-contrast-allergy", "child", "newly-diagnosed"]
EXPRESSIBLE += ["adult-today", "nothing-documented"]


PARTS = ("fit", "criteria", "needs", "redirects", "studies", "advisories", "what_would_change")


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_the_door_gives_the_advice_of_the_engine_for_what_the_record_says(unsigned, path):
    vignette = json.loads(path.read_text(encoding="utf-8"))
    age = vignette["answers"].setdefault("age_years", 42)
    given, said = record_of(vignette["answers"], born(age))

    body = checked(post(unsigned, call(draft(CT), given=given)))

    if said.get("diagnosis") != "all":
        assert body["cards"] == []  # nothing in the record brings the guideline up
        return
    consultation = Consultation.objects.get()
    rules = ruleset("leukaemia")
    engine = evaluate(rules, Case.from_dict(rules, said, today=date.today())).to_dict()  # noqa: DTZ011
    assert {part: consultation.suggestion[part] for part in PARTS} == {part: engine[part] for part in PARTS}
    if path.stem not in EXPRESSIBLE:
        return
    expected = vignette["expect"]
    assert consultation.fit == expected["fit"]
    assert [row["code"] for row in consultation.suggestion["redirects"]] == expected["redirects"]
    seen = [(row["code"], row["role"], row["rating"]) for row in consultation.suggestion["studies"]]
    assert seen == [(row["code"], row["role"], row["rating"]) for row in expected["studies"]]
