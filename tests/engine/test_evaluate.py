"""What the engine says of the bicycle example: the general rules, seen on a subject that is not medicine."""

import copy
import json

import pytest

from guidelines.engine import Advice, Case, RuleSet, canonical_json, digest_of, evaluate
from tests.engine.documents import RIDER, TODAY, advise, document, ruleset


def order(answers):
    """Study codes with their roles, in order."""
    return [(row["code"], row["role"]) for row in advise("bicycle", answers).to_dict()["studies"]]


def remarks(answers, kind):
    """(study, code, text) of each reason or caution, by position."""
    advice = advise("bicycle", answers).to_dict()
    return [(row["code"], said["code"], said["text"]) for row in advice["studies"] for said in row[kind]]


def test_nothing_known_gives_the_start_order_as_provisional():
    advice = advise("bicycle", {})

    assert (advice.fit, advice.provisional) == ("needs_answers", True)
    assert [row.position for row in advice.studies] == [1, 2, 3, 4, 5, 6]
    assert order({}) == [
        ("city-bicycle", "suggested"),
        ("electric-bicycle", "alternative"),
        ("folding-bicycle", "alternative"),
        ("cargo-bicycle", "alternative"),
        ("unicycle", "not_rated"),
        ("penny-farthing", "not_recommended"),
    ]


def test_studies_of_one_role_stand_as_placed_and_then_as_in_the_table():
    assert order(RIDER | {"purpose": "cargo"}) == [
        ("cargo-bicycle", "suggested"),
        ("electric-bicycle", "alternative"),
        ("city-bicycle", "alternative"),
        ("folding-bicycle", "alternative"),
        ("unicycle", "not_rated"),
        ("penny-farthing", "not_recommended"),
    ]


def test_first_true_rule_decides_and_every_true_rule_gives_its_reason():
    answers = RIDER | {"knee_pain": "yes", "stairs_at_home": "yes", "owned_bicycle": "folding"}

    assert order(answers) == [
        ("electric-bicycle", "suggested"),
        ("folding-bicycle", "alternative"),
        ("city-bicycle", "fallback"),
        ("cargo-bicycle", "contraindicated"),
        ("unicycle", "not_rated"),
        ("penny-farthing", "not_recommended"),
    ]
    assert remarks(answers, "reasons") == [
        ("electric-bicycle", "spare-the-knee", "A motor spares the knee."),
        ("folding-bicycle", "easy-to-carry", "It is carried up the stairs every day."),
        ("folding-bicycle", "same-as-now", "The rider is used to folding."),
    ]
    assert remarks(answers, "cautions") == [
        ("electric-bicycle", "easy-to-carry", "Too heavy for the stairs."),
        ("cargo-bicycle", "spare-the-knee", "Starting with a load strains the knee."),
    ]


def test_rule_that_only_warns_gives_its_reason_to_what_then_comes_first():
    answers = RIDER | {"terrain": ["gravel"]}

    assert order(answers)[0] == ("city-bicycle", "suggested")
    assert order(answers)[3] == ("folding-bicycle", "fallback")
    assert remarks(answers, "reasons") == [
        ("city-bicycle", "rough-ground", "What comes first here copes with gravel.")
    ]
    assert remarks(answers, "cautions") == [
        ("folding-bicycle", "rough-ground", "Small wheels slip on gravel.")
    ]


def test_rule_that_repeats_the_start_order_decides_all_the_same():
    answers = RIDER | {"owned_bicycle": "city", "terrain": ["gravel"]}

    assert order(answers)[:3] == [
        ("city-bicycle", "suggested"),
        ("electric-bicycle", "alternative"),
        ("folding-bicycle", "alternative"),
    ]


def test_failed_criteria_are_all_named_with_all_their_redirects_in_table_order():
    advice = advise(
        "bicycle",
        RIDER | {"rider_age": 9, "purpose": "racing", "daily_km": 80, "terrain": ["sand"], "helmet": "no"},
    )

    assert advice.fit == "does_not_fit"
    assert [row.status for row in advice.criteria] == ["not_met", "met", "not_met", "not_met"]
    assert [row.code for row in advice.redirects] == [
        "childrens-bicycles",
        "racing-club",
        "touring-advice",
        "wide-tyres",
    ]
    assert (advice.studies, advice.advisories, advice.needs, advice.provisional) == ((), (), (), False)


def test_one_criterion_not_met_decides_whatever_is_unknown_beside_it():
    advice = advise("bicycle", {"can_ride": "no"})

    assert advice.fit == "does_not_fit"
    assert [row.status for row in advice.criteria] == ["unknown", "not_met", "unknown", "unknown"]
    assert (advice.needs, advice.first_study) == ((), None)


def test_criterion_says_why_it_stands_as_it_does():
    said = {row.key: row.text for row in advise("bicycle", {"rider_age": 30, "can_ride": "no"}).criteria}

    assert said == {
        "grown-rider": "The rider is 14 years or older.",
        "can-ride": "The rider cannot ride a bicycle yet.",
        "everyday-use": "Not documented: Purpose, Daily distance",
        "firm-ground": "Not documented: Ground",
    }


def test_needs_leave_out_what_is_decided_already():
    assert advise("bicycle", {}).needs == (
        "rider_age",
        "can_ride",
        "purpose",
        "terrain",
        "daily_km",
        "knee_pain",
        "test_ride",
        "owned_bicycle",
        "stairs_at_home",
    )
    # touring settles the distance of the criterion, yet the first order rule still asks for it at 70 years
    assert "daily_km" in advise("bicycle", {"purpose": "touring", "rider_age": 70}).needs
    assert "daily_km" not in advise("bicycle", {"purpose": "touring", "rider_age": 69}).needs
    # behind the first true rule nothing decides
    assert advise("bicycle", RIDER | {"purpose": "cargo", "stairs_at_home": None}).needs == ()
    # before it, an unknown rule is still waited for
    assert advise("bicycle", RIDER | {"purpose": "cargo", "knee_pain": None}).needs == ("knee_pain",)


