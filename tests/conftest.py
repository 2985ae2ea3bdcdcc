"""The test database, and people of every role.

Tests run as portal_app on a real PostgreSQL, as production does. The schema comes from the migrations, run
once as the owner into a template; each test process gets its own copy of it. DATABASE_URL and
PORTAL_OWNER_DATABASE_URL choose a server, else the embedded one is started.
"""

import os

# Playwright runs a loop of its own beside the test; Django takes that for asynchronous code
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

pytest_plugins = ["tests.database", "tests.people", "tests.content"]
