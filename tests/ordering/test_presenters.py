"""What the pages say is decided here: words for answers, ranks, checks, flips, the request."""

from datetime import date

import pytest

from guidelines.engine import Case, RuleSet, evaluate
from guidelines.presenters.page import guideline_page
from guidelines.presenters.words import dose_words, standing_words, study_standing
from ordering.models import Consultation, Order, Patient
from ordering.presenters.advice import advice_page
from ordering.presenters.answers import (
    answer_html,
    answer_text,
    check_keys,
    checks,
    days_of,
    lower_first,
    tone_of,
    with_days,
)
from ordering.presenters.request_text import request_text
from tests.engine.documents import RIDER, document, ruleset

TODAY = date(2026, 6, 15)
KNOWN = {
    "age_years": 42,
    "diagnosis": "all",
    "therapy_status": "completed",
    "emd_at_diagnosis": "yes",
    "emd_sites": ["lymph_nodes", "spleen"],
    "baseline_modality": "ct_with_iv_contrast",
    "baseline_on": "2026-02-03",
    "severe_contrast_allergy": "no",
    "renal_failure": "no",
    "egfr": 88.5,
    "post_therapy_ct_result": "not_done",
    "post_therapy_pet_ct_done": "no",
}


@pytest.fixture
def rules():
    return ruleset("leukaemia")


def consultation_of(rules: RuleSet, answers) -> Consultation:
    """A consultation that no database holds: presenters read only what it says."""
    advice = evaluate(rules, Case.from_dict(rules, answers, today=TODAY))
    made = Consultation(answers=answers, scenario_slug=rules.slug, fit=advice.fit)
    made.suggestion = advice.to_dict()
    return made


def page_of(rules, answers, **more):
    return advice_page(
        consultation_of(rules, answers), rules, choose_url="/choose/", change_url="/change/", **more
    )


# --- answers ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("diagnosis", "all", "Acute lymphoblastic leukaemia (ALL)"),
        ("emd_sites", ["lymph_nodes", "cns"], "Lymph nodes, Central nervous system (CNS)"),
        ("egfr", 88.5, "88.5 mL/min/1.73 m2"),
        ("egfr", 88.0, "88 mL/min/1.73 m2"),
        ("age_years", 42, "42 years"),
        ("baseline_on", "2026-02-03", "03-Feb-2026"),
        ("pregnancy", None, "Not documented"),
        ("emd_sites", [], "Not documented"),
    ],
)
def test_an_answer_is_told_in_words(rules, key, value, text):
    assert answer_text(rules.element(key), value) == text


def test_a_day_is_marked_up_as_time(rules):
    html = answer_html(rules.element("baseline_on"), "2026-02-03")

    assert html == '<time datetime="2026-02-03">03-Feb-2026</time>'


def test_a_date_belongs_to_the_element_whose_name_it_shares(rules):
    assert days_of(rules) == {"baseline_modality": "baseline_on", "egfr": "egfr_on"}


def test_the_checks_are_read_off_the_content(rules):
    assert check_keys(rules) == [
        "baseline_modality",
        "severe_contrast_allergy",
        "renal_failure",
        "egfr",
        "pregnancy",
        "fever_or_neutropenia",
        "post_therapy_ct_result",
    ]


def test_the_dates_of_checks_stand_with_them(rules):
    assert with_days(rules, ["egfr", "pregnancy"]) == ["egfr", "egfr_on", "pregnancy"]


@pytest.mark.parametrize(
    ("answers", "key", "tone"),
    [
        ({}, "renal_failure", "missing"),
        ({"renal_failure": "no"}, "renal_failure", "ok"),
        ({"renal_failure": "yes"}, "renal_failure", "stop"),
        ({"renal_failure": "no", "severe_contrast_allergy": "yes"}, "renal_failure", "ok"),
        ({"renal_failure": "yes", "severe_contrast_allergy": "yes"}, "renal_failure", "stop"),
        ({"egfr": 29}, "egfr", "caution"),
        ({"egfr": 30}, "egfr", "ok"),
        ({"pregnancy": "yes"}, "pregnancy", "stop"),
        ({"baseline_modality": "none"}, "baseline_modality", "caution"),
    ],
)
def test_a_check_is_as_loud_as_the_content_makes_it(rules, answers, key, tone):
    assert tone_of(rules, answers, key) == tone


