"""The feed of events, for those who cannot be called."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.api import webhook_output as output
from ordering.api.filters import PAGING, WIDEST_KEY, limit_of, one_of, read_query, whole_number
from ordering.api.permissions import need, user_of
from ordering.api.schema import describe, in_query
from ordering.api.views.base import ApiView
from portal.models import ApiToken, OutboxEvent
from portal.outbox import feed


class Feed(ApiView):
    """What happened, in the order of commits."""

    needs = {"GET": need(ApiToken.Scope.AUDIT_READ, policy=policies.may_read_trail)}

    @describe(
        "follow_events",
        "Follow events",
        gives={200: output.FeedSerializer},
        refuses=(400,),
        query=in_query("after", "type", "limit"),
    )
    def get(self, request: Request) -> Response:
        """Return events after a place, oldest first: without gaps, and each one once.

        Ask again with the `after` of the answer. What is committed later has a larger `seq`, always.
        """
        query = read_query(
            request,
            {"after": whole_number(0, WIDEST_KEY), "type": one_of(OutboxEvent.Type.values), **PAGING},
        )
        organisation_id = user_of(request).organisation_id
        assert organisation_id is not None  # the policy has seen to it
        after, limit = query.get("after", 0), limit_of(query)
        found = feed.entries(
            organisation_id=organisation_id, after=after, limit=limit, types=query.get("type", ())
        )
        last = found[-1].seq if found else after
        further = request.query_params.copy()
        further["after"] = str(last)
        link = request.build_absolute_uri(f"{request.path}?{further.urlencode()}")
        return Response(
            {
                "next": link if len(found) == limit else None,
                "after": last,
                "results": [output.event(entry) for entry in found],
            }
        )
