"""`manage.py webhooks` does what the page does, in the name of an administrator."""

from __future__ import annotations

import io
import re
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from ordering.webhooks.secrets import unsealed
from portal.models import AuditEvent, User

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/hook"


def run(*arguments: object, user: str = "administrator") -> str:
    out = io.StringIO()
    call_command("webhooks", "--user", user, *map(str, arguments), stdout=out)
    return out.getvalue()


def created(*more: str) -> tuple[WebhookEndpoint, str]:
    printed = run("create", URL, *more)
    endpoint = WebhookEndpoint.objects.latest("created_at")
    return endpoint, re.search(r"^secret +(\S+)$", printed, re.MULTILINE)[1]


def test_a_webhook_lives_from_the_command_line(administrator: User):
    endpoint, secret = created("--event", "order.signed", "--patient-data", "ids")
    pk = endpoint.pk

    assert unsealed(endpoint.secrets.get().sealed) == secret
    assert (endpoint.events, endpoint.patient_data) == (["order.signed"], "ids")
    assert secret not in run("list")
    assert f"{pk}  {URL}  active  order.signed  patient data: ids" in run("list")
    assert secret not in run("rotate", pk, "--overlap-hours", "1")
    assert "is changed" in run("change", pk, "--description", "RIS", "--event", "finding.recorded")
    assert "on its way" in run("test", pk)
    delivery = WebhookDelivery.objects.get()
    assert f"{delivery.pk}  webhook.test  no order  pending" in run("deliveries", pk)
    assert "1 to be sent again" in run("redeliver", pk, "--delivery", delivery.pk)
    assert "0 to be sent again" in run("redeliver", pk, "--since", delivery.created_at.isoformat())
    assert "is disabled" in run("disable", pk)
    assert "is enabled" in run("enable", pk)
    assert "is deleted" in run("delete", pk)
    assert run("list") == ""
    events = AuditEvent.objects.filter(entity="webhook")
    assert {(event.actor, event.via) for event in events} == {
        (f"user:{administrator.pk}:administrator", "command")
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["enable", uuid4()], "There is no webhook"),
        (["create", "ftp://example.org/"], "http"),
        (["change", "{pk}"], "Say what is to change"),
        (["rotate", "{pk}", "--overlap-hours", "169"], "0 to 168 hours"),
        (["rotate", "{pk}", "--overlap-hours", "9" * 30], "0 to 168 hours"),
        (["redeliver", "{pk}"], "Give --delivery or --since"),
        (["redeliver", "{pk}", "--since", "yesterday"], "is no moment"),
        (["redeliver", "{pk}", "--since", "2026-99-99T00:00"], "is no moment"),
        (["redeliver", "{pk}", "--delivery", uuid4()], "There is no delivery"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(administrator: User, arguments: list[object], says: str):
    endpoint, _ = created()

    with pytest.raises(CommandError, match=says):
        run(*[str(part).format(pk=endpoint.pk) for part in arguments])
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.usefixtures("administrator")
def test_only_administrators_and_only_of_their_own_organisation(clinician: User, other_clinic: User):
    endpoint, _ = created()
    for name in ("clinician", "nobody"):
        with pytest.raises(CommandError, match="is no administrator"):
            run("delete", endpoint.pk, user=name)
    endpoint.refresh_from_db()
    assert endpoint.is_active
