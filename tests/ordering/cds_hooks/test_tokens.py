"""Who may call: signed tokens of registered EHRs, and nobody by accident."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from ordering.cds_hooks.models import CdsClient, CdsSeenToken
from ordering.models import Consultation
from portal import audit
from portal.checks import production_is_configured
from portal.roles import Role
from tests.ordering.cds_hooks.fhir import call, post
from tests.people import make_user

ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/jwks.json"
URL = "http://testserver/cds-services/imaging-order-select"
EC = ECKey.generate_key("P-384", {"kid": "ec-1"})
OTHER_EC = ECKey.generate_key("P-384", {"kid": "ec-1"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
DELETE = object()


@pytest.fixture
def ehr(settings, clinician, leukaemia):
    """Return a registered client with two keys; unsigned calls are off."""
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = False
    with audit.acting(audit.system("tests")):
        return CdsClient.objects.create(
            name="EHR",
            organisation=clinician.organisation,
            user=clinician,
            issuer=ISSUER,
            jku=JKU,
            jwks={"keys": [EC.as_dict(private=False), RSA.as_dict(private=False)]},
        )


def token(key: Any = EC, head: dict[str, Any] | None = None, **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": URL, "exp": now + 300, "iat": now, "jti": f"id-{time.monotonic_ns()}"}
    said = {name: value for name, value in (said | claims).items() if value is not DELETE}
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    header = {"alg": algorithm, "kid": key.kid, "jku": JKU} | (head or {})
    header = {name: value for name, value in header.items() if value is not DELETE}
    lenient = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jwt.encode(header, said, key, registry=lenient)


def status(bearer: str, **headers: Any) -> int:
    response = post(Client(), call(), HTTP_AUTHORIZATION=f"Bearer {bearer}", **headers)
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json()["issue"] == [
            {"severity": "error", "code": "login", "details": {"text": "Not authenticated."}}
        ]
        assert not Consultation.objects.exists()
    return response.status_code


GOOD = [
    {},
    {"key": RSA},
    {"head": {"kid": DELETE}},
    {"head": {"jku": DELETE}},
    {"head": {"typ": "at+jwt", "x-unknown": 1}},
    {"aud": [URL, "https://elsewhere.example.org"]},
    {"aud": URL + "/"},
    {"sub": ["odd"], "tenant": {"a": 1}},
]


@pytest.mark.parametrize("given", GOOD, ids=lambda given: "-".join(given) or "plain")
def test_a_signed_token_of_a_registered_client_is_taken(ehr, given):
    assert status(token(**given)) == 200
    assert Consultation.objects.get().requester == ehr.user


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -50), ("iat", 50), ("nbf", 50)])
def test_clocks_may_differ_by_a_minute(ehr, claim, seconds):
    assert status(token(**{claim: int(time.time()) + seconds})) == 200


BAD = {
    "another key": {"key": OTHER_EC},
    "unknown issuer": {"iss": "https://other.example.org"},
    "development issuer": {"iss": "urn:imaging-portal:cds-hooks-development"},
    "no issuer": {"iss": DELETE},
    "issuer is no text": {"iss": 7},
    "wrong audience": {"aud": "http://testserver/cds-services/imaging-order-sign"},
    "portal as audience": {"aud": "http://testserver/"},
    "no audience": {"aud": DELETE},
    "audience is no text": {"aud": {"a": 1}},
    "expired": {"exp": 1_700_000_000},
    "expires too late": {"exp": 4_000_000_000},
    "no expiry": {"exp": DELETE},
    "expiry is a text": {"exp": "tomorrow"},
    "expiry is true": {"exp": True},
    "issued in the future": {"iat": 4_000_000_000},
    "not yet valid": {"nbf": 4_000_000_000},
    "no jti": {"jti": DELETE},
    "empty jti": {"jti": ""},
    "endless jti": {"jti": "x" * 300},
    "unlisted jku": {"head": {"jku": "https://attacker.example.org/jwks.json"}},
    "unknown kid": {"head": {"kid": "ec-9"}},
}


@pytest.mark.parametrize("name", BAD)
def test_every_other_token_is_refused_without_a_reason(ehr, name):
    assert status(token(**BAD[name])) == 401


def test_an_unsigned_token_is_refused(ehr):
    head, claims, _ = token().split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}

    assert status(f"{none}.{claims}.") == 401
    assert status(f"{head}.{claims}.") == 401


def test_a_token_signed_with_a_shared_secret_is_refused(ehr):
    public = OctKey.import_key(EC.as_pem(private=False).replace(b"-----", b""))
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": URL, "exp": now + 300, "iat": now, "jti": "1"}

    assert status(jwt.encode({"alg": "HS256"}, claims, public, algorithms=["HS256"])) == 401


def test_a_token_of_another_strength_is_refused(ehr):
    assert status(token(key=RSA, head={"alg": "RS256"})) == 401


@pytest.mark.parametrize("bearer", ["", "x", "a.b.c", "....", "é", "x" * 9000, "e30.e30.e30", "W10.W10.AA"])
def test_what_is_no_token_is_refused(ehr, bearer):
    assert status(bearer) == 401


@pytest.mark.parametrize("header", ["Basic YTpi", "Token abc", "Bearer", "Digest x"])
def test_another_scheme_is_refused(ehr, settings, header):
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = True

    assert post(Client(), call(), HTTP_AUTHORIZATION=header).status_code == 401


def test_a_token_is_taken_once(ehr):
    used = token()

    assert status(used) == 200
    assert post(Client(), call(), HTTP_AUTHORIZATION=f"Bearer {used}").status_code == 401
    assert Consultation.objects.count() == 1


def test_used_tokens_are_forgotten_after_they_expire(ehr):
    status(token(exp=int(time.time()) - 30))
    with audit.acting(audit.system("tests")):
        CdsSeenToken.objects.update(expires_at="2026-01-01T00:00:00Z")

    post(Client(), call(), HTTP_AUTHORIZATION=f"Bearer {token()}")

    assert CdsSeenToken.objects.count() == 1


def test_a_client_that_is_not_active_is_refused(ehr):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.update(is_active=False)

    assert status(token()) == 401


def test_a_client_of_somebody_who_may_not_order_is_refused(ehr, organisation):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.update(user=make_user("reader", Role.AUDITOR, organisation=organisation))

    assert status(token()) == 401


def test_feedback_takes_a_token_for_its_service_too(ehr):
    for audience in (URL, f"{URL}/feedback"):
        response = Client().post(
            "/cds-services/imaging-order-select/feedback",
            b'{"feedback": []}',
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token(aud=audience)}",
        )
        assert response.status_code == 200


# --- unsigned calls ----------------------------------------------------------------------------------------


def test_unsigned_calls_are_refused_where_they_are_off(unsigned, settings):
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = False

    assert post(unsigned, call()).status_code == 401


def test_the_check_of_a_production_portal_warns_of_unsigned_calls(settings):
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = True

    assert "portal.W003" in {message.id for message in production_is_configured(None)}


def test_unsigned_calls_come_from_this_machine_only(unsigned):
    assert post(unsigned, call(), REMOTE_ADDR="127.0.0.1").status_code == 200
    assert post(unsigned, call(), REMOTE_ADDR="::1").status_code == 200
    assert post(unsigned, call(), REMOTE_ADDR="192.0.2.7").status_code == 401


def test_a_proxy_does_not_make_a_caller_local(unsigned, settings):
    settings.PORTAL_PROXIES = 1

    assert post(unsigned, call(), HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 401


def test_a_page_from_elsewhere_cannot_use_the_machine_it_runs_on(unsigned):
    assert post(unsigned, call(), HTTP_ORIGIN="https://attacker.example.org").status_code == 401
    assert post(unsigned, call(), HTTP_ORIGIN="null").status_code == 401
    assert post(unsigned, call(), HTTP_ORIGIN="http://localhost:8080").status_code == 200


def test_a_bad_token_is_refused_from_this_machine_too(unsigned):
    assert post(unsigned, call(), HTTP_AUTHORIZATION="Bearer x.y.z").status_code == 401
