"""FHIR in, answers out: one row for each thing that a record can say, or must not be taken for."""

from __future__ import annotations

from datetime import date

import pytest

from ordering.cds_hooks.records import codings, read_record
from ordering.cds_hooks.translate import read_answers, study_of, triggers_in
from tests.engine.documents import document, ruleset
from tests.ordering.cds_hooks.fhir import (
    CT,
    FITTING,
    ICD,
    LOINC,
    PATIENT,
    PET,
    SEVERE,
    SNOMED,
    STUDY,
    THERAPY_END,
    allergy,
    chemotherapy,
    concept,
    condition,
    draft,
    egfr,
    leukaemia,
    nodes,
    patient,
    prefetch,
)

TODAY = date(2026, 6, 15)
AML, CML, CLL = "C92.00", "C92.10", "C91.10"
RESOLVED = {"clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved")}
REMISSION = {
    "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "remission")
}
REFUTED = {
    "verificationStatus": concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")
}
SUSPECTED = {"verificationStatus": concept("x", "provisional")}


def read(*resources, about=None, on=TODAY, name="leukaemia"):
    record = read_record(prefetch(*resources, about=about or patient("1984-02-11")), PATIENT)
    return read_answers(ruleset(name), record, on=on, today=TODAY)


DIAGNOSES = [
    ([leukaemia("C91.00")], "all"),
    ([leukaemia("C91.01")], "all"),
    ([leukaemia("C91.02")], "all"),
    ([leukaemia("c91.02")], "all"),
    ([condition(SNOMED, "91857003")], "all"),
    ([condition("HTTP://SNOMED.info/sct/", "91857003")], "all"),
    ([condition("urn:oid:2.16.840.1.113883.6.90", "C91.00")], "all"),
    ([leukaemia("C91.00", **REMISSION)], "all"),
    ([leukaemia(AML)], "aml"),
    ([leukaemia("C92.01")], "aml"),
    ([condition(SNOMED, "91861009")], "aml"),
    ([leukaemia(CML)], "cml"),
    ([leukaemia(CLL)], "cll"),
    ([leukaemia(AML), leukaemia("C91.00")], "all"),
    ([leukaemia(AML), leukaemia("C91.00", **RESOLVED)], "aml"),
    ([leukaemia(AML), leukaemia("C91.00", **REFUTED)], "aml"),
    ([leukaemia("C91.00", **REFUTED)], None),
    ([leukaemia("C91.00", **SUSPECTED)], None),
    ([leukaemia("C91.00", **RESOLVED)], None),
    ([leukaemia("C91.0")], None),
    ([leukaemia("C91.30")], None),
    ([condition("", "C91.00")], None),
    ([condition("http://loinc.org", "C91.00")], None),
    ([], None),
]


@pytest.mark.parametrize(("conditions", "answer"), DIAGNOSES)
def test_diagnosis_comes_from_current_confirmed_conditions(conditions, answer):
    assert read(*conditions).answers.get("diagnosis") == answer


@pytest.mark.parametrize("code", ["C91.00", "C91.01", "C91.02"])
def test_no_code_answers_whether_the_marrow_is_in_remission(code):
    assert "marrow_remission" not in read(leukaemia(code)).answers


def test_two_leukaemias_are_told_to_the_reader():
    remarks = read(leukaemia(AML), leukaemia()).remarks

    assert any("also says" in remark for remark in remarks)


AGES = [
    ("2008-06-15", 18),
    ("2008-06-16", 17),
    ("2008-02-29", 18),
    ("1984-02-11", 42),
    ("1984-02-11T00:00:00Z", 42),
    ("2026-06-16", None),
    ("1984-02", None),
    ("1984", None),
    ("", None),
    ("nonsense", None),
]


@pytest.mark.parametrize(("born", "age"), AGES)
def test_age_is_whole_years_at_the_order(born, age):
    assert read(about=patient("1990-01-01") | {"birthDate": born}).answers.get("age_years") == age


def test_age_is_that_of_the_day_of_the_order():
    assert read(about=patient("2008-06-15"), on=date(2026, 6, 14)).answers["age_years"] == 17


