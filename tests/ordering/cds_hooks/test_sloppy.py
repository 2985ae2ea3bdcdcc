"""However a record is spoilt: never a fault of the server, never an answer that is not well formed."""

from __future__ import annotations

import copy
import itertools

import pytest

from tests.ordering.cds_hooks.answers import checked
from tests.ordering.cds_hooks.fhir import FITTING, SEVERE, allergy, call, concept, draft, egfr, post, prefetch

JUNK = (None, "", [], {}, 0, "x", [None], {"coding": [{}]}, True, -1.5, [[{}]], {"resourceType": "Bundle"})
FINE = {200, 400, 412}


def places(value, path=()):
    """Every place in a body, the deepest last."""
    yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in members:
        yield from places(inner, (*path, name))


def spoilt(body, path, junk):
    """The body with junk at one place."""
    changed = copy.deepcopy(body)
    if not path:
        return junk
    here = changed
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = junk
    return changed


def whole():
    order = draft(
        reasonCode=[concept("http://hl7.org/fhir/sid/icd-10-cm", "C91.00")],
        authoredOn="2026-06-02T09:15:00Z",
        extension=[{"url": "https://ehr.example.org/x", "valueString": "y"}],
    )
    return call(order, given=prefetch(*FITTING, egfr(), allergy(**SEVERE, reaction=[{"severity": "severe"}])))


def test_junk_at_any_place_is_answered_or_refused_in_form(unsigned):
    body = whole()
    junk = itertools.cycle(JUNK)

    for path in list(places(body)):
        for _ in range(2):
            value = next(junk)
            response = post(unsigned, spoilt(body, path, value))
            assert response.status_code in FINE, (path, value, response.status_code)
            if response.status_code == 200 and "draftOrders" not in path:
                checked(response)


def test_a_part_left_out_anywhere_is_answered_or_refused_in_form(unsigned):
    body = whole()

    for path in list(places(body))[1:]:
        changed = copy.deepcopy(body)
        here = changed
        for name in path[:-1]:
            here = here[name]
        del here[path[-1]]
        response = post(unsigned, changed)
        assert response.status_code in FINE, (path, response.status_code)


def test_a_deep_and_a_large_record_are_answered(unsigned):
    body = whole()
    nested = body["prefetch"]["conditions"]
    for _ in range(10):
        nested = {"resourceType": "Bundle", "entry": [{"resource": nested}]}
    body["prefetch"]["more"] = nested
    body["prefetch"]["egfr"]["entry"] *= 500

    checked(post(unsigned, body))


def test_conditions_without_a_bundle_around_them_are_read(unsigned):
    body = whole()
    body["prefetch"]["conditions"] = [entry["resource"] for entry in body["prefetch"]["conditions"]["entry"]]

    (card,) = checked(post(unsigned, body))["cards"]
    (usual,) = checked(post(unsigned, whole()))["cards"]
    assert (card["summary"], card["detail"]) == (usual["summary"], usual["detail"])


@pytest.mark.parametrize("junk", ["Bundle", 0, True, ["x"], {"total": 0}, {"resource": None}])
def test_conditions_that_cannot_be_read_are_asked_for_again(unsigned, junk):
    order = draft()
    body = call(order, given=prefetch())
    body["prefetch"]["conditions"] = junk

    response = post(unsigned, body)

    assert response.status_code == 412
    assert "conditions" in response.content.decode()
