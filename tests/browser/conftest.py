"""A running portal with the training data, and a browser.

Nothing here uses the fixtures of pytest-django that empty the database after each test: the training data is
loaded once for each module, and every test works on patients and orders of its own.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.db import connections
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread, TransactionTestCase
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from ordering import training
from ordering.actions import PatientIdentity, create_patient
from ordering.models import Patient
from portal import audit
from portal.models import User
from tests.browser.driving import CHROMIUM_FLAGS, DESKTOP, HEIGHT, Window, chromium_path
from tests.content import BICYCLE, SHIPPED, load

# slower than a person would wait, even on a machine that does much else
PATIENCE_MS = 10000


@dataclass
class Portal:
    """The running portal: its address, and who may sign in with what."""

    url: str
    sign_ins: dict[str, dict[str, str]]
    _patients: int = 0
    _cookies: dict[str, str] = field(default_factory=dict)

    def user(self, who: str) -> User:
        """Return somebody of the training data."""
        return User.objects.get(username=who)

    def patient(self, *, who: str = "clinician", **given: Any) -> Patient:
        """Return a new patient of this person's organisation, 42 years old unless said otherwise."""
        self._patients += 1
        by = self.user(who)
        assert by.organisation is not None
        identity = {
            "mrn": f"5000 {self._patients:04d}",
            "family_name": "Winter",
            "given_name": f"Ada {self._patients}",
            "birth_date": date(timezone.localdate().year - 42, 1, 1),
            "sex": "female",
        } | given
        with audit.acting(audit.actor_of(by)):
            return create_patient(organisation=by.organisation, identity=PatientIdentity(**identity), by=by)

    def session(self, who: str) -> str:
        """Return the cookie of a session of this person."""
        if who not in self._cookies:
            client = Client()
            with audit.acting(audit.system("tests")):
                client.force_login(
                    self.user(who), backend="allauth.account.auth_backends.AuthenticationBackend"
                )
            self._cookies[who] = client.cookies["sessionid"].value
        return self._cookies[who]


OpenWindow = Callable[..., Window]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return the one browser of this process."""
    path = chromium_path()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def portal(browser: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[Portal]:
    """Return a running portal that holds the training data and nothing else."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.callback(TransactionTestCase._fixture_teardown, None)  # empties the tables, as the owner
        stack.callback(cache.clear)
        load(SHIPPED)
        load(BICYCLE)
        with audit.acting(audit.system("tests")):
            loaded = training.load({})
        server = LiveServerThread("localhost", StaticFilesHandler)
        server.daemon = True
        server.start()
        stack.callback(connections.close_all)
        stack.callback(server.terminate)
        server.is_ready.wait()
        if server.error:
            raise server.error
        stack.enter_context(override_settings(ALLOWED_HOSTS=["localhost"]))
        yield Portal(f"http://localhost:{server.port}", loaded["users"])


@pytest.fixture
def open_window(browser: Browser, portal: Portal) -> Iterator[OpenWindow]:
    """Return a function that opens a window, signed in as somebody where `who` is given.

    Refuses, at the end of the test, whatever its pages did behind the reader's back.
    """
    windows: list[Window] = []

    def open_one(who: str = "", *, width: int = DESKTOP, **options: Any) -> Window:
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, **options)
        context.set_default_timeout(PATIENCE_MS)
        if who:
            context.add_cookies([{"name": "sessionid", "value": portal.session(who), "url": portal.url}])
        windows.append(Window(context, portal.url))
        return windows[-1]

    yield open_one
    faults = [fault for window in windows for fault in window.faults]
    for window in windows:
        window.context.close()
    assert faults == []


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """Return the folder for pictures that PORTAL_SCREENSHOTS names, if it does: they take time."""
    named = os.environ.get("PORTAL_SCREENSHOTS", "")
    if not named:
        return None
    folder = Path(named).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
