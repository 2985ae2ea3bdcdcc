"""The database refuses to change or delete published content, whoever asks and however."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from guidelines import actions
from guidelines.exceptions import IllegalMove
from guidelines.models import Action, Question, ReviewStep, ScenarioVersion, Source, State
from guidelines.row_lists import LISTS
from guidelines.workflow import BY_ACTION
from portal import audit
from tests.guidelines.desk import BICYCLE, REVIEWERS, TESTS, approved, copy, load, publish

pytestmark = pytest.mark.django_db

ROWS = [spec.model for spec in LISTS]
NESTED = [(spec.nested.model, spec.nested.parent) for spec in LISTS if spec.nested]
TABLES = pytest.mark.parametrize("model", [*ROWS, *(model for model, _ in NESTED)], ids=lambda m: m.__name__)


@pytest.fixture
def published(leukaemia: ScenarioVersion) -> ScenarioVersion:
    """Return a published version with a row in every table."""
    return leukaemia


def rows_of(version: ScenarioVersion, model: Any) -> models.QuerySet[Any]:
    """Return the rows of a version in one table."""
    parents = dict(NESTED)
    path = f"{parents[model]}__version" if model in parents else "version"
    return model._default_manager.filter(**{path: version})


def refused(do: Any, *args: Any, **kwargs: Any) -> bool:
    """Return whether a guard of released content refused: of its rows, or of its way."""
    with audit.acting(TESTS), pytest.raises(IntegrityError) as refusal, transaction.atomic():
        do(*args, **kwargs)
    return refusal.value.__cause__.diag.constraint_name.endswith(("_frozen", "_moves_by_steps"))  # type: ignore[union-attr]


def step(version: ScenarioVersion, action: Action) -> None:
    """Write a step of the history without moving the version."""
    after = BY_ACTION[action].target
    ReviewStep.objects.create(version=version, action=action, before=version.state, after=after, comment="c")


def raw(statement: str, *parameters: Any) -> None:
    """Run SQL that no model sees."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@TABLES
def test_a_published_row_cannot_be_changed(published: ScenarioVersion, model: Any) -> None:
    row = rows_of(published, model).first()
    row.position = 77

    assert refused(row.save)
    assert refused(rows_of(published, model).update, position=77)
    assert refused(model._default_manager.bulk_update, [row], ["position"])
    assert refused(raw, f'UPDATE "{model._meta.db_table}" SET position = 77 WHERE id = %s', row.pk)


@TABLES
def test_a_published_row_cannot_be_deleted(published: ScenarioVersion, model: Any) -> None:
    row = rows_of(published, model).first()

    assert refused(row.delete)
    assert refused(lambda: rows_of(published, model)._raw_delete("default"))  # type: ignore[attr-defined]
    assert refused(raw, f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', row.pk)
    assert rows_of(published, model).filter(pk=row.pk).exists()


@TABLES
def test_nothing_is_added_to_a_published_version(published: ScenarioVersion, model: Any) -> None:
    row = rows_of(published, model).first()
    columns = [field.column for field in model._meta.fields if not field.primary_key]
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    row.pk = None
    row._state.adding = True

    assert refused(row.save)
    assert refused(model._default_manager.bulk_create, [row])
    assert refused(raw, f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{table}"')


@TABLES
def test_no_row_moves_into_or_out_of_a_published_version(published: ScenarioVersion, model: Any) -> None:
    draft = copy(published)
    parents = dict(NESTED)
    column = parents.get(model, "version")
    theirs = rows_of(published, model).first()
    ours = rows_of(draft, model).first()

    assert refused(rows_of(draft, model).filter(pk=ours.pk).update, **{column: getattr(theirs, column)})
    assert refused(rows_of(published, model).filter(pk=theirs.pk).update, **{column: getattr(ours, column)})


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"snapshot": "{}"},
        {"digest": "sha256:" + "0" * 64},
        {"review_due_on": "2099-01-01"},
        {"number": 9},
        {"state": State.DRAFT},
        {"state": State.SUPERSEDED, "title": "Another"},
        {"published_at": None},
        {"note": "Another"},
    ],
)
def test_a_published_version_only_ever_becomes_superseded(
    published: ScenarioVersion, change: dict[str, Any]
) -> None:
    assert refused(ScenarioVersion.objects.filter(pk=published.pk).update, **change)


