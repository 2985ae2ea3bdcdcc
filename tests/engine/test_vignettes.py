"""Every clinical vignette gets exactly the answer that clinicians wrote down for it."""

import json

import pytest

from guidelines.engine import Case, evaluate
from tests.engine.documents import CASES, TODAY, ruleset

VIGNETTES = sorted(CASES.glob("*.json"))


def test_there_are_vignettes():
    assert len(VIGNETTES) >= 17


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.stem)
def test_vignette_gets_its_expected_advice(path):
    vignette = json.loads(path.read_text(encoding="utf-8"))
    rules = ruleset("leukaemia")
    assert vignette["scenario"] == rules.slug

    advice = evaluate(rules, Case.from_dict(rules, vignette["answers"], today=TODAY)).to_dict()

    assert {name: seen(advice)[name] for name in vignette["expect"]} == vignette["expect"]


def seen(advice):
    """What a vignette writes down of an advice."""
    return {
        "criteria": {row["key"]: row["status"] for row in advice["criteria"]},
        "fit": advice["fit"],
        "redirects": [row["code"] for row in advice["redirects"]],
        "studies": [
            {
                **{name: row[name] for name in ("code", "role", "position", "rating")},
                "level": row["radiation"] and row["radiation"]["level"],
            }
            for row in advice["studies"]
        ],
        "advisories": [row["code"] for row in advice["advisories"]],
        "needs": advice["needs"],
        "reasons": list(dict.fromkeys(r["code"] for row in advice["studies"] for r in row["reasons"])),
        "what_would_change": [
            {name: row[name] for name in ("key", "value", "fit", "first_study")}
            for row in advice["what_would_change"]
        ],
    }
