"""Two questions of the platform: does the process live, and can it do its work."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process lives; asks nobody else."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when orders can be placed, else 503 that names the check that failed."""
    for name, passes in CHECKS:
        try:
            passed = passes()
        except Error:
            passed = False
        if not passed:
            return JsonResponse(
                {"status": "unavailable", "failed": name}, status=503, headers={"Retry-After": "5"}
            )
    return JsonResponse({"status": "ok", "checks": [name for name, _ in CHECKS], "warnings": _warnings()})


def watch_for(name: str, is_so: Callable[[], bool]) -> None:
    """Have /readyz warn of something that should be looked at, though orders can be placed all the same."""
    WARNINGS[name] = is_so


def worker_missing() -> bool:
    """Return whether no worker runs: jobs wait, and are done when one is started."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s))",
            [WORKER_SILENT_SECONDS],
        )
        return cursor.fetchone() == (True,)


def _warnings() -> list[str]:
    return [name for name, is_so in WARNINGS.items() if is_so()]


def database_answers() -> bool:
    """Return whether the database answers a question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def migrations_applied(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether the schema is the one this code was written for."""
    executor = MigrationExecutor(connections[alias])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def audit_guarded() -> bool:
    """Return whether every trigger that keeps the audit trail is in place and always fires."""
    from portal import audit

    return audit.guards_in_place()


CHECKS: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("database", database_answers),
    ("migrations", migrations_applied),
    ("audit", audit_guarded),
)

WORKER_SILENT_SECONDS = 30
WARNINGS: dict[str, Callable[[], bool]] = {"worker-missing": worker_missing}
