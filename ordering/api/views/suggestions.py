"""Asking the guideline: with nothing stored, or recorded as a consultation."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.advice import advise
from ordering.api import output, placing
from ordering.api.idempotency import once
from ordering.api.input import ConsultationInput, SuggestionInput
from ordering.api.permissions import need
from ordering.api.schema import describe
from ordering.api.shapes import ConsultationSerializer, SuggestionSerializer
from ordering.api.views.base import ApiView
from ordering.exceptions import Refused
from portal.models import ApiToken

SUGGEST = ApiToken.Scope.SUGGEST


class Suggestions(ApiView):
    """Ask what the guideline suggests; nothing is stored and no patient is named."""

    needs = {"POST": need(SUGGEST, policy=policies.may_ask)}
    form = SuggestionInput()

    @describe(
        "suggest",
        "Ask for advice",
        takes=SuggestionInput,
        gives={200: SuggestionSerializer},
        refuses=(400, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Return the suggestion for these answers. Stateless: the same question has the same answer."""
        asked = self.ask(request, self.form)
        slug, answers = asked.values.get("scenario"), asked.values.get("answers")
        if slug is not None and answers is not None:
            try:
                advised = advise(slug=slug, answers=answers)
            except Refused as refused:
                asked.faults += refused.refusals
        asked.give_up_if_faulty()
        return Response(advised.suggestion)


class Consultations(ApiView):
    """Ask, and have question and answer recorded."""

    needs = {"POST": need(SUGGEST, policy=policies.may_order)}
    form = ConsultationInput()

    @describe(
        "consult",
        "Ask for advice and record it",
        takes=ConsultationInput,
        gives={201: ConsultationSerializer},
        refuses=(400, 409, 413, 415, 422),
        idempotent=True,
    )
    def post(self, request: Request) -> Response:
        """Return the recorded suggestion with its id, which an order can be placed on."""
        asked = self.ask(request, self.form)

        def act() -> Response:
            return Response(output.consultation(placing.consult(asked)), status=201)

        return once(request, asked.sent, act)
