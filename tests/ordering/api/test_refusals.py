"""Hostile and mistaken input: refused with every fault named, never a 5xx, and nothing stored."""

import json
from typing import Any

import pytest

from ordering.models import Consultation, Finding, IdempotencyKey, Order, Patient, Progress
from portal.models import User
from tests.ordering.api.caller import (
    ANSWERS,
    CT,
    FINDING,
    ORDER,
    PATIENT,
    QUESTION,
    Caller,
    is_problem,
    pointers,
    secret_for,
)

pytestmark = pytest.mark.django_db

STORED = (Patient, Consultation, Order, Finding, Progress, IdempotencyKey)


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def patient(**given: Any) -> dict[str, Any]:
    return ORDER | {"patient": PATIENT | given}


def answers(**given: Any) -> dict[str, Any]:
    return ORDER | {"answers": ANSWERS | given}


def raw(body: dict[str, Any], old: str, new: str) -> bytes:
    text = json.dumps(body)
    assert old in text
    return text.replace(old, new, 1).encode()


# (what is sent, status, pointer of a fault that must be named)
BODIES: list[tuple[Any, int, str]] = [
    (b"", 400, "/scenario"),
    (b"{", 400, ""),
    (b"null", 400, ""),
    (b"[]", 400, ""),
    (b'"text"', 400, ""),
    (b"1", 400, ""),
    (b"NaN", 400, ""),
    (b"\xff\xfe{}", 400, ""),
    (b"\xef\xbb\xbf{}", 400, ""),
    (b"{'scenario': 1}", 400, ""),
    (b'{"scenario": "a",}', 400, ""),
    (b"[" * 3000 + b"]" * 3000, 400, ""),
    (b'{"answers":' * 3000 + b"1" + b"}" * 3000, 400, ""),
    (b'{"a": 1, "a": 2}', 400, "/a"),
    (b'{"scenario": "\\ud800"}', 400, "/scenario"),
    (b'{"scenario": "a\\u0000b"}', 400, "/scenario"),
    (b"\x00", 400, ""),
    (b"{}" * 2, 400, ""),
]
SUGGESTIONS: list[tuple[Any, int, str]] = [
    *BODIES,
    ({}, 400, "/scenario"),
    ({"scenario": QUESTION["scenario"]}, 400, "/answers"),
    (without(QUESTION, "scenario"), 400, "/scenario"),
    (QUESTION | {"scenario": None}, 400, "/scenario"),
    (QUESTION | {"scenario": 1}, 400, "/scenario"),
    (QUESTION | {"scenario": ["a"]}, 400, "/scenario"),
    (QUESTION | {"scenario": ""}, 422, "/scenario"),
    (QUESTION | {"scenario": " "}, 422, "/scenario"),
    (QUESTION | {"scenario": "no-such-scenario"}, 422, "/scenario"),
    (QUESTION | {"scenario": "x" * 300}, 422, "/scenario"),
    (QUESTION | {"scenario": QUESTION["scenario"] + "\n"}, 422, "/scenario"),
    (QUESTION | {"scenario": QUESTION["scenario"].upper()}, 422, "/scenario"),
    (QUESTION | {"answers": None}, 400, "/answers"),
    (QUESTION | {"answers": []}, 400, "/answers"),
    (QUESTION | {"answers": "diagnosis"}, 400, "/answers"),
    (QUESTION | {"extra": 1}, 400, "/extra"),
    (QUESTION | {"patient": PATIENT}, 400, "/patient"),
    (QUESTION | {"a/b~c": 1}, 400, "/a~1b~0c"),
    (QUESTION | {"answers": {"colour": "red"}}, 400, "/answers/colour"),
    (QUESTION | {"answers": {"a/b": "red"}}, 400, "/answers/a~1b"),
    (QUESTION | {"answers": {"": "red"}}, 400, "/answers"),
    (QUESTION | {"answers": {"age_years": True}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": "42"}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": "4_2"}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": "٤٢"}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": 42.0}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": [42]}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": {"value": 42}}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": -1}}, 422, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": 131}}, 422, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": 10**17}}, 422, "/answers/age_years"),
    (QUESTION | {"answers": {"age_years": 10**40}}, 400, "/answers/age_years"),
    (QUESTION | {"answers": {"diagnosis": "ALL"}}, 422, "/answers/diagnosis"),
    (QUESTION | {"answers": {"diagnosis": ""}}, 422, "/answers/diagnosis"),
    (QUESTION | {"answers": {"diagnosis": "all "}}, 422, "/answers/diagnosis"),
    (QUESTION | {"answers": {"diagnosis": 1}}, 400, "/answers/diagnosis"),
    (QUESTION | {"answers": {"diagnosis": ["all"]}}, 400, "/answers/diagnosis"),
    (QUESTION | {"answers": {"pregnancy": True}}, 400, "/answers/pregnancy"),
    (QUESTION | {"answers": {"pregnancy": "unknown"}}, 422, "/answers/pregnancy"),
    (QUESTION | {"answers": {"emd_sites": "liver"}}, 400, "/answers/emd_sites"),
    (QUESTION | {"answers": {"emd_sites": [1]}}, 400, "/answers/emd_sites"),
    (QUESTION | {"answers": {"emd_sites": [None]}}, 400, "/answers/emd_sites"),
    (QUESTION | {"answers": {"emd_sites": ["liver", "liver"]}}, 400, "/answers/emd_sites"),
    (QUESTION | {"answers": {"emd_sites": ["knee"]}}, 422, "/answers/emd_sites"),
    (QUESTION | {"answers": {"emd_sites": {"liver": True}}}, 400, "/answers/emd_sites"),
    (QUESTION | {"answers": {"egfr": "45"}}, 400, "/answers/egfr"),
    (QUESTION | {"answers": {"egfr": True}}, 400, "/answers/egfr"),
    (QUESTION | {"answers": {"egfr": 200.5}}, 422, "/answers/egfr"),
    (QUESTION | {"answers": {"egfr": -0.1}}, 422, "/answers/egfr"),
    (raw(QUESTION | {"answers": {"egfr": 1}}, '"egfr": 1', '"egfr": 1e400'), 400, "/answers/egfr"),
    (raw(QUESTION | {"answers": {"egfr": 1}}, '"egfr": 1', '"egfr": NaN'), 400, "/answers/egfr"),
    (raw(QUESTION | {"answers": {"egfr": 1}}, '"egfr": 1', '"egfr": -Infinity'), 400, "/answers/egfr"),
    (raw(QUESTION | {"answers": {"egfr": 1}}, '"egfr": 1', '"egfr": 1, "egfr": 2'), 400, "/answers/egfr"),
    (QUESTION | {"answers": {"therapy_ended_on": "2026-02-30"}}, 422, "/answers/therapy_ended_on"),
    (QUESTION | {"answers": {"therapy_ended_on": "9999-12-31"}}, 422, "/answers/therapy_ended_on"),
    (QUESTION | {"answers": {"therapy_ended_on": "01/02/2026"}}, 400, "/answers/therapy_ended_on"),
    (QUESTION | {"answers": {"therapy_ended_on": "2026-1-2"}}, 400, "/answers/therapy_ended_on"),
    (QUESTION | {"answers": {"therapy_ended_on": 20260102}}, 400, "/answers/therapy_ended_on"),
    (QUESTION | {"answers": {"therapy_ended_on": "٢٠٢٦-٠١-٠١"}}, 400, "/answers/therapy_ended_on"),
]
ORDERS: list[tuple[Any, int, str]] = [
    (b"", 400, "/patient"),
    *BODIES[1:],
    (without(ORDER, "patient"), 400, "/patient"),
    (without(ORDER, "study"), 400, "/study"),
    (without(ORDER, "answers"), 400, "/answers"),
    (without(ORDER, "scenario"), 400, "/scenario"),
    (without(without(ORDER, "scenario"), "answers"), 422, ""),
    (ORDER | {"consultation": "0190d3f0-0000-7000-8000-000000000001"}, 422, "/consultation"),
    (ORDER | {"id": "1"}, 400, "/id"),
    (ORDER | {"status": "completed"}, 400, "/status"),
    (ORDER | {"number": "2026-1"}, 400, "/number"),
    (ORDER | {"requester": {"id": 1}}, 400, "/requester"),
    (ORDER | {"placed_at": "2020-01-01T00:00:00Z"}, 400, "/placed_at"),
    (ORDER | {"organisation": 2}, 400, "/organisation"),
    (ORDER | {"Study": CT}, 400, "/Study"),
    (ORDER | {"patient": "T-100"}, 400, "/patient"),
    (ORDER | {"patient": None}, 400, "/patient"),
    (ORDER | {"patient": []}, 400, "/patient"),
    (ORDER | {"patient": {}}, 400, "/patient/mrn"),
    (patient(id="1"), 400, "/patient/id"),
    (patient(middle_name="M"), 400, "/patient/middle_name"),
    (patient(mrn=100), 400, "/patient/mrn"),
    (patient(mrn=None), 400, "/patient/mrn"),
    (patient(mrn=""), 422, "/patient/mrn"),
    (patient(mrn="   "), 422, "/patient/mrn"),
    (patient(mrn=" T-100"), 422, "/patient/mrn"),
    (patient(mrn="T\n100"), 422, "/patient/mrn"),
    (patient(mrn="T" * 41), 422, "/patient/mrn"),
    (patient(family_name=["Example"]), 400, "/patient/family_name"),
    (patient(family_name=""), 422, "/patient/family_name"),
    (patient(family_name="x" * 101), 422, "/patient/family_name"),
    (patient(given_name=True), 400, "/patient/given_name"),
    (patient(given_name="a\x07b"), 422, "/patient/given_name"),
    (patient(birth_date="17-04-1980"), 400, "/patient/birth_date"),
    (patient(birth_date="1980-04-17T00:00:00Z"), 400, "/patient/birth_date"),
    (patient(birth_date=19800417), 400, "/patient/birth_date"),
    (patient(birth_date="1980-02-30"), 422, "/patient/birth_date"),
    (patient(birth_date="0000-01-01"), 422, "/patient/birth_date"),
    (patient(birth_date="0001-01-01"), 422, "/patient/birth_date"),
    (patient(birth_date="9999-12-31"), 422, "/patient/birth_date"),
    (patient(birth_date="1800-01-01"), 422, "/patient/birth_date"),
    (patient(birth_date=None), 400, "/patient/birth_date"),
    (patient(sex="F"), 422, "/patient/sex"),
    (patient(sex=""), 422, "/patient/sex"),
    (patient(sex=1), 400, "/patient/sex"),
    (answers(age_years=12), 422, "/answers/age_years"),
    (answers(age_years="46"), 400, "/answers/age_years"),
    (answers(age_years=True), 400, "/answers/age_years"),
    (answers(colour="red"), 400, "/answers/colour"),
    (answers(diagnosis="flu"), 422, "/answers/diagnosis"),
    (ORDER | {"scenario": "no-such-scenario"}, 422, "/scenario"),
    (ORDER | {"scenario": 7}, 400, "/scenario"),
    (ORDER | {"study": "no-such-study"}, 422, "/study"),
    (ORDER | {"study": ""}, 422, "/study"),
    (ORDER | {"study": 1}, 400, "/study"),
    (ORDER | {"study": [CT]}, 400, "/study"),
    (ORDER | {"study": None}, 422, "/study"),
    (ORDER | {"study_text": "and another"}, 422, "/study_text"),
    (ORDER | {"study": None, "study_text": ""}, 422, "/study_text"),
    (ORDER | {"study": None, "study_text": " x"}, 422, "/study_text"),
    (ORDER | {"study": None, "study_text": "x" * 201}, 422, "/study_text"),
    (ORDER | {"study": None, "study_text": 3}, 400, "/study_text"),
    (ORDER | {"study": None, "study_text": "Ultrasound"}, 422, "/override_reason"),
    (ORDER | {"override_reason": "because"}, 400, "/override_reason"),
    (ORDER | {"override_reason": {}}, 400, "/override_reason/code"),
    (ORDER | {"override_reason": {"code": "because"}}, 422, "/override_reason/code"),
    (ORDER | {"override_reason": {"code": 1}}, 400, "/override_reason/code"),
    (ORDER | {"override_reason": {"code": "other"}}, 422, "/override_reason/text"),
    (
        ORDER | {"override_reason": {"code": "special-circumstances", "text": " "}},
        422,
        "/override_reason/text",
    ),
    (ORDER | {"override_reason": {"code": "other", "text": "x" * 2001}}, 422, "/override_reason/text"),
    (ORDER | {"override_reason": {"code": "other", "text": 1}}, 400, "/override_reason/text"),
    (ORDER | {"override_reason": {"code": "other", "text": "x", "by": "me"}}, 400, "/override_reason/by"),
    (ORDER | {"priority": "now"}, 422, "/priority"),
    (ORDER | {"priority": None}, 400, "/priority"),
    (ORDER | {"priority": 1}, 400, "/priority"),
    (ORDER | {"note": None}, 400, "/note"),
    (ORDER | {"note": 1}, 400, "/note"),
    (ORDER | {"note": "x" * 4001}, 422, "/note"),
    (ORDER | {"sign": 1}, 400, "/sign"),
    (ORDER | {"sign": "true"}, 400, "/sign"),
    (ORDER | {"sign": None}, 400, "/sign"),
    (ORDER | {"parent": 1}, 400, "/parent"),
    (ORDER | {"parent": 1.5}, 400, "/parent"),
    (ORDER | {"parent": ""}, 400, "/parent"),
    (ORDER | {"parent": "1"}, 400, "/parent"),
    (ORDER | {"parent": "0190d3f0-0000-7000-8000-000000000001"}, 422, "/parent"),
    (ORDER | {"digest": 1}, 400, "/digest"),
    (
        without(without(ORDER, "scenario"), "answers")
        | {"consultation": "0190d3f0-0000-7000-8000-000000000001"},
        422,
        "/consultation",
    ),
    (without(without(ORDER, "scenario"), "answers") | {"consultation": 5}, 400, "/consultation"),
    (raw(ORDER, '"sign": true', '"sign": true, "sign": false'), 400, "/sign"),
    (raw(ORDER, '"mrn": "T-100"', '"mrn": "T-100", "mrn": "T-200"'), 400, "/patient/mrn"),
    (raw(ORDER, "T-100", "T\\u0000100"), 400, "/patient/mrn"),
    (raw(ORDER, "T-100", "T\\udc00"), 400, "/patient/mrn"),
    (raw(ORDER, "Robin", "\\ud83e\\ud83e"), 400, "/patient/given_name"),
]
FINDINGS: list[tuple[Any, int, str]] = [
    (b"", 400, "/finding"),
    *BODIES[1:],
    ({}, 400, "/finding"),
    (without(FINDING, "compared_with_baseline"), 400, "/compared_with_baseline"),
    (FINDING | {"finding": "fine"}, 422, "/finding"),
    (FINDING | {"finding": None}, 400, "/finding"),
    (FINDING | {"finding": 1}, 400, "/finding"),
    (FINDING | {"compared_with_baseline": "maybe"}, 422, "/compared_with_baseline"),
    (FINDING | {"compared_with_baseline": True}, 400, "/compared_with_baseline"),
    (FINDING | {"discordant": "no"}, 400, "/discordant"),
    (FINDING | {"discordant": 0}, 400, "/discordant"),
    (FINDING | {"complications": "infection"}, 400, "/complications"),
    (FINDING | {"complications": [1]}, 400, "/complications/0"),
    (FINDING | {"complications": [["infection"]]}, 400, "/complications/0"),
    (FINDING | {"complications": ["rash"]}, 422, "/complications/0"),
    (FINDING | {"complications": ["infection", "infection"]}, 400, "/complications/1"),
    (FINDING | {"comment": None}, 400, "/comment"),
    (FINDING | {"comment": "x" * 4001}, 422, "/comment"),
    (FINDING | {"provisional": False}, 400, "/provisional"),
    (FINDING | {"next_steps": []}, 400, "/next_steps"),
    (FINDING | {"reported_at": "2026-01-05"}, 400, "/reported_at"),
    (FINDING | {"reported_at": "2026-01-05T10:00:00"}, 400, "/reported_at"),
    (FINDING | {"reported_at": "2026-01-05 10:00:00Z"}, 400, "/reported_at"),
    (FINDING | {"reported_at": 1767600000}, 400, "/reported_at"),
    (FINDING | {"reported_at": "2026-02-30T10:00:00Z"}, 422, "/reported_at"),
    (FINDING | {"reported_at": "2026-01-05T25:00:00Z"}, 422, "/reported_at"),
    (FINDING | {"reported_at": "2026-01-05T10:00:00+25:00"}, 422, "/reported_at"),
    (FINDING | {"reported_at": "0001-01-01T00:00:00+14:00"}, 422, "/reported_at"),
    (FINDING | {"reported_at": "2190-01-01T00:00:00Z"}, 422, "/reported_at"),
]
PROGRESS: list[tuple[Any, int, str]] = [
    ({}, 400, "/event"),
    ({"event": "lost"}, 422, "/event"),
    ({"event": 1}, 400, "/event"),
    ({"event": "performed", "at": "soon"}, 400, "/at"),
    ({"event": "performed", "at": "2190-01-01T00:00:00Z"}, 422, "/at"),
    ({"event": "performed", "accession": "x" * 61}, 422, "/accession"),
    ({"event": "performed", "accession": 7}, 400, "/accession"),
    ({"event": "performed", "status": "x"}, 400, "/status"),
]
CHANGES: list[tuple[Any, int, str]] = [
    ({"patient": PATIENT}, 400, "/patient"),
    ({"scenario": "other"}, 400, "/scenario"),
    ({"status": "active"}, 400, "/status"),
    ({"sign": True}, 400, "/sign"),
    ({"parent": None}, 400, "/parent"),
    ({"note": None}, 400, "/note"),
    ({"note": 5}, 400, "/note"),
    ({"priority": "now"}, 422, "/priority"),
    ({"study": "no-such-study"}, 422, "/study"),
    ({"study": None}, 422, "/study"),
    ({"study": "mri-abdomen-pelvis-with-iv-contrast"}, 422, "/override_reason"),
    ({"answers": []}, 400, "/answers"),
    ({"answers": {"diagnosis": "flu"}}, 422, "/answers/diagnosis"),
    ({"answers": {"age_years": 3}}, 422, "/answers/age_years"),
    ({"answers": {"colour": 1}}, 400, "/answers/colour"),
    ({"override_reason": {"code": "other"}}, 422, "/override_reason/text"),
]
TRANSITIONS: list[tuple[str, Any, int, str]] = [
    ("cancel", {}, 400, "/reason"),
    ("cancel", {"reason": None}, 400, "/reason"),
    ("cancel", {"reason": 1}, 400, "/reason"),
    ("cancel", {"reason": ""}, 422, "/reason"),
    ("cancel", {"reason": "x" * 4001}, 422, "/reason"),
    ("cancel", {"reason": "x", "status": "revoked"}, 400, "/status"),
    ("cancel", [], 400, ""),
    ("entered-in-error", {"reason": " \n"}, 422, "/reason"),
    ("hold", {"reason": 5}, 400, "/reason"),
    ("hold", {"until": "2027-01-01"}, 400, "/until"),
    ("sign", {"reason": "x"}, 400, "/reason"),
    ("sign", [], 400, ""),
    ("resume", {"sign": True}, 400, "/sign"),
]


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in STORED}