def test_a_check_that_is_not_documented_says_so_and_links_its_row(rules):
    missing = next(check for check in checks(rules, KNOWN, "/change/") if check.label == "Pregnancy")

    assert (missing.value, missing.tone, missing.url) == (
        "Not documented",
        "missing",
        "/change/#div_id_pregnancy",
    )


@pytest.mark.parametrize(
    ("label", "inside"), [("Staging study", "staging study"), ("CT after therapy",) * 2, ("eGFR",) * 2]
)
def test_a_label_inside_a_sentence_keeps_its_abbreviations(label, inside):
    assert lower_first(label) == inside


# --- step 2 -----------------------------------------------------------------------------------------------
def test_the_best_study_has_justification_and_checks_and_the_second_says_when_to_choose_it(rules):
    first, second = page_of(rules, KNOWN).cards

    assert (first.rank, second.rank) == ("1 of 2 suggested · best match", "2 of 2 suggested")
    assert first.best
    assert first.justification
    assert first.checks
    assert not second.best
    assert not second.justification
    assert second.choose_when
    assert first.action == second.action == "Choose this study"


def test_the_reason_of_a_rule_stands_before_the_rationale(rules):
    first = page_of(rules, KNOWN).cards[0]

    assert first.reasons[0].startswith("The disease was staged by CT")


def test_a_contraindicated_study_names_the_answers_that_speak_against_it(rules):
    page = page_of(rules, KNOWN | {"severe_contrast_allergy": "yes", "renal_failure": "yes"})

    assert [card.rank for card in page.cards] == [
        "Suggested · best match",
        "Fallback, if the suggested study cannot be done",
        "Contraindicated for this patient",
    ]
    caution = page.cards[2].cautions[0]
    assert caution.tone == "stop"
    assert caution.link_text == "Severe contrast allergy: Yes, Renal failure: Yes"
    assert caution.url == "/change/#div_id_severe_contrast_allergy"
    assert page.cards[2].rating == "usually_appropriate"
    assert page.cards[2].action == "Choose with a reason"


def test_without_a_place_to_choose_nothing_is_offered(rules):
    page = advice_page(consultation_of(rules, KNOWN), rules, choose_url="", change_url="/change/")

    assert not any(card.action for card in page.cards)
    assert not any(row.reason_url for row in page.lower)


def test_other_answers_with_one_outcome_are_told_together_and_studies_before_misfits(rules):
    flips = [(flip.if_text, flip.then_text) for flip in page_of(rules, KNOWN).flips]

    assert flips[0] == ("Staging study: FDG-PET/CT", "PET/CT comes first")
    assert (
        "Course of therapy: Not started or In progress",
        "This guideline no longer applies",
    ) in flips
    outcomes = [then == "This guideline no longer applies" for _, then in flips]
    assert outcomes == sorted(outcomes)


def test_a_flip_that_settles_the_fit_says_that_answers_are_still_needed(rules):
    flips = page_of(rules, {"age_years": 42, "diagnosis": "aml"}).flips

    assert [(flip.if_text, flip.then_text) for flip in flips] == [
        (
            "Diagnosis: Acute lymphoblastic leukaemia (ALL)",
            "CT with IV contrast comes first; other answers still needed",
        )
    ]


def test_only_what_can_change_the_advice_is_called_needed(rules):
    page = page_of(rules, {key: value for key, value in KNOWN.items() if key != "renal_failure"})

    assert [item.label for item in page.needed] == ["Renal failure"]
    assert "Pregnancy" in [item.label for item in page.missing]


def test_without_a_fit_studies_are_not_rated_yet_their_radiation_is_known(rules):
    page = page_of(rules, {"age_years": 42, "diagnosis": "aml"})

    assert page.cards == []
    assert [row.rating for row in page.lower] == [None] * 6
    assert page.lower[0].radiation_level == 4
    assert page.redirects[0]["code"] == "other-leukaemia"


def test_a_guideline_of_another_kind_needs_no_code(rules):
    bicycle = ruleset("bicycle")

    page = page_of(bicycle, RIDER)

    assert page.fit == "fits"
    assert page.cards[0].name
    assert guideline_page(bicycle).studies


