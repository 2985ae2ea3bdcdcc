"""Views that fail in every way a view can, for the tests of middleware and errors."""

from collections.abc import Callable
from typing import Any

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from portal import audit
from portal.models import Organisation
from portal.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def database_error(kind: type[DatabaseError], cause: type[psycopg.Error]) -> Exception:
    """Return an error as Django raises it for an error of the driver."""
    error = kind("DETAIL: Failing row contains (Doe, Jane).")
    error.__cause__ = cause("DETAIL: Failing row contains (Doe, Jane).")
    return error


class NoActor(psycopg.DatabaseError):
    """The audit trail's refusal, as the driver reports it."""

    sqlstate = "PA001"


FAILURES: dict[str, Callable[[], Exception]] = {
    "away": lambda: database_error(OperationalError, psycopg.OperationalError),
    "locked": lambda: database_error(OperationalError, psycopg.errors.LockNotAvailable),
    "full": lambda: database_error(OperationalError, psycopg.errors.DiskFull),
    "deadlock": lambda: database_error(OperationalError, psycopg.errors.DeadlockDetected),
    "closed": lambda: database_error(InterfaceError, psycopg.InterfaceError),
    "standby": lambda: database_error(DatabaseError, psycopg.errors.ReadOnlySqlTransaction),
    "no-actor": lambda: database_error(DatabaseError, NoActor),
    "too-long": lambda: database_error(DataError, psycopg.errors.StringDataRightTruncation),
    "bug": lambda: RuntimeError("Doe, Jane"),
    "forbidden": PermissionDenied,
    "missing": Http404,
    "suspicious": lambda: SuspiciousOperation("not sound"),
}


def failing(kind: str) -> Callable[..., HttpResponse]:
    @login_not_required
    def view(request: HttpRequest, **_: Any) -> HttpResponse:
        raise FAILURES[kind]()

    return view


def hidden(request: HttpRequest) -> HttpResponse:
    """Refuse somebody else's record in a transaction that is rolled back."""
    with transaction.atomic():
        Organisation.objects.create(slug="rolled-back", name="Rolled back")
        audit.denied(request, entity="order", entity_id="o-1\x00", reason="another organisation")
        raise Http404


@login_not_required
def who(request: HttpRequest) -> HttpResponse:
    """Say who acts, as the database knows it."""
    names = ("actor", "role", "via", "request_id", "ip")
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('portal.{name}', true)" for name in names))
        return JsonResponse(dict(zip(names, cursor.fetchone(), strict=True)))


@login_not_required
def late(request: HttpRequest) -> HttpResponse:
    """Learn halfway who acts, as an API view does, and write."""
    audit.bind(audit.Actor("user:7:token", via="api"))
    Organisation.objects.create(slug="late", name="Late")
    return HttpResponse("written")


@login_not_required
def plain(request: HttpRequest) -> HttpResponse:
    """Answer, asking nobody."""
    return HttpResponse(f"{len(request.body)} bytes")


def patterns(prefix: str) -> list[URLPattern]:
    return [
        *(path(f"{prefix}{kind}/", failing(kind), name=f"{prefix}{kind}") for kind in FAILURES),
        path(f"{prefix}hidden/", hidden, name=f"{prefix}hidden"),
        path(f"{prefix}who/", who),
        path(f"{prefix}late/", late),
        path(f"{prefix}plain/", plain),
        path(f"{prefix}named/<str:name>/", failing("missing")),
    ]


urlpatterns = [*patterns(""), *patterns("api/"), *patterns("admin/"), path("healthz", plain)]
