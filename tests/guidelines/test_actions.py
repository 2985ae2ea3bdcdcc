"""Drafts and publication: one draft, one version in use, and everything recorded."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from guidelines import actions, library
from guidelines.exceptions import ContentRefused, DraftExists, NoPublishedVersion
from guidelines.models import DataElement, Question, RatedStudy, Scenario, ScenarioVersion, State
from portal import audit
from portal.models import AuditEvent, User
from tests.guidelines.desk import (
    BICYCLE,
    REVIEWERS,
    SHIPPED,
    TESTS,
    approved,
    copy,
    document_at,
    load,
    publish,
)

pytestmark = pytest.mark.django_db


def states() -> list[tuple[int, str]]:
    """Return number and state of every version."""
    return list(ScenarioVersion.objects.order_by("number").values_list("number", "state"))


def events(kind: str) -> int:
    """Return how often something was recorded."""
    return AuditEvent.objects.filter(event_type=kind).count()


def test_an_approved_version_comes_into_use_and_replaces_the_one_before(approver: User) -> None:
    first = publish(load(BICYCLE))
    draft = approved(copy(first))
    before = events("guideline.published")

    with audit.acting(audit.actor_of(approver)):
        second = actions.publish(version=draft, by=approver)

    assert states() == [(1, "superseded"), (2, "published")]
    assert second.published_by == approver
    assert second.published_at is not None
    assert second.digest.startswith("sha256:")
    assert library.current(second.scenario.slug)[0] == second.pk
    assert events("guideline.published") == before + 1


def test_what_is_refused_changes_nothing_and_is_not_recorded() -> None:
    first = publish(load(SHIPPED))
    draft = copy(first)
    before = events("guideline.published")

    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=draft).update(rating_source=None)
    with pytest.raises(ContentRefused) as refusal:
        publish(draft)

    assert "/rated_studies/0/rating_source" in [place for place, _ in refusal.value.errors]
    assert states() == [(1, "published"), (2, "draft")]
    assert events("guideline.published") == before


@pytest.mark.parametrize(
    ("model", "change", "place"),
    [
        (RatedStudy, {"rating_source": None}, "/rated_studies/0/rating_source"),
        (RatedStudy, {"rationale": ""}, "/rated_studies/0/rationale"),
        (Question, {"title": ""}, "/questions/0/title"),
        (Question, {"text": "a < b"}, "/questions/0/text"),
        (DataElement, {"kind": "integer"}, "/data_elements/1/choices"),
    ],
)
def test_each_fault_is_named_with_its_place(model: Any, change: dict[str, Any], place: str) -> None:
    draft = load(SHIPPED)
    with audit.acting(TESTS):
        model._default_manager.filter(version=draft).update(**change)

    with pytest.raises(ContentRefused) as refusal:
        publish(draft)

    assert place in [pointer for pointer, _ in refusal.value.errors]


def test_a_version_without_a_primary_source_or_a_licence_is_not_published() -> None:
    draft = load(SHIPPED)
    with audit.acting(TESTS):
        ScenarioVersion.objects.filter(pk=draft.pk).update(primary_source=None, licence="")

    with pytest.raises(ContentRefused) as refusal:
        publish(draft)

    assert {place for place, _ in refusal.value.errors} == {"/primary_source", "/licence"}


def test_there_is_one_draft_at_a_time() -> None:
    first = publish(load(BICYCLE))
    copy(first)

    for again in (lambda: copy(first), lambda: load(BICYCLE)):
        with pytest.raises(DraftExists, match="already has an open draft"):
            again()
    assert states() == [(1, "published"), (2, "draft")]


def test_a_superseded_version_can_be_copied_and_published_again() -> None:
    first = publish(load(BICYCLE))
    publish(copy(first))

    third = publish(copy(ScenarioVersion.objects.get(pk=first.pk)))

    assert third.number == 3
    assert third.digest == first.digest
    assert states() == [(1, "superseded"), (2, "superseded"), (3, "published")]


def test_a_new_scenario_begins_with_an_empty_draft(editor: User) -> None:
    with audit.acting(audit.actor_of(editor)):
        draft = actions.start_scenario(
            slug="suspected-appendicitis",
            title="Suspected appendicitis",
            summary="Adults.",
            licence="CC BY 4.0",
            review_due_on="2027-01-01",  # type: ignore[arg-type]
            by=editor,
        )

    assert (draft.number, draft.state, draft.created_by) == (1, State.DRAFT, editor)
    with pytest.raises(NoPublishedVersion):
        library.current("suspected-appendicitis")


def test_nothing_is_written_without_an_actor() -> None:
    with pytest.raises(ProgrammingError, match="no actor"), transaction.atomic():
        actions.load_pack(document=document_at(BICYCLE), by=None)
    assert not Scenario.objects.exists()


def test_old_versions_stay_readable_by_number_and_by_id() -> None:
    first = publish(load(BICYCLE))
    publish(copy(first))
    slug = first.scenario.slug

    assert library.numbered(slug, 1)[0] == first.pk
    assert library.ruleset(first.pk).version == 1
    assert library.numbered(slug, 2)[1].version == 2
    with pytest.raises(NoPublishedVersion):
        library.numbered(slug, 3)


def test_a_draft_advises_nobody() -> None:
    draft = load(BICYCLE)

    for ask in (
        lambda: library.current(draft.scenario.slug),
        lambda: library.ruleset(draft.pk),
        lambda: library.numbered(draft.scenario.slug, 1),
    ):
        with pytest.raises(NoPublishedVersion):
            ask()
    assert library.published() == []


def test_the_current_ruleset_costs_one_query(django_assert_num_queries: Any) -> None:
    slug = publish(load(BICYCLE)).scenario.slug
    library.current(slug)

    with django_assert_num_queries(1):
        library.current(slug)


@pytest.mark.parametrize(
    "query", ["", "leukaemia", "leukemia", "lymphoblastic", "leukaemai", "extramedullary"]
)
def test_scenarios_are_found_by_what_clinicians_type(query: str) -> None:
    publish(load(SHIPPED))
    publish(load(BICYCLE))

    found = library.search(query)

    assert "adult-all-emd-post-therapy" in [edition.slug for edition in found]
    assert len(found) == (1 if query else 2)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_under_way_is_in_the_snapshot_and_not_lost() -> None:
    draft = load(BICYCLE)
    changed, published = threading.Event(), []

    def change() -> None:
        with audit.acting(TESTS), transaction.atomic():
            Question.objects.filter(version=draft).update(text="Changed while somebody published.")
            changed.set()
            # the publication waits for this transaction; that it has not finished is what is tested
            threading.Event().wait(0.5)
            assert published == []
        connection.close()

    def put_into_use() -> None:
        changed.wait(20)
        published.append(publish(draft))
        connection.close()

    _together(change, put_into_use)

    assert "Changed while somebody published." in published[0].snapshot


@pytest.mark.django_db(transaction=True)
def test_a_change_that_comes_too_late_is_refused() -> None:
    draft = approved(load(BICYCLE))
    held, refusals = threading.Event(), []

    def put_into_use() -> None:
        with audit.acting(REVIEWERS), transaction.atomic():
            actions.publish(version=draft, by=None)
            held.set()
            threading.Event().wait(0.5)
        connection.close()

    def change() -> None:
        held.wait(20)
        try:
            with audit.acting(TESTS):
                Question.objects.filter(version=draft).update(text="Too late.")
        except IntegrityError as refusal:
            refusals.append(refusal)
        connection.close()

    _together(put_into_use, change)

    assert len(refusals) == 1
    assert not Question.objects.filter(version=draft, text="Too late.").exists()


def _together(*jobs: Any) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
