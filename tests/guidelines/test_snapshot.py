"""Rows to document and back."""

from pathlib import Path
from typing import Any

import pytest

from guidelines import actions, snapshot
from guidelines.engine import RuleSet, canonical_json, digest_of
from guidelines.exceptions import ContentRefused
from guidelines.models import Source
from guidelines.row_lists import LISTS
from portal import audit
from tests.guidelines.desk import BICYCLE, SHIPPED, TESTS, copy, document_at, load, publish

pytestmark = pytest.mark.django_db
PACKS = pytest.mark.parametrize("path", [SHIPPED, BICYCLE], ids=lambda path: path.stem)


@PACKS
def test_a_document_comes_back_from_the_rows_exactly_as_it_went_in(path: Path) -> None:
    document = document_at(path)

    version = load(path)

    assert canonical_json(snapshot.document_of(version)) == canonical_json(document)


@PACKS
def test_a_copy_and_the_snapshot_say_the_same_as_the_pack(path: Path) -> None:
    document = document_at(path)
    first = publish(load(path))

    second = publish(copy(first))

    assert first.digest == second.digest == digest_of(document)
    assert first.snapshot == second.snapshot == canonical_json(document)


@PACKS
def test_the_engine_reads_what_the_rows_give(path: Path) -> None:
    version = load(path)

    ruleset = RuleSet.from_document(snapshot.document_of(version), version=1, digest="")

    assert ruleset.slug == version.scenario.slug


def test_a_document_needs_one_query_for_each_list(django_assert_num_queries: Any) -> None:
    version = load(BICYCLE)
    nested = sum(1 for spec in LISTS if spec.nested)

    with django_assert_num_queries(len(LISTS) + nested):
        snapshot.document_of(version)


def test_rows_keep_the_order_of_the_document_whatever_their_keys() -> None:
    version = load(BICYCLE)

    keys = list(Source.objects.filter(version=version).values_list("key", flat=True))

    assert keys == [row["key"] for row in document_at(BICYCLE)["sources"]]


def _with(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    *parents, last = place.strip("/").split("/")
    target: Any = document
    for part in parents:
        target = target[int(part) if part.isdigit() else part]
    target[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "said_at"),
    [
        ("/search_terms", ["two\nlines"], "/search_terms"),
        ("/rated_studies/0/rationale", ["two\nlines"], "/rated_studies/0/rationale"),
        ("/rated_studies/0/rationale", [" with spaces "], "/rated_studies/0/rationale"),
        ("/title", "x" * 201, "/title"),
        ("/sources/0/title", "x" * 301, "/sources/0/title"),
        ("/studies/0/protocol_url", "not a link", "/studies/0/protocol_url"),
        ("/radiation_levels/1/adult_msv", {"min": 0, "max": 0.00001}, "/radiation_levels/1/adult_msv"),
    ],
)
def test_what_rows_cannot_hold_as_it_stands_is_refused_with_its_place(
    place: str, value: Any, said_at: str
) -> None:
    document = _with(document_at(SHIPPED), place, value)

    with audit.acting(TESTS), pytest.raises(ContentRefused) as refusal:
        actions.load_pack(document=document, by=None)

    assert said_at in [pointer for pointer, _ in refusal.value.errors]
