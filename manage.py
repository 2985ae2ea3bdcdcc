#!/usr/bin/env python
"""Run a command of the portal: `manage.py help` lists them."""

import os
import sys


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    # a command works on one connection; a pool would only leave threads behind it
    os.environ.setdefault("PORTAL_DATABASE_POOL", "0")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):  # the server answered; this is another failure
            raise
        sys.exit("The database does not answer: start it with `make run`, or check DATABASE_URL.")


if __name__ == "__main__":
    main()
