"""Days as people type them."""

from datetime import date

import pytest
from django.utils import timezone

from ordering.forms.days import UnclearDay, read_day, read_moment, take_day

BORN = date(1984, 3, 14)


@pytest.mark.parametrize(
    "text",
    [
        "14-Mar-1984",
        "14 March 1984",
        "14mar1984",
        "14.Mar.1984",
        "March 14, 1984",
        "1984-03-14",
        "1984/03/14",
        "14.03.1984",
        "14.3.1984",
        "14/03/1984",
        "03/14/1984",
        " 14-MAR-1984 ",
    ],
)
def test_a_day_is_read_in_every_form_that_can_mean_only_one(text):
    assert read_day(text) == BORN


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("03/04/1984", "can be two days"),
        ("3-4-1984", "can be two days"),
        ("14-Mar-84", "four digits"),
        ("14/03/84", "four digits"),
        ("31-Feb-1984", "not a day"),
        ("1984-13-01", "not a day"),
        ("32.01.1984", "not a day"),
        ("yesterday", "not a day"),
        ("14-Mar-1984 and more", "not a day"),
        ("١٤/٠٣/١٩٨٤", "not a day"),
        ("", "not a day"),
    ],
)
def test_what_is_no_day_or_more_than_one_is_refused_with_how_to_write_it(text, says):
    with pytest.raises(UnclearDay, match=says) as refused:
        read_day(text)

    assert "14-Mar-1984" in str(refused.value)


def test_equal_day_and_month_can_mean_only_one_day():
    assert read_day("04/04/1984") == date(1984, 4, 4)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("martin 14-Mar-1984", "martin"),
        ("1984-03-14 4002 1877", "4002 1877"),
        ("MARTIN, 14 Mar 1984 Alex", "MARTIN, Alex"),
    ],
)
def test_a_day_is_found_among_other_words(text, rest):
    assert take_day(text) == (BORN, rest)


@pytest.mark.parametrize("text", ["4002 1877", "may", "Jan de Vries", "12/34/5678", "A-12-3"])
def test_names_and_record_numbers_are_no_days(text):
    assert take_day(text) == (None, text)


def test_a_moment_is_a_day_with_a_time_in_the_sites_zone():
    moment = read_moment("17-Jun-2026 09:10")

    assert timezone.localtime(moment).isoformat() == "2026-06-17T09:10:00+01:00"


@pytest.mark.parametrize("text", ["17-Jun-2026", "09:10", "17-Jun-2026 24:00", "06/07/2026 09:10"])
def test_a_moment_without_a_clear_day_and_time_is_refused(text):
    with pytest.raises(UnclearDay, match="17-Jun-2026 09:10"):
        read_moment(text)