def check(api: Caller, method: str, path: str, rows: list[tuple[Any, int, str]], **headers: str) -> None:
    """Every row is refused with its status and fault, and afterwards there is what was there before."""
    before = counts()
    wrong = []
    for body, status, pointer in rows:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = api.send(method, path, raw=content, **headers)
        problem = answer.json()
        named = [fault["pointer"] for fault in problem.get("errors", [])]
        if (
            answer.status_code != status
            or pointer not in named
            or answer.headers["Content-Type"] != "application/problem+json"
        ):
            wrong.append((content[:200], answer.status_code, named, "expected", status, pointer))
    assert wrong == []
    assert counts() == before


def test_hostile_suggestions(api: Caller):
    check(api, "POST", "suggestions/", SUGGESTIONS)


def test_hostile_consultations(api: Caller):
    rows = [row for row in SUGGESTIONS if not (isinstance(row[0], dict) and "patient" in row[0])]
    check(api, "POST", "consultations/", rows)


def test_hostile_orders(api: Caller):
    check(api, "POST", "orders/", ORDERS)


def test_hostile_orders_free_their_idempotency_key(api: Caller):
    check(api, "POST", "orders/", ORDERS, Idempotency_Key="one-key-for-all")
    assert api.post("orders/", ORDER, Idempotency_Key="one-key-for-all").status_code == 201


