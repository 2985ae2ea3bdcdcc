"""What an administrator does to an account: a new password, and an end to what is open under it."""

from __future__ import annotations

import secrets

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.models import ApiToken, User
from portal.tokens import has_expired, revoke_token

# no letters or digits that are mistaken for each other when a password is read out or typed from paper
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 5, 5  # 124 bits


@transaction.atomic
def give_new_password(*, user: User) -> str:
    """Return a new password for the person, which nobody can read again. Ends their sessions."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    password = "-".join(groups)
    user.set_password(password)
    user.save(update_fields=["password"])
    end_sessions(user=user)
    _log("user.password-given", user)
    return password


@transaction.atomic
def end_access(*, user: User) -> None:
    """End the sessions of a person who was switched off, and revoke the tokens that act in their name."""
    end_sessions(user=user)
    for token in ApiToken.objects.filter(user=user):
        if not has_expired(token):
            revoke_token(token=token)
    _log("user.access-ended", user)


def end_sessions(*, user: User) -> int:
    """End every session of a person; returns how many there were."""
    theirs = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def _log(event: str, user: User) -> None:
    audit.log(event, action="U", entity="user", entity_id=user.pk, organisation_id=user.organisation_id)
