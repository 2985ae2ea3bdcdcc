"""Every step from every status over REST: the contract's are carried out, all others are refused."""

import pytest

from tests.ordering.api.caller import FINDING, Caller, is_problem

pytestmark = pytest.mark.django_db

REASON = {"reason": "for a test"}
STEPS = {  # address -> (body, status after it, statuses it may start from)
    "sign": (None, "active", {"draft"}),
    "cancel": (REASON, "revoked", {"draft", "active", "on-hold"}),
    "hold": (None, "on-hold", {"active"}),
    "resume": (None, "active", {"on-hold"}),
    "entered-in-error": (REASON, "entered-in-error", {"active", "on-hold", "completed", "revoked"}),
}
WAYS = {  # status -> how an order gets there
    "draft": [],
    "active": ["sign"],
    "on-hold": ["sign", "hold"],
    "revoked": ["cancel"],
    "completed": ["sign", "findings"],
    "entered-in-error": ["sign", "entered-in-error"],
}


def order_in(api: Caller, status: str) -> str:
    url = f"orders/{api.placed(sign=False)['id']}/"
    for step in WAYS[status]:
        body = FINDING if step == "findings" else STEPS[step][0]
        assert api.post(f"{url}{step}/", body).status_code < 300
    assert api.get(url).json()["status"] == status
    return url


@pytest.mark.parametrize("status", WAYS)
def test_every_step_from_every_status(api: Caller, status: str):
    for step, (body, after, allowed_from) in STEPS.items():
        url = order_in(api, status)

        answer = api.post(f"{url}{step}/", body)

        if status in allowed_from:
            assert answer.status_code == 200, (step, answer.content)
            assert answer.json()["status"] == after
            assert answer.headers["ETag"] == api.get(url).headers["ETag"]
        else:
            assert is_problem(answer, 409, "illegal-transition"), step
            assert api.get(url).json()["status"] == status


@pytest.mark.parametrize("step", ["cancel", "entered-in-error"])
def test_a_step_that_asks_for_a_reason_is_refused_without_one(api: Caller, step: str):
    url = order_in(api, "active")

    assert is_problem(api.post(f"{url}{step}/"), 400, "malformed")
    assert is_problem(api.post(f"{url}{step}/", {"reason": "  "}), 422, "invalid")
    assert api.get(url).json()["status"] == "active"


def test_a_step_on_a_stale_order_is_refused(api: Caller):
    url = order_in(api, "active")
    etag = api.get(url).headers["ETag"]
    assert api.post(f"{url}hold/", {"reason": "waiting"}, If_Match=etag).status_code == 200

    assert is_problem(api.post(f"{url}cancel/", REASON, If_Match=etag), 412, "stale")
    assert api.post(f"{url}cancel/", REASON, If_Match="*").status_code == 200


def test_a_colleague_signs_in_their_own_name(api: Caller, colleague):
    from tests.ordering.api.caller import secret_for

    url = order_in(api, "draft")

    signed = Caller(secret_for(colleague)).post(f"{url}sign/").json()

    assert signed["requester"]["name"] == "Dr Colleague Example"
    assert signed["created_by"]["name"] == "Dr Clinician Example"
