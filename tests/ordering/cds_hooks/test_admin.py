"""Registering EHRs: administrators of their own organisation, sound keys and origins only."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import ECKey, OctKey

from ordering.cds_hooks.models import CdsClient

ADD = "/admin/ordering/cdsclient/add/"
LIST = "/admin/ordering/cdsclient/"
KEY = ECKey.generate_key("P-384", {"kid": "1"})
PUBLIC = {"keys": [KEY.as_dict(private=False)]}


def entered(clinician, **changed):
    return {
        "name": "EHR",
        "organisation": clinician.organisation_id,
        "user": clinician.pk,
        "is_active": "on",
        "issuer": "https://ehr.example.org",
        "jku": "https://ehr.example.org/jwks.json",
        "jwks": json.dumps(PUBLIC),
        "origins": "https://ehr.example.org,https://ehr.example.org:8443",
        "replacement": "update",
        "may_be_rating": "no-criteria-apply",
        "qcdsm": "",
        "mrn_system": "",
    } | changed


def test_an_administrator_registers_an_ehr(as_user, administrator, clinician):
    response = as_user(administrator).post(ADD, entered(clinician))

    assert response.status_code == 302
    client = CdsClient.objects.get()
    assert client.origins == ["https://ehr.example.org", "https://ehr.example.org:8443"]
    assert client.jwks == PUBLIC


REFUSED = [
    {"jwks": json.dumps({"keys": [KEY.as_dict(private=True)]})},
    {"jwks": json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})},
    {"jwks": json.dumps({"keys": [OctKey.generate_key(256).as_dict()]})},
    {"jwks": json.dumps({"keys": []})},
    {"jwks": "[]"},
    {"jwks": "{"},
    {"jwks": "{}"},
    {"jwks": ""},
    {"origins": "https://ehr.example.org/"},
    {"origins": "*"},
    {"origins": "null"},
    {"issuer": ""},
    {"jku": "ftp"},
]


@pytest.mark.parametrize("changed", REFUSED)
def test_what_could_never_be_answered_is_refused(as_user, administrator, clinician, changed):
    response = as_user(administrator).post(ADD, entered(clinician, **changed))

    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert not CdsClient.objects.exists()


def test_a_client_acts_as_a_clinician_of_its_organisation(
    as_user, administrator, auditor, clinician, other_clinic
):
    for person in (auditor, other_clinic):
        response = as_user(administrator).post(ADD, entered(clinician, user=person.pk))
        assert response.status_code == 200
    assert not CdsClient.objects.exists()


@pytest.mark.parametrize("role", ["clinician", "auditor", "editor", "approver"])
def test_nobody_else_sees_clients(as_user, request, role):
    response = as_user(request.getfixturevalue(role)).get(LIST)

    assert response.status_code in (302, 403)


def test_an_administrator_sees_the_clients_of_the_own_organisation(
    as_user, administrator, clinician, unsigned
):
    page = as_user(administrator).get(LIST).content.decode()

    assert "Unsigned calls from this machine" in page
    CdsClient.objects.get()
