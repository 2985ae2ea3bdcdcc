"""The shipped guideline is written in our own words, for clinicians to read without a slip."""

import json
import re

import pytest

from tests.guidelines.own_words import copied_runs
from tests.guidelines.shipped_pack import ROOT, SCHEMA, prose_of, scenario, texts_of

ARTICLE_TITLE = "/sources/0/title"
FIXED_NAMES = ("PET/CT", "mL/min/1.73 m2", "mL/min/{1.73_m2}", "mL/min/1.73m2")

RULES = [
    # rule, what breaks it. The signs are misread in clinical text (ISMP list of error-prone abbreviations).
    ("no sign is misread", r"[<>&+°≥≤±~]"),
    ("no slash but in fixed names", r"/"),
    ("no day in figures alone", r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b"),
    ("no sex in letters", r"\b[MF]/[MF]\b"),
    ("no trailing zero", r"(?<!C9)\d\.\d*0\b"),  # C91.0 is a code
    ("no decimal without its zero", r"(?<![\d.])\.\d"),
    ("no two spaces", r"  "),
    ("no space at the ends", r"^\s|\s$"),
    ("no markup", r"\*\*|__|`|\]\("),
    ("no typewriter dash", r" - |--"),
    ("nothing left to fill in", r"\b(?:TODO|TBD|FIXME|lorem|xxx)\b"),
]

AMERICAN = re.compile(
    r"\b\w*(?:leukemi|tumor\b|tumors\b|hematolog|hemato|pediatric|artifact|center\b|color\b|favor\b|fiber|edema|"
    r"anemia|ionizing|recogniz|organiz|utiliz|characteriz)\w*",
    re.IGNORECASE,
)
# Spelt as elsewhere on purpose: the title as published, and the words that people type.
SPELT_ELSEWHERE = re.compile(r"^/sources/0/title|^/search_terms/")
SHOUTED = {
    "ACR", "ALL", "AML", "CAR", "CLL", "CM", "CML", "CNS", "CT", "EMD", "FDG", "ICD", "IV", "LOINC", "MD",
    "MRI", "NKF", "PET", "SNOMED",
}  # fmt: skip


def test_no_run_of_words_is_taken_from_the_article():
    copied = {
        place: runs
        for place, text in texts_of(scenario())
        if place != ARTICLE_TITLE and (runs := copied_runs(text))
    }

    assert copied == {}


def test_the_check_for_copied_words_finds_the_title_that_is_quoted():
    title = scenario()["sources"][0]["title"]

    assert copied_runs(title)
    assert copied_runs(title.replace("Leukemia", "leukaemia"))


def test_pages_and_documentation_repeat_no_run_of_the_article_either():
    pages = [SCHEMA, *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    pages += sorted((ROOT / "templates").rglob("*.html"))

    copied = {page.name: runs for page in pages if (runs := copied_runs(page.read_text("utf-8")))}

    assert copied == {}


@pytest.mark.parametrize(("rule", "broken_by"), RULES, ids=[rule for rule, _ in RULES])
def test_clinical_text_keeps_the_rules_of_writing(rule, broken_by):
    plain = re.compile("|".join(map(re.escape, FIXED_NAMES)))

    faults = [
        (place, text) for place, text in prose_of(scenario()) if re.search(broken_by, plain.sub("name", text))
    ]

    assert faults == []


def test_text_is_spelt_as_in_britain():
    found = [
        (place, word)
        for place, text in prose_of(scenario())
        if not SPELT_ELSEWHERE.search(place)
        for word in AMERICAN.findall(text)
    ]

    assert found == []


def test_only_abbreviations_stand_in_capitals():
    shouted = {word for _, text in prose_of(scenario()) for word in re.findall(r"\b[A-Z]{2,}\b", text)}

    assert shouted <= SHOUTED


def test_every_list_item_and_text_ends_as_a_sentence():
    names = {
        "answer", "caution_text", "choose_when", "description", "hint", "limits", "not_met_text", "note",
        "rationale", "reminder", "text",
    }  # fmt: skip
    open_ended = [
        (place, text)
        for place, text in prose_of(scenario())
        if text and names.intersection(place.split("/")[-2:]) and not text.endswith((".", "?"))
    ]

    assert open_ended == []


def test_questions_are_asked_as_questions():
    assert all(row["question"].endswith("?") for row in scenario()["faqs"])


def test_the_schema_explains_every_part_to_people():
    schema = json.loads(SCHEMA.read_text("utf-8"))
    silent = [
        f"{name}.{field}"
        for name, definition in schema["$defs"].items()
        for field, rule in definition.get("properties", {}).items()
        if not rule.get("description") and "$ref" not in rule
    ]

    assert silent == []
