"""Which browser-based clients may read the answers (CORS): registered origins, and none else."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from ordering.cds_hooks.authentication import is_loopback, is_loopback_origin
from ordering.cds_hooks.models import CdsClient

METHODS = "GET, POST, OPTIONS"
HEADERS = "Authorization, Content-Type, Accept, X-Request-ID"
KEPT_SECONDS = 600


def share(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response, readable by the page that asks if its origin is allowed."""
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    if origin and is_allowed(request, origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "X-Request-ID"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = METHODS
            response["Access-Control-Allow-Headers"] = HEADERS
            response["Access-Control-Max-Age"] = str(KEPT_SECONDS)
    return response


def is_allowed(request: HttpRequest, origin: str) -> bool:
    """Return whether the origin is registered, or a page of this machine while that is allowed."""
    if settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK and is_loopback(request) and is_loopback_origin(origin):
        return True
    return CdsClient.objects.filter(is_active=True, origins__contains=[origin]).exists()
