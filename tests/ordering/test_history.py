"""The history: filters that live in the address, pages that neither repeat nor lose an order."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordering import history
from ordering.actions import cancel_order
from ordering.choosing import OverrideGiven
from ordering.models import Order
from portal import audit
from tests.ordering.placing import CT, MRI, PET, events, patient, place, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
URL = "/orders/"


def numbers(response) -> list[str]:
    return [row.number for row in response.context["rows"]]


@pytest.fixture
def several(patient, clinician, make_patient, leukaemia) -> dict[str, Order]:
    """Return orders that differ in everything a filter asks for, one a day."""
    other = make_patient(clinician, family_name="Okafor", given_name="Grace", mrn="4001 5520")
    because = {"reason": OverrideGiven("radiologist-advised")}
    wanted = {
        "ct": {"study": CT},
        "pet": {"study": PET, "patient": other},
        "mri": {"study": MRI, **because},
        "unlisted": {"study": None, "study_text": "Ultrasound of the abdomen", **because},
        "draft": {"study": CT, "sign": False},
    }
    orders = {}
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    for day, (name, given) in enumerate(wanted.items()):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            orders[name] = place(given.pop("patient", patient), clinician, **given)
    report(orders["ct"], clinician)
    return orders


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["draft", "unlisted", "mri", "pet", "ct"]),
        ("?status=completed", ["ct"]),
        ("?status=draft", ["draft"]),
        (f"?study={CT}", ["draft", "ct"]),
        ("?study=not-listed", ["unlisted"]),
        ("?study=nothing-of-this-name", []),
        ("?rating=usually_not_appropriate", ["mri"]),
        ("?rating=not_rated", ["unlisted"]),
        ("?placed_from=03-Mar-2026", ["draft", "unlisted", "mri"]),
        ("?placed_to=2026-03-02", ["pet", "ct"]),
        ("?placed_from=2026-03-02&placed_to=2026-03-02", ["pet"]),
        (f"?status=active&study={PET}&rating=usually_appropriate", ["pet"]),
        ("?status=&study=&rating=&placed_from=&placed_to=", ["draft", "unlisted", "mri", "pet", "ct"]),
    ],
)
def test_filters_narrow_the_list(as_user, clinician, several, query, names):
    response = as_user(clinician).get(f"{URL}{query}")

    assert numbers(response) == [several[name].number for name in names]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?status=gone", "status"),
        ("?rating=good", "rating"),
        ("?placed_from=03/04/2026", "placed_from"),
        ("?placed_to=yesterday", "placed_to"),
        ("?placed_from=2026-03-05&placed_to=2026-03-01", "placed_to"),
        ("?patient=1", "patient"),
        (f"?study={'x' * 81}", "study"),
    ],
)
def test_a_filter_that_cannot_be_is_named_and_nothing_is_listed(as_user, clinician, several, query, field):
    response = as_user(clinician).get(f"{URL}{query}")

    assert list(response.context["filters"].errors) == [field]
    assert numbers(response) == []
    assert "<title>Error:" in text_of(response)


def test_a_list_without_matches_can_be_cleared(as_user, clinician, several):
    page = text_of(as_user(clinician).get(f"{URL}?status=on-hold"))

    assert "No order fits these filters" in page
    assert "Clear the filters" in page


def test_an_organisation_without_orders_is_told_so(as_user, clinician):
    assert "No orders yet" in text_of(as_user(clinician).get(URL))


def test_a_typed_patient_becomes_an_identifier_in_the_address(as_user, clinician, several):
    client = as_user(clinician)

    response = client.post(URL, {"q": "okafor", "status": "active"})

    assert response.status_code == 303
    assert parse_qs(urlsplit(response.url).query) == {
        "status": ["active"],
        "patient": [str(several["pet"].patient_id)],
    }
    assert numbers(client.get(response.url)) == [several["pet"].number]


def test_a_text_that_fits_several_patients_asks_which(as_user, clinician, several, make_patient):
    make_patient(clinician, family_name="Okafor", given_name="Gloria")

    response = as_user(clinician).post(URL, {"q": "okafor", "status": "active"})

    page = text_of(response)
    assert "Which patient?" in page
    assert f'href="/orders/?status=active&amp;patient={several["pet"].patient_id}"' in page


@pytest.mark.parametrize(
    ("text", "says"),
    [("nobody", "No patient fits"), ("", "Type a name"), ("03/04/1984", "can be two days")],
)
def test_a_typed_patient_that_is_not_clear_is_explained(as_user, clinician, several, text, says):
    response = as_user(clinician).post(URL, {"q": text, "status": "active"})

    page = text_of(response)
    assert says in page
    assert '<input type="hidden" name="status" value="active">' in page


def test_pages_follow_each_other_without_gap_or_repeat(as_user, clinician, patient, monkeypatch):
    monkeypatch.setattr(history, "PAGE_ROWS", 3)
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):  # all at the same moment: the identifier decides
        orders = [place(patient, clinician) for _ in range(8)]
    expected = [order.number for order in sorted(orders, key=lambda order: order.pk, reverse=True)]
    client = as_user(clinician)

    pages, url = [], URL
    while url:
        response = client.get(url)
        pages.append(numbers(response))
        url = response.context["older_url"]

    assert [number for page in pages for number in page] == expected
    assert [len(page) for page in pages] == [3, 3, 2]
    back = client.get(response.context["newer_url"])
    assert numbers(back) == pages[1]
    first = client.get(back.context["newer_url"])
    assert numbers(first) == pages[0]
    assert first.context["newer_url"] is None


def test_pages_keep_the_filters(as_user, clinician, several, monkeypatch):
    monkeypatch.setattr(history, "PAGE_ROWS", 1)

    response = as_user(clinician).get(f"{URL}?study={CT}")

    assert parse_qs(urlsplit(response.context["older_url"]).query) == {
        "study": [CT],
        "before": [str(several["draft"].pk)],
    }


@pytest.mark.parametrize(
    "query", ["?before=1", "?before=01890000-0000-7000-8000-000000000000", "?after=x&before=y"]
)
def test_an_edge_that_is_no_order_begins_at_the_newest(as_user, clinician, several, query):
    assert len(numbers(as_user(clinician).get(f"{URL}{query}"))) == 5


def test_pages_compare_whole_rows_and_skip_none(clinician, several):
    wanted = history.OrderFilter(clinician.organisation_id)

    with CaptureQueriesContext(connection) as queries:
        history.page_of(history.orders(wanted), before=several["mri"])

    sql = queries.captured_queries[0]["sql"]
    assert re.search(r'\("ordering_order"."placed_at", "ordering_order"."id"\) < \(', sql)
    assert "OFFSET" not in sql


def test_a_list_that_was_read_is_recorded_with_count_and_patient(as_user, clinician, several):
    patient_id = several["pet"].patient_id

    as_user(clinician).get(f"{URL}?patient={patient_id}")

    (event,) = events("orders.listed")
    assert event.after == {"page": "history", "count": 1}
    assert event.patient_ref == str(patient_id)


def test_no_patient_data_is_in_any_address_of_the_list(as_user, clinician, several):
    page = text_of(as_user(clinician).get(f"{URL}?patient={several['pet'].patient_id}"))

    assert not re.search(r'(href|action)="[^"]*(?i:okafor|grace|4001)', page)


def test_the_queries_do_not_grow_with_the_list(as_user, clinician, several, django_assert_num_queries):
    client = as_user(clinician)
    client.get(URL)

    # session, person, roles; names of studies; orders, progress; trail
    with django_assert_num_queries(7):
        client.get(f"{URL}?rating=usually_appropriate")


def test_a_cancelled_order_stays_in_the_history(as_user, clinician, several):
    with audit.acting(audit.actor_of(clinician)):
        cancel_order(order=several["pet"], by=clinician, via="portal", reason="Not needed.")

    assert numbers(as_user(clinician).get(f"{URL}?status=revoked")) == [several["pet"].number]
