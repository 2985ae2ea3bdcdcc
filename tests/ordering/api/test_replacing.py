"""Over REST: an order that replaces another one, and the day by which it is wanted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.models import Order, Patient
from portal.models import User
from tests.ordering.api.caller import ORDER, Caller
from tests.ordering.placing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
IN_A_WEEK = str(timezone.localdate() + timedelta(days=7))


def test_signing_the_replacement_cancels_what_it_replaces(api: Caller) -> None:
    old = api.placed()

    draft = api.placed(replaces=old["id"], wanted_by=IN_A_WEEK, sign=False)
    between = api.get(f"orders/{old['id']}/").json()["status"]
    signed = api.post(f"orders/{draft['id']}/sign/", {}).json()
    after = api.get(f"orders/{old['id']}/").json()

    assert (draft["replaces"], draft["wanted_by"]) == (old["id"], IN_A_WEEK)
    assert (between, signed["status"], after["status"]) == ("active", "active", "revoked")
    assert after["statuses"][-1]["reason"] == f"Replaced by order {signed['number']}."


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"replaces": "0190d3f0-0000-7000-8000-000000000001"}, "/replaces", "unknown-order"),
        ({"replaces": "another patient's"}, "/replaces", "wrong-type"),
        ({"wanted_by": "2020-01-01"}, "/wanted_by", "in-the-past"),
        ({"wanted_by": "soon"}, "/wanted_by", "wrong-type"),
    ],
)
def test_what_cannot_be_is_refused(api: Caller, given: dict[str, str], pointer: str, code: str) -> None:
    answer = api.post("orders/", ORDER | given)

    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]
    assert not Order.objects.exists()


def test_another_patients_or_a_completed_order_is_not_replaced(
    api: Caller, clinician: User, make_patient: object
) -> None:
    patient: Patient = make_patient(clinician)  # type: ignore[operator]
    other = place(patient, clinician)
    done = api.placed()
    api.post(f"orders/{done['id']}/findings/", {"finding": "negative", "compared_with_baseline": "yes"})

    codes = [
        api.post("orders/", ORDER | {"replaces": str(pk)}).json()["errors"][0]["code"]
        for pk in (other.pk, done["id"])
    ]

    assert codes == ["another-patient", "not-replaceable"]
