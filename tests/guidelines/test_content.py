"""The shipped guideline says what its sources say, all of it, and nothing more."""

import re

import pytest

from guidelines.engine import RuleSet, digest_of
from tests.guidelines.shipped_pack import (
    CHEST,
    CT,
    MRI,
    PET_CT,
    PLAIN_CT,
    SKELETON,
    fresh_pack,
    prose_of,
    rows_by,
    scenario,
    texts_of,
    validator,
)

UA, UNA = "usually_appropriate", "usually_not_appropriate"

RATED = [
    # study, role, rating, its standing, level, its standing, source of the level
    (CT, "suggested", UA, "article", 4, "article", "article"),
    (PET_CT, "alternative", UA, "article", 4, "secondary", "acr-other-topic"),
    (MRI, "not_recommended", UNA, "article", 0, "secondary", "acr-other-topic"),
    (CHEST, "not_recommended", UNA, "article", 1, "secondary", "acr-other-topic"),
    (SKELETON, "not_recommended", UNA, "article", None, "article", "article"),
    (PLAIN_CT, "not_rated", None, "article", None, "article", "article"),
]

BANDS = [
    # level, adult and paediatric band in mSv
    (0, (0, 0), (0, 0)),
    (1, (0, 0.1), (0, 0.03)),
    (2, (0.1, 1), None),
    (3, (1, 10), (0.3, 3)),
    (4, (10, 30), (3, 10)),
    (5, (30, 100), None),
]

YES_NO = ["yes", "no"]
ELEMENTS = [
    ("age_years", "integer", []),
    ("diagnosis", "choice", ["all", "aml", "cml", "cll", "other"]),
    ("therapy_status", "choice", ["not_started", "in_progress", "completed"]),
    ("therapy_course", "choice", ["induction", "re_induction", "other"]),
    ("therapy_ended_on", "date", []),
    ("emd_at_diagnosis", "choice", YES_NO),
    ("emd_sites", "choices", ["lymph_nodes", "spleen", "liver", "skin", "bone", "other_solid_organ", "cns"]),
    ("baseline_modality", "choice", ["ct_with_iv_contrast", "fdg_pet_ct", "mri", "other", "none"]),
    ("baseline_on", "date", []),
    ("severe_contrast_allergy", "choice", YES_NO),
    ("renal_failure", "choice", YES_NO),
    ("egfr", "decimal", []),
    ("egfr_on", "date", []),
    ("pregnancy", "choice", YES_NO),
    ("fever_or_neutropenia", "choice", YES_NO),
    ("marrow_remission", "choice", YES_NO),
    ("residual_mass", "choice", YES_NO),
    (
        "post_therapy_ct_result",
        "choice",
        ["not_done", "negative", "residual_or_progressive", "new_sites", "indeterminate"],
    ),
    ("post_therapy_pet_ct_done", "choice", YES_NO),
]

CODES = [
    # list, name of the key, its codes in order
    (
        "criteria",
        "key",
        ["adult", "diagnosis-all", "therapy-completed", "emd-at-diagnosis", "emd-outside-cns"],
    ),
    ("redirects", "code", ["initial-staging", "cns-disease", "other-leukaemia", "no-emd-at-diagnosis"]),
    (
        "order_rules",
        "reason",
        [
            "contrast-contraindicated",
            "indeterminate-ct",
            "same-modality-as-baseline",
            "same-modality-as-baseline",
        ],
    ),
    (
        "advisories",
        "code",
        [
            "baseline-missing",
            "cns-evaluated-separately",
            "egfr-below-30",
            "equivocal-after-pet-ct",
            "fibrosis-or-active-disease",
            "infectious-mimic",
            "marrow-remission-does-not-exclude-emd",
            "post-therapy-ct-already-reported",
            "pregnancy",
        ],
    ),
    ("findings", "key", ["negative", "residual_or_progressive", "new_sites", "indeterminate"]),
    ("complications", "key", ["infection", "avascular_necrosis", "other"]),
    (
        "questions",
        "key",
        ["complete-remission", "residual-or-progressive-disease", "treatment-complications", "new-sites"],
    ),
    (
        "pitfalls",
        "key",
        [
            "fibrosis-or-active-disease",
            "no-comparison-with-baseline",
            "infectious-mimics",
            "microscopic-disease",
        ],
    ),
    (
        "faqs",
        "key",
        [
            "why-ct-rather-than-mri",
            "pet-ct-baseline",
            "marrow-in-remission",
            "negative-scan-and-cure",
            "contrast-contraindicated",
        ],
    ),
]

