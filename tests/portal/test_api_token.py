"""`manage.py api_token`: the secret is shown once, and a rotation overlaps."""

import io
import re

import pytest
from django.core.management import CommandError, call_command

from portal import tokens
from portal.models import ApiToken, AuditEvent, User

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("api_token", *arguments, stdout=out)
    return out.getvalue()


def secret_in(printed: str) -> str:
    return re.search(r"^secret +(\S+)$", printed, re.MULTILINE)[1]


def create(*more: str) -> str:
    return run(
        "create",
        "--user",
        "clinician",
        "--name",
        "EHR",
        "--scope",
        "suggest",
        "--scope",
        "orders:read",
        *more,
    )


def test_the_secret_is_shown_once_and_stored_as_a_hash(clinician: User):
    printed = create("--days", "7")

    token = ApiToken.objects.get()
    secret = secret_in(printed)
    assert tokens.find_token(secret) == token
    assert token.scopes == ["suggest", "orders:read"]
    assert secret not in run("list")
    assert str(token.pk) in run("list", "--user", "clinician")
    assert secret not in str(list(AuditEvent.objects.filter(entity__contains="token").values()))
    assert secret not in (token.digest, token.token_key)
    event = AuditEvent.objects.get(event_type="token.created", entity_id=str(token.pk))
    assert (event.actor, event.entity_id) == ("system:api_token", str(token.pk))


def test_a_rotation_gives_a_new_secret_and_lets_the_old_one_overlap(clinician: User):
    old = secret_in(create())

    new = secret_in(run("rotate", str(ApiToken.objects.get().pk), "--overlap-hours", "1"))

    assert tokens.find_token(old) is not None
    assert tokens.find_token(new).scopes == ["suggest", "orders:read"]
    newer = secret_in(run("rotate", str(tokens.find_token(new).pk), "--overlap-hours", "0"))
    assert tokens.find_token(new) is None
    assert tokens.find_token(newer) is not None


def test_a_revoked_token_opens_nothing_and_stays_in_the_list(clinician: User):
    secret = secret_in(create())

    run("revoke", str(ApiToken.objects.get().pk))

    assert tokens.find_token(secret) is None
    assert "revoked" in run("list")
    with pytest.raises(CommandError, match="expired or was revoked"):
        run("rotate", str(ApiToken.objects.get().pk))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create", "--user", "nobody", "--name", "x", "--scope", "suggest"], "no user nobody"),
        (["create", "--user", "clinician", "--name", " ", "--scope", "suggest"], "Name the system"),
        (
            ["create", "--user", "clinician", "--name", "x", "--scope", "suggest", "--days", "0"],
            "1 to 3650 days",
        ),
        (["create", "--user", "clinician", "--name", "x", "--scope", "all"], "invalid choice"),
        (["revoke", "0190d3f0-0000-7000-8000-000000000001"], "no token"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(clinician: User, arguments: list[str], says: str):
    with pytest.raises(CommandError, match=says):
        run(*arguments)
    assert ApiToken.objects.count() == 0
