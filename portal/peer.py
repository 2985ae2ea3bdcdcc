"""The address a request really comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's IP address, or an empty text when it is unknown.

    X-Forwarded-For is whatever the caller likes, except for the entries that our own PORTAL_PROXIES appended:
    with two proxies the second entry from the right is the first that can be trusted.
    """
    proxies: int = settings.PORTAL_PROXIES
    if proxies:
        forwarded = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(forwarded) >= proxies and _is_address(forwarded[-proxies]):
            return forwarded[-proxies]
    peer = request.META.get("REMOTE_ADDR") or ""
    return peer if _is_address(peer) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