SITES = [
    ([nodes(), chemotherapy()], True),
    ([nodes(code=concept(SNOMED, "127154008")), chemotherapy()], True),
    ([nodes(recordedDate="2026-03-11"), chemotherapy()], True),
    ([nodes(recordedDate=THERAPY_END), chemotherapy()], False),
    ([nodes(recordedDate="2026-04-01"), chemotherapy()], False),
    ([nodes(**RESOLVED), chemotherapy()], True),
    ([nodes(**REFUTED), chemotherapy()], False),
    ([nodes(onsetDateTime=""), chemotherapy()], False),
    ([nodes()], False),
    ([nodes(), chemotherapy(performedPeriod={"start": "2026-02-10"})], False),
    ([chemotherapy()], False),
]


@pytest.mark.parametrize(("resources", "counts"), SITES)
def test_nodes_count_when_they_were_recorded_before_the_end_of_therapy(resources, counts):
    answers = read(leukaemia(), *resources).answers

    assert answers.get("emd_at_diagnosis") == ("yes" if counts else None)
    assert answers.get("emd_sites") == (["lymph_nodes"] if counts else None)


def test_nodes_after_therapy_are_told_to_the_reader():
    remarks = read(nodes(recordedDate="2026-04-01"), chemotherapy()).remarks

    assert len([remark for remark in remarks if "does not settle it" in remark]) == 2


THERAPIES = [
    ([chemotherapy("completed")], "completed", THERAPY_END),
    ([chemotherapy("COMPLETED")], "completed", THERAPY_END),
    ([chemotherapy("in-progress", performedPeriod={"start": "2026-02-10"})], "in_progress", None),
    ([chemotherapy("preparation", performedPeriod={})], "not_started", None),
    ([chemotherapy("entered-in-error")], None, None),
    ([chemotherapy("not-done")], None, None),
    ([chemotherapy("stopped")], None, THERAPY_END),
    ([chemotherapy(performedPeriod={"end": "2026-03-12T10:00:00+02:00"})], "completed", THERAPY_END),
    ([chemotherapy(performedPeriod={"end": "2026-03"})], "completed", None),
    ([chemotherapy(performedPeriod={"end": "2026-06-16"})], "completed", None),
    (
        [
            chemotherapy(performedPeriod={"end": "2026-01-12"}),
            chemotherapy(performedPeriod={"end": THERAPY_END}),
        ],
        "completed",
        THERAPY_END,
    ),
    ([], None, None),
]


@pytest.mark.parametrize(("procedures", "status", "ended"), THERAPIES)
def test_therapy_comes_from_the_status_and_end_of_chemotherapy(procedures, status, ended):
    answers = read(*procedures).answers

    assert (answers.get("therapy_status"), answers.get("therapy_ended_on")) == (status, ended)


KIDNEYS = [
    ([egfr(68)], 68, "2026-05-28"),
    ([egfr(28.5)], 28.5, "2026-05-28"),
    ([egfr(68, unit="mL/min/1.73m2")], 68, "2026-05-28"),
    ([egfr(68, unit="ML/MIN/{1.73_M2}")], 68, "2026-05-28"),
    ([egfr(68, valueQuantity={"value": 68, "unit": "mL/min/1.73m2"})], 68, "2026-05-28"),
    ([egfr(68, code=concept(LOINC, "62238-1"))], 68, "2026-05-28"),
    ([egfr(25, day="2026-06-01"), egfr(68)], 25, "2026-06-01"),
    ([egfr(25, day="2026-06-01", code=concept(LOINC, "62238-1")), egfr(68)], 25, "2026-06-01"),
    ([egfr(25, day="2026-05-28T01:00:00Z"), egfr(30, day="2026-05-28T03:00:00+03:00")], 25, "2026-05-28"),
    ([egfr(68), egfr(25, day="2026-06-01", status="entered-in-error")], 68, "2026-05-28"),
    ([egfr(68, unit="mL/min")], None, None),
    ([egfr(68, unit="mL/s/{1.73_m2}")], None, None),
    ([egfr(68), egfr(68, unit="mL/min", day="2026-06-01")], None, None),
    ([egfr(68, valueQuantity={"value": 68})], None, None),
    ([egfr("68")], None, None),
    ([egfr(True)], None, None),
    ([egfr(None)], None, None),
    ([egfr(500)], None, "2026-05-28"),
    ([egfr(60, valueQuantity={"value": 60, "code": "mL/min/{1.73_m2}", "comparator": ">"})], None, None),
    ([egfr(68, code=concept(LOINC, "33914-3"))], None, None),
    ([], None, None),
]


@pytest.mark.parametrize(("observations", "value", "day"), KIDNEYS)
def test_egfr_is_the_latest_in_a_unit_that_is_known(observations, value, day):
    answers = read(*observations).answers

    assert (answers.get("egfr"), answers.get("egfr_on")) == (value, day)


