"""What changed between two versions, in sentences that a reader can act on."""

import pytest

from guidelines.engine import Case, RuleSet, difference, evaluate
from tests.engine.documents import RIDER, TODAY, document

DOSE = "level 2 (adult 0.1 to 1 mSv, paediatric not recorded)"
WIDER_DOSE = "level 2 (adult 0.1 to 2 mSv, paediatric not recorded)"


def said(answers, change=None, *, version=2):
    changed = document("bicycle")
    if change:
        change(changed)
    rules = RuleSet.from_document(changed, version=version, digest=f"sha256:{version}")
    return evaluate(rules, Case.from_dict(rules, answers, today=TODAY)).to_dict()


def changed_by(change, answers=None):
    answers = RIDER if answers is None else answers
    return difference(said(answers, version=1), said(answers, change))


def test_new_version_with_the_same_advice_is_no_difference():
    assert changed_by(None) == []


def rate_city_lower(rules):
    rules["rated_studies"][0]["rating"] = "usually_not_appropriate"


def put_motor_first(rules):
    rules["rated_studies"][0]["default_role"] = "alternative"
    rules["rated_studies"][1]["default_role"] = "suggested"


def forget_dose(rules):
    rules["rated_studies"][1]["radiation_level"] = None


def widen_dose(rules):
    rules["radiation_levels"][1]["adult_msv"]["max"] = 2


def drop_unicycle(rules):
    del rules["rated_studies"][5]


def add_boots(rules):
    rules["rated_studies"].append(
        rules["rated_studies"][5] | {"study": "walking-boots", "default_role": "not_rated"}
    )


def rename_city(rules):
    rules["studies"][0]["name"] = "Town bicycle"


def raise_age(rules):
    rules["criteria"][0]["condition"]["value"] = 40


def drop_criterion(rules):
    del rules["criteria"][3]


def warn_of_cheap_ones(rules):
    rules["advisories"][1]["condition"]["value"] = 900


def reword_rationale(rules):
    rules["rated_studies"][0]["rationale"] = ["Because."]


def ask_for_weight(rules):
    rules["order_rules"][0]["condition"] = {"element": "helmet", "op": "equals", "value": "yes"}


@pytest.mark.parametrize(
    ("change", "answers", "sentences"),
    [
        (
            rate_city_lower,
            RIDER,
            ["City bicycle with mudguards: now rated usually not appropriate; before, usually appropriate."],
        ),
        (
            put_motor_first,
            RIDER,
            [
                "Bicycle with an electric motor now comes first; before, City bicycle with mudguards.",
                "Bicycle with an electric motor: now suggested; before, alternative.",
                "City bicycle with mudguards: now alternative; before, suggested.",
                "Which other answers would change this advice is different now.",
            ],
        ),
        (
            forget_dose,
            RIDER,
            [f"Bicycle with an electric motor: radiation now not recorded; before, {DOSE}."],
        ),
        (
            widen_dose,
            RIDER,
            [f"Bicycle with an electric motor: radiation now {WIDER_DOSE}; before, {DOSE}."],
        ),
        (
            drop_unicycle,
            RIDER,
            [
                "Penny-farthing with a high front wheel: now number 5 in the list; before, number 6.",
                "No longer in the list: Unicycle.",
            ],
        ),
        (
            add_boots,
            RIDER,
            [
                "New in the list: Walking boots, for comparison (not rated).",
                "Penny-farthing with a high front wheel: now number 7 in the list; before, number 6.",
            ],
        ),
        (rename_city, RIDER, ["City bicycle with mudguards is now called Town bicycle."]),
        (
            raise_age,
            RIDER,
            [
                "Fit: the guideline does not fit this patient; before, the guideline fits this patient.",
                "Grown rider: not met; before, met.",
                "No study is suggested any more; before, City bicycle with mudguards came first.",
            ],
        ),
        (drop_criterion, RIDER, ["No longer a criterion: Some firm ground."]),
        (
            warn_of_cheap_ones,
            RIDER | {"budget": 500},
            ["New advisory: Small budget: Look for a second-hand bicycle."],
        ),
        (reword_rationale, RIDER, ["The advice is the same, in different words."]),
        (
            ask_for_weight,
            RIDER,
            [
                "Answers now needed as well: helmet.",
                "Which other answers would change this advice is different now.",
            ],
        ),
    ],
)
def test_change_is_said(change, answers, sentences):
    assert changed_by(change, answers) == sentences


def test_study_suggested_again_is_said():
    old, new = said(RIDER, raise_age, version=1), said(RIDER)

    assert "City bicycle with mudguards now comes first; before, no study was suggested." in difference(
        old, new
    )


def test_reasons_cautions_and_redirects_that_changed_are_said():
    def reword(rules):
        rules["order_rules"][0] |= {"text": "The motor helps.", "caution_text": "Loads strain."}
        rules["redirects"][1]["text"] = "Learn it first."

    assert changed_by(reword, RIDER | {"knee_pain": "yes"}) == [
        "Bicycle with an electric motor: new reason: The motor helps.",
        "Bicycle with an electric motor: reason withdrawn: A motor spares the knee.",
        "Cargo bicycle with a box: new caution: Loads strain.",
        "Cargo bicycle with a box: caution withdrawn: Starting with a load strains the knee.",
    ]
    assert changed_by(reword, {"can_ride": "no"}) == [
        "Changed related guidance: Riding lessons: Learn it first."
    ]


def test_advice_that_is_withdrawn_is_said():
    old, new = said(RIDER | {"helmet": "no"}, version=1), said(RIDER | {"helmet": "yes"})

    assert difference(old, new) == ["No longer given, advisory: No helmet: Buy a helmet before the bicycle."]