NEXT_STEPS = {
    "allogeneic-transplant-evaluation",
    "car-t-evaluation",
    "clinical-and-haematologic-monitoring",
    "consider-biopsy",
    "continue-planned-therapy",
    "exclude-infection",
    "immediate-re-evaluation",
    "manage-complication",
    "multidisciplinary-discussion",
    "no-further-imaging-unless-new-signs",
    "order-fdg-pet-ct",
    "salvage-chemotherapy",
    "short-interval-imaging",
    "tumour-board",
}

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
CODES_KNOWN = {
    (ICD, "C91.00"), (ICD, "C91.01"), (ICD, "C91.02"), (ICD, "C92.0"), (ICD, "C92.1"), (ICD, "C91.1"),
    (SNOMED, "91857003"), (SNOMED, "91861009"), (SNOMED, "52324001"), (SNOMED, "127154008"),
    (SNOMED, "367336001"), (SNOMED, "426722004"),
    (LOINC, "98979-8"), (LOINC, "62238-1"), (LOINC, "72254-6"),
}  # fmt: skip


def test_the_pack_is_valid_and_its_checksum_agrees():
    pack = fresh_pack()

    assert [fault.message for fault in validator().iter_errors(pack)] == []
    assert pack["checksum"] == digest_of(pack["scenario"])
    RuleSet.from_document(pack["scenario"], version=1, digest=pack["checksum"])


@pytest.mark.parametrize(
    ("study", "role", "rating", "rating_standing", "level", "level_standing", "level_source"), RATED
)
def test_each_study_is_rated_as_its_source_says(
    study, role, rating, rating_standing, level, level_standing, level_source
):
    row = rows_by("rated_studies", "study")[study]

    assert (row["default_role"], row["rating"], row["rating_standing"]) == (role, rating, rating_standing)
    assert row["rating_source"] == "article"
    assert (row["radiation_level"], row["radiation_standing"]) == (level, level_standing)
    assert row["radiation_source"] == level_source
    assert row["rationale"]


def test_studies_stand_in_the_order_of_the_table():
    order = [row[0] for row in RATED]

    assert list(rows_by("studies", "code")) == order
    assert list(rows_by("rated_studies", "study")) == order


@pytest.mark.parametrize(("level", "adult", "paediatric"), BANDS)
def test_each_radiation_level_has_its_bands(level, adult, paediatric):
    row = rows_by("radiation_levels", "level")[level]

    assert row["adult_msv"] == dict(zip(("min", "max"), adult, strict=True))
    if paediatric is None:
        assert row["paediatric_msv"] is None
        assert row["paediatric_source"] is None
    else:
        assert row["paediatric_msv"] == dict(zip(("min", "max"), paediatric, strict=True))
        assert row["paediatric_source"] == "acr-radiation-levels-paediatric"


def test_the_answers_are_exactly_those_of_the_api_in_their_order():
    assert [
        (row["key"], row["kind"], [choice["value"] for choice in row["choices"]])
        for row in scenario()["data_elements"]
    ] == ELEMENTS


def test_limits_units_and_days_of_the_answers():
    elements = rows_by("data_elements")

    assert (elements["age_years"]["minimum"], elements["age_years"]["maximum"]) == (0, 130)
    assert elements["age_years"]["derived_from"] == "patient.birth_date"
    assert (elements["egfr"]["minimum"], elements["egfr"]["maximum"]) == (0, 200)
    assert elements["egfr"]["unit"] == "mL/min/1.73 m2"
    assert not elements["therapy_ended_on"]["allow_future"]
    assert {key for key, row in elements.items() if row["derived_from"]} == {"age_years"}


@pytest.mark.parametrize(("name", "key", "codes"), CODES, ids=[row[0] for row in CODES])
def test_every_code_is_there_in_its_order(name, key, codes):
    assert [row[key] for row in scenario()[name]] == codes


def test_every_next_step_is_there_and_reached_by_a_rule():
    assert set(rows_by("next_steps", "code")) == NEXT_STEPS
    assert {code for rule in scenario()["next_step_rules"] for code in rule["adds"]} == NEXT_STEPS


