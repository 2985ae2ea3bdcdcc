"""Signing secrets: made here, kept encrypted, and what is signed with them (Standard Webhooks 1.0).

The key is derived from the portal's own secret key. A copy of the database alone signs nothing; after a
change of the key, `PORTAL_FORMER_SECRET_KEYS` lets the old secrets be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "whsec_"
LENGTH = 32  # bytes; the standard asks for 24 to 64


class UnreadableSecret(Exception):
    """The portal's key is another one than when the secret was made."""


def new_secret() -> str:
    """Return a new secret as its receiver needs it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def sealed(secret: str) -> str:
    """Return the secret as it is stored."""
    return _cipher().encrypt(secret.encode()).decode()


def unsealed(text: str) -> str:
    """Return a stored secret. Raises UnreadableSecret."""
    try:
        return _cipher().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def signature_header(*, message_id: str, timestamp: int, body: str, secrets: Sequence[str]) -> str:
    """Return the value of webhook-signature: one signature for each secret, newest first."""
    content = f"{message_id}.{timestamp}.{body}".encode()
    return " ".join(f"v1,{_signature(secret, content)}" for secret in secrets)


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    digest = hmac.new(key.encode(), b"ordering.webhooks.secrets", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest)
