"""Reading published guideline content. One indexed query; parsed rulesets are cached by digest."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from django.db import connection
from rapidfuzz import fuzz, process, utils

from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import ScenarioVersion, State

CACHE_SIZE = 512  # parsed rulesets a process keeps; published content never changes, so none goes stale
MATCH_SCORE = 60  # of 100: below this, a scenario has too little in common with what was typed


@dataclass(frozen=True, slots=True)
class Edition:
    """A version in a list: enough to show it and to fetch it."""

    version_id: int
    slug: str
    title: str
    summary: str
    number: int
    search_terms: str


_cache: OrderedDict[int, RuleSet] = OrderedDict()
_lock = Lock()


def current(slug: str) -> tuple[int, RuleSet]:
    """Return (version id, ruleset) in use now. Raises NoPublishedVersion."""
    found = (
        ScenarioVersion.objects.filter(scenario__slug=slug, state=State.PUBLISHED)
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise NoPublishedVersion(slug)
    return found, ruleset(found)


def current_for_share(slug: str) -> tuple[int, RuleSet]:
    """As `current`, and no other version can be published until the transaction ends.

    What is placed under this version in the same transaction is placed before it is superseded.
    """
    query = """
        SELECT version.id FROM guidelines_scenarioversion version
        JOIN guidelines_scenario scenario ON scenario.id = version.scenario_id
        WHERE scenario.slug = %s AND version.state = 'published' FOR SHARE OF version
    """
    with connection.cursor() as cursor:
        # a row that was superseded while we waited for it drops out; then its successor is there
        for _ in range(2):
            cursor.execute(query, [slug])
            if (row := cursor.fetchone()) is not None:
                return row[0], ruleset(row[0])
    raise NoPublishedVersion(slug)


def ruleset(version_id: int) -> RuleSet:
    """Return the ruleset of a published or superseded version; drafts have none.

    Raises NoPublishedVersion. No query when the process has parsed it before.
    """
    with _lock:
        if version_id in _cache:
            _cache.move_to_end(version_id)
            return _cache[version_id]
    row = (
        ScenarioVersion.objects.exclude(state=State.DRAFT)
        .filter(pk=version_id)
        .values_list("snapshot", "number", "digest")
        .first()
    )
    if row is None:
        raise NoPublishedVersion(str(version_id))
    snapshot, number, digest = row
    parsed = RuleSet.from_document(json.loads(snapshot), version=number, digest=digest)
    with _lock:
        _cache[version_id] = parsed
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return parsed


def numbered(slug: str, number: int) -> tuple[int, RuleSet]:
    """Return (version id, ruleset) of one version by its number. Raises NoPublishedVersion."""
    found = (
        ScenarioVersion.objects.exclude(state=State.DRAFT)
        .filter(scenario__slug=slug, number=number)
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise NoPublishedVersion(f"{slug} version {number}")
    return found, ruleset(found)


def published() -> list[Edition]:
    """The versions in use, by title."""
    rows = ScenarioVersion.objects.filter(state=State.PUBLISHED).order_by("title")
    return [
        Edition(*row)
        for row in rows.values_list("pk", "scenario__slug", "title", "summary", "number", "search_terms")
    ]


def search(query: str, *, limit: int = 50) -> list[Edition]:
    """Published scenarios that fit what was typed, best first; typos are forgiven.

    An empty query lists everything by title.
    """
    editions = published()
    if not query.strip():
        return editions[:limit]
    texts = {
        place: " ".join((edition.title, edition.slug, edition.search_terms, edition.summary))
        for place, edition in enumerate(editions)
    }
    matches = process.extract(
        query,
        texts,
        scorer=_similarity,
        processor=utils.default_process,
        score_cutoff=MATCH_SCORE,
        limit=limit,
    )
    return [editions[place] for _, _, place in matches]


def _similarity(query: str, text: str, *, score_cutoff: float | None = None) -> float:
    """How well every typed word is found in the text, 0 to 100: the mean of the best word matches."""
    words = text.split()
    scores = [
        max((fuzz.ratio(typed, word) if len(typed) > 2 else 100.0 * (typed == word)) for word in words)
        for typed in query.split()
    ]
    score = sum(scores) / len(scores) if scores and words else 0.0
    return score if score_cutoff is None or score >= score_cutoff else 0.0
