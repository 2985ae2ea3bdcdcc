"""The same request again is answered again, and carried out once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone

from ordering.api import idempotency
from ordering.models import IdempotencyKey, Order, Patient
from portal import audit
from portal.models import User
from tests.ordering.api.caller import ORDER, PATIENT, QUESTION, Caller, is_problem, secret_for

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


@pytest.mark.django_db
def test_the_same_key_and_body_replay_the_stored_answer(api: Caller):
    first = api.post("orders/", ORDER, Idempotency_Key=KEY)
    again = api.post("orders/", dict(reversed(ORDER.items())), Idempotency_Key=KEY.strip('"'))

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Order.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("other", [ORDER | {"note": "another"}, ORDER | {"sign": False}])
def test_the_same_key_with_another_body_is_refused(api: Caller, other: dict[str, Any]):
    api.post("orders/", ORDER, Idempotency_Key=KEY)

    assert is_problem(api.post("orders/", other, Idempotency_Key=KEY), 422, "idempotency-key-reused")
    assert is_problem(
        api.post("consultations/", QUESTION, Idempotency_Key=KEY), 422, "idempotency-key-reused"
    )
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_request_does_not_burn_the_key(api: Caller):
    assert api.post("orders/", ORDER | {"study": "none"}, Idempotency_Key=KEY).status_code == 422
    assert api.post("orders/", ORDER | {"sign": 1}, Idempotency_Key=KEY).status_code == 400
    assert IdempotencyKey.objects.count() == 0

    assert api.post("orders/", ORDER, Idempotency_Key=KEY).status_code == 201


@pytest.mark.django_db
def test_a_key_belongs_to_one_token(api: Caller, clinician: User):
    first = api.post("orders/", ORDER, Idempotency_Key=KEY).json()
    other = Caller(secret_for(clinician)).post("orders/", ORDER, Idempotency_Key=KEY).json()

    assert first["id"] != other["id"]


@pytest.mark.django_db
def test_a_request_that_still_runs_is_not_started_again(api: Caller):
    api.post("orders/", ORDER, Idempotency_Key=KEY)
    with audit.acting(audit.system("tests")):
        IdempotencyKey.objects.update(status=None)

    answer = api.post("orders/", ORDER, Idempotency_Key=KEY)

    assert is_problem(answer, 409, "idempotency-key-in-use")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.django_db
def test_a_request_whose_server_died_can_be_sent_again(api: Caller):
    api.post("orders/", ORDER, Idempotency_Key=KEY)
    long_ago = timezone.now() - idempotency.ABANDONED - timedelta(seconds=1)
    with audit.acting(audit.system("tests")):
        IdempotencyKey.objects.update(status=None, created_at=long_ago)

    assert api.post("orders/", ORDER, Idempotency_Key=KEY).status_code == 201
    assert api.post("orders/", ORDER, Idempotency_Key=KEY).headers["Idempotent-Replayed"] == "true"
    assert (
        Order.objects.count() == 2
    )  # the row above belonged to an order; a dead server would have left none


@pytest.mark.django_db
def test_keys_are_kept_for_a_day(api: Caller):
    api.post("orders/", ORDER, Idempotency_Key=KEY)
    api.post("orders/", ORDER, Idempotency_Key="another")
    yesterday = timezone.now() - idempotency.KEPT - timedelta(seconds=1)
    with audit.acting(audit.system("tests")):
        IdempotencyKey.objects.update(created_at=yesterday)
    cache.clear()

    answer = api.post("orders/", ORDER | {"note": "new"}, Idempotency_Key=KEY)

    assert answer.status_code == 201
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == [KEY.strip('"')]


@pytest.mark.django_db
def test_steps_and_reports_take_keys_as_well(api: Caller):
    order = api.placed(sign=False)["id"]

    signed = [api.post(f"orders/{order}/sign/", Idempotency_Key="sign") for _ in range(2)]
    step = {"event": "performed"}
    performed = [api.post(f"orders/{order}/progress/", step, Idempotency_Key="p") for _ in range(2)]

    assert [answer.status_code for answer in signed] == [200, 200]
    assert [answer.status_code for answer in performed] == [201, 201]
    assert len(api.get(f"orders/{order}/").json()["progress"]) == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_one_key_give_one_order(api: Caller):
    for round_ in range(5):
        key, together = f"round-{round_}", Barrier(16)
        body = ORDER | {"note": key, "patient": PATIENT | {"mrn": key}}

        def send(
            _: int, key: str = key, together: Barrier = together, body: dict[str, Any] = body
        ) -> tuple[int, str]:
            try:
                together.wait()
                answer = Caller(api.secret).post("orders/", body, Idempotency_Key=key)
                return answer.status_code, answer.json().get("id", answer.json().get("code"))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(send, range(16)))

        assert Order.objects.filter(note=key).count() == 1
        assert Patient.objects.filter(mrn=key).count() == 1
        assert {status for status, _ in answers} <= {201, 409}, answers
        assert len({said for status, said in answers if status == 201}) == 1
        assert api.post("orders/", body, Idempotency_Key=key).headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_without_a_key_make_one_patient(api: Caller):
    together = Barrier(8)

    def send(_: int) -> int:
        try:
            together.wait()
            return Caller(api.secret).post("orders/", ORDER).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(send, range(8)))

    assert statuses == [201] * 8
    assert Patient.objects.count() == 1
    assert Order.objects.values("number").distinct().count() == 8


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_one_draft_one_wins(api: Caller):
    url = f"orders/{api.placed(sign=False)['id']}/"
    together = Barrier(6)

    def send(number: int) -> int:
        try:
            together.wait()
            return Caller(api.secret).patch(url, {"note": str(number)}, If_Match='"1"').status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        statuses = sorted(threads.map(send, range(6)))

    assert statuses == [200, 412, 412, 412, 412, 412]


@pytest.mark.django_db(transaction=True)
def test_of_signing_and_cancelling_at_once_neither_breaks_the_other(api: Caller):
    for _ in range(3):
        url = f"orders/{api.placed(sign=False)['id']}/"
        together = Barrier(2)

        def send(step: tuple[str, Any], url: str = url, together: Barrier = together) -> int:
            try:
                together.wait()
                return Caller(api.secret).post(f"{url}{step[0]}/", step[1], If_Match='"1"').status_code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as threads:
            statuses = sorted(threads.map(send, [("sign", None), ("cancel", {"reason": "race"})]))

        assert statuses == [200, 412]
