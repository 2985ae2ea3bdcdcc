"""Orders to read over FHIR, and systems that read them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from ordering.models import Order
from portal.models import ApiToken, User
from tests.ordering.api.caller import Caller, secret_for
from tests.ordering.placing import place

BASE = "/fhir/r4/"


class Reader(Caller):
    """Reads with a token."""

    def fhir(self, path: str, method: str = "GET", raw: bytes = b"", **headers: str) -> HttpResponse:
        """Return the answer to a call; the path starts at the service."""
        path = path.removeprefix("http://testserver")
        return self.send(method, path if path.startswith("/") else BASE + path, raw=raw, **headers)

    def read(self, path: str, **headers: str) -> dict[str, Any]:
        """Return the resource at a path."""
        answer = self.fhir(path, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def found(self, path: str, **headers: str) -> list[str]:
        """Return the ids that a search finds."""
        bundle = self.read(path, **headers)
        ids = [entry["resource"]["id"] for entry in bundle.get("entry", [])]
        assert bundle["total"] >= len(ids)
        return ids

    def posted(self, path: str, form: str, **headers: str) -> HttpResponse:
        """Return the answer to a search that is posted as a form."""
        headers = {"Content_Type": "application/x-www-form-urlencoded"} | headers
        return self.fhir(path, "POST", form.encode(), **headers)


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def reader(leukaemia, clinician: User) -> Reader:
    """A system of the clinician that may read orders."""
    return Reader(secret_for(clinician, ApiToken.Scope.ORDERS_READ))


@pytest.fixture
def foreigner(leukaemia, other_clinic: User) -> Reader:
    """A system of another organisation that may read orders."""
    return Reader(secret_for(other_clinic, ApiToken.Scope.ORDERS_READ))


@pytest.fixture
def patient(clinician: User, make_patient):
    """A patient of the clinician's organisation."""
    return make_patient(clinician)


@pytest.fixture
def order(leukaemia, patient, clinician: User) -> Order:
    """A signed order with a note."""
    return place(patient, clinician, note="Compare with the staging CT.")
