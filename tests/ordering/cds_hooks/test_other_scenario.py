"""A second guideline needs no code: its own triggers, bindings, studies and ratings are enough."""

from __future__ import annotations

from ordering.models import Consultation
from tests.ordering.cds_hooks.answers import born, checked, rating_of
from tests.ordering.cds_hooks.fhir import call, concept, condition, draft, leukaemia, patient, post, prefetch

RIDERS = "https://example.org/riders"


def ride(order, *conditions):
    given = prefetch(*conditions, about=patient(born(30)))
    return call(order, given=given, hook="order-sign")


def test_its_trigger_brings_it_up_and_its_codes_name_its_studies(unsigned, bicycle):
    order = draft(category=[], code=concept("https://example.org/bicycles", "CITY"))
    rider, knee = condition(RIDERS, "RIDER"), condition(RIDERS, "KNEE")

    body = checked(post(unsigned, ride(order, rider, knee), service="imaging-order-sign"))

    consultation = Consultation.objects.get()
    assert consultation.scenario_slug == "which-bicycle"
    assert consultation.answers == {"rider_age": 30, "knee_pain": "yes"}
    assert consultation.fit == "needs_answers"
    assert "systemActions" not in body


def test_two_scenarios_are_two_cards_and_one_rating(unsigned, bicycle):
    order = draft()
    both = [condition(RIDERS, "RIDER"), leukaemia("C91.00")]

    body = checked(post(unsigned, ride(order, *both), service="imaging-order-sign"))

    assert len(body["cards"]) == 2
    assert len(body.get("systemActions", [])) <= 1
    assert {row.scenario_slug for row in Consultation.objects.all()} == {
        "which-bicycle",
        "adult-all-emd-post-therapy",
    }


def test_a_child_rider_is_sent_elsewhere(unsigned, bicycle):
    order = draft(category=[], code=concept("https://example.org/bicycles", "CITY"))
    given = prefetch(condition(RIDERS, "RIDER"), about=patient(born(9)))

    body = checked(post(unsigned, call(order, given=given, hook="order-sign"), service="imaging-order-sign"))

    assert "No criteria apply" in body["cards"][0]["summary"]
    assert rating_of(body) == {"pama-rating": "no-criteria-apply"}


def test_content_that_is_published_later_is_known_at_once(unsigned, request):
    order = draft(category=[], code=concept("https://example.org/bicycles", "CITY"))
    sent = ride(order, condition(RIDERS, "RIDER"))
    before = checked(post(unsigned, sent, service="imaging-order-sign"))

    request.getfixturevalue("bicycle")
    after = checked(post(unsigned, sent, service="imaging-order-sign"))

    assert before == {"cards": []}
    assert len(after["cards"]) == 1
