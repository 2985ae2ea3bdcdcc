"""The worklist: what needs somebody comes first, and the counters lead to what they count."""

import pytest
from django.urls import reverse

from guidelines.actions import copy_to_draft
from guidelines.models import ScenarioVersion
from ordering.actions import cancel_order, hold_order
from ordering.models import Patient
from portal import audit
from portal.models import User
from tests.content import publish
from tests.ordering.placing import events, patient, place, progress, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
URL = "/"


@pytest.fixture
def several(patient: Patient, clinician: User, leukaemia: ScenarioVersion) -> dict[str, str]:
    """Return the numbers of orders, one of each kind that the worklist tells apart."""
    orders = {
        name: place(patient, clinician)
        for name in ("completed", "cancelled", "waiting", "held", "reported", "provisional")
    }
    orders["draft"] = place(patient, clinician, sign=False)
    with audit.acting(audit.actor_of(clinician)):
        hold_order(order=orders["held"], by=clinician, via="portal", reason="")
        cancel_order(order=orders["cancelled"], by=clinician, via="portal", reason="Not needed.")
    progress(orders["waiting"], clinician, "received")
    progress(orders["reported"], clinician, "received", "reported")
    report(orders["provisional"], clinician, compared_with_baseline="not_yet")
    report(orders["completed"], clinician)
    return {name: order.number for name, order in orders.items()}


def numbers(response) -> list[str]:
    return [row.number for row in response.context["rows"]]


def test_what_needs_somebody_comes_first(as_user, clinician, several):
    response = as_user(clinician).get(URL)

    names = {number: name for name, number in several.items()}
    listed = [names[number] for number in numbers(response)]
    assert set(listed[:2]) == {"reported", "provisional"}
    assert listed[2] == "draft"
    assert set(listed[3:5]) == {"waiting", "held"}
    assert set(listed[5:]) == {"cancelled", "completed"}


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("outcomes", {"reported", "provisional"}),
        ("drafts", {"draft"}),
        ("waiting", {"waiting", "held"}),
        (
            "recent",
            {"completed", "cancelled", "waiting", "held", "reported", "provisional", "draft"},
        ),
    ],
)
def test_each_counter_counts_what_it_leads_to(as_user, clinician, several, kind, holds):
    client = as_user(clinician)
    tiles = {tile.url: tile.count for tile in client.get(URL).context["tiles"]}

    response = client.get(f"{URL}?show={kind}")

    assert set(numbers(response)) == {several[name] for name in holds}
    assert len(holds) == response.context["total"]
    assert len(tiles) == 4
    assert tiles.get(f"/?show={kind}", len(holds)) == len(holds)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("reported", "Record outcome"),
        ("provisional", "Compare with baseline"),
        ("draft", "Continue"),
        ("waiting", "View"),
    ],
)
def test_each_row_offers_its_next_step(as_user, clinician, several, name, link):
    rows = {row.number: row for row in as_user(clinician).get(URL).context["rows"]}

    assert rows[several[name]].next_label == link


def test_a_provisional_finding_stays_until_a_later_one_was_compared(as_user, clinician, patient):
    order = place(patient, clinician)
    report(order, clinician, compared_with_baseline="not_yet")
    client = as_user(clinician)
    assert numbers(client.get("/?show=outcomes")) == [order.number]

    report(order, clinician, compared_with_baseline="yes")

    assert numbers(client.get("/?show=outcomes")) == []


def test_my_orders_are_shown_first_and_a_colleagues_on_request(as_user, clinician, colleague, patient):
    order = place(patient, colleague)
    client = as_user(clinician)

    assert numbers(client.get(URL)) == []
    assert numbers(client.get("/?whose=all")) == [order.number]


def test_an_empty_worklist_says_so_and_offers_to_start(as_user, clinician):
    page = text_of(as_user(clinician).get(URL))

    assert "Nothing needs you" in page
    assert "Start an order" in page


def test_an_empty_counter_can_be_cleared(as_user, clinician):
    page = text_of(as_user(clinician).get("/?show=drafts"))

    assert "Clear the filter" in page


@pytest.mark.parametrize("query", ["?show=everything", "?whose=theirs", "?show=drafts&show=waiting"])
def test_an_unknown_filter_is_no_fault(as_user, clinician, query):
    assert as_user(clinician).get(f"{URL}{query}").status_code == 200


@pytest.mark.parametrize(
    ("person", "leads_to"),
    [("auditor", "order_list"), ("editor", "admin:index"), ("administrator", "admin:index")],
)
def test_others_are_led_to_where_they_work(as_user, request, person, leads_to):
    response = as_user(request.getfixturevalue(person)).get(URL)

    assert response.status_code == 302
    assert response.url == reverse(leads_to)


def test_looking_at_the_worklist_is_recorded_with_the_count_only(as_user, clinician, several):
    as_user(clinician).get(URL)

    (event,) = events("orders.listed")
    assert event.actor == f"user:{clinician.pk}:clinician"
    assert event.after == {"page": "worklist", "count": 7}


def test_the_number_of_queries_does_not_grow_with_the_list(
    as_user, clinician, several, django_assert_num_queries
):
    client = as_user(clinician)

    # session, person, roles; counters, orders, progress, outdated drafts, kept; trail
    with django_assert_num_queries(9):
        client.get(URL)


def test_drafts_under_a_version_that_was_replaced_are_named_with_what_replaced_it(
    as_user, clinician, patient, leukaemia
):
    draft = place(patient, clinician, sign=False)
    client = as_user(clinician)
    before = client.get(URL)
    with audit.acting(audit.system("tests")):
        publish(version=copy_to_draft(version=leukaemia, by=None))

    page = text_of(client.get(URL))

    assert before.context["changed"] == []
    assert "Version 2 replaced version 1." in page
    assert f'href="/orders/{draft.pk}/review/">{draft.patient}, {draft.number}' in page
