"""Read by the engine, the shipped guideline decides as its sources say."""

from datetime import date

import pytest

from guidelines.engine import Case, RuleSet, evaluate, next_steps
from tests.guidelines.shipped_pack import CT, MRI, PET_CT, PLAIN_CT, scenario

TODAY = date(2026, 6, 30)
FITS = {
    "age_years": 42,
    "diagnosis": "all",
    "therapy_status": "completed",
    "emd_at_diagnosis": "yes",
    "emd_sites": ["lymph_nodes"],
}


@pytest.fixture(scope="module", name="ruleset")
def published_ruleset():
    return RuleSet.from_document(scenario(), version=1, digest="")


def advice_on(ruleset, **answers):
    return evaluate(ruleset, Case.from_dict(ruleset, answers, today=TODAY)).to_dict()


REPLANNED = ["multidisciplinary-discussion", "salvage-chemotherapy", "car-t-evaluation"]
REPLANNED += ["allogeneic-transplant-evaluation", "consider-biopsy"]
CARRY_ON = ["continue-planned-therapy", "clinical-and-haematologic-monitoring"]
NO_MORE = ["no-further-imaging-unless-new-signs"]
NEW = ["immediate-re-evaluation", "multidisciplinary-discussion", "consider-biopsy", "exclude-infection"]
TRY_PET_CT = ["order-fdg-pet-ct", "exclude-infection"]
AFTER_PET_CT = ["short-interval-imaging", "consider-biopsy", "tumour-board"]
DONE = {"post_therapy_pet_ct_done": "yes"}
NOT_DONE = {"post_therapy_pet_ct_done": "no"}

AFTER_THE_REPORT = [
    # answers, finding, discordant, complications, studies done, next steps
    ({}, "negative", False, [], [CT], [*CARRY_ON, *NO_MORE]),
    ({}, "negative", True, [], [CT], [*CARRY_ON, *NO_MORE, "tumour-board"]),
    ({}, "negative", False, ["infection"], [CT], [*CARRY_ON, "exclude-infection"]),
    ({}, "negative", False, ["other"], [CT], [*CARRY_ON, *NO_MORE, "manage-complication"]),
    ({}, "negative", False, ["avascular_necrosis"], [CT], [*CARRY_ON, *NO_MORE, "manage-complication"]),
    (
        {},
        "negative",
        True,
        ["infection", "other"],
        [CT],
        [*CARRY_ON, "tumour-board", "exclude-infection", "manage-complication"],
    ),
    ({}, "residual_or_progressive", False, [], [CT], REPLANNED),
    ({}, "residual_or_progressive", True, [], [PET_CT], [*REPLANNED, "tumour-board"]),
    ({}, "residual_or_progressive", False, ["infection"], [CT], [*REPLANNED, "exclude-infection"]),
    ({}, "new_sites", False, [], [CT], NEW),
    ({}, "new_sites", False, ["infection"], [CT], NEW),
    ({}, "new_sites", True, ["other"], [CT], [*NEW, "tumour-board", "manage-complication"]),
    ({}, "indeterminate", False, [], [CT], TRY_PET_CT),
    ({}, "indeterminate", False, [], [], TRY_PET_CT),
    ({}, "indeterminate", False, [], [MRI], TRY_PET_CT),
    (NOT_DONE, "indeterminate", False, [], [CT], TRY_PET_CT),
    (NOT_DONE, "indeterminate", True, ["infection"], [CT], [*TRY_PET_CT, "tumour-board"]),
    (DONE, "indeterminate", False, [], [CT], AFTER_PET_CT),
    ({}, "indeterminate", False, [], [PET_CT], AFTER_PET_CT),
    (NOT_DONE, "indeterminate", False, [], [CT, PET_CT], AFTER_PET_CT),
    (DONE, "indeterminate", True, [], [CT], AFTER_PET_CT),
    (DONE, "indeterminate", False, ["infection"], [CT], [*AFTER_PET_CT, "exclude-infection"]),
]


@pytest.mark.parametrize(
    ("answers", "finding", "discordant", "complications", "studies_done", "expected"), AFTER_THE_REPORT
)
def test_the_next_steps_follow_from_the_report(
    ruleset, answers, finding, discordant, complications, studies_done, expected
):
    case = Case.from_dict(ruleset, FITS | answers, today=TODAY)

    steps = next_steps(
        ruleset,
        answers=case,
        finding=finding,
        discordant=discordant,
        complications=complications,
        studies_done=studies_done,
    )

    assert [step.code for step in steps] == expected


ADVISORIES = [
    ({"baseline_modality": "none"}, ["baseline-missing"]),
    ({"emd_sites": ["cns", "liver"]}, ["cns-evaluated-separately"]),
    ({"egfr": 29.9}, ["egfr-below-30"]),
    ({"egfr": 30}, []),
    (
        {"post_therapy_ct_result": "indeterminate", "post_therapy_pet_ct_done": "yes"},
        ["equivocal-after-pet-ct"],
    ),
    ({"post_therapy_ct_result": "indeterminate", "post_therapy_pet_ct_done": "no"}, []),
    ({"residual_mass": "yes"}, ["fibrosis-or-active-disease"]),
    ({"fever_or_neutropenia": "yes"}, ["infectious-mimic"]),
    ({"marrow_remission": "yes"}, ["marrow-remission-does-not-exclude-emd"]),
    ({"post_therapy_ct_result": "negative"}, ["post-therapy-ct-already-reported"]),
    ({"post_therapy_ct_result": "residual_or_progressive"}, ["post-therapy-ct-already-reported"]),
    ({"post_therapy_ct_result": "new_sites"}, ["post-therapy-ct-already-reported"]),
    ({"post_therapy_ct_result": "not_done"}, []),
    ({"pregnancy": "yes"}, ["pregnancy"]),
    ({}, []),
    ({"residual_mass": "yes", "diagnosis": "aml"}, []),
]


