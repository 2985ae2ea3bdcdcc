"""What a caller gets when a request fails: the right status and form, and nothing about a patient."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal import errors
from portal.problems import problem

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.portal.failing_urls")]

OUTAGES = ["away", "locked", "full", "deadlock", "closed", "standby", "no-actor"]
STATUS = {
    **dict.fromkeys(OUTAGES, 503),
    "too-long": 400,
    "bug": 500,
    "forbidden": 403,
    "missing": 404,
    "suspicious": 400,
    "nothing-here": 404,
}


@pytest.fixture
def caller() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_a_page_that_fails_says_so_in_words(caller: Client, kind: str, status: int) -> None:
    response = caller.get(f"/{kind}/", {"q": "Jane"})

    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert "<h1>" in response.content.decode()


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_the_api_answers_problem_details(caller: Client, kind: str, status: int) -> None:
    response = caller.get(f"/api/{kind}/", {"q": "Jane"})

    body = response.json()
    assert response.status_code == body["status"] == status
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["errors"] == []


@pytest.mark.parametrize("kind", OUTAGES)
@pytest.mark.parametrize("prefix", ["", "api/"])
def test_an_outage_says_when_to_try_again(caller: Client, kind: str, prefix: str) -> None:
    assert caller.get(f"/{prefix}{kind}/")["Retry-After"] == "5"


@pytest.mark.parametrize("kind", STATUS)
@pytest.mark.parametrize("prefix", ["", "api/"])
def test_no_answer_and_no_log_line_repeats_values_or_the_query(
    caller: Client, caplog: pytest.LogCaptureFixture, kind: str, prefix: str
) -> None:
    from portal.logs import QuietFormatter

    caplog.handler.setFormatter(QuietFormatter())
    with caplog.at_level(logging.DEBUG):
        response = caller.get(f"/{prefix}{kind}/", {"mrn": "canary-1"})

    for text in (response.content.decode(), caplog.text):
        assert "Jane" not in text
        assert "canary-1" not in text


@pytest.mark.parametrize(
    ("kind", "status"), [("away", 503), ("bug", 500), ("missing", 404), ("forbidden", 403)]
)
def test_every_error_can_be_said_without_a_database(
    caller: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any, kind: str, status: int
) -> None:
    with django_assert_num_queries(0):
        response = caller.get(f"/{kind}/")

    assert response.status_code == status


def test_an_error_page_that_cannot_be_rendered_still_says_something(
    caller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors.loader, "render_to_string", broken)

    assert "<h1>Not found</h1>" in caller.get("/missing/").content.decode()


def test_a_form_without_its_token_is_refused_like_any_other() -> None:
    caller = Client(enforce_csrf_checks=True)

    assert caller.post("/plain/").status_code == 403
    assert caller.post("/api/plain/").json()["code"] == "forbidden"


@pytest.mark.django_db(transaction=True)
def test_a_server_that_stops_answering_is_an_outage(caller: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    except Exception as error:
        status = errors.status_of(error)
    connection.close()

    assert status == 503


def test_a_problem_lists_every_fault_with_its_place() -> None:
    faults = [{"pointer": "/answers/egfr", "code": "out_of_range", "detail": "0 to 200"}]

    response = problem(422, "invalid", "Not valid", "See errors.", errors=faults, instance="/api/v1/orders/")

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    body = __import__("json").loads(response.content)
    assert body == {
        "type": "urn:imaging-portal:problem:invalid",
        "title": "Not valid",
        "status": 422,
        "detail": "See errors.",
        "code": "invalid",
        "instance": "/api/v1/orders/",
        "errors": faults,
    }
