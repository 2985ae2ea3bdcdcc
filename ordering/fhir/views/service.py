"""The service itself: what it can do, how to get a token for it, and what is not here."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api.throttles import note_failure, refuse_guessing
from ordering.cds_hooks.origins import share
from ordering.fhir.capability import RESOURCES, capability_statement
from ordering.fhir.smart import OAuthError, configuration, token_for
from ordering.fhir.views.base import FhirView, base_of
from portal.peer import client_address

SOFTWARE_VERSION = "0.1.0"  # as in pyproject.toml


class Metadata(FhirView):
    """The CapabilityStatement; open to everybody, as FHIR wants it."""

    authentication_classes = []
    permission_classes = []

    def get(self, request: Request) -> Response:
        """Return the CapabilityStatement."""
        made = capability_statement(f"{base_of(request)}/fhir/r4", version=SOFTWARE_VERSION)
        return Response(made, content_type=request.accepted_media_type)


class NothingHere(FhirView):
    """Whatever the service does not have."""

    authentication_classes = []
    permission_classes = []

    def get(self, request: Request, **kwargs: Any) -> Response:
        """Say so."""
        raise Http404

    post = put = patch = delete = get


@login_not_required
@require_http_methods(["GET", "HEAD", "OPTIONS"])
def smart_configuration(request: HttpRequest) -> JsonResponse:
    """Say where tokens are given and how; open to everybody."""
    response = JsonResponse(configuration(_endpoint(request), RESOURCES))
    share(request, response)
    return response


@csrf_exempt
@login_not_required
@require_http_methods(["POST", "OPTIONS"])
def token(request: HttpRequest) -> JsonResponse:
    """Give a token to a client that proves who it is (RFC 6749, 4.4, and RFC 7523)."""
    if request.method == "OPTIONS":
        response = JsonResponse({})
        share(request, response)
        return response
    address = client_address(request)
    form = {name: values[-1] for name, values in request.POST.lists()}
    try:
        refuse_guessing(address)
        if any(len(values) > 1 for _, values in request.POST.lists()):
            raise OAuthError("invalid_request", "Send each parameter once.")
        response = JsonResponse(token_for(form=form, endpoint=_endpoint(request)))
    except Throttled as refusal:
        response = _refused("temporarily_unavailable", "Too many failed attempts.", 429)
        response["Retry-After"] = str(max(1, int(getattr(refusal, "wait", 1) or 1)))
    except OAuthError as refusal:
        if refusal.status == 401:
            note_failure(address)
        response = _refused(refusal.code, refusal.said, refusal.status)
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    share(request, response)
    return response


def _refused(code: str, said: str, status: int) -> JsonResponse:
    return JsonResponse({"error": code, "error_description": said}, status=status)


def _endpoint(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir/r4/auth/token")
