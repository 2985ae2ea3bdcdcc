"""A client of the portal's REST interface in one file. Python 3.9 or newer, standard library only.

Copy it beside your program. It shows what a careful client does: it names each intent with an idempotency
key and sends it again unchanged when the answer was lost, follows pages by their links, verifies webhooks.

    portal = Portal("http://127.0.0.1:8000", token)
    suggestion = portal.suggest("adult-all-emd-post-therapy", {"diagnosis": "all"})
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

Json = dict[str, Any]

TRY_AGAIN = {429, 503}
TOLERANCE_SECONDS = 300  # as Standard Webhooks recommends


class PortalError(Exception):
    """The portal refused a request. Decide by `status` and `code`; `errors` names every fault."""

    def __init__(self, problem: Mapping[str, Any], *, wait: float | None = None) -> None:
        self.problem = dict(problem)
        self.status: int = problem.get("status", 0)
        self.code: str = problem.get("code", "")
        self.errors: list[Json] = problem.get("errors", [])
        self.wait = wait
        faults = "".join(f"\n  {row['pointer']}: {row['detail']} ({row['code']})" for row in self.errors)
        super().__init__(f"{self.status} {self.code}: {problem.get('detail', '')}{faults}")


class Portal:
    """One portal and one token. Every method returns what the portal answered, as plain data."""

    def __init__(self, url: str, token: str, *, timeout: float = 10, attempts: int = 4) -> None:
        self.base = url.rstrip("/") + "/api/v1/"
        self._token = token
        self._timeout = timeout
        self._attempts = attempts

    # --- advice ------------------------------------------------------------------------------------------

    def suggest(self, scenario: str, answers: Mapping[str, Any]) -> Json:
        """Return what the guideline suggests. Nothing is stored and no patient is named."""
        return self._call("POST", "suggestions/", {"scenario": scenario, "answers": dict(answers)})

    def consult(self, scenario: str, answers: Mapping[str, Any], patient: Json | None = None) -> Json:
        """Return the same, recorded: with an `id` that an order can be placed on."""
        body: Json = {"scenario": scenario, "answers": dict(answers)}
        if patient is not None:
            body["patient"] = patient
        return self._call("POST", "consultations/", body, key=new_key())

    # --- orders ------------------------------------------------------------------------------------------

    def place_order(self, order: Json, *, key: str | None = None) -> Json:
        """Return the new order. Keep the `key` until the answer is there: it makes repeating safe."""
        return self._call("POST", "orders/", order, key=key or new_key())

    def order(self, order_id: str) -> Json:
        """Return an order with its consultation, findings and follow-ups."""
        return self._call("GET", f"orders/{order_id}/")

    def orders(self, **filters: str) -> Iterator[Json]:
        """Yield the orders that match, newest first, page after page."""
        yield from self._pages("orders/", filters)

    def change_draft(self, order: Json, **changes: Any) -> Json:
        """Return the changed draft; refused with 412 when somebody else changed it since you read it."""
        return self._call("PATCH", f"orders/{order['id']}/", changes, if_match=f'"{order["revision"]}"')

    def sign(self, order_id: str, *, key: str | None = None) -> Json:
        """Return the signed order."""
        return self._call("POST", f"orders/{order_id}/sign/", {}, key=key or new_key())

    def cancel(self, order_id: str, reason: str, *, key: str | None = None) -> Json:
        """Return the withdrawn order."""
        return self._call("POST", f"orders/{order_id}/cancel/", {"reason": reason}, key=key or new_key())

    # --- after the report --------------------------------------------------------------------------------

    def record_finding(self, order_id: str, finding: Json, *, key: str | None = None) -> Json:
        """Return the finding with its next steps."""
        return self._call("POST", f"orders/{order_id}/findings/", finding, key=key or new_key())

    def history(self, order_id: str, *, page_size: int = 50) -> Iterator[Json]:
        """Yield the events of an order's trail, latest first, page after page."""
        yield from self._pages(f"orders/{order_id}/events/", {"limit": str(page_size)})

    # --- how ---------------------------------------------------------------------------------------------

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[Json]:
        address: str | None = f"{path}?{urlencode(query)}" if query else path
        while address:
            page = self._call("GET", address)
            yield from page["results"]
            address = page["next"]  # a whole address, with all filters: follow it as it is

    def _call(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, if_match: str = ""
    ) -> Json:
        """Return the answer. What may be repeated is repeated: reads, and writes that carry a key."""
        safe = method == "GET" or key is not None or path == "suggestions/"
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts or not safe
            try:
                return self._send(method, path, body, key=key, if_match=if_match)
            except PortalError as refused:
                running = refused.code == "idempotency-key-in-use"
                if last or not (running or refused.status in TRY_AGAIN):
                    raise
                time.sleep(refused.wait if refused.wait is not None else 2**attempt)
            except (URLError, TimeoutError, ConnectionError):
                if last:
                    raise
                time.sleep(2**attempt / 4)
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, body: Json | None, *, key: str | None, if_match: str) -> Json:
        address = path if path.startswith(("http://", "https://")) else self.base + path
        if urlsplit(address)[:2] != urlsplit(self.base)[:2]:
            raise ValueError("The token goes to the portal and nowhere else.")
        request = Request(address, method=method)  # noqa: S310 - the portal's own address, see above
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Accept", "application/json")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if key is not None:
            request.add_header("Idempotency-Key", f'"{key}"')
        if if_match:
            request.add_header("If-Match", if_match)
        try:
            with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as refused:
            raise _error(refused) from None


def new_key() -> str:
    """Return a key for one intent, for `Idempotency-Key`."""
    return str(uuid.uuid4())


def _error(refused: HTTPError) -> PortalError:
    wait = refused.headers.get("Retry-After", "")
    try:
        problem = json.loads(refused.read())
    except ValueError:
        problem = {"status": refused.code, "code": "", "detail": refused.reason}
    return PortalError(problem, wait=float(wait) if wait.isdigit() else None)


class WebhookRefused(Exception):
    """Not from the portal, changed on its way, or too old. Answer 400, and do nothing else."""


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Json:
    """Return the event of a webhook (Standard Webhooks). Raises WebhookRefused.

    `body` must be the bytes as they came: check first, parse after. `secrets` is one `whsec_...`, or several
    while one replaces another. Deliveries come at least once: remember `webhook-id`, and do each only once.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message, stamp = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split(" ")
    except KeyError as missing:
        raise WebhookRefused(f"The header {missing} is missing.") from None
    if not (stamp.isascii() and stamp.isdigit()):
        raise WebhookRefused("webhook-timestamp is not a whole number of seconds.")
    if abs((time.time() if now is None else now) - int(stamp)) > tolerance:
        raise WebhookRefused("The message is too old, or from the future: check the clock.")
    content = f"{message}.{stamp}.".encode() + body
    known = [secrets] if isinstance(secrets, str) else list(secrets)
    expected = [hmac.new(_key_of(secret), content, hashlib.sha256).digest() for secret in known]
    sent = [_signature(part) for part in signatures]
    # every pair is compared in constant time, so that how long it takes says nothing
    matches = [hmac.compare_digest(one, other) for one in expected for other in sent if other is not None]
    if not any(matches):
        raise WebhookRefused("No signature fits.")
    try:
        return json.loads(body)
    except ValueError:
        raise WebhookRefused("The body is not JSON.") from None


def _key_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _signature(part: str) -> bytes | None:
    version, _, encoded = part.partition(",")
    if version != "v1":
        return None  # a version that this client does not know
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
