"""docs/examples/portal_client.py does what it says: with a server, and with messages that others signed."""

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from standardwebhooks.webhooks import Webhook

from ordering.models import Order
from tests.content import LEUKAEMIA
from tests.ordering.api.caller import ANSWERS, CT, FINDING, PATIENT, Caller

FILE = Path(__file__).parents[3] / "docs" / "examples" / "portal_client.py"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "order.signed", "data": {"id": "1"}}).encode()
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("portal_client", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def signed(*secrets: str, at: datetime = NOW, body: bytes = BODY, message: str = "msg_1") -> dict[str, str]:
    """Return the headers of a webhook, signed by the library of Standard Webhooks."""
    signatures = [Webhook(secret).sign(message, at, body.decode()) for secret in secrets]
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": " ".join(signatures),
    }


@pytest.mark.django_db(transaction=True)
def test_it_asks_orders_reports_and_reads_page_after_page(client: ModuleType, api: Caller, live_server):
    portal = client.Portal(live_server.url, api.secret)
    body = {"patient": PATIENT, "scenario": LEUKAEMIA, "answers": ANSWERS, "study": CT}
    key = client.new_key()

    suggestion = portal.suggest(LEUKAEMIA, {**ANSWERS, "age_years": 46})
    order = portal.place_order(body, key=key)
    again = portal.place_order(body, key=key)
    draft = portal.place_order({**body, "sign": False})
    changed = portal.change_draft(draft, note="Please call before.")
    with pytest.raises(client.PortalError) as stale:
        portal.change_draft(draft, note="An older copy.")
    cancelled = portal.cancel(draft["id"], "Not needed.")
    finding = portal.record_finding(order["id"], FINDING)
    listed = [row["id"] for row in portal.orders(patient=PATIENT["mrn"], limit="1")]
    events = list(portal.history(order["id"], page_size=1))

    assert suggestion["studies"][0]["code"] == CT
    assert again == order
    assert changed["note"] == "Please call before."
    assert (stale.value.status, stale.value.code) == (412, "stale")
    assert cancelled["status"] == "revoked"
    assert finding["next_steps"]
    assert listed == [draft["id"], order["id"]]
    assert {"order.placed", "order.signed", "finding.recorded"} <= {event["kind"] for event in events}
    assert portal.order(order["id"])["status"] == Order.Status.COMPLETED
    with pytest.raises(client.PortalError) as refused:
        portal.suggest(LEUKAEMIA, {"egfr": 900})
    assert [fault["pointer"] for fault in refused.value.errors] == ["/answers/egfr"]


def test_the_token_goes_nowhere_else(client: ModuleType):
    portal = client.Portal("http://portal.example", "secret", attempts=1)

    with pytest.raises(ValueError, match="nowhere else"):
        list(portal._pages("http://elsewhere.example/api/v1/orders/", {}))


@pytest.mark.parametrize(
    ("headers", "secrets"),
    [
        (signed(SECRET), SECRET),
        (signed(SECRET), [OTHER_SECRET, SECRET]),
        (signed(OTHER_SECRET, SECRET), SECRET),
        (
            signed(SECRET) | {"Webhook-Signature": "v2,AAAA v1,!! " + signed(SECRET)["Webhook-Signature"]},
            SECRET,
        ),
        (signed(SECRET, at=NOW - timedelta(seconds=299)), SECRET),
    ],
)
def test_a_webhook_that_is_genuine_is_taken(client: ModuleType, headers, secrets):
    assert client.verify_webhook(BODY, headers, secrets, now=NOW.timestamp())["type"] == "order.signed"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(OTHER_SECRET), BODY),
        (signed(SECRET), BODY + b" "),
        (signed(SECRET) | {"Webhook-Id": "msg_2"}, BODY),
        (signed(SECRET) | {"Webhook-Timestamp": "now"}, BODY),
        (signed(SECRET) | {"Webhook-Signature": ""}, BODY),
        (signed(SECRET) | {"Webhook-Signature": "v1a,AAAA"}, BODY),
        (signed(SECRET, at=NOW - timedelta(seconds=301)), BODY),
        (signed(SECRET, at=NOW + timedelta(seconds=301)), BODY),
        ({}, BODY),
        (signed(SECRET, body=b"not JSON"), b"not JSON"),
    ],
)
def test_any_other_webhook_is_refused(client: ModuleType, headers, body):
    with pytest.raises(client.WebhookRefused):
        client.verify_webhook(body, headers, SECRET, now=NOW.timestamp())
