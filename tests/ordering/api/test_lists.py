"""Pages of orders, events and scenarios: filters, links, and nothing lost or repeated between pages."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from ordering.models import Order
from portal.models import User
from tests.ordering.api.caller import FINDING, MRI, ORDER, PATIENT, PET, Caller, is_problem, secret_for

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def placed_at(api: Caller, minutes: float, **given: object) -> dict:
    with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
        return api.placed(**given)


def walk(api: Caller, url: str) -> list[list[str]]:
    """Return the numbers on every page from `url` on, by the next links."""
    pages = []
    link: str | None = url
    while link:
        body = api.get(link.removeprefix("http://testserver")).json()
        pages.append([row["number"] for row in body["results"]])
        link = body["next"]
    return pages


@pytest.mark.django_db
@time_machine.travel(START + timedelta(hours=1))
def test_pages_are_complete_newest_first_and_go_both_ways(api: Caller):
    placed = [placed_at(api, minutes // 2)["number"] for minutes in range(7)]  # some at the same moment

    pages = walk(api, "orders/?limit=3")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [number for page in pages for number in page] == sorted(placed, reverse=True)
    first = api.get("orders/?limit=3").json()
    assert first["previous"] is None
    assert first["next"].startswith("http://testserver/api/v1/orders/?")
    second = api.get(first["next"].removeprefix("http://testserver")).json()
    back = api.get(second["previous"].removeprefix("http://testserver")).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None
    assert api.get(back["next"].removeprefix("http://testserver")).json()["results"] == second["results"]


@pytest.mark.django_db
@time_machine.travel(START + timedelta(hours=1))
def test_orders_that_arrive_between_pages_shift_nothing(api: Caller):
    before = [placed_at(api, minute)["number"] for minute in range(6)]
    first = api.get("orders/?limit=2").json()
    late = [placed_at(api, 10 + minute)["number"] for minute in range(3)]

    rest = walk(api, first["next"])

    seen = [row["number"] for row in first["results"]] + [number for page in rest for number in page]
    assert seen == sorted(before, reverse=True)
    second = api.get(first["next"].removeprefix("http://testserver")).json()
    newer = api.get(second["previous"].removeprefix("http://testserver")).json()
    assert newer["results"] == first["results"]
    newest = api.get(newer["previous"].removeprefix("http://testserver")).json()
    assert [row["number"] for row in newest["results"]] == sorted(late, reverse=True)[1:]


@pytest.mark.django_db
def test_links_keep_the_filters(api: Caller):
    for _ in range(3):
        api.placed(sign=False)
    api.placed()

    pages = walk(api, "orders/?limit=2&status=draft")

    assert [len(page) for page in pages] == [2, 1]


@pytest.mark.django_db
def test_an_empty_list_is_a_page(api: Caller):
    assert api.get("orders/").json() == {"next": None, "previous": None, "results": []}


@pytest.mark.django_db
@time_machine.travel(START + timedelta(hours=1))
def test_filters_find_what_they_say(api: Caller, colleague: User):
    reason = {"code": "radiologist-advised", "text": ""}
    draft = placed_at(api, 0, sign=False)
    mri = placed_at(api, 1, study=MRI, override_reason=reason)
    outside = placed_at(api, 2, study=None, study_text="Ultrasound", override_reason=reason)
    other = placed_at(api, 3, patient=PATIENT | {"mrn": "T-200"})
    theirs = Caller(secret_for(colleague))
    colleagues = placed_at(theirs, 4, study=PET)
    reported = placed_at(api, 5)
    api.post(f"orders/{reported['id']}/findings/", FINDING)
    everything = [draft, mri, outside, other, colleagues, reported]
    changed = api.get(f"orders/{reported['id']}/").json()["updated_at"]
    wanted = {
        "": everything,
        "status=draft": [draft],
        "status=draft,completed": [draft, reported],
        "study=" + MRI: [mri],
        "study=unknown": [],
        f"scenario={ORDER['scenario']}": everything,
        "scenario=unknown": [],
        "rating=usually_not_appropriate": [mri],
        "rating=null": [outside],
        "rating=not_rated,usually_not_appropriate": [mri, outside],
        "patient=T-200": [other],
        "patient=T-999": [],
        f"requester={colleague.pk}": [colleagues],
        "requester=9223372036854775807": [],
        f"placed_after={other['placed_at']}": [colleagues, reported],
        f"placed_before={mri['placed_at']}": [draft],
        "placed_after=2026-11-01T10:03:00%2B01:00": [colleagues, reported],
        "finding=negative": [reported],
        "finding=new_sites": [],
        f"updated_since={changed}": [reported],
        "status=active&patient=T-100&rating=null": [outside],
    }

    wrong = {}
    for query, rows in wanted.items():
        answer = api.get(f"orders/?{query}")
        numbers = {row["number"] for row in answer.json().get("results", [])}
        if numbers != {row["number"] for row in rows}:
            wrong[query] = answer.json()

    assert wrong == {}


@pytest.mark.django_db
def test_a_row_of_a_list_is_the_order_itself(api: Caller):
    order = api.placed()

    assert api.get("orders/").json()["results"] == [api.get(f"orders/{order['id']}/").json()]


@pytest.mark.django_db
def test_a_list_takes_the_same_queries_however_long(api: Caller, colleague: User, django_assert_num_queries):
    parent = api.placed()
    api.get("orders/")
    # token, page, statuses, findings, progress, follow-ups, people, and the event
    with django_assert_num_queries(8):
        api.get("orders/")
    for _ in range(4):
        order = Caller(secret_for(colleague)).placed(parent=parent["id"])
        api.post(f"orders/{order['id']}/findings/", FINDING | {"compared_with_baseline": "not_yet"})

    with django_assert_num_queries(8):
        answer = api.get("orders/")

    assert len(answer.json()["results"]) == 5


@pytest.mark.django_db
def test_a_page_reads_one_range_of_the_index(api: Caller):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(3):
        api.placed()
    link = api.get("orders/?limit=1").json()["next"]

    with CaptureQueriesContext(
        connection,
    ) as captured:
        api.get(link.removeprefix("http://testserver"))

    page = next(
        query["sql"] for query in captured if "ORDER BY" in query["sql"] and "LIMIT 2" in query["sql"]
    )
    assert '("ordering_order"."placed_at", "ordering_order"."id") < (' in page
    assert "OFFSET" not in page
    assert "COUNT" not in page


@pytest.mark.django_db(transaction=True)
def test_the_trail_of_an_order_names_who_did_what(api: Caller, clinician: User, auditor: User):
    order = api.placed()["id"]
    api.get(f"orders/{order}/")
    api.post(f"orders/{order}/findings/", FINDING)
    other = api.placed()["id"]
    api.post(f"orders/{other}/cancel/", {"reason": "moved away"})

    answer = Caller(secret_for(auditor, "audit:read")).get(f"orders/{order}/events/")

    assert answer.status_code == 200, answer.content
    events = answer.json()["results"]
    kinds = [event["kind"] for event in events]
    assert kinds[-2:] == ["order.signed", "order.placed"]
    assert {"order.viewed", "finding.recorded", "order.completed"} <= set(kinds)
    assert [event["seq"] for event in events] == sorted((event["seq"] for event in events), reverse=True)
    assert events[-1]["actor"] == f"user:{clinician.pk}:clinician"
    assert events[-1]["via"] == "api"
    assert events[-1]["detail"]["number"]
    cancelled = api.get(f"orders/{other}/events/").json()["results"]
    assert next(event["reason"] for event in cancelled if event["kind"] == "order.cancelled") == "moved away"
    assert "order.trail-viewed" in [
        event["kind"] for event in api.get(f"orders/{order}/events/").json()["results"]
    ]


@pytest.mark.django_db(transaction=True)
def test_the_trail_is_paged(api: Caller):
    order = api.placed()["id"]
    for _ in range(5):
        api.get(f"orders/{order}/")
    first = api.get(f"orders/{order}/events/?limit=3").json()

    second = api.get(first["next"].removeprefix("http://testserver")).json()
    third = api.get(second["next"].removeprefix("http://testserver")).json()

    seqs = [event["seq"] for page in (first, second, third) for event in page["results"]]
    assert len(seqs) == len(set(seqs)) == 7
    assert seqs == sorted(seqs, reverse=True)
    assert api.get(second["previous"].removeprefix("http://testserver")).json()["results"] == first["results"]


@pytest.mark.django_db
def test_scenarios_are_found_with_typos(api: Caller, bicycle):
    everything = api.get("scenarios/").json()
    assert {row["slug"] for row in everything["results"]} == {ORDER["scenario"], bicycle.scenario.slug}
    for typed in ("leukemia", "lymphoblastc leukaemia", "acute lymphoblastic"):
        rows = api.get(f"scenarios/?q={typed}").json()["results"]
        assert rows[0]["slug"] == ORDER["scenario"], typed
    assert api.get("scenarios/?q=zzzzzz").json()["results"] == []
    assert rows[0]["url"] == f"http://testserver/api/v1/scenarios/{ORDER['scenario']}/"


@pytest.mark.django_db
def test_scenarios_are_paged(api: Caller, bicycle):
    first = api.get("scenarios/?limit=1").json()
    second = api.get(first["next"].removeprefix("http://testserver")).json()

    assert first["previous"] is None
    assert second["next"] is None
    assert {first["results"][0]["slug"], second["results"][0]["slug"]} == {
        ORDER["scenario"],
        bicycle.scenario.slug,
    }
    assert api.get(second["previous"].removeprefix("http://testserver")).json() == first


@pytest.mark.django_db
def test_a_scenario_shows_all_its_content(api: Caller):
    answer = api.get(f"scenarios/{ORDER['scenario']}/")

    content = answer.json()
    assert answer.status_code == 200
    assert {
        "data_elements",
        "criteria",
        "studies",
        "findings",
        "sources",
        "faqs",
        "pitfalls",
    } <= content.keys()
    assert content["version"] == 1
    assert content["digest"].startswith("sha256:")
    ct = next(study for study in content["studies"] if study["code"] == ORDER["study"])
    assert (ct["rating"], ct["radiation"]["level"], ct["default_role"]) == (
        "usually_appropriate",
        4,
        "suggested",
    )
    assert api.get(f"scenarios/{ORDER['scenario']}/versions/1/").json() == content
    unchanged = api.get(f"scenarios/{ORDER['scenario']}/", If_None_Match=answer.headers["ETag"])
    assert unchanged.status_code == 304


@pytest.mark.django_db
def test_drafts_are_not_shown(api: Caller, guideline):
    from guidelines.actions import copy_to_draft
    from portal import audit
    from tests.content import publish

    with audit.acting(audit.system("tests")):
        draft = copy_to_draft(version=guideline, by=None)
    url = f"scenarios/{ORDER['scenario']}/versions/2/"

    assert is_problem(api.get(url), 404, "not-found")
    with audit.acting(audit.system("tests")):
        publish(version=draft)
    assert api.get(url).json()["state"] == "published"
    assert api.get(f"scenarios/{ORDER['scenario']}/versions/1/").json()["state"] == "superseded"


@pytest.mark.django_db
def test_a_second_scenario_needs_no_code(api: Caller, bicycle):
    content = api.get(f"scenarios/{bicycle.scenario.slug}/").json()
    answers = {
        element["key"]: element["choices"][0]["value"]
        for element in content["data_elements"]
        if element["kind"] == "choice"
    }

    suggestion = api.post("suggestions/", {"scenario": bicycle.scenario.slug, "answers": answers})

    assert suggestion.status_code == 200, suggestion.content
    assert suggestion.json()["scenario"]["slug"] == bicycle.scenario.slug
    assert Order.objects.count() == 0
