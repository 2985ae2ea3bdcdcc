"""Who vouches for a value, from what a row says of it."""

import pytest

from guidelines.engine.provenance import NOT_RECORDED, SECONDARY, SITE_POLICY, VERIFIED, status_of

CHECKED = {"verified_by": "Dr Example", "verified_on": "2026-05-30"}
ARTICLE = {"standing": "article", "source": "article"}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (ARTICLE | CHECKED, VERIFIED),
        (ARTICLE, NOT_RECORDED),
        (ARTICLE | {"verified_by": "Dr Example"}, NOT_RECORDED),
        (ARTICLE | {"verified_on": "2026-05-30"}, NOT_RECORDED),
        (ARTICLE | CHECKED | {"source": None}, NOT_RECORDED),
        ({"standing": "inferred", "source": "article"}, NOT_RECORDED),
        ({"standing": "inferred", "source": "article"} | CHECKED, VERIFIED),
        ({"standing": "secondary", "source": "other"}, SECONDARY),
        ({"standing": "secondary", "source": "other"} | CHECKED, SECONDARY),
        ({"standing": "site_policy", "source": None}, SITE_POLICY),
        ({}, NOT_RECORDED),
    ],
)
def test_the_status_of_a_value_follows_from_what_is_recorded_of_it(row, status):
    assert status_of(row) == status


def test_a_value_that_is_not_there_is_not_recorded_whoever_says_so():
    assert status_of(ARTICLE | CHECKED, recorded=False) == NOT_RECORDED


def test_rating_and_level_of_a_study_have_a_status_each():
    row = {f"rating_{name}": value for name, value in (ARTICLE | CHECKED).items()}
    row |= {"radiation_standing": "secondary", "radiation_source": "other"}

    assert status_of(row, "rating_") == VERIFIED
    assert status_of(row, "radiation_") == SECONDARY
