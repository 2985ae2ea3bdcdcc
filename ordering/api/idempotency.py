"""Idempotency-Key: a request that is repeated is answered again, and not carried out again.

The key's row is inserted first, in a transaction of its own, so that of many equal requests one goes on. Its
answer is stored in the transaction of the change itself: either both are there after a crash, or neither.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from guidelines.engine import canonical_json
from ordering.api.errors import BadHeader, KeyReused, StillRunning
from ordering.api.rendering import json_bytes
from ordering.models import IdempotencyKey

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=5)  # far beyond any statement timeout: whoever held the key has died
PURGE_EVERY = 600  # seconds
REPLAYED_HEADERS = ("ETag", "Location")
QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
BARE = re.compile(r"[\x21\x23-\x7e]+")
MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out the request of one key."""

    pk: int
    since: datetime


def once(request: Request, body: object, act: Callable[[], Response]) -> Response:
    """Return the answer of `act`, or the stored one when this request was answered before.

    Without the header, `act` simply runs. Raises BadHeader, KeyReused, StillRunning.
    """
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return act()
    holder, key = f"token:{request.auth.pk}", read_key(header)
    _purge()
    fingerprint = _fingerprint(request, body)
    found = _claim(holder, key, fingerprint)
    if isinstance(found, Response):
        return found
    try:
        with transaction.atomic():
            response = act()
            _store(found, response)
    except BaseException:
        _free(found)  # a refused request does not burn the key
        raise
    return response


def read_key(header: str) -> str:
    """Return the key, sent quoted (as the draft standard has it) or bare. Raises BadHeader."""
    text = header.strip()
    if quoted := QUOTED.fullmatch(text):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif BARE.fullmatch(text):
        key = text
    else:
        raise BadHeader("Idempotency-Key takes printable ASCII, quoted or bare.")
    if not key or len(key) > MAX_KEY:
        raise BadHeader(f"Idempotency-Key takes 1 to {MAX_KEY} characters.")
    return key


def _fingerprint(request: Request, body: object) -> str:
    text = "\n".join([request.method or "", request.path, canonical_json(body)])
    return hashlib.sha256(text.encode()).hexdigest()


def _claim(holder: str, key: str, fingerprint: str) -> Claim | Response:
    """Return the right to go on, or the stored answer."""
    keys = IdempotencyKey.objects.filter(holder=holder, key=key)
    keys.filter(created_at__lt=timezone.now() - KEPT).delete()
    now = timezone.now()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                holder=holder, key=key, fingerprint=fingerprint, created_at=now
            )
        return Claim(row.pk, now)
    except IntegrityError:
        held = keys.first()
    if held is None:
        # freed between the two statements: the other request was refused
        raise StillRunning(headers={"Retry-After": "1"})
    if held.fingerprint != fingerprint:
        raise KeyReused
    if held.status is not None:
        return _replay(held)
    taken = keys.filter(
        pk=held.pk, status=None, created_at=held.created_at, created_at__lt=now - ABANDONED
    ).update(created_at=now)
    if not taken:
        raise StillRunning(headers={"Retry-After": "1"})
    return Claim(held.pk, now)


def _store(claim: Claim, response: Response) -> None:
    headers = {name: response[name] for name in REPLAYED_HEADERS if name in response}
    stored = IdempotencyKey.objects.filter(pk=claim.pk, created_at=claim.since, status=None).update(
        status=response.status_code, body=json_bytes(response.data).decode(), headers=headers
    )
    if not stored:
        # somebody took this request for dead and carries it out instead: take back what was done here
        raise StillRunning(headers={"Retry-After": "1"})


def _free(claim: Claim) -> None:
    IdempotencyKey.objects.filter(pk=claim.pk, created_at=claim.since, status=None).delete()


def _replay(held: IdempotencyKey) -> Response:
    headers = {**held.headers, "Idempotent-Replayed": "true"}
    return Response(json.loads(held.body), status=held.status, headers=headers)


def _purge() -> None:
    """Forget old keys, now and then."""
    if cache.add("ordering.api.idempotency.purged", True, timeout=PURGE_EVERY):
        IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