def test_hostile_findings_and_progress(api: Caller):
    url = f"orders/{api.placed()['id']}/"
    check(api, "POST", f"{url}findings/", FINDINGS)
    check(api, "POST", f"{url}progress/", PROGRESS)


def test_hostile_changes_and_steps(api: Caller):
    url = f"orders/{api.placed(sign=False)['id']}/"
    check(api, "PATCH", url, CHANGES, If_Match='"1"')
    for step, body, status, pointer in TRANSITIONS:
        check(api, "POST", f"{url}{step}/", [(body, status, pointer)])
    assert api.get(url).headers["ETag"] == '"1"'


def test_every_fault_is_named_at_once(api: Caller):
    body = ORDER | {
        "patient": PATIENT | {"birth_date": "yesterday", "sex": "F"},
        "answers": ANSWERS | {"age_years": "46", "egfr": 900, "colour": "red"},
        "study": "no-such-study",
        "override_reason": {"code": "because"},
        "priority": "now",
        "sign": 1,
        "parent": "0190d3f0-0000-7000-8000-000000000001",
        "extra": None,
    }

    answer = api.post("orders/", body)

    assert is_problem(answer, 400, "malformed")
    assert set(pointers(answer)) == {
        ("/patient/birth_date", "wrong-type"),
        ("/patient/sex", "not-in-list"),
        ("/answers/age_years", "wrong-type"),
        ("/answers/egfr", "out-of-range"),
        ("/answers/colour", "unknown-key"),
        ("/override_reason/code", "not-in-list"),
        ("/priority", "not-in-list"),
        ("/sign", "wrong-type"),
        ("/parent", "unknown-order"),
        ("/extra", "unknown-field"),
    }


