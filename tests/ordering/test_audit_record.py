"""The audit record of an order as a file: what is in it, who gets it, and that taking it is recorded."""

import csv
import io
import json

import pytest

from tests.ordering.placing import events, patient, place, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]


@pytest.fixture
def order(patient, clinician, leukaemia):
    """Return an order with a history, and a note that a spreadsheet would take for a formula."""
    order = place(patient, clinician, note='=HYPERLINK("x")')
    report(order, clinician)
    return order


def test_the_record_tells_everything_in_order_and_says_that_it_was_taken(as_user, clinician, order):
    answer = as_user(clinician).get(f"/orders/{order.pk}/audit.json")
    said = json.loads(answer.content)

    kinds = [event["event_type"] for event in said["events"]]
    wanted = ["consultation.recorded", "order.placed", "order.signed", "finding.recorded", "order.completed"]
    assert [kind for kind in kinds if kind in wanted] == wanted
    assert said["count"] == len(kinds)
    assert [event["id"] for event in said["events"]] == sorted(event["id"] for event in said["events"])
    assert answer["Content-Disposition"] == f'attachment; filename="audit-{order.number}.json"'
    (event,) = events("export.made", entity_id=str(order.pk))
    assert event.after == {"what": "audit record of an order", "format": "json", "count": len(kinds)}
    assert "Trail downloaded" in text_of(as_user(clinician).get(f"/orders/{order.pk}/trail/"))


def test_no_cell_is_a_formula(as_user, clinician, order):
    answer = as_user(clinician).get(f"/orders/{order.pk}/audit.csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")] == []


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize(
    ("who", "status"), [("colleague", 200), ("auditor", 200), ("other_clinic", 404), ("editor", 403)]
)
def test_only_those_who_may_read_the_trail_take_it(request, as_user, order, who, status, form):
    answer = as_user(request.getfixturevalue(who)).get(f"/orders/{order.pk}/audit.{form}")

    assert answer.status_code == status
    assert bool(events("export.made")) == (status == 200)
