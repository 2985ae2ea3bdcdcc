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

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
