"""`manage.py webhooks`: what administrators do on the portal's page of webhooks, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ordering import policies
from ordering.exceptions import OrderingError
from ordering.webhooks import actions, history
from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal import audit
from portal.models import User

DELIVERIES = 50  # that are listed

Options = dict[str, Any]


class Command(BaseCommand):
    """Manage the webhooks of an organisation in the name of one of its administrators."""

    help = (
        "List, make, change, rotate, enable, disable, delete and test webhooks; list and repeat deliveries."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who acts, what to do, and with which webhook."""
        parser.add_argument("--user", required=True, help="user name of the administrator who does it")
        todo = parser.add_subparsers(dest="action", required=True)
        todo.add_parser("list", help="list webhooks, without their secrets")
        create = todo.add_parser("create", help="make a webhook and print its secret once")
        create.add_argument("url")
        change = todo.add_parser("change", help="change a webhook")
        change.add_argument("webhook", type=UUID)
        change.add_argument("--url")
        for parts in (create, change):
            parts.add_argument("--event", action="append", dest="events", choices=actions.EVENTS)
            parts.add_argument("--patient-data", choices=WebhookEndpoint.PatientData.values)
            parts.add_argument("--description")
        rotate = todo.add_parser("rotate", help="print a new secret; the old one signs on for a while")
        rotate.add_argument("webhook", type=UUID)
        rotate.add_argument("--overlap-hours", type=int, default=int(actions.OVERLAP.total_seconds() // 3600))
        for name, says in (
            ("enable", "send again, what waits first"),
            ("disable", "send nothing until it is enabled"),
            ("delete", "give up what waits, and forget the webhook"),
            ("test", "send a message that tells of nothing"),
            ("deliveries", "list the latest deliveries"),
        ):
            todo.add_parser(name, help=says).add_argument("webhook", type=UUID)
        again = todo.add_parser("redeliver", help="send one delivery again, or all of a period")
        again.add_argument("webhook", type=UUID)
        again.add_argument("--delivery", type=UUID, help="one delivery; else give --since")
        again.add_argument("--since", help="such as 2026-11-22T18:00")
        again.add_argument("--until", help="left out: until now")
        again.add_argument("--everything", action="store_true", help="also what was delivered already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, in the name of the administrator."""
        user = User.objects.select_related("organisation").filter(username=options["user"]).first()
        if user is None or not policies.may_manage_webhooks(user):
            raise CommandError(f"{options['user']} is no administrator of an organisation.")
        act: Callable[[User, Options], None] = getattr(self, f"_{options['action']}")
        with audit.acting(audit.actor_of(user, via="command")):
            try:
                act(user, options)
            except OrderingError as refusal:
                raise CommandError(str(refusal)) from refusal

    def _list(self, user: User, options: Options) -> None:
        assert user.organisation_id is not None
        health = history.health(user.organisation_id)
        for endpoint in history.endpoints(user.organisation_id):
            known = health.get(endpoint.pk)
            counts = (known.delivered, known.failed, known.pending) if known else (0, 0, 0)
            self.stdout.write(
                f"{endpoint.pk}  {endpoint.url}  {endpoint.get_status_display().lower()}"
                f"  {','.join(endpoint.events)}  patient data: {endpoint.patient_data}"
                "  24 h: {} delivered, {} failed, {} waiting".format(*counts)
            )

    def _create(self, user: User, options: Options) -> None:
        given = {name: options[name] for name in ("events", "patient_data", "description") if options[name]}
        endpoint, secret = actions.create_endpoint(by=user, url=options["url"], **given)
        self._show(endpoint, secret)

    def _change(self, user: User, options: Options) -> None:
        names = ("url", "events", "patient_data", "description")
        given = {name: options[name] for name in names if options[name] is not None}
        if not given:
            raise CommandError("Say what is to change: --url, --event, --patient-data or --description.")
        endpoint = actions.change_endpoint(endpoint=_endpoint(user, options), by=user, **given)
        self.stdout.write(f"{endpoint.pk} is changed.")

    def _rotate(self, user: User, options: Options) -> None:
        overlap = timedelta(hours=max(-1, min(options["overlap_hours"], 10**6)))
        endpoint, secret = actions.rotate_secret(endpoint=_endpoint(user, options), by=user, overlap=overlap)
        self._show(endpoint, secret)

    def _enable(self, user: User, options: Options) -> None:
        endpoint = actions.enable_endpoint(endpoint=_endpoint(user, options), by=user)
        self.stdout.write(f"{endpoint.pk} is enabled.")

    def _disable(self, user: User, options: Options) -> None:
        endpoint = actions.disable_endpoint(endpoint=_endpoint(user, options), by=user)
        self.stdout.write(f"{endpoint.pk} is disabled.")

    def _delete(self, user: User, options: Options) -> None:
        endpoint = _endpoint(user, options)
        actions.delete_endpoint(endpoint=endpoint, by=user)
        self.stdout.write(f"{endpoint.pk} is deleted.")

    def _test(self, user: User, options: Options) -> None:
        delivery = actions.send_test(endpoint=_endpoint(user, options), by=user)
        self.stdout.write(f"{delivery.pk} is on its way.")

    def _deliveries(self, user: User, options: Options) -> None:
        found = history.deliveries(_endpoint(user, options)).select_related("order")
        for delivery in found.order_by("-created_at", "-id")[:DELIVERIES]:
            self.stdout.write(_line(delivery))

    def _redeliver(self, user: User, options: Options) -> None:
        endpoint = _endpoint(user, options)
        if (options["delivery"] is None) == (options["since"] is None):
            raise CommandError("Give --delivery or --since.")
        if options["delivery"] is None:
            count = actions.redeliver_range(
                endpoint=endpoint,
                by=user,
                since=_moment(options["since"]),
                until=_moment(options["until"]) if options["until"] else None,
                everything=options["everything"],
            )
        else:
            delivery = history.delivery(endpoint, options["delivery"])
            if delivery is None:
                raise CommandError(f"There is no delivery {options['delivery']}.")
            actions.redeliver(delivery=delivery, by=user)
            count = 1
        self.stdout.write(f"{count} to be sent again.")

    def _show(self, endpoint: WebhookEndpoint, secret: str) -> None:
        self.stdout.write(f"id      {endpoint.pk}")
        self.stdout.write(f"events  {', '.join(endpoint.events)}")
        self.stdout.write(f"secret  {secret}")
        self.stdout.write("Keep the secret now: it is not shown again.")


def _endpoint(user: User, options: Options) -> WebhookEndpoint:
    assert user.organisation_id is not None  # the policy has seen to it
    found = history.endpoint(user.organisation_id, options["webhook"])
    if found is None:
        raise CommandError(f"There is no webhook {options['webhook']}.")
    return found


def _moment(text: str) -> datetime:
    try:
        read = parse_datetime(text)
    except ValueError:
        read = None
    if read is None:
        raise CommandError(f"{text} is no moment: write it such as 2026-11-22T18:00.")
    return read if timezone.is_aware(read) else timezone.make_aware(read)


def _line(delivery: WebhookDelivery) -> str:
    number = delivery.order.number if delivery.order else "no order"
    answer = delivery.last_status_code or "no answer"
    next_at = timezone.localtime(delivery.due_at).isoformat(timespec="seconds") if delivery.due_at else "none"
    return (
        f"{delivery.pk}  {delivery.type}  {number}  {delivery.status}  attempts {delivery.attempt_count}"
        f"  {answer}  {delivery.last_duration_ms or 0} ms  next {next_at}"
    )
