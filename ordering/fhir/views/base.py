"""What every FHIR call has in common: who asks, in which format to answer, what is still the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, QueryDict
from django.utils.http import http_date, parse_http_date_safe
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api.permissions import token_of, user_of
from ordering.api.preconditions import not_modified
from ordering.api.views.base import ApiView
from ordering.cds_hooks.origins import share
from ordering.fhir import outcomes
from ordering.fhir.access import FhirAccess, FhirAuthentication
from ordering.fhir.formats import FhirJsonRenderer, FhirNegotiation
from ordering.fhir.query import AUDIT_SEARCH, Condition, Search, read_search
from ordering.fhir.reading import place_of
from ordering.fhir.values import Json, Place
from portal import audit, tokens

READ, SEARCH = "r", "s"  # interactions, as SMART abbreviates them
NAMED_BY = ("target", "entity", "_id")  # a search of the trail says of which order


class FhirView(ApiView):
    """A view of one resource type for one interaction."""

    authentication_classes = [FhirAuthentication]
    permission_classes = [FhirAccess]
    parser_classes = [FormParser]
    renderer_classes = [FhirJsonRenderer]
    content_negotiation_class = FhirNegotiation
    schema = None  # described by its CapabilityStatement, not by the OpenAPI document of REST
    kind = ""
    interaction = READ

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks and let that person act from here on; then rate, scope, role and format."""
        self.format_kwarg = None
        request.version, request.versioning_scheme = None, None
        if request.method == "OPTIONS":
            # a browser asks this without the token
            request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
                request, force=True
            )
            return
        self.perform_authentication(request)
        if request.auth is not None:
            audit.bind_user(request.user)
            self.check_throttles(request)
            token = token_of(request)
            if token is not None:
                tokens.note_use(token)
        self.check_permissions(request)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let pages of registered origins read the answer."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        share(request, finished)
        if "Access-Control-Expose-Headers" in finished:
            finished["Access-Control-Expose-Headers"] += ", ETag, Last-Modified"
        if "Access-Control-Allow-Headers" in finished:
            finished["Access-Control-Allow-Headers"] += ", If-None-Match, Prefer"
        return finished

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what turns exceptions into OperationOutcomes."""
        return outcomes.handle

    def place(self, request: Request) -> Place:
        """Return where this server is, as the caller's organisation sees it."""
        organisation = user_of(request).organisation
        assert organisation is not None  # the policy has seen to it
        return place_of(organisation, base_of(request))

    def own(
        self, request: Request, rows: QuerySet[Any], organisation_of: Callable[[Any], Any], *, entity: str
    ) -> Any:
        """Return the only row, if it is the organisation's own. Raises Http404."""
        row: Model | None = rows.first()
        if row is None:
            raise Http404
        if str(organisation_of(row)) != str(user_of(request).organisation_id):
            audit.denied(request, entity=entity, entity_id=row.pk, reason="another organisation")
            raise Http404
        return row

    def answer(self, request: Request, made: Json, modified: datetime | None) -> Response:
        """Return a resource with its version, or 304 when the caller has that one."""
        version = made["meta"]["versionId"]
        headers = {"ETag": f'W/"{version}"'}
        if modified is not None:
            headers["Last-Modified"] = http_date(modified.timestamp())
        known = request.headers.get("If-None-Match")
        if known is not None:
            unchanged = not_modified(f'"{version}"', known)
        else:
            since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
            unchanged = since is not None and modified is not None and int(modified.timestamp()) <= since
        if unchanged:
            return Response(status=304, headers=headers)
        return Response(made, headers=headers, content_type=request.accepted_media_type)


class SearchView(FhirView):
    """A search: GET with parameters in the address, or POST with them in a form."""

    interaction = SEARCH
    known: dict[str, Condition] = AUDIT_SEARCH
    sorts: tuple[str, ...] = ()

    def asked(self, request: Request, place: Place) -> Search:
        """Return what is asked. Raises BadSearch."""
        given = [(name, value) for name, values in request.query_params.lists() for value in values]
        # a POST without a body asks nothing more
        if request.method == "POST" and isinstance(request.data, QueryDict):
            given += [(name, value) for name, values in request.data.lists() for value in values]
        preferred = request.headers.get("Prefer", "").replace(" ", "").lower()
        strict = "handling=strict" in preferred.replace(";", ",").split(",")
        return read_search(given, self.known, place, strict=strict, sorts=self.sorts)

    def named(self, search: Search) -> None:
        """Refuse a search that would read the whole trail."""
        if search.given.isdisjoint(NAMED_BY):
            name = next(name for name in NAMED_BY if name in self.known)
            raise outcomes.BadSearch([(name, "Say of which order, such as ServiceRequest/{id}.")])


def base_of(request: Request) -> str:
    """Return the address of this server, without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")