@pytest.mark.parametrize(
    ("name", "key", "code", "standing"),
    [
        ("criteria", "key", "adult", "site_policy"),
        ("advisories", "code", "pregnancy", "site_policy"),
        ("advisories", "code", "post-therapy-ct-already-reported", "inferred"),
        ("advisories", "code", "egfr-below-30", "secondary"),
        ("next_steps", "code", "exclude-infection", "inferred"),
        ("next_steps", "code", "manage-complication", "inferred"),
    ],
)
def test_what_the_article_does_not_say_is_marked(name, key, code, standing):
    assert rows_by(name, key)[code]["standing"] == standing


def test_a_negative_report_always_comes_with_the_reminder():
    reminders = {key: row["reminder"] for key, row in rows_by("findings").items() if row["reminder"]}

    assert list(reminders) == ["negative"]
    assert "not a cure" in reminders["negative"]


def test_an_indeterminate_ct_prefills_the_follow_up_order():
    step = rows_by("next_steps", "code")["order-fdg-pet-ct"]

    assert step["study"] == PET_CT
    assert step["prefill"] == [
        {"element": "post_therapy_ct_result", "value": "indeterminate", "studies": [CT, PLAIN_CT]}
    ]


def test_the_source_is_named_with_reviewer_and_day():
    article = rows_by("sources")[scenario()["primary_source"]]

    assert article["reviewer"].startswith("Pouyan Golshani, MD")
    assert article["reviewed_on"] == "2026-05-30"
    assert (article["publisher"], article["url"]) == ("Not recorded", None)


def test_the_record_is_read_by_known_codes_only():
    bindings = scenario()["bindings"]

    read = {(row["system"], row["code"]) for row in bindings}
    assert read - {("", "birthDate")} - {("site:imaging-study", row[0]) for row in RATED} == CODES_KNOWN
    assert {row["element"] for row in bindings if row["code"] == "C91.01"} == {"diagnosis", None}
    assert {row["code"] for row in bindings if row["match"] == "trigger"} == {
        "C91.00", "C91.01", "C91.02", "91857003",
    }  # fmt: skip
    assert all(row["standing"] == "secondary" for row in bindings if row["system"] == SNOMED)


def test_only_ct_with_contrast_carries_a_code_of_another_system():
    codes = {row["code"]: row["codes"] for row in scenario()["studies"] if row["codes"]}

    assert list(codes) == [CT]
    assert [(code["system"], code["code"]) for code in codes[CT]] == [(LOINC, "72254-6")]


def test_what_belongs_to_the_site_is_empty():
    assert {(row["site_note"], row["protocol_url"]) for row in scenario()["studies"]} == {("", "")}


# A number may stand in the prose only where a source gives it; 2 cm and 10 cm are the article's example.
NUMBERS_WITH_A_SOURCE = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "18", "30", "42", "1.73",
    "72254", "98979", "62238",
}  # fmt: skip
INVENTED = [
    r"\bSUV\b",
    r"\d\s*(?:%|percent|per cent)",
    r"\b\d+ (?:to \d+ )?weeks?\b",
    r"\b(?:two|three|four|six|eight|twelve)(?: to \w+)? weeks\b",
    r"\b(?:median|score)s? (?:of|is) \d",
    r"\bstrength of evidence (?:is|of) (?:strong|moderate|limited)",
    r"\b(?:prednisone|prednisolone|methylprednisolone|diphenhydramine)\b",
    r"\b\d+(?:\.\d+)? ?(?:mg|mCi|MBq|mmHg)\b",
    r"\bCPT\b",
    r"\b(?:approved|endorsed|certified|accredited) by\b",
    r"\border (?:this|it)\b",
]


@pytest.mark.parametrize("pattern", INVENTED)
def test_nothing_is_invented(pattern):
    found = [(place, text) for place, text in texts_of(scenario()) if re.search(pattern, text, re.IGNORECASE)]

    assert found == []


def test_every_number_in_the_prose_has_a_source():
    prose = (
        (place, re.sub(r"C9[12](?:\.\d+)?|ICD-10-CM|30 May 2026", "", text))
        for place, text in prose_of(scenario())
        if not place.startswith("/vignettes/")  # invented patients have invented values
    )
    unknown = [
        (place, number)
        for place, text in prose
        for number in re.findall(r"\d+(?:\.\d+)?", text)
        if number not in NUMBERS_WITH_A_SOURCE
    ]

    assert unknown == []


def test_endorsement_is_spoken_of_only_to_deny_it():
    mentions = [text for _, text in prose_of(scenario()) if "endorse" in text.lower()]

    assert len(mentions) == 1
    assert "no endorsement" in mentions[0]
