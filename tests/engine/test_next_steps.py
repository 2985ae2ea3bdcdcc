"""After the report: every row of the downstream workflow, and the rules it is made of."""

import pytest

from guidelines.engine import CaseError, next_steps
from tests.engine.documents import case, ruleset

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"
PET_CT = "fdg-pet-ct-whole-body"

NEGATIVE = ["continue-planned-therapy", "clinical-and-haematologic-monitoring"]
NO_MORE = ["no-further-imaging-unless-new-signs"]
RESIDUAL = [
    "multidisciplinary-discussion",
    "salvage-chemotherapy",
    "car-t-evaluation",
    "allogeneic-transplant-evaluation",
    "consider-biopsy",
]
NEW_SITES = [
    "immediate-re-evaluation",
    "multidisciplinary-discussion",
    "consider-biopsy",
    "exclude-infection",
]
BEFORE_PET_CT = ["order-fdg-pet-ct", "exclude-infection"]
AFTER_PET_CT = ["short-interval-imaging", "consider-biopsy", "tumour-board"]


def steps(finding, *, answers=None, discordant=False, complications=(), done=(CT,), name="leukaemia"):
    return [
        step.code
        for step in next_steps(
            ruleset(name),
            answers=case(name, answers or {}),
            finding=finding,
            discordant=discordant,
            complications=complications,
            studies_done=done,
        )
    ]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        ("negative", NEGATIVE + NO_MORE),
        ("residual_or_progressive", RESIDUAL),
        ("new_sites", NEW_SITES),
        ("indeterminate", BEFORE_PET_CT),
    ],
)
def test_finding_leads_to_its_steps(finding, expected):
    assert steps(finding) == expected


@pytest.mark.parametrize(
    ("answer", "done", "expected"),
    [
        (None, [CT], BEFORE_PET_CT),
        ("no", [CT], BEFORE_PET_CT),
        (None, [PLAIN_CT], BEFORE_PET_CT),
        (None, [], BEFORE_PET_CT),
        (None, ["a study that another guideline knows"], BEFORE_PET_CT),
        ("yes", [CT], AFTER_PET_CT),
        (None, [PET_CT], AFTER_PET_CT),  # this order's study is the PET/CT
        ("no", [PET_CT], AFTER_PET_CT),
        ("no", [CT, PET_CT], AFTER_PET_CT),  # a linked order with a finding
    ],
)
def test_indeterminate_leads_to_pet_ct_until_it_is_done(answer, done, expected):
    assert steps("indeterminate", answers={"post_therapy_pet_ct_done": answer}, done=done) == expected


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        ("negative", [*NEGATIVE, *NO_MORE, "tumour-board"]),
        ("residual_or_progressive", [*RESIDUAL, "tumour-board"]),
        ("new_sites", [*NEW_SITES, "tumour-board"]),
        ("indeterminate", [*BEFORE_PET_CT, "tumour-board"]),
    ],
)
def test_discordant_finding_also_goes_to_the_tumour_board(finding, expected):
    assert steps(finding, discordant=True) == expected


def test_step_that_two_rules_add_is_named_once():
    assert steps("indeterminate", discordant=True, done=[PET_CT]) == AFTER_PET_CT


@pytest.mark.parametrize(
    ("complications", "negative", "residual"),
    [
        ([], NEGATIVE + NO_MORE, RESIDUAL),
        (["infection"], [*NEGATIVE, "exclude-infection"], [*RESIDUAL, "exclude-infection"]),
        (
            ["avascular_necrosis"],
            [*NEGATIVE, *NO_MORE, "manage-complication"],
            [*RESIDUAL, "manage-complication"],
        ),
        (["other"], [*NEGATIVE, *NO_MORE, "manage-complication"], [*RESIDUAL, "manage-complication"]),
        (
            ["other", "infection"],
            [*NEGATIVE, "exclude-infection", "manage-complication"],
            [*RESIDUAL, "exclude-infection", "manage-complication"],
        ),
    ],
)
def test_complications_add_their_steps_and_infection_never_ends_imaging(complications, negative, residual):
    assert steps("negative", complications=complications) == negative
    assert steps("residual_or_progressive", complications=complications) == residual


def test_pet_ct_step_names_the_study_to_order():
    (step, _) = next_steps(
        ruleset("leukaemia"),
        answers=case("leukaemia", {}),
        finding="indeterminate",
        discordant=False,
        complications=[],
        studies_done=[CT],
    )

    assert step.to_dict()["study"] == PET_CT
    assert step.title
    assert step.text


@pytest.mark.parametrize(
    ("finding", "options", "expected"),
    [
        ("kept", {}, ["first-service", "enjoy"]),
        ("kept", {"discordant": True}, ["first-service", "ask-workshop"]),
        ("kept", {"complications": ["puncture"]}, ["first-service", "mend-tyre"]),
        ("returned", {}, ["try-electric"]),
        ("returned", {"answers": {"knee_pain": "no"}}, []),
        ("returned", {"done": ["electric-bicycle"]}, []),
        ("undecided", {"answers": {"daily_km": 0}}, ["try-electric", "ask-workshop"]),
        ("undecided", {"complications": ["scratch"]}, ["try-electric", "touch-up"]),
    ],
)
def test_steps_come_from_content_alone(finding, options, expected):
    assert steps(finding, name="bicycle", **({"done": ["city-bicycle"]} | options)) == expected


def test_report_in_words_that_the_guideline_does_not_know_is_refused_as_a_whole():
    with pytest.raises(CaseError) as caught:
        steps("cured", complications=["infection", "boredom"])

    assert [(fault.key, fault.code) for fault in caught.value.errors] == [
        ("finding", "not_in_list"),
        ("complications", "not_in_list"),
    ]
