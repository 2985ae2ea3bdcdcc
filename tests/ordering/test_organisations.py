"""Who may open which page, and that nobody sees another organisation's patients or orders."""

import re
from uuid import uuid4

import pytest

from ordering.models import Order
from tests.ordering.placing import events, patient, place

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]

READING = [
    "/orders/",
    "/orders/{order}/",
    "/orders/{order}/advice/",
    "/orders/{order}/trail/",
    "/patients/{patient}/",
]
ACTING = [
    "/patients/",
    "/patients/new/",
    "/orders/{order}/cancel/",
    "/orders/{order}/hold/",
    "/orders/{order}/resume/",
    "/orders/{order}/entered-in-error/",
    "/orders/{order}/findings/",
]
ABOUT_ONE = [path for path in READING + ACTING if "{" in path]


@pytest.fixture
def order(patient, clinician, leukaemia) -> Order:
    """Return a signed order of the clinician's organisation."""
    return place(patient, clinician)


def address(path: str, order: Order) -> str:
    return path.format(order=order.pk, patient=order.patient_id)


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("clinician", 200),
        ("colleague", 200),
        ("auditor", 200),
        ("editor", 403),
        ("approver", 403),
        ("administrator", 403),
    ],
)
def test_clinicians_and_auditors_read(as_user, request, order, person, status, path):
    client = as_user(request.getfixturevalue(person))

    response = client.get(address(path, order))

    assert response.status_code == status
    if status == 403:
        assert b"Martin" not in response.content
        assert events("access.denied")


@pytest.mark.parametrize("path", ACTING)
@pytest.mark.parametrize("person", ["auditor", "editor", "approver", "administrator"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_clinicians_act(as_user, request, order, person, path, method):
    if path.endswith("findings/") and method == "get":
        method = "post"

    response = getattr(as_user(request.getfixturevalue(person)), method)(address(path, order))

    assert response.status_code == 403
    order.refresh_from_db()
    assert (order.status, order.revision) == ("active", 2)


def test_an_auditor_sees_an_order_and_nothing_to_act_with(as_user, auditor, order):
    page = as_user(auditor).get(f"/orders/{order.pk}/").content.decode()

    assert order.number in page
    for part in ("cancel/", "hold/", "findings/", "entered-in-error/", "orders/new/", "Save outcome"):
        assert part not in page, part


@pytest.mark.parametrize("path", ABOUT_ONE)
def test_another_organisations_rows_look_like_missing_ones_and_the_attempt_is_recorded(
    as_user, other_clinic, order, path
):
    client = as_user(other_clinic)
    method = "post" if path.endswith("findings/") else "get"
    missing = address(path, Order(pk=uuid4(), patient_id=uuid4()))

    theirs = getattr(client, method)(address(path, order))
    none = getattr(client, method)(missing)

    assert (theirs.status_code, none.status_code) == (404, 404)
    ids = (str(order.pk), str(order.patient_id), theirs["X-Request-ID"], none["X-Request-ID"])
    bodies = [response.content.decode() for response in (theirs, none)]
    for text in ids:
        bodies = [body.replace(text, "") for body in bodies]
    assert _without_token(bodies[0]) == _without_token(bodies[1])
    denied = events("access.denied", entity_id=str(order.pk if "{order}" in path else order.patient_id))
    assert [event.actor for event in denied] == [f"user:{other_clinic.pk}:other_clinic"]


def _without_token(body: str) -> str:
    """Return a page without what differs between any two requests: the token of the sign-out form."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)


def test_lists_and_searches_hold_the_own_organisation_only(as_user, other_clinic, make_patient, order):
    make_patient(other_clinic, family_name="Ruiz", given_name="Ana", mrn="9")
    client = as_user(other_clinic)

    history = client.get("/orders/")
    worklist = client.get("/?whose=all")
    search = client.post("/patients/", {"q": "m"}, follow=True)
    exact = client.post("/patients/", {"q": order.patient.mrn}, follow=True)
    typed = client.post("/orders/", {"q": "martin"})

    assert history.context["rows"] == worklist.context["rows"] == []
    assert search.context["results"]["rows"] == exact.context["results"]["rows"] == []
    assert typed.context["candidates"] == []


def test_a_patient_of_another_organisation_is_no_filter(as_user, other_clinic, order):
    client = as_user(other_clinic)

    assert client.get(f"/orders/?patient={order.patient_id}").status_code == 404
    assert client.get(f"/orders/?before={order.pk}").context["rows"] == []


def test_the_same_record_number_may_be_used_by_two_organisations(as_user, other_clinic, order):
    response = as_user(other_clinic).post(
        "/patients/new/",
        {
            "family_name": "Martin",
            "given_name": "Alex",
            "birth_date": f"{order.patient.birth_date:%Y-%m-%d}",
            "sex": "male",
            "mrn": order.patient.mrn,
        },
    )

    assert response.status_code == 303


@pytest.mark.parametrize("path", ["/", "/help/", *READING, *ACTING])
def test_nobody_reads_without_signing_in(client, order, path):
    method = client.post if path.endswith("findings/") else client.get

    response = method(address(path, order))

    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


@pytest.mark.parametrize("person", ["clinician", "auditor", "editor", "administrator"])
def test_everybody_who_signs_in_may_read_the_help(as_user, request, person):
    client = as_user(request.getfixturevalue(person))

    assert client.get("/help/").status_code == 200
    assert client.head("/help/").status_code == 200
    assert client.post("/help/").status_code == 405


@pytest.mark.parametrize("path", READING)
def test_pages_with_patients_stay_out_of_caches(as_user, clinician, order, path):
    assert as_user(clinician).get(address(path, order))["Cache-Control"] == "no-store"
