"""Rules of ordering that the database keeps, whoever writes."""

import pytest

from portal import audit

pytestmark = pytest.mark.django_db


def test_every_table_of_ours_is_watched_and_every_guard_fires_always():
    assert audit.broken_guards() == []
