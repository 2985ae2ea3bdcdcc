"""Reading published guideline content. One indexed query; parsed rulesets are cached by digest."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock

from django.db import connection
from django.db.models import QuerySet

from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from guidelines.finding import WordIndex
from guidelines.models import RELEASED, Action, ReviewStep, ScenarioVersion, State

CACHE_SIZE = 512  # parsed rulesets a process keeps; published content never changes, so none goes stale
# the shipped scenario that stands in where none fits: it rates nothing, and no list or search offers it
NO_SCENARIO = "question-without-scenario"


@dataclass(frozen=True, slots=True)
class Edition:
    """A version in a list: enough to show it and to fetch it."""

    version_id: int
    slug: str
    title: str
    summary: str
    number: int
    search_terms: str
    review_due_on: date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a scenario was taken out of use, and why; nothing of it is published since."""

    slug: str
    title: str
    number: int  # of the version that was in use
    version_id: int
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The versions in use, and the words by which they are found. `mark` changes with the set of versions."""

    mark: str
    editions: list[Edition]
    hidden: list[Edition]  # in use, and in no list
    words: WordIndex


_shelf = _Shelf("", [], [], WordIndex([]))
_cache: OrderedDict[tuple[str, int], RuleSet] = OrderedDict()
_lock = Lock()


def current(slug: str) -> tuple[int, RuleSet]:
    """Return (version id, ruleset) in use now. Raises NoPublishedVersion.

    One indexed query once the process has parsed that version.
    """
    return _found(ScenarioVersion.objects.filter(scenario__slug=slug, state=State.PUBLISHED), slug)


def current_for_share(slug: str) -> tuple[int, RuleSet]:
    """As `current`, and no other version can be published until the transaction ends.

    What is placed under this version in the same transaction is placed before it is superseded.
    """
    query = """
        SELECT version.id, version.digest, version.number FROM guidelines_scenarioversion version
        JOIN guidelines_scenario scenario ON scenario.id = version.scenario_id
        WHERE scenario.slug = %s AND version.state = 'published' FOR SHARE OF version
    """
    with connection.cursor() as cursor:
        # a row that was superseded while we waited for it drops out; then its successor is there
        for _ in range(2):
            cursor.execute(query, [slug])
            if (row := cursor.fetchone()) is not None:
                return row[0], _parsed(*row)
    raise NoPublishedVersion(slug)


def ruleset(version_id: int) -> RuleSet:
    """Return the ruleset of a version that is, or was, in use; drafts have none.

    Raises NoPublishedVersion. One indexed query once the process has parsed it.
    """
    return _found(_readable().filter(pk=version_id), str(version_id))[1]


def numbered(slug: str, number: int) -> tuple[int, RuleSet]:
    """Return (version id, ruleset) of one version by its number. Raises NoPublishedVersion."""
    return _found(_readable().filter(scenario__slug=slug, number=number), f"{slug} version {number}")


def _readable() -> QuerySet[ScenarioVersion]:
    return ScenarioVersion.objects.filter(state__in=RELEASED)


def _found(versions: QuerySet[ScenarioVersion], asked: str) -> tuple[int, RuleSet]:
    """Return (version id, ruleset) of the only version of a query."""
    row = versions.values_list("pk", "digest", "number").first()
    if row is None:
        raise NoPublishedVersion(asked)
    pk, digest, number = row
    return pk, _parsed(pk, digest, number)


def _parsed(pk: int, digest: str, number: int) -> RuleSet:
    """Return the ruleset of a snapshot, parsed once in a process."""
    with _lock:
        if (digest, number) in _cache:
            _cache.move_to_end((digest, number))
            return _cache[digest, number]
    snapshot = ScenarioVersion.objects.values_list("snapshot", flat=True).get(pk=pk)
    made = RuleSet.from_document(json.loads(snapshot), version=number, digest=digest)
    with _lock:
        _cache[digest, number] = made
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return made


def withdrawal(slug: str) -> Withdrawal | None:
    """Return how a scenario was withdrawn; None while one of its versions is in use, or none ever was."""
    return next(iter(withdrawals(slug)), None)


def withdrawals(slug: str = "") -> list[Withdrawal]:
    """Return the scenarios that are out of use, by title; one row each, that of the last withdrawal."""
    steps = ReviewStep.objects.filter(action=Action.WITHDRAW).order_by("version__scenario_id", "-pk")
    if slug:
        steps = steps.filter(version__scenario__slug=slug)
    in_use = ScenarioVersion.objects.filter(state=State.PUBLISHED).values("scenario_id")
    rows = (
        steps.exclude(version__scenario_id__in=in_use)
        .distinct("version__scenario_id")
        .values_list(
            "version__scenario__slug", "version__title", "version__number", "version_id", "at", "comment"
        )
    )
    return sorted((Withdrawal(*row) for row in rows), key=lambda found: found.title)


def state_of(version_id: int) -> str:
    """Return where a version stands."""
    return ScenarioVersion.objects.values_list("state", flat=True).get(pk=version_id)


def published(slugs: Collection[str] | None = None) -> list[Edition]:
    """The versions in use, by title; only those of the named scenarios where some are named.

    What stands in for a missing scenario is found by its name only. One query; the list itself is read
    only when it has changed.
    """
    shelf = _shelf_now()
    if slugs is None:
        return list(shelf.editions)
    return [made for made in (*shelf.editions, *shelf.hidden) if made.slug in slugs]


def search(query: str, *, limit: int = 50) -> list[Edition]:
    """Published scenarios that fit what was typed, best first; typos are forgiven. One query.

    An empty query lists everything by title.
    """
    shelf = _shelf_now()
    if not query.strip():
        return shelf.editions[:limit]
    return [shelf.editions[place] for place in shelf.words.find(query, limit=limit)]


def _shelf_now() -> _Shelf:
    """Return the versions in use. Published content never changes, so the set of versions says it all."""
    global _shelf
    query = """
        WITH now AS (
            SELECT concat_ws(':', count(*), sum(id), sum(id::numeric * id), max(published_at)) AS mark
            FROM guidelines_scenarioversion WHERE state = 'published')
        SELECT now.mark, version.* FROM now LEFT JOIN LATERAL (
            SELECT v.id, s.slug, v.title, v.summary, v.number, v.search_terms, v.review_due_on
            FROM guidelines_scenarioversion v JOIN guidelines_scenario s ON s.id = v.scenario_id
            WHERE v.state = 'published' AND now.mark <> %s) version ON true
        ORDER BY version.title, version.id
    """
    known = _shelf
    with connection.cursor() as cursor:
        cursor.execute(query, [known.mark])
        rows = cursor.fetchall()
    mark = rows[0][0]
    if mark == known.mark:
        return known
    found = [Edition(*row[1:]) for row in rows if row[1] is not None]
    editions = [made for made in found if made.slug != NO_SCENARIO]
    index = WordIndex([(made.title, f"{made.slug} {made.search_terms}", made.summary) for made in editions])
    _shelf = _Shelf(mark, editions, [made for made in found if made.slug == NO_SCENARIO], index)
    return _shelf