@pytest.mark.parametrize("state", [State.DRAFT, State.PUBLISHED])
def test_a_superseded_version_never_comes_back(published: ScenarioVersion, state: State) -> None:
    publish(copy(published))

    assert refused(ScenarioVersion.objects.filter(pk=published.pk).update, state=state)
    assert refused(ScenarioVersion.objects.filter(pk=published.pk).update, title="Another")


def test_a_discarded_draft_stays_as_it_is() -> None:
    draft = load(BICYCLE)
    with audit.acting(TESTS):
        actions.discard(version=draft, by=None, comment="Begun twice.")
    questions = Question.objects.filter(version=draft)

    assert refused(questions.update, text="Another")
    assert refused(questions.all().delete)
    assert refused(ScenarioVersion.objects.filter(pk=draft.pk).update, title="Another")
    assert refused(ScenarioVersion.objects.filter(pk=draft.pk).update, state=State.DRAFT)
    assert Question.objects.filter(version=copy(draft)).count() == questions.count() > 0


def test_a_published_version_and_its_scenario_are_never_deleted(published: ScenarioVersion) -> None:
    assert refused(raw, "DELETE FROM guidelines_scenarioversion WHERE id = %s", published.pk)
    with audit.acting(TESTS), pytest.raises(IntegrityError, match="is never deleted"), transaction.atomic():
        raw("DELETE FROM guidelines_scenario WHERE id = %s", published.scenario_id)


def test_a_published_scenario_keeps_its_slug(published: ScenarioVersion) -> None:
    with audit.acting(TESTS), pytest.raises(IntegrityError, match="keeps its slug"), transaction.atomic():
        raw("UPDATE guidelines_scenario SET slug = 'other' WHERE id = %s", published.scenario_id)


def test_a_version_cannot_point_at_a_source_that_goes(published: ScenarioVersion) -> None:
    source = Source.objects.filter(version=published).first()
    assert source is not None

    assert refused(source.delete)


def test_everything_in_a_draft_can_change(published: ScenarioVersion) -> None:
    draft = copy(published)

    with audit.acting(TESTS):
        for model in [*(model for model, _ in NESTED), *ROWS]:
            assert rows_of(draft, model).update(position=5)
        Question.objects.filter(version=draft).delete()

    assert rows_of(published, Question).count() == 4


def test_a_forged_publication_has_to_bring_a_snapshot(published: ScenarioVersion) -> None:
    draft = approved(copy(published))
    with audit.acting(REVIEWERS):
        step(published, Action.SUPERSEDE)
        ScenarioVersion.objects.filter(pk=published.pk).update(state=State.SUPERSEDED)
        step(draft, Action.PUBLISH)

        with pytest.raises(IntegrityError, match="has_snapshot"), transaction.atomic():
            ScenarioVersion.objects.filter(pk=draft.pk).update(state=State.PUBLISHED)


@pytest.mark.parametrize("state", [State.PUBLISHED, State.SUPERSEDED])
def test_a_version_begins_as_a_draft(published: ScenarioVersion, state: State) -> None:
    with audit.acting(TESTS), pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        ScenarioVersion.objects.create(
            scenario=published.scenario,
            number=7,
            title="T",
            review_due_on="2027-01-01",
            licence="L",
            state=state,
            snapshot="{}",
            digest=published.digest,
        )


def test_there_is_one_published_version_and_one_draft_of_a_scenario(published: ScenarioVersion) -> None:
    draft = approved(copy(published))
    with audit.acting(REVIEWERS):
        step(draft, Action.PUBLISH)
    with audit.acting(REVIEWERS), pytest.raises(IntegrityError, match="one_published"), transaction.atomic():
        ScenarioVersion.objects.filter(pk=draft.pk).update(
            state=State.PUBLISHED, snapshot="{}", digest=published.digest
        )
    with audit.acting(TESTS), pytest.raises(IntegrityError, match="one_open_version"), transaction.atomic():
        ScenarioVersion.objects.create(
            scenario=draft.scenario, number=7, title="T", review_due_on="2027-01-01", licence="L"
        )


def test_actions_refuse_before_the_database_has_to(published: ScenarioVersion) -> None:
    with audit.acting(TESTS), pytest.raises(IllegalMove, match="is published"):
        actions.publish(version=published, by=None)
