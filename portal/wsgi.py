"""The WSGI application, for `manage.py serve` and for any other server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request; a HEAD gets the headers of its GET and no body.

    Servers leave this to the application. A body after HEAD would be read as the start of the next answer on
    the same connection.
    """
    body = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    body.close()
    return []
