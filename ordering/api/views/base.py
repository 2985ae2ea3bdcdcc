"""What every call has in common: who asks, whether they may, how refusals look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ordering.api import errors
from ordering.api.authentication import BearerTokenAuthentication
from ordering.api.fields import StrictInput
from ordering.api.parsers import StrictJsonParser
from ordering.api.permissions import Need, ScopeAndRole, token_of, user_of
from ordering.api.placing import Asked, own_order
from ordering.api.rendering import AlwaysJson, JsonRenderer
from ordering.api.throttles import TokenRate, rate_headers
from ordering.exceptions import Refused
from ordering.models import Order
from portal import audit, tokens


class ApiView(APIView):
    """A view for tokens: `needs` says per method what scope and role it takes."""

    authentication_classes = [BearerTokenAuthentication]
    permission_classes = [ScopeAndRole]
    throttle_classes = [TokenRate]
    parser_classes = [StrictJsonParser]
    renderer_classes = [JsonRenderer]
    content_negotiation_class: type[BaseContentNegotiation] = AlwaysJson
    metadata_class = None
    needs: ClassVar[dict[str, Need]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks, and let that person act from here on; then rate, scope and role."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.version, request.versioning_scheme = None, None
        self.perform_authentication(request)
        token = token_of(request)
        if token is not None:
            audit.bind_user(token.user)
            self.check_throttles(request)
            tokens.note_use(token)
        self.check_permissions(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the answer with what it says about the rate."""
        for name, value in rate_headers(request).items():
            response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are."""
        return Response(status=204)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what turns exceptions into problem details."""
        return errors.handle

    def ask(self, request: Request, form: StrictInput) -> Asked:
        """Return what was sent, read by its form, with the faults found so far."""
        sent = request.data
        values, faults = form.read(sent)
        if not isinstance(sent, dict):
            raise Refused(faults)
        return Asked(sent=sent, values=values, faults=faults, by=user_of(request), http=request)

    def read(self, request: Request, form: StrictInput) -> dict[str, Any]:
        """Return the values of a sound body. Raises Refused with every fault."""
        asked = self.ask(request, form)
        asked.give_up_if_faulty()
        return asked.values

    def order(self, request: Request, pk: UUID) -> Order:
        """Return the order, if it is the organisation's own. Raises Http404."""
        order = own_order(request, pk)
        if order is None:
            raise Http404
        return order
