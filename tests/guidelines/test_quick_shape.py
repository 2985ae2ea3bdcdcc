"""The quick test of a pack's shape never accepts what the whole validator refuses."""

import json
import random

import pytest

from guidelines import packs
from guidelines.quick_shape import UnknownKeyword, Unsure, compiled
from tests.guidelines.desk import BICYCLE, SHIPPED
from tests.guidelines.test_pack_schema import REFUSED, changed

INSTEAD = [None, True, 0, 1, 1.0, -1, 10**12, "", "x", "x\n", "A B", "<b>", "x" * 5000, "2026-13-01",
           [], {}, ["x", "x"], [1, 1.0], {"x": 1},
           {"element": "x", "op": "equals", "value": "y"}, {"all": []}]  # fmt: skip


def quick(pack):
    """Return whether the quick test accepts; None where it leaves that to the other."""
    try:
        return packs._quick_test()(pack)
    except Unsure:
        return None


def members(value, path=()):
    """Yield every (parent, key) of a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from members(value[key])


@pytest.mark.parametrize("path", [SHIPPED, BICYCLE], ids=lambda path: path.stem)
def test_a_right_pack_passes_the_quick_test(path):
    assert quick(json.loads(path.read_text("utf-8"))) is True


def test_the_quick_test_accepts_nothing_that_the_schema_refuses():
    accepted = [case for case in REFUSED if quick(changed(case[0], case[1])) is True]

    assert accepted == []


def test_both_tests_agree_on_packs_that_were_spoilt_at_random():
    pack = json.loads(BICYCLE.read_text("utf-8"))
    chance = random.Random(20261123)
    places = list(members(pack))
    answers = []
    for parent, key in chance.sample(places, 250):
        kept = parent[key]
        parent[key] = chance.choice(INSTEAD)
        answers.append((quick(pack), packs._validator().is_valid(pack), key, parent[key]))
        parent[key] = kept

    # what it is not sure of, it leaves to the other
    assert [answer for answer in answers if answer[0] not in (answer[1], None)] == []
    assert {answer[0] for answer in answers} >= {True, False}
    assert sum(answer[0] is None for answer in answers) < 25


def test_a_keyword_that_it_does_not_know_is_refused():
    with pytest.raises(UnknownKeyword, match="contains"):
        compiled({"type": "array", "contains": {"type": "string"}})
