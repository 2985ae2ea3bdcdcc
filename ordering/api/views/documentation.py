"""The OpenAPI schema and its page. Both are public: they hold no data."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api import guide
from ordering.api.schema import schema_document
from ordering.api.views.base import ApiView


class JsonFirst(DefaultContentNegotiation):
    """JSON unless YAML is asked for; a type that nobody knows gets JSON as well."""

    def select_renderer(self, request, renderers, format_suffix=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Return the renderer that Accept prefers, else the first."""
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except Exception:
            return renderers[0], renderers[0].media_type


class Schema(ApiView):
    """The OpenAPI document."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]
    content_negotiation_class = JsonFirst

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document as JSON, or as YAML with `Accept: application/vnd.oai.openapi`."""
        servers = [{"url": request.build_absolute_uri("/").rstrip("/"), "description": "This portal"}]
        return Response(schema_document() | {"servers": servers})


class Documentation(SpectacularSwaggerSplitView):
    """Swagger UI, served from here alone: its script is a file of its own, so that a strict CSP holds."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    metadata_class = None
    url_name = "api-schema"
    template_name = "ordering/api_docs.html"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page with the quickstart above the calls, or with `?script` its script."""
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data |= {"quickstart": guide.quickstart(), "guides": guide.guides()}
        return response


@login_not_required
@require_safe
def guide_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the guides of docs/; open to everybody, they hold no data."""
    try:
        shown = guide.guide(name)
    except KeyError:
        raise Http404 from None
    context = {"guide": shown, "guides": guide.guides(), "title": guide.guides()[name]}
    return render(request, "ordering/api_guide.html", context)


@login_not_required
@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """Return the Python client as the file that it is."""
    return HttpResponse(guide.client(), content_type="text/x-python; charset=utf-8")


class NothingHere(ApiView):
    """Every address that is none: problem details, and no redirect that would lose a body."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Say so, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise Http404
