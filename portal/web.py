"""The web server of `manage.py serve`: waitress on a socket that the parent has already bound.

Run as `python -m portal.web FILE_DESCRIPTOR`. It ends when its standard input does, so that it never outlives
a parent that was killed.
"""

import os
import signal
import socket
import sys
import threading
from types import FrameType

THREADS = 8
MAX_BODY = 16 * 1024 * 1024  # bytes; the portal itself answers 413 far below, in the caller's format


def main(descriptor: int) -> None:
    """Serve until SIGTERM, or until the parent is gone."""
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_follow_parent, daemon=True).start()

    import waitress
    from django.conf import settings

    from portal.wsgi import application

    _sign_audit_trail()
    waitress.serve(
        application,
        sockets=[socket.socket(fileno=descriptor)],
        threads=THREADS,
        ident=None,
        max_request_body_size=MAX_BODY,
        channel_timeout=60,  # seconds
        # the portal reads them itself, and only with PORTAL_PROXIES set
        clear_untrusted_proxy_headers=not settings.PORTAL_PROXIES,
        _quiet=True,
    )


def _sign_audit_trail() -> None:
    """Make checkpoints of the audit trail as long as this process lives."""
    from portal.audit import checkpoints

    threading.Thread(target=checkpoints.run_forever, args=[threading.Event()], daemon=True).start()


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)  # waitress lets running requests end


def _follow_parent() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock Python wants to take at its end
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]))
