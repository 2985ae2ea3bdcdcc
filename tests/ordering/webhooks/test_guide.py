"""What docs/webhooks.md shows works, in every language it shows, with messages as the portal signs them."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ordering.webhooks import backoff, secrets
from ordering.webhooks.models import WebhookEndpoint
from ordering.webhooks.sending import Limits
from portal.models import OutboxEvent

GUIDE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
DRIVERS = {
    "python": """
import json, os
given = json.loads(os.environ["GIVEN"])
for headers in given["headers"]:
    try:
        print(verify(given["body"].encode(), headers, given["secret"])["type"])
    except ValueError as error:
        print(error)
""",
    "js": """
const given = JSON.parse(process.env.GIVEN);
for (const headers of given.headers) {
  try {
    console.log(verify(Buffer.from(given.body), headers, given.secret).type);
  } catch (error) {
    console.log(error.message);
  }
}
""",
}
COMMANDS = {"python": [sys.executable, "-c"], "js": ["node", "--input-type=module", "--eval"]}


@pytest.mark.parametrize("language", COMMANDS)
def test_the_guide_verifies_what_the_portal_signs_and_nothing_else(language: str) -> None:
    (snippet,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    secret, former, other = (secrets.new_secret() for _ in range(3))
    body, now = '{"type":"order.signed","timestamp":"Zürich"}', int(time.time())

    def headers(*signing: str, at: int = now, text: str = body) -> dict[str, str]:
        signature = secrets.signature_header(message_id="msg_1", timestamp=at, body=text, secrets=signing)
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}

    given = {
        "body": body,
        "secret": secret,
        "headers": [
            headers(secret),
            headers(secret, former),
            headers(former, secret),
            headers(other),
            headers(secret, text=body + " "),
            headers(secret, at=now - 600),
        ],
    }
    run = subprocess.run(
        [*COMMANDS[language], snippet + DRIVERS[language]],
        env={**os.environ, "GIVEN": json.dumps(given), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.stdout.splitlines() == [
        "order.signed",
        "order.signed",
        "order.signed",
        "not signed with this secret",
        "not signed with this secret",
        "too old, or from the future",
    ], run.stderr


def test_the_guide_names_every_event_and_level_and_the_figures_of_the_method() -> None:
    for name in OutboxEvent.Type.values:
        assert f"| `{name}` |" in GUIDE
    for level in WebhookEndpoint.PatientData.values:
        assert f"| `{level}` |" in GUIDE
    limits = Limits()
    assert (
        f"Connecting may take {limits.connect} seconds, each pause {limits.read}, all of\nit {limits.total}."
        in GUIDE
    )
    waits = [int(backoff.FIRST_WAIT.total_seconds()) * backoff.FACTOR**tries for tries in range(4)]
    assert ", ".join(f"{wait} s" for wait in waits) in GUIDE
    assert f"for {backoff.GIVE_UP_AFTER.days} days" in GUIDE
