"""`manage.py worker`: does the jobs of the queue, and the chores, until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import psycopg_pool
from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status

from portal import audit, jobs

CONCURRENCY = 48  # jobs at once, nearly all of them waiting for somebody else's machine
HEARTBEAT_SECONDS = 2
STALLED_SECONDS = 8  # a worker that was silent for this long has died: its jobs are done again
STOP_SECONDS = 8  # for what is under way; then it is left, and sent again after the next start

logger = logging.getLogger("portal.worker")


class Command(BaseCommand):
    """Deliver webhooks and do what else waits in the queue. `manage.py serve` runs one beside the portal."""

    help = "Run the worker alone; any number may run at once, on any machine that reaches the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how it ends."""
        parser.add_argument(
            "--until-done", action="store_true", help="end when nothing is left to do right now"
        )
        parser.add_argument(
            "--with-parent", action="store_true", help="end when standard input does; for `manage.py serve`"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; end with one line when the database goes away."""
        logging.getLogger("procrastinate").setLevel(logging.ERROR)
        if options["with_parent"]:
            threading.Thread(target=_follow_parent, daemon=True).start()
        try:
            connection.ensure_connection()  # fails at once, where a pool would go on trying
            connection.close()
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(_work(until_done=options["until_done"]))
        except (DatabaseError, psycopg.Error, psycopg_pool.PoolTimeout, ConnectorException) as error:
            raise CommandError(f"The worker lost the database ({type(error).__name__}).") from error


async def _work(*, until_done: bool) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(CONCURRENCY + 8, thread_name_prefix="worker"))
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5)
    # a copy: what jobs queue themselves goes through Django's connection, in the transaction of the change
    worker = app.with_connector(connector)
    async with worker.open_async():
        await _recover(worker)
        if until_done:
            for chore in jobs.CHORES.values():
                await sync_to_async(_do, thread_sensitive=False)(chore)
        running = [
            asyncio.create_task(
                worker.run_worker_async(
                    concurrency=CONCURRENCY,
                    wait=not until_done,
                    fetch_job_polling_interval=0.5,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    shutdown_graceful_timeout=STOP_SECONDS,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
        ]
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop, running[0])
        if not until_done:
            running += [asyncio.create_task(_recover_forever(worker))]
            running += [asyncio.create_task(_again_and_again(chore)) for chore in jobs.CHORES.values()]
        try:
            # whichever ends first ends the rest: the worker is whole, or it is started again
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            jobs.STOPPING.set()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _stop(worker: "asyncio.Task[None]") -> None:
    """End cleanly: finish what is under way, or leave it when it takes too long."""
    jobs.STOPPING.set()
    threading.Timer(STOP_SECONDS, lambda: os._exit(0)).start()
    worker.cancel()


async def _again_and_again(chore: jobs.Chore) -> None:
    while True:
        try:
            await sync_to_async(_do, thread_sensitive=False)(chore)
        except Exception:
            logger.exception("chore %s failed", chore.name)
        await asyncio.sleep(chore.seconds)


def _do(chore: jobs.Chore) -> None:
    try:
        with audit.acting(audit.system(chore.name)):
            chore.run()
    finally:
        connection.close()


async def _recover_forever(worker: App) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        await _recover(worker)


async def _recover(worker: App) -> None:
    """Give jobs of workers that died back to the queue."""
    for job in await worker.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await worker.job_manager.retry_job(job)
        except UniqueViolation:  # another one like it waits already, and does what this one was for
            await worker.job_manager.finish_job(job, Status.FAILED, delete_job=True)


def _follow_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
