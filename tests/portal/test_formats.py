"""Dates of the whole portal, the admin included."""

from datetime import UTC, datetime

from django.utils.formats import date_format, localize


def test_a_date_is_written_with_the_month_as_a_word_and_24_hours():
    moment = datetime(2026, 4, 3, 15, 7, tzinfo=UTC)

    assert date_format(moment, "DATETIME_FORMAT") == "03-Apr-2026 15:07"
    assert date_format(moment, "SHORT_DATE_FORMAT") == "03-Apr-2026"
    assert localize(moment.date()) == "03-Apr-2026"