@pytest.mark.parametrize(
    ("observation", "said"),
    [
        (egfr(68, unit="mL/min"), "in mL/min, not in"),
        (egfr(68, valueQuantity={"value": 68}), "without a unit"),
        (egfr(60, valueQuantity={"value": 60, "comparator": ">"}), "a limit"),
        (egfr(None), "no number"),
    ],
)
def test_an_egfr_that_cannot_be_used_is_said(observation, said):
    assert any(said in remark for remark in read(observation).remarks)


ALLERGIES = [
    (allergy(**SEVERE), "yes"),
    (allergy(criticality="HIGH"), "yes"),
    (allergy(reaction=[{"severity": "mild"}, {"severity": "severe"}]), "yes"),
    (allergy(criticality="low", reaction=[{"severity": "mild"}]), None),
    (allergy(), None),
    (allergy(**SEVERE, clinicalStatus=concept("x", "inactive")), None),
    (allergy(**SEVERE, verificationStatus=concept("x", "refuted")), None),
    (allergy(**SEVERE, verificationStatus=concept("x", "entered-in-error")), None),
    (allergy(**SEVERE, code=concept(SNOMED, "764146007")), None),
    (allergy(**SEVERE, code=concept(SNOMED, "716186003")), None),
]


@pytest.mark.parametrize(("entry", "answer"), ALLERGIES)
def test_only_an_active_severe_contrast_allergy_is_an_answer_and_never_no(entry, answer):
    assert read(entry).answers.get("severe_contrast_allergy") == answer


def test_a_milder_contrast_allergy_is_told_to_the_reader():
    reading = read(allergy(criticality="low"))

    assert "severe_contrast_allergy" not in reading.answers
    assert any("Severe contrast allergy" in remark for remark in reading.remarks)


def test_a_whole_record_gives_everything_that_it_says_and_nothing_more():
    reading = read(*FITTING, egfr(), allergy(**SEVERE))

    assert reading.answers == {
        "age_years": 42,
        "diagnosis": "all",
        "therapy_status": "completed",
        "therapy_ended_on": THERAPY_END,
        "emd_at_diagnosis": "yes",
        "emd_sites": ["lymph_nodes"],
        "severe_contrast_allergy": "yes",
        "egfr": 68,
        "egfr_on": "2026-05-28",
    }
    assert reading.remarks == []


def test_records_of_another_patient_are_left_out():
    other = {"subject": {"reference": "https://ehr/fhir/Patient/somebody-else"}}
    record = read_record(prefetch(leukaemia(**other), leukaemia(AML)), PATIENT)

    assert record.foreign == 1
    answers = read_answers(ruleset("leukaemia"), record, on=TODAY, today=TODAY).answers
    assert answers["diagnosis"] == "aml"


STUDIES = [
    (concept(STUDY, CT), CT),
    (concept(STUDY.upper(), PET.upper()), PET),
    (concept(LOINC, "72254-6"), CT),
    ({"coding": [{}, {"system": LOINC, "code": "72254-6"}]}, CT),
    ({"coding": [*concept(LOINC, "72254-6")["coding"], *concept(STUDY, PET)["coding"]]}, None),
    (concept(STUDY, "mri-of-everything"), None),
    (concept("", CT), None),
    ({"text": "CT"}, None),
    (None, None),
]


@pytest.mark.parametrize(("code", "study"), STUDIES)
def test_a_study_is_known_by_the_codes_of_the_content(code, study):
    assert study_of(document("leukaemia"), codings(draft(code=code)["code"])) == study


def test_conditions_and_reasons_bring_up_a_scenario_unless_they_are_over():
    record = read_record(prefetch(leukaemia("C91.00", **RESOLVED), leukaemia("C91.01")), PATIENT)

    found = triggers_in(record, codings(concept(ICD, "C91.02")))

    assert found == [(ICD, "c91.02"), (ICD, "c91.01")]


def test_another_scenario_is_read_by_its_own_bindings_alone():
    riders = "https://example.org/riders"
    ride = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept("https://example.org/rides", "KM"),
        "effectiveDateTime": "2026-06-01",
        "valueQuantity": {"value": 12.5, "unit": "km"},
    }

    reading = read(condition(riders, "KNEE"), ride, about=patient("1950-01-01"), name="bicycle")

    assert reading.answers == {"rider_age": 76, "daily_km": 12.5, "knee_pain": "yes"}