def test_what_would_change_names_each_deciding_answer_in_words():
    said = [(c.key, c.value, c.fit, c.first_study) for c in advise("bicycle", RIDER).what_would_change]

    assert said == [
        ("can_ride", "no", "does_not_fit", None),
        ("purpose", "cargo", "fits", "cargo-bicycle"),
        ("purpose", "racing", "does_not_fit", None),
        ("knee_pain", "yes", "fits", "electric-bicycle"),
        ("test_ride", "undecided", "fits", "folding-bicycle"),
        ("owned_bicycle", "folding", "fits", "folding-bicycle"),
        ("stairs_at_home", "yes", "fits", "folding-bicycle"),
    ]
    assert [c.text for c in advise("bicycle", RIDER).what_would_change][:2] == [
        "Can ride: No - this guideline would not apply.",
        "Purpose: Carrying loads - Cargo bicycle with a box would come first.",
    ]


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ({"helmet": "no"}, ["no-helmet"]),
        ({"budget": 299}, ["small-budget"]),
        ({"budget": 300}, []),
        ({"last_service_on": "2025-12-31", "owned_bicycle": "city"}, ["service-overdue"]),
        ({"terrain": ["forest"]}, []),
        ({"terrain": ["forest", "asphalt"], "needed_by": "2028-01-01"}, ["dark-forest", "long-wait"]),
    ],
)
def test_advisories_are_given_when_true_and_carry_their_source(answers, codes):
    advice = advise("bicycle", answers).to_dict()

    assert [row["code"] for row in advice["advisories"]] == codes
    assert all(
        set(row) == {"code", "severity", "title", "text", "standing", "source"}
        for row in advice["advisories"]
    )


def test_contradictions_are_shown_even_where_the_guideline_does_not_fit():
    advice = advise("bicycle", {"can_ride": "no", "test_ride": "comfortable", "owned_bicycle": "none"})

    assert [row.code for row in advice.contradictions] == ["rides-unable"]
    assert advise("bicycle", {"test_ride": "comfortable"}).contradictions == ()


def test_suggestion_names_version_source_and_what_is_not_documented():
    advice = advise("bicycle", {key: RIDER[key] for key in ("rider_age", "terrain")}).to_dict()

    assert advice["scenario"] == {
        "slug": "which-bicycle",
        "title": "Example: which bicycle for everyday rides?",
        "version": 1,
        "digest": digest_of(document("bicycle")),
    }
    assert advice["source"] == {
        "title": "The example rider's handbook",
        "url": "https://example.org/handbook",
        "reviewer": "A. Rider",
        "reviewed_on": "2026-01-15",
    }
    assert advice["engine"] == "1"
    assert advice["not_documented"][:3] == ["can_ride", "purpose", "daily_km"]
    assert [row["key"] for row in advice["questions"]] == ["comfort", "control"]


def test_radiation_is_given_with_bands_and_is_null_where_not_recorded():
    radiation = {row["code"]: row["radiation"] for row in advise("bicycle", {}).to_dict()["studies"]}

    assert radiation["electric-bicycle"] == {
        "level": 2,
        "adult_msv": {"min": 0.1, "max": 1},
        "paediatric_msv": None,
        "source": "The example rider's handbook",
        "standing": "secondary",
    }
    assert radiation["cargo-bicycle"] is None


def test_advice_belongs_to_the_caller():
    before = canonical_json(advise("bicycle", RIDER).to_dict())
    spoilt = advise("bicycle", RIDER).to_dict()

    spoilt["scenario"]["title"] = spoilt["source"]["title"] = "spoilt"
    spoilt["studies"][0]["radiation"]["adult_msv"]["max"] = 99
    spoilt["studies"][0]["codes"][0]["code"] = "spoilt"
    spoilt["questions"].clear()

    assert canonical_json(advise("bicycle", RIDER).to_dict()) == before


@pytest.mark.parametrize(
    "answers", [RIDER, {}, {"can_ride": "no"}, RIDER | {"knee_pain": "yes", "helmet": "no"}]
)
def test_stored_advice_round_trips_byte_for_byte(answers):
    stored = canonical_json(advise("bicycle", answers).to_dict())

    assert canonical_json(Advice.from_dict(json.loads(stored)).to_dict()) == stored


def test_guideline_with_nothing_but_a_name_still_answers():
    bare = {key: [] if isinstance(value, list) else value for key, value in document("bicycle").items()}
    bare["sources"] = copy.deepcopy(document("bicycle")["sources"])
    rules = RuleSet.from_document(bare, version=1, digest="")

    advice = evaluate(rules, Case.from_dict(rules, {}, today=TODAY))

    assert (advice.fit, advice.studies, advice.what_would_change) == ("fits", (), ())


def test_canonical_json_is_one_spelling_and_refuses_what_is_no_json():
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'
    assert digest_of({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_version_and_digest_are_those_given():
    rules = RuleSet.from_document(document("bicycle"), version=7, digest="sha256:x")

    assert (rules.version, rules.digest, rules.scenario["version"]) == (7, "sha256:x", 7)
    assert (rules.slug, rules.title) == ("which-bicycle", ruleset("bicycle").title)
