"""Guideline content: which scenarios there are, and everything that a version says."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import RELEASED, ScenarioVersion
from guidelines.reviewing import base_of, difference
from ordering import policies
from ordering.api import output
from ordering.api.filters import PAGING, any_text, cursor, limit_of, read_query, whole_number
from ordering.api.paging import NEWER, OLDER, Cursor, Page
from ordering.api.permissions import need, user_of
from ordering.api.preconditions import not_modified
from ordering.api.schema import describe, in_query
from ordering.api.shapes import DifferenceSerializer, ScenarioPageSerializer, ScenarioSerializer
from ordering.api.views.base import ApiView
from portal.models import ApiToken

READ = need(ApiToken.Scope.GUIDELINES_READ, policy=policies.may_ask)
BY_PLACE = (("place", int),)
EVERYTHING = 1_000_000
LARGEST_NUMBER = 2**31 - 1  # of a version: an integer column


class Scenarios(ApiView):
    """The published scenarios."""

    needs = {"GET": READ}

    @describe(
        "list_scenarios",
        "Search scenarios",
        gives={200: ScenarioPageSerializer},
        refuses=(400,),
        query=in_query("q", "limit", "cursor"),
    )
    def get(self, request: Request) -> Response:
        """Return published scenarios: by title, or with `q` those that fit best, typos forgiven."""
        query = read_query(request, {"q": any_text, **PAGING, "cursor": cursor(BY_PLACE)})
        editions = library.search(query.get("q", ""), limit=EVERYTHING)
        limit, start = limit_of(query), max(0, query["cursor"].edge[0]) if "cursor" in query else 0
        rows: list[dict[str, Any]] = [
            {
                "slug": edition.slug,
                "title": edition.title,
                "summary": edition.summary,
                "version": edition.number,
                "url": request.build_absolute_uri(f"/api/v1/scenarios/{edition.slug}/"),
            }
            for edition in editions[start : start + limit]
        ]
        page = Page(
            rows,
            older=Cursor(OLDER, (start + limit,)) if start + limit < len(editions) else None,
            newer=Cursor(NEWER, (max(0, start - limit),)) if start else None,
        )
        return Response(page.body(request, rows))


class ScenarioDetail(ApiView):
    """The published version of one scenario."""

    needs = {"GET": READ}

    @describe(
        "get_scenario",
        "Read a scenario",
        gives={200: ScenarioSerializer, 304: None},
        refuses=(400, 404),
        tagged=True,
        of=("slug",),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return all content of the version in use: data elements, criteria, studies, findings."""
        _, ruleset = library.current(slug)
        return _answer(request, output.scenario(ruleset, state="published"))


class ScenarioVersionDetail(ApiView):
    """One version of a scenario; its content never changes."""

    needs = {"GET": READ}

    @describe(
        "get_scenario_version",
        "Read a version of a scenario",
        gives={200: ScenarioSerializer, 304: None},
        refuses=(400, 404),
        tagged=True,
        of=("slug", "number"),
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Return all content of a version that is or was in use, as orders placed under it refer to it."""
        if number > LARGEST_NUMBER:
            raise NoPublishedVersion(slug)
        pk, ruleset = library.numbered(slug, number)
        return _answer(request, output.scenario(ruleset, state=library.state_of(pk)))


class ScenarioVersionDiff(ApiView):
    """What one version of a scenario changes, compared with another."""

    needs = {"GET": READ}

    @describe(
        "diff_scenario_versions",
        "Compare two versions of a scenario",
        gives={200: DifferenceSerializer},
        refuses=(400, 404),
        query=in_query("against"),
        of=("slug", "number"),
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Return every field that reads differently, word by word, and every row that came, went or moved.

        Versions that are not in use yet are for editors and approvers alone.
        """
        query = read_query(request, {"against": whole_number(1, LARGEST_NUMBER)})
        everything = ScenarioVersion.objects.select_related("scenario", "primary_source", "based_on")
        readable = everything.filter(scenario__slug=slug)
        if not policies.may_preview(user_of(request)):
            readable = readable.filter(state__in=RELEASED)
        new = readable.filter(number=min(number, LARGEST_NUMBER)).first()
        old = readable.filter(number=query["against"]).first() if "against" in query else None
        if new is None or (old is None and "against" in query):
            raise NoPublishedVersion(slug)
        if old is None:
            base = base_of(new)
            old = readable.filter(pk=base.pk).first() if base else None
        return Response(
            {
                "scenario": slug,
                "old": _named(old) if old else None,
                "new": _named(new),
                **difference(old, new).to_dict(),
            }
        )


def _named(version: ScenarioVersion) -> dict[str, Any]:
    return {"version": version.number, "state": version.state, "digest": version.digest or None}


def _answer(request: Request, body: dict[str, Any]) -> Response:
    # the state of a version can change, its content cannot
    etag = f'"{body["digest"]}-{body["state"]}"'
    if not_modified(etag, request.headers.get("If-None-Match")):
        return Response(status=304, headers={"ETag": etag})
    return Response(body, headers={"ETag": etag})
