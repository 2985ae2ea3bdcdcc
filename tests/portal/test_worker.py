"""The worker's own duties; that it delivers, and survives, is shown by a real one in test_serve."""

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import OperationalError
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from portal import jobs
from portal.management.commands import worker
from tests.database import connect_as

LOCKED = "webhook:one:0"


@pytest.mark.django_db(transaction=True)
def test_jobs_of_a_worker_that_died_go_on_and_one_that_waits_twice_goes_on_once() -> None:
    with connect_as("default") as database:
        for status, task, lock in (
            ("doing", "outbox.announce", None),
            ("doing", "webhooks.deliver", LOCKED),
            ("todo", "webhooks.deliver", LOCKED),
        ):
            database.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, lock, queueing_lock)"
                " VALUES ('webhooks', %s, %s, %s, %s)",
                [task, status, lock, lock],
            )

    async_to_sync(worker._recover)(app)

    left = ProcrastinateJob.objects.order_by("task_name").values_list("task_name", "status")
    assert list(left) == [("outbox.announce", "todo"), ("webhooks.deliver", "todo")]


def test_the_chores_of_every_app_are_known() -> None:
    assert {"webhooks", "webhooks-purge"} <= jobs.CHORES.keys()


def test_a_worker_without_a_database_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(worker.connection, "ensure_connection", away)

    with pytest.raises(CommandError, match=r"^The worker lost the database \(OperationalError\)\.$"):
        call_command("worker")