@pytest.mark.parametrize(("answers", "codes"), ADVISORIES)
def test_each_advisory_is_given_for_its_own_reason(ruleset, answers, codes):
    assert [row["code"] for row in advice_on(ruleset, **FITS | answers)["advisories"]] == codes


CONTRADICTIONS = [
    ({"emd_at_diagnosis": "no", "emd_sites": ["liver"]}, ["no-emd-yet-sites"]),
    ({"emd_at_diagnosis": "no", "emd_sites": []}, []),
    ({"therapy_status": "not_started", "therapy_ended_on": "2026-06-05"}, ["not-started-yet-ended"]),
    ({"therapy_status": "not_started", "residual_mass": "yes"}, ["not-started-yet-residual-mass"]),
    ({"therapy_status": "not_started", "post_therapy_ct_result": "negative"}, ["not-started-yet-ct-result"]),
    ({"therapy_status": "not_started", "post_therapy_ct_result": "not_done"}, []),
    ({"therapy_status": "not_started", "post_therapy_pet_ct_done": "yes"}, ["not-started-yet-pet-ct-done"]),
    ({"therapy_status": "not_started", "post_therapy_pet_ct_done": "no"}, []),
    ({"baseline_modality": "none", "baseline_on": "2026-02-03"}, ["no-baseline-yet-date"]),
    ({"baseline_on": "2026-02-03"}, []),
    ({"therapy_status": "completed", "therapy_ended_on": "2026-06-05"}, []),
    ({"renal_failure": "no", "egfr": 25}, []),  # renal failure is a judgement, not a threshold
    ({}, []),
]


@pytest.mark.parametrize(("answers", "codes"), CONTRADICTIONS)
def test_only_answers_that_exclude_each_other_are_called_contradictory(ruleset, answers, codes):
    assert [row["code"] for row in advice_on(ruleset, **answers)["contradictions"]] == codes


@pytest.mark.parametrize(
    ("answers", "redirects"),
    [
        ({"diagnosis": "aml"}, ["other-leukaemia"]),
        ({"diagnosis": "cml"}, ["other-leukaemia"]),
        ({"diagnosis": "cll"}, ["other-leukaemia"]),
        ({"diagnosis": "other"}, []),
        ({"age_years": 17}, []),
        ({"therapy_status": "not_started"}, ["initial-staging"]),
        ({"therapy_status": "in_progress"}, []),
        ({"emd_at_diagnosis": "no"}, ["no-emd-at-diagnosis"]),
        ({"emd_sites": ["cns"]}, ["cns-disease"]),
        (
            {
                "diagnosis": "aml",
                "therapy_status": "not_started",
                "emd_at_diagnosis": "no",
                "emd_sites": ["cns"],
            },
            ["other-leukaemia", "initial-staging", "no-emd-at-diagnosis", "cns-disease"],
        ),
    ],
)
def test_readers_whom_it_does_not_fit_are_sent_on(ruleset, answers, redirects):
    advice = advice_on(ruleset, **FITS | answers)

    assert advice["fit"] == "does_not_fit"
    assert advice["studies"] == []
    assert [row["code"] for row in advice["redirects"]] == redirects


FIRST_STUDIES = [
    (
        {"severe_contrast_allergy": "yes"},
        [(PET_CT, "suggested"), (PLAIN_CT, "fallback"), (CT, "contraindicated")],
    ),
    ({"renal_failure": "yes"}, [(PET_CT, "suggested"), (PLAIN_CT, "fallback"), (CT, "contraindicated")]),
    (
        {"renal_failure": "yes", "baseline_modality": "ct_with_iv_contrast"},
        [(PET_CT, "suggested"), (PLAIN_CT, "fallback"), (CT, "contraindicated")],
    ),
    (
        {"baseline_modality": "fdg_pet_ct"},
        [(PET_CT, "suggested"), (CT, "alternative"), (PLAIN_CT, "not_rated")],
    ),
    (
        {
            "baseline_modality": "ct_with_iv_contrast",
            "post_therapy_ct_result": "indeterminate",
            "post_therapy_pet_ct_done": "no",
        },
        [(PET_CT, "suggested"), (CT, "alternative"), (PLAIN_CT, "not_rated")],
    ),
    ({"baseline_modality": "mri"}, [(CT, "suggested"), (PET_CT, "alternative"), (PLAIN_CT, "not_rated")]),
    ({"egfr": 12}, [(CT, "suggested"), (PET_CT, "alternative"), (PLAIN_CT, "not_rated")]),
    ({}, [(CT, "suggested"), (PET_CT, "alternative"), (PLAIN_CT, "not_rated")]),
]


@pytest.mark.parametrize(("answers", "expected"), FIRST_STUDIES)
def test_answers_order_the_studies(ruleset, answers, expected):
    studies = advice_on(ruleset, **FITS | answers)["studies"]

    assert [(row["code"], row["role"]) for row in studies[:3]] == expected
    assert [row["role"] for row in studies[3:]] == ["not_recommended"] * 3


def test_the_contraindicated_ct_keeps_its_rating_and_says_why(ruleset):
    studies = advice_on(ruleset, **FITS, severe_contrast_allergy="yes")["studies"]

    ct = next(row for row in studies if row["code"] == CT)
    assert ct["rating"] == "usually_appropriate"
    assert [row["code"] for row in ct["cautions"]] == ["contrast-contraindicated"]
    assert [row["code"] for row in studies[0]["reasons"]] == ["contrast-contraindicated"]
