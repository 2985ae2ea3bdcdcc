"""Browser-based clients: registered origins may read the answers, with the Authorization header."""

from __future__ import annotations

import pytest
from django.test import Client

from ordering.cds_hooks.models import CdsClient
from portal import audit
from tests.ordering.cds_hooks.fhir import call, post

EHR = "https://ehr.example.org"


@pytest.fixture
def registered(settings, clinician, leukaemia):
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = False
    with audit.acting(audit.system("tests")):
        return CdsClient.objects.create(
            name="EHR", organisation=clinician.organisation, user=clinician, issuer=EHR, origins=[EHR]
        )


PATHS = [
    "/cds-services",
    "/cds-services/imaging-order-select",
    "/cds-services/imaging-order-sign",
    "/cds-services/imaging-order-sign/feedback",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_of_a_registered_origin_is_allowed(registered, path):
    response = Client().options(
        path,
        HTTP_ORIGIN=EHR,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,content-type",
    )

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == EHR
    assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()
    assert "content-type" in response.headers["Access-Control-Allow-Headers"].lower()
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


OTHERS = ["https://other.example.org", "https://ehr.example.org:8443", "http://ehr.example.org", "null", ""]


@pytest.mark.parametrize("origin", [*OTHERS, "http://localhost:3000"])
def test_other_origins_are_not(registered, origin):
    response = Client().options(PATHS[1], HTTP_ORIGIN=origin)

    assert "Access-Control-Allow-Origin" not in response.headers


def test_an_origin_of_a_client_that_is_not_active_is_not(registered):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.update(is_active=False)

    assert "Access-Control-Allow-Origin" not in Client().options(PATHS[1], HTTP_ORIGIN=EHR).headers


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:8080", "https://localhost", "http://[::1]:9000"]
)
def test_pages_of_this_machine_may_read_answers_while_unsigned_calls_are_on(unsigned, origin):
    allowed = unsigned.options(PATHS[1], HTTP_ORIGIN=origin)
    answered = post(unsigned, call(), HTTP_ORIGIN=origin)

    assert allowed.headers["Access-Control-Allow-Origin"] == origin
    assert answered.status_code == 200
    assert answered.headers["Access-Control-Allow-Origin"] == origin


def test_refusals_can_be_read_as_well(registered):
    response = post(Client(), call(), HTTP_ORIGIN=EHR)

    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == EHR
