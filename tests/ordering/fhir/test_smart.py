"""SMART backend services: a registered client gets a short token for what it asks, and no other does."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from ordering.cds_hooks.models import CdsClient
from ordering.fhir import smart
from ordering.models import Order
from portal import audit
from portal.models import AuditEvent
from tests.ordering.fhir.conftest import Reader

pytestmark = pytest.mark.django_db

ENDPOINT = "http://testserver/fhir/r4/auth/token"
ISSUER = "https://ehr.example.org"
EC = ECKey.generate_key("P-384", {"kid": "ec-1"})
OTHER = ECKey.generate_key("P-384", {"kid": "ec-1"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})


@pytest.fixture
def ehr(clinician) -> CdsClient:
    """A registered client with two keys."""
    with audit.acting(audit.system("tests")):
        return CdsClient.objects.create(
            name="EHR",
            organisation=clinician.organisation,
            user=clinician,
            issuer=ISSUER,
            jwks={"keys": [EC.as_dict(private=False), RSA.as_dict(private=False)]},
        )


def assertion(key: Any = EC, **claims: Any) -> str:
    said = {
        "iss": ISSUER, "sub": ISSUER, "aud": ENDPOINT, "exp": int(time.time()) + 240,
        "jti": f"id-{time.monotonic_ns()}",
    } | claims  # fmt: skip
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": key.kid, "typ": "JWT"}, said, key, registry=registry)


def ask(scope: str = "system/*.rs", signed: str | None = None, **form: str) -> Any:
    return Client().post(
        "/fhir/r4/auth/token",
        {
            "grant_type": "client_credentials",
            "client_assertion_type": smart.ASSERTION_TYPE,
            "client_assertion": signed or assertion(),
            "scope": scope,
        }
        | form,
    )


@pytest.mark.parametrize("folder", ["/fhir/r4/", "/"])
def test_the_configuration_says_where_tokens_are(folder: str):
    said = Client().get(f"{folder}.well-known/smart-configuration")

    assert said.status_code == 200
    assert said.headers["Content-Type"] == "application/json"
    body = said.json()
    assert body["token_endpoint"] == ENDPOINT
    assert body["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(body["token_endpoint_auth_signing_alg_values_supported"]) == {"ES384", "RS384"}
    assert "system/ServiceRequest.rs" in body["scopes_supported"]
    assert "client-confidential-asymmetric" in body["capabilities"]


def test_a_token_opens_what_was_asked_for_and_no_more(ehr: CdsClient, order: Order):
    for key, scope, granted, opened in (
        (EC, "system/ServiceRequest.rs", "system/ServiceRequest.rs", {"order", "search"}),
        (RSA, "system/ServiceRequest.r", "system/ServiceRequest.r", {"order"}),
        (EC, "system/ServiceRequest.cruds launch", "system/ServiceRequest.rs", {"order", "search"}),
        (EC, "system/Patient.read", "system/Patient.read", {"patient"}),
        (EC, "system/*.read", "system/*.read", {"order", "search", "patient"}),
        (EC, "system/*.s", "system/*.s", {"search"}),
    ):
        answer = ask(scope, assertion(key))
        assert answer.status_code == 200, answer.content
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("bearer", 300, granted)
        reader = Reader(body["access_token"])
        paths = {
            "order": f"ServiceRequest/{order.pk}",
            "search": "ServiceRequest",
            "patient": f"Patient/{order.patient_id}",
        }
        statuses = {name: reader.fhir(path).status_code for name, path in paths.items()}
        assert statuses == {name: 200 if name in opened else 403 for name in paths}, scope
        assert reader.send("GET", "/api/v1/orders/").status_code == 401  # a token of FHIR alone
    issued = AuditEvent.objects.filter(event_type="smart-token.issued", via="fhir")
    assert issued.count() == 6
    assert issued[0].actor == f"user:{ehr.user_id}:clinician"


def test_every_other_request_is_refused(ehr: CdsClient):
    now = int(time.time())
    used = assertion()
    assert ask(signed=used).status_code == 200
    for said, status, code in (
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_assertion_type": "jwt"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"scope": "system/Observation.rs patient/*.rs system/ServiceRequest.cud"}, 400, "invalid_scope"),
        ({"signed": used}, 401, "invalid_client"),
        ({"signed": assertion(OTHER)}, 401, "invalid_client"),
        ({"signed": assertion(aud="http://testserver/cds-services/x")}, 401, "invalid_client"),
        ({"signed": assertion(sub="https://other.example.org")}, 401, "invalid_client"),
        ({"signed": assertion(iss="urn:imaging-portal:cds-hooks-development")}, 401, "invalid_client"),
        ({"signed": assertion(exp=now - 120)}, 401, "invalid_client"),
        ({"signed": assertion(exp=now + 3600)}, 401, "invalid_client"),
        ({"signed": assertion(jti=None)}, 401, "invalid_client"),
        ({"signed": "nonsense"}, 401, "invalid_client"),
    ):  # fmt: skip
        answer = ask(**said)
        assert (answer.status_code, answer.json()["error"]) == (status, code), said
    with audit.acting(audit.system("tests")):
        CdsClient.objects.filter(pk=ehr.pk).update(is_active=False)
    assert ask().status_code == 401


def test_guessing_is_slowed_down(ehr: CdsClient, monkeypatch):
    monkeypatch.setattr("ordering.api.throttles.FAILED_SIGN_INS", 2)

    statuses = [ask(signed="nonsense").status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]


def test_a_token_ends_by_itself_and_with_its_client(ehr: CdsClient, order: Order, monkeypatch):
    secret = ask().json()["access_token"]
    reader = Reader(secret)
    assert reader.fhir("ServiceRequest").status_code == 200
    assert Reader(secret[:-2] + "xx").fhir("ServiceRequest").status_code == 401

    later = time.time() + smart.LIFETIME.total_seconds() + 1
    with monkeypatch.context() as patched:
        patched.setattr("django.core.signing.time.time", lambda: later)
        assert reader.fhir("ServiceRequest").status_code == 401

    with audit.acting(audit.system("tests")):
        CdsClient.objects.filter(pk=ehr.pk).update(is_active=False)
    assert reader.fhir("ServiceRequest").status_code == 401


def test_a_registered_page_may_read_the_answers(ehr: CdsClient, order: Order):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.filter(pk=ehr.pk).update(origins=["https://app.example.org"])
    origin = {"Origin": "https://app.example.org"}

    asked = Client().options("/fhir/r4/ServiceRequest", headers=origin)
    refused = Client().get("/fhir/r4/ServiceRequest", headers=origin)
    elsewhere = Client().get("/fhir/r4/metadata", headers={"Origin": "https://elsewhere.example.org"})

    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


def test_the_site_chooses_how_may_be_appropriate_is_reported(ehr: CdsClient, order: Order):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.filter(pk=ehr.pk).update(qcdsm="G0000", mrn_system="urn:oid:1.2.3")
    reader = Reader(ask().json()["access_token"])

    made = reader.read(f"ServiceRequest/{order.pk}")

    assert "G0000" in [entry.get("valueString") for entry in made["extension"]]
    assert reader.read(f"Patient/{order.patient_id}")["identifier"][0]["system"] == "urn:oid:1.2.3"
    assert reader.found(f"ServiceRequest?patient.identifier=urn:oid:1.2.3|{order.patient.mrn}")
