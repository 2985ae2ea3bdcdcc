"""The call that docs/cds-hooks.md shows is answered as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.ordering.cds_hooks.answers import checked, rating_of
from tests.ordering.cds_hooks.fhir import post

PAGE = Path(__file__).parents[3] / "docs" / "cds-hooks.md"


def test_the_sample_call_gets_a_card_and_a_rating(unsigned):
    sample = re.search(r"-d '(\{.*?\n\})'", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert sample is not None

    body = checked(post(unsigned, json.loads(sample[1])))

    assert len(body["cards"]) == 1
    assert rating_of(body)["pama-rating"] == "appropriate"