def test_faults_of_meaning_are_named_at_once_as_well(api: Caller):
    api.placed()
    body = ORDER | {
        "patient": PATIENT | {"given_name": "Other"},
        "answers": ANSWERS | {"egfr": 900},
        "study": "no-such-study",
        "priority": "now",
    }

    answer = api.post("orders/", body)

    assert is_problem(answer, 422, "invalid")
    assert set(pointers(answer)) == {
        ("/patient/given_name", "differs-from-record"),
        ("/answers/egfr", "out-of-range"),
        ("/study", "unknown-study"),
        ("/priority", "not-in-list"),
    }


def test_a_report_names_faults_of_shape_and_content_at_once(api: Caller):
    url = f"orders/{api.placed()['id']}/findings/"

    answer = api.post(url, {"finding": "fine", "discordant": 1, "complications": ["rash"]})

    assert is_problem(answer, 400, "malformed")
    assert [pointer for pointer, _ in pointers(answer)] == [
        "/compared_with_baseline",
        "/discordant",
        "/finding",
        "/complications/0",
    ]


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(api: Caller):
    body = json.dumps(QUESTION).encode()
    limit = 1024 * 1024

    assert is_problem(api.send("POST", "suggestions/", raw=body.ljust(limit + 1)), 413, "too-large")
    assert api.send("POST", "suggestions/", raw=body.ljust(limit)).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
    ],
)
def test_only_json_is_taken(api: Caller, media_type: str):
    answer = api.post("suggestions/", QUESTION, Content_Type=media_type)

    assert is_problem(answer, 415, "unsupported-media-type")
    assert answer.headers["Accept"] == "application/json"


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("br", 415), ("identity", 200)])
def test_a_body_is_not_unpacked(api: Caller, coding: str, status: int):
    assert api.post("suggestions/", QUESTION, Content_Encoding=coding).status_code == status


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/problem+json", "text/html", "application/xml", "nonsense"],
)
def test_whatever_is_accepted_json_is_answered(api: Caller, accept: str):
    answer = api.post("suggestions/", QUESTION, Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_json_in_utf_8_with_a_parameter_is_json(api: Caller):
    answer = api.post("suggestions/", QUESTION, Content_Type="Application/JSON; charset=utf-8")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "suggestions/", "POST"),
        ("DELETE", "orders/", "GET, POST"),
        ("PUT", "orders/0190d3f0-0000-7000-8000-000000000001/", "GET, PATCH"),
        ("PATCH", "scenarios/", "GET"),
        ("GET", "orders/0190d3f0-0000-7000-8000-000000000001/sign/", "POST"),
    ],
)
def test_a_method_that_is_none_says_which_there_are(api: Caller, method: str, path: str, allowed: str):
    answer = api.send(method, path)

    assert is_problem(answer, 405, "method-not-allowed")
    assert set(allowed.split(", ")) <= set(answer.headers["Allow"].split(", "))
    assert not {"DELETE", "PUT"} & set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "path",
    [
        "/api/", "/api/v2/orders/", "/api/v1/", "/api/v1/nothing/", "/api/v1/orders", "/api/v1/orders/1/",
        "/api/v1/orders/0190d3f0-0000-7000-8000-000000000001", "/api/v1/scenarios/a b/",
        "/api/v1/scenarios/x/versions/-1/", "/api/v1/scenarios/x/versions/1.5/", "/api/v1/orders/x/sign/",
        "/api/v1/scenarios/x/versions/99999999999999999999/", "/api/v1/scenarios/no-such-scenario/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_is_none_is_a_problem_and_no_redirect(api: Caller, method: str, path: str):
    if (
        method == "POST"
        and "/scenarios/" in path
        and "-1" not in path
        and "1.5" not in path
        and " " not in path
    ):
        assert api.send(method, path).status_code == 405
        return
    answer = api.send(method, path)

    assert answer.status_code == 404, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("There is nothing at this address")


@pytest.mark.parametrize(
    "path", ["/api/v1/scenarios/%00/", "/api/v1/orders/?patient=%00", "/api/v1/scenarios/?q=%01a"]
)
def test_control_characters_in_an_address_are_refused(api: Caller, path: str):
    answer = api.send("GET", path)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


QUERIES = [
    ("status", "open"), ("status", ""), ("status", "draft,open"), ("rating", "good"), ("requester", "1.5"),
    ("requester", "me"), ("requester", "٤"), ("requester", "99999999999999999999"), ("requester", "-1"),
    ("requester", "1_0"), ("placed_after", "2026-01-01"), ("placed_after", "yesterday"),
    ("placed_before", "2026-01-01T00:00:00"), ("updated_since", "2026-02-30T00:00:00Z"),
    ("updated_since", "0001-01-01T00:00:00%2B14:00"), ("limit", "0"), ("limit", "201"), ("limit", "all"),
    ("limit", "5_0"), ("cursor", "abc"), ("cursor", ""), ("cursor", "b3x8"), ("patient", ""),
    ("scenario", ""),    ("sort", "number"), ("page", "2"), ("organisation", "2"), ("patient__mrn", "x"),
]  # fmt: skip


def test_query_parameters_are_checked_and_all_faults_named(api: Caller):
    wrong = []
    for name, value in QUERIES:
        answer = api.get(f"orders/?{name}={value}")
        if answer.status_code != 400 or [fault["parameter"] for fault in answer.json()["errors"]] != [name]:
            wrong.append((name, value, answer.status_code, answer.content))
    assert wrong == []
    several = api.get("orders/?status=open&limit=0&sort=number&status=draft")
    assert is_problem(several, 400, "bad-query")
    assert {fault["parameter"] for fault in several.json()["errors"]} == {"status", "limit", "sort"}
    assert "limit" in several.json()["detail"]


@pytest.mark.parametrize("key", ["", " ", '"', '""', "a b", "naïve", "x" * 256, '"a" "b"'])
def test_an_idempotency_key_that_is_none_is_refused(api: Caller, key: str):
    assert is_problem(api.post("orders/", ORDER, Idempotency_Key=key), 400, "bad-header")
    assert Order.objects.count() == 0


def test_the_rate_of_a_token_is_limited(api: Caller, clinician: User, settings):
    settings.PORTAL_API_RATE = 3
    second = Caller(secret_for(clinician))

    statuses = [api.get("scenarios/").status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    refused = api.get("scenarios/")
    assert is_problem(refused, 429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert second.get("scenarios/").status_code == 200


def test_the_request_id_comes_back(api: Caller):
    answer = api.post("suggestions/", {}, X_Request_ID="ehr-4711")

    assert answer.headers["X-Request-ID"] == "ehr-4711"
    assert answer.json()["request_id"] == "ehr-4711"