# --- words ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("age", "words"), [(None, "10 to 30 mSv"), (18, "10 to 30 mSv"), (17, "3 to 10 mSv")]
)
def test_children_get_their_own_dose_band(age, words):
    radiation = {"level": 4, "adult_msv": {"min": 10, "max": 30}, "paediatric_msv": {"min": 3, "max": 10}}

    assert dose_words(radiation, age_years=age) == words


def test_a_secondary_source_is_named_where_its_value_stands(rules):
    said = study_standing(rules.study("fdg-pet-ct-whole-body").to_dict())

    assert said.startswith(
        "Rating: article. Radiation level: secondary source, ACR Appropriateness Criteria:"
    )


@pytest.mark.parametrize("standing", ["article", "secondary", "inferred", "site_policy"])
def test_every_standing_has_words(standing):
    assert standing_words(standing)


# --- the request ------------------------------------------------------------------------------------------
@pytest.fixture
def order(rules):
    """An order that no database holds."""
    patient = Patient(birth_date=date(1984, 3, 14), sex="male")
    consultation = consultation_of(rules, KNOWN)
    consultation.created_at = None
    return Order(
        patient=patient,
        consultation=consultation,
        scenario_title=rules.title,
        study_code="ct-chest-abdomen-pelvis-with-iv-contrast",
        study_name="CT chest, abdomen and pelvis with IV contrast",
        priority="urgent",
        note="Result needed before consolidation.",
    )


@pytest.fixture
def request_of(rules, order):
    from datetime import UTC, datetime

    order.consultation.created_at = datetime(2026, 6, 15, 12, tzinfo=UTC)
    return lambda: " ".join(request_text(order, rules))


@pytest.mark.django_db
def test_the_request_tells_every_answer_and_what_is_not_documented(request_of, rules):
    text = request_of()

    assert "Age 42 years, sex male." in text
    assert "Staging study: CT with IV contrast (03-Feb-2026)." in text
    assert "eGFR: 88.5 mL/min/1.73 m2." in text
    assert "Not documented: Pregnancy, Fever or neutropenia." in text
    assert "Questions: Complete remission?" in text
    assert text.endswith("Result needed before consolidation.")


@pytest.mark.django_db
def test_the_request_repeats_cautions_and_the_reason_for_another_study(request_of, order, rules):
    given = consultation_of(rules, KNOWN | {"severe_contrast_allergy": "yes", "pregnancy": "yes"})
    order.consultation.answers, order.consultation.suggestion = given.answers, given.suggestion
    order.override_reason_code, order.override_reason_text = "other", "Trial protocol"

    text = request_of()

    assert "its contrast is contraindicated" in text
    assert "Pregnancy: follow the policy of the site first." in text
    assert "Reason for this study: Another reason (Trial protocol)." in text


# --- the guideline page -----------------------------------------------------------------------------------
def test_the_guideline_page_says_what_follows_once_a_study_has_been_done(rules):
    findings = {finding.label: finding for finding in guideline_page(rules).findings}

    usual = [step.code for step in findings["Indeterminate"].steps]
    ((study, after),) = findings["Indeterminate"].variants

    assert usual == ["order-fdg-pet-ct", "exclude-infection"]
    assert study == "FDG-PET/CT whole body"
    assert [step.code for step in after] == ["short-interval-imaging", "consider-biopsy", "tumour-board"]
    assert findings["No extramedullary disease"].variants == []


def test_the_guideline_page_says_what_a_complication_adds_and_takes_away(rules):
    infection = next(
        row for row in guideline_page(rules).additions if row.title == "Complication seen: infection"
    )

    assert infection.text == "Also: Exclude an infection."
    assert infection.also == "Never: No further imaging unless new signs appear."


def test_the_guideline_page_says_when_each_order_rule_holds(rules):
    titles = [rule.title for rule in guideline_page(rules).rules]

    assert titles[0] == "Any of: Severe contrast allergy is Yes; Renal failure is Yes"
    assert titles[2] == "Staging study is FDG-PET/CT"


def test_every_sourced_statement_of_the_guideline_page_says_whose_word_it_is(rules):
    page = guideline_page(rules)

    for statement in (*page.criteria, *page.rules, *page.advisories, *page.pitfalls, *page.faqs):
        assert statement.says, statement.title


def test_an_empty_introduction_gives_no_paragraph():
    changed = document("bicycle") | {"introduction": ""}
    rules = RuleSet.from_document(changed, version=1, digest="sha256:0")

    assert guideline_page(rules).introduction == []
