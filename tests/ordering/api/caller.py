"""A system that calls the API with a token, and what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from portal import audit
from portal.models import ApiToken, User
from portal.tokens import create_token
from tests.content import FITTING, LEUKAEMIA

API = "/api/v1/"
CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"
PET = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"
ALL_SCOPES = tuple(ApiToken.Scope.values)
PATIENT: dict[str, Any] = {
    "mrn": "T-100",
    "family_name": "Example",
    "given_name": "Robin",
    "birth_date": "1980-04-17",
    "sex": "female",
}
ANSWERS = {key: value for key, value in FITTING.items() if key != "age_years"}
QUESTION = {"scenario": LEUKAEMIA, "answers": {**ANSWERS, "age_years": 46}}
ORDER: dict[str, Any] = {
    "patient": PATIENT,
    "scenario": LEUKAEMIA,
    "answers": ANSWERS,
    "study": CT,
    "priority": "routine",
    "note": "Compare with the staging CT.",
    "sign": True,
}
FINDING: dict[str, Any] = {"finding": "negative", "compared_with_baseline": "yes", "discordant": False}


def secret_for(user: User, *scopes: str) -> str:
    """Return the secret of a new token of this person."""
    with audit.acting(audit.system("tests")):
        return create_token(user=user, name="a test", scopes=scopes or ALL_SCOPES)[1]


@dataclass
class Caller:
    """Sends JSON with a bearer token and returns the answer."""

    secret: str
    client: Client = field(default_factory=Client)

    def send(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        """Return the answer; headers are given with underscores, as in `If_Match`."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method,
            path if path.startswith("/") else API + path,
            content,
            content_type=headers.pop("Content_Type", "application/json"),
            headers={"Authorization": f"Bearer {self.secret}"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        """Return the answer to a GET."""
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Return the answer to a POST."""
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Return the answer to a PATCH."""
        return self.send("PATCH", path, body, **headers)

    def placed(self, **given: Any) -> dict[str, Any]:
        """Return a new order."""
        answer = self.post("orders/", ORDER | given)
        assert answer.status_code == 201, answer.content
        return answer.json()


def pointers(answer: HttpResponse) -> list[tuple[str, str]]:
    """Return (pointer, code) of every fault of a problem."""
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def is_problem(answer: HttpResponse, status: int, code: str) -> bool:
    """Return whether an answer is this problem, as RFC 9457 has it."""
    body = answer.json()
    assert answer.status_code == status, (answer.status_code, body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code", "errors"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert body["code"] == code, body
    return True
