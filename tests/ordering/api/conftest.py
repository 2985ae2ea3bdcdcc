"""A published guideline, and systems that call the API."""

import pytest
from django.core.cache import cache

from guidelines.models import ScenarioVersion
from portal.models import User
from tests.ordering.api.caller import Caller, secret_for


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def guideline(leukaemia: ScenarioVersion) -> ScenarioVersion:
    return leukaemia


@pytest.fixture
def api(guideline: ScenarioVersion, clinician: User) -> Caller:
    """A system of the clinician, with every scope."""
    return Caller(secret_for(clinician))


@pytest.fixture
def other_api(guideline: ScenarioVersion, other_clinic: User) -> Caller:
    """A system of another organisation's clinician, with every scope."""
    return Caller(secret_for(other_clinic))
