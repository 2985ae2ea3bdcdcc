"""Settings of the test run: one connection per test, no HTTPS, static files as they are.

pytest-django reads the settings before any conftest, so what the environment must hold is said here.
"""

import os

os.environ["PORTAL_DATABASE_POOL"] = "0"
os.environ["PORTAL_TRAINING"] = "true"

from portal.settings import *  # noqa: F403 - after the environment is set
