"""`manage.py api_token`: bearer tokens for other systems, made, listed, rotated and revoked."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal import audit, tokens
from portal.models import ApiToken, User

MAX_DAYS = 3650


class Command(BaseCommand):
    """Manage API tokens. A secret is printed once, when its token is made; nobody can read it again."""

    help = "Create, list, rotate and revoke bearer tokens of the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do and with which token."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token and print its secret once")
        create.add_argument("--user", required=True, help="user name of the person whom the token acts for")
        create.add_argument("--name", required=True, help="the system that will use it")
        create.add_argument(
            "--scope",
            action="append",
            required=True,
            dest="scopes",
            choices=ApiToken.Scope.values,
            help="what it may do; repeat for several",
        )
        create.add_argument("--days", type=int, default=tokens.LIFETIME.days, help="until it expires")
        listed = actions.add_parser("list", help="list tokens, without their secrets")
        listed.add_argument("--user", help="only those of this person")
        rotate = actions.add_parser("rotate", help="make a successor; the old secret works on for a while")
        rotate.add_argument("token", type=UUID, help="id of the token, from the list")
        rotate.add_argument(
            "--overlap-hours",
            type=int,
            default=int(tokens.OVERLAP.total_seconds() // 3600),
            help="how long the old secret still works",
        )
        rotate.add_argument(
            "--days", type=int, default=tokens.LIFETIME.days, help="until the new one expires"
        )
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("token", type=UUID, help="id of the token, from the list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, under the name of this command."""
        with audit.acting(audit.system("api_token")):
            try:
                getattr(self, f"_{options['action']}")(options)
            except tokens.TokenRefused as refusal:
                raise CommandError(str(refusal)) from refusal

    def _create(self, options: dict[str, Any]) -> None:
        token, secret = tokens.create_token(
            user=_user(options["user"]),
            name=options["name"],
            scopes=options["scopes"],
            lifetime=_days(options["days"]),
        )
        self._show(token, secret)

    def _list(self, options: dict[str, Any]) -> None:
        found = ApiToken.objects.select_related("user", "created_by")
        found = found.order_by("user__username", "name", "created")
        if options["user"]:
            found = found.filter(user=_user(options["user"]))
        for token in found:
            scopes = ",".join(token.scopes)
            maker = token.created_by.username if token.created_by else "the command line"
            self.stdout.write(
                f"{token.pk}  {token.user.username}  {token.name}  {token.beginning}...  {scopes}"
                f"  {_state(token)}  {_use(token)}  made by {maker}"
            )

    def _rotate(self, options: dict[str, Any]) -> None:
        overlap = timedelta(hours=options["overlap_hours"])
        token, secret = tokens.rotate_token(
            token=_token(options["token"]), overlap=overlap, lifetime=_days(options["days"])
        )
        self.stdout.write(f"The old secret works until {_at(timezone.now() + overlap)}.")
        self._show(token, secret)

    def _revoke(self, options: dict[str, Any]) -> None:
        token = tokens.revoke_token(token=_token(options["token"]))
        self.stdout.write(f"{token.pk} opens nothing any more.")

    def _show(self, token: ApiToken, secret: str) -> None:
        self.stdout.write(f"id      {token.pk}")
        self.stdout.write(f"scopes  {', '.join(token.scopes)}")
        self.stdout.write(f"expires {_at(token.expiry)}")
        self.stdout.write(f"secret  {secret}")
        self.stdout.write("Keep the secret now: it is not shown again.")


def _user(username: str) -> User:
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist:
        raise CommandError(f"There is no user {username}.") from None


def _token(pk: UUID) -> ApiToken:
    try:
        return ApiToken.objects.select_related("user").get(pk=pk)
    except ApiToken.DoesNotExist:
        raise CommandError(f"There is no token {pk}.") from None


def _days(days: int) -> timedelta:
    if not 1 <= days <= MAX_DAYS:
        raise CommandError(f"A token lives 1 to {MAX_DAYS} days.")
    return timedelta(days=days)


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return f"revoked {_at(token.revoked_at)}"
    if tokens.has_expired(token):
        return f"expired {_at(token.expiry)}"
    return f"{'replaced, ' if token.successor_id else ''}until {_at(token.expiry)}"


def _use(token: ApiToken) -> str:
    if token.last_used_at is None:
        return "never used"
    return f"last used {_at(token.last_used_at)} from {token.last_used_address or 'here'}"


def _at(moment: datetime | None) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes") if moment else "never"
