"""How a version comes into use: every action in every state by everybody, and the same rules in SQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from guidelines import actions, library
from guidelines.exceptions import (
    CommentNeeded,
    ContentRefused,
    DraftExists,
    IllegalMove,
    MoveRefused,
    NoPublishedVersion,
    OwnChange,
    WrongRole,
    WrongTime,
)
from guidelines.models import Action, Question, RatedStudy, ReviewStep, ScenarioVersion, State
from guidelines.row_lists import LISTS
from guidelines.workflow import BY_ACTION, MOVES, pairs
from guidelines.workflow_page import page
from portal import audit, jobs
from portal.models import AuditEvent, User
from portal.roles import PERMISSIONS, Role
from tests.guidelines.desk import BICYCLE, REVIEWERS, SHIPPED, TESTS, copy, load, publish
from tests.people import make_user

pytestmark = pytest.mark.django_db

LATER = timedelta(days=2)


def take(action: Action, version: ScenarioVersion, by: User | None, comment: str = "Because.") -> Any:
    """Take an action of the workflow as a person would, or as a process when `by` is None."""
    calls: dict[Action, Callable[[], Any]] = {
        Action.SUBMIT: lambda: actions.submit(version=version, by=by, comment=comment),
        Action.REQUEST_CHANGES: lambda: actions.request_changes(version=version, by=by, comment=comment),
        Action.APPROVE: lambda: actions.approve(version=version, by=by, comment=comment),
        Action.SCHEDULE: lambda: actions.schedule(
            version=version, by=by, at=timezone.now() + LATER, comment=comment
        ),
        Action.UNSCHEDULE: lambda: actions.unschedule(version=version, by=by, comment=comment),
        Action.PUBLISH: lambda: actions.publish(version=version, by=by, comment=comment),
        Action.WITHDRAW: lambda: actions.withdraw(version=version, by=by, reason=comment),
        Action.DISCARD: lambda: actions.discard(version=version, by=by, comment=comment),
    }
    with audit.acting(audit.actor_of(by) if by else audit.current_actor() or REVIEWERS):
        return calls[action]()


TAKEN = [Action(move.action) for move in MOVES if move.role]
ROUTES: dict[State, list[Action]] = {
    State.DRAFT: [],
    State.IN_REVIEW: [Action.SUBMIT],
    State.APPROVED: [Action.SUBMIT, Action.APPROVE],
    State.SCHEDULED: [Action.SUBMIT, Action.APPROVE, Action.SCHEDULE],
    State.PUBLISHED: [Action.SUBMIT, Action.APPROVE, Action.PUBLISH],
    State.SUPERSEDED: [Action.SUBMIT, Action.APPROVE, Action.PUBLISH],
    State.WITHDRAWN: [Action.SUBMIT, Action.APPROVE, Action.PUBLISH, Action.WITHDRAW],
    State.DISCARDED: [Action.DISCARD],
}
STATES = pytest.mark.parametrize("state", State, ids=str)


def version_that_is(state: State) -> ScenarioVersion:
    """Return a version in this state, brought there by actions."""
    version = load(BICYCLE)
    for action in ROUTES[state]:
        take(action, version, None)
    if state is State.SUPERSEDED:
        publish(copy(version))
    return ScenarioVersion.objects.get(pk=version.pk)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def state_of(version: ScenarioVersion) -> str:
    """Return the state as stored."""
    return ScenarioVersion.objects.values_list("state", flat=True).get(pk=version.pk)


def changed(version: ScenarioVersion, by: User | None = None) -> None:
    """Change one row of the content, as somebody."""
    with audit.acting(audit.actor_of(by) if by else TESTS):
        question = Question.objects.filter(version=version).first()
        assert question is not None
        Question.objects.filter(pk=question.pk).update(text=f"{question.text} And more.")


@STATES
def test_every_action_is_allowed_or_refused_by_state_and_role(
    state: State, editor: User, approver: User
) -> None:
    version = version_that_is(state)
    everybody = {
        "editor": (editor, {Role.EDITOR}),
        "approver": (approver, {Role.APPROVER}),
        "both": (make_user("both", Role.EDITOR, Role.APPROVER), {Role.EDITOR, Role.APPROVER}),
        "clinician": (make_user("doctor", Role.CLINICIAN), {Role.CLINICIAN}),
        "auditor": (make_user("reader", Role.AUDITOR), {Role.AUDITOR}),
        "nobody": (make_user("nobody"), set()),
    }
    for action, (who, (person, roles)) in product(TAKEN, everybody.items()):
        move = BY_ACTION[action]
        allowed = state in move.sources and move.role in roles
        with undone():
            if allowed:
                assert take(action, version, person).state == move.target, (action, who)
                step = ReviewStep.objects.latest("pk")
                if action is not Action.PUBLISH:
                    assert (step.action, step.before, step.after) == (action, state, move.target)
                assert (step.by, step.actor, step.comment) == (person, f"user:{person.pk}", "Because.")
                assert AuditEvent.objects.filter(event_type__startswith="guideline.").exists()
            else:
                with pytest.raises(WrongRole if move.role not in roles else IllegalMove) as refusal:
                    take(action, version, person)
                said = str(refusal.value)
                assert move.says in said, (action, who)
                assert (
                    str(move.role) if move.role not in roles else version.get_state_display().lower()
                ) in said
                assert state_of(version) == state


@STATES
def test_the_database_allows_the_same_steps(state: State) -> None:
    version = version_that_is(state)
    allowed = set()
    for action, after in product(Action, State):
        with (
            audit.acting(audit.system("tests-third")),
            suppress(IntegrityError),
            undone(),
        ):
            ReviewStep.objects.create(version=version, action=action, before=state, after=after, comment="c")
            allowed.add((str(action), str(state), str(after)))
    assert allowed == {pair for pair in pairs() if pair[1] == state}


@STATES
def test_no_version_moves_without_a_step_of_its_history(state: State) -> None:
    version = version_that_is(state)
    for after in State:
        if after == state:
            continue
        times = {"publish_at": timezone.now() if after == State.SCHEDULED else None}
        with (
            audit.acting(audit.system("tests-third")),
            pytest.raises(IntegrityError) as refusal,
            transaction.atomic(),
        ):
            ScenarioVersion.objects.filter(pk=version.pk).update(state=after, **times)
        rule = refusal.value.__cause__.diag.constraint_name  # type: ignore[union-attr]
        assert rule in ("guidelines_version_moves_by_steps", "guidelines_scenarioversion_frozen")


def test_the_permissions_of_the_roles_agree_with_the_table() -> None:
    for move in MOVES:
        for role in Role:
            held = PERMISSIONS[role].get("guidelines.scenarioversion", ())
            assert (str(move.action) in held) == (move.role is role), (move.action, role)
    assert set(PERMISSIONS[Role.APPROVER]["guidelines"]) == {"view"}


def test_the_page_with_the_diagram_is_that_of_the_table() -> None:
    written = (settings.BASE_DIR / "docs" / "guideline-workflow.md").read_text("utf-8")

    assert written == page(), "run manage.py workflow_page"


def test_the_worker_looks_for_what_is_due() -> None:
    chore = jobs.CHORES["publish_due"]

    assert chore.seconds <= 60
    assert chore.run is actions.publish_due


# --- comments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", [Action.SUBMIT, Action.REQUEST_CHANGES, Action.WITHDRAW, Action.DISCARD], ids=str
)
def test_what_others_must_understand_needs_a_comment(action: Action) -> None:
    state = BY_ACTION[action].sources[0]
    version = version_that_is(state)

    for empty in ("", "  \n"):
        with pytest.raises(CommentNeeded, match="Tell"):
            take(action, version, None, comment=empty)
    with audit.acting(REVIEWERS), pytest.raises(IntegrityError, match="says_why"), transaction.atomic():
        ReviewStep.objects.create(
            version=version, action=action, before=state, after=BY_ACTION[action].target
        )
    assert state_of(version) == state


# --- edits after submission -----------------------------------------------------------------------------

TABLES: list[tuple[Any, str]] = [(spec.model, "version") for spec in LISTS]
TABLES += [(spec.nested.model, f"{spec.nested.parent}__version") for spec in LISTS if spec.nested]


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.APPROVED, State.SCHEDULED], ids=str)
def test_a_change_in_any_table_by_any_path_makes_it_a_draft_again(state: State) -> None:
    version = load(SHIPPED)
    for action in ROUTES[state]:
        take(action, version, None)

    def rows(model: Any, path: str) -> models.QuerySet[Any]:
        return model._default_manager.filter(**{path: version})  # type: ignore[no-any-return]

    def raw(statement: str, key: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [key])

    def saved(row: Any) -> None:
        row.position += 50
        row.save()

    for model, path in TABLES:
        row = rows(model, path).first()
        assert row is not None, model
        table = model._meta.db_table
        for change in (
            lambda row=row: saved(row),
            lambda model=model, path=path: rows(model, path).update(position=7),
            lambda row=row, table=table: raw(
                f'UPDATE "{table}" SET position = position + 9 WHERE id = %s', row.pk
            ),
            lambda model=model, path=path: model._default_manager.bulk_update(
                [_moved(one) for one in rows(model, path)[:2]], ["position"]
            ),
        ):
            with audit.acting(audit.system("tests-third")), undone():
                change()
                assert state_of(version) == State.DRAFT, model
                step = ReviewStep.objects.latest("pk")
                assert (step.action, step.before, step.actor) == (Action.EDIT, state, "system:tests-third")
                assert version.contributors.filter(actor="system:tests-third").exists()
    with audit.acting(audit.system("tests-third")):
        ScenarioVersion.objects.filter(pk=version.pk).update(summary="Another summary.")
    assert state_of(version) == State.DRAFT


def _moved(row: Any) -> Any:
    row.position += 30
    return row


def test_saving_a_row_as_it_was_is_no_change() -> None:
    version = version_that_is(State.APPROVED)
    question = Question.objects.filter(version=version).first()
    assert question is not None

    with audit.acting(audit.system("tests-third")):
        question.save()
        version.save(update_fields=["summary"])

    assert state_of(version) == State.APPROVED
    assert not version.contributors.filter(actor="system:tests-third").exists()


def test_an_approval_before_a_change_counts_for_nothing(editor: User, approver: User) -> None:
    version = version_that_is(State.APPROVED)

    changed(version, editor)
    take(Action.SUBMIT, version, editor)

    with pytest.raises(IllegalMove, match="in review"):
        take(Action.PUBLISH, version, approver)
    with audit.acting(audit.actor_of(approver)), pytest.raises(IntegrityError), transaction.atomic():
        ScenarioVersion.objects.filter(pk=version.pk).update(state=State.APPROVED)


# --- four eyes ------------------------------------------------------------------------------------------


def superuser(name: str) -> User:
    """Return somebody who may do everything but approve their own work."""
    user = make_user(name, Role.EDITOR, Role.APPROVER)
    with audit.acting(TESTS):
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("action", [Action.APPROVE, Action.PUBLISH, Action.SCHEDULE], ids=str)
@pytest.mark.parametrize("is_super", [True, False], ids=["superuser", "both roles"])
def test_nobody_approves_or_publishes_what_they_changed(action: Action, is_super: bool) -> None:
    version = load(BICYCLE)
    author = superuser("root") if is_super else make_user("author", Role.EDITOR, Role.APPROVER)
    changed(version, author)
    take(Action.SUBMIT, version, author)
    if action is not Action.APPROVE:
        take(Action.APPROVE, version, None)

    with pytest.raises(OwnChange, match="Ask another approver"):
        take(action, version, author)

    # nor by going round the actions
    before, after = state_of(version), BY_ACTION[action].target
    at = timezone.now() + LATER
    for actor, by in ((audit.actor_of(author), None), (REVIEWERS, author)):
        with audit.acting(actor), pytest.raises(IntegrityError) as refusal, transaction.atomic():
            ReviewStep.objects.create(
                version=version, action=action, before=before, after=after, by=by, publish_at=at
            )
        assert refusal.value.__cause__.diag.constraint_name == "guidelines_reviewstep_four_eyes"  # type: ignore[union-attr]
    take(action, version, superuser("another"))
    assert state_of(version) == after


def test_who_changed_a_version_and_what_happened_to_it_cannot_be_unwritten() -> None:
    version = version_that_is(State.IN_REVIEW)

    for table in ("guidelines_contributor", "guidelines_reviewstep"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET actor = 'system:another'"):
            with (
                audit.acting(TESTS),
                pytest.raises(IntegrityError, match="append_only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
    assert version.contributors.get().actor == "system:tests"


def test_a_step_says_who_and_when_whatever_the_caller_says(editor: User, approver: User) -> None:
    version = load(BICYCLE)
    with audit.acting(audit.actor_of(editor)):
        step = ReviewStep.objects.create(
            version=version,
            action=Action.SUBMIT,
            before=State.DRAFT,
            after=State.IN_REVIEW,
            by=approver,
            actor="user:0",
            at=datetime(2001, 1, 1, tzinfo=UTC),
            submission=99,
            comment="c",
        )
    step.refresh_from_db()

    assert (step.by, step.actor, step.submission) == (editor, f"user:{editor.pk}", 1)
    assert step.at is not None
    assert abs(step.at - timezone.now()) < timedelta(minutes=5)


# --- one at a time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED], ids=str)
def test_a_scenario_has_one_version_that_is_being_written(state: State) -> None:
    version = version_that_is(state)

    with pytest.raises(DraftExists) as refusal:
        copy(version)

    assert refusal.value.version == version
    with audit.acting(TESTS), pytest.raises(IntegrityError, match="one_open_version"), transaction.atomic():
        ScenarioVersion.objects.create(
            scenario=version.scenario, number=7, title="T", review_due_on="2027-01-01", licence="L"
        )


@pytest.mark.parametrize(
    "state", [State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN, State.DISCARDED], ids=str
)
def test_any_version_that_is_not_being_written_is_copied_to_a_new_draft(state: State) -> None:
    version = version_that_is(state)

    draft = copy(version)

    assert (draft.state, draft.based_on, draft.submission) == (State.DRAFT, version, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", [Action.APPROVE, Action.PUBLISH], ids=str)
def test_two_approvers_at_once_make_one_step(action: Action) -> None:
    version = version_that_is(BY_ACTION[action].sources[0])
    approvers = [make_user(f"approver{number}", Role.APPROVER) for number in (1, 2)]
    done: list[str] = []
    barrier = threading.Barrier(2, timeout=20)

    def attempt(who: User) -> None:
        try:
            barrier.wait()
            take(action, version, who)
            done.append("done")
        except IllegalMove:
            done.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[who]) for who in approvers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(done) == ["done", "refused"]
    assert ReviewStep.objects.filter(action=action).count() == 1
    assert AuditEvent.objects.filter(event_type=f"guideline.{BY_ACTION[action].target}").count() == 1


# --- a time to come, and a withdrawal -------------------------------------------------------------------


def test_a_scheduled_version_is_published_at_its_time_and_once(approver: User) -> None:
    first = publish(load(BICYCLE))
    version = copy(first)
    take(Action.SUBMIT, version, None)
    take(Action.APPROVE, version, approver)
    at = timezone.now() + LATER
    with audit.acting(audit.actor_of(approver)):
        actions.schedule(version=version, by=approver, at=at)

    with audit.acting(audit.system("publish_due")):
        assert actions.publish_due(now=at - timedelta(seconds=1)) == []
        assert actions.publish_due(now=at) == [version]
        assert actions.publish_due(now=at) == []

    version.refresh_from_db()
    assert (version.state, version.publish_at) == (State.PUBLISHED, None)
    assert state_of(first) == State.SUPERSEDED
    step = ReviewStep.objects.get(action=Action.PUBLISH, version=version)
    assert (step.by, step.actor) == (None, "system:publish_due")
    assert library.current(version.scenario.slug)[0] == version.pk


def test_what_the_gate_refuses_at_its_time_is_left_approved_with_the_reasons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = version_that_is(State.SCHEDULED)

    def refuse(*args: Any) -> None:
        raise ContentRefused([("/review_due_on", "has passed")])

    monkeypatch.setattr("guidelines.actions.workflow._pass_gate", refuse)
    with audit.acting(audit.system("publish_due")):
        assert actions.publish_due(now=timezone.now() + 2 * LATER) == []

    assert state_of(version) == State.APPROVED
    assert "/review_due_on: has passed" in version.steps.latest("pk").comment


def test_nothing_is_scheduled_for_a_time_that_has_passed(approver: User) -> None:
    version = version_that_is(State.APPROVED)

    with audit.acting(audit.actor_of(approver)), pytest.raises(WrongTime, match="a time to come"):
        actions.schedule(version=version, by=approver, at=timezone.now())
    assert state_of(version) == State.APPROVED


def test_a_withdrawn_version_advises_nobody_and_stays_readable(approver: User) -> None:
    version = version_that_is(State.PUBLISHED)
    slug = version.scenario.slug

    take(Action.WITHDRAW, version, approver, comment="A dose was wrong.")

    with pytest.raises(NoPublishedVersion):
        library.current(slug)
    assert library.numbered(slug, 1)[0] == version.pk
    assert [edition.slug for edition in library.published()] == []
    event = AuditEvent.objects.get(event_type="guideline.withdrawn")
    assert event.reason == "A dose was wrong."


def test_an_approved_version_that_cannot_be_published_is_not_approved() -> None:
    draft = load(SHIPPED)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=draft).update(rationale="")
    take(Action.SUBMIT, draft, None)

    with pytest.raises(ContentRefused):
        take(Action.APPROVE, draft, None)
    assert state_of(draft) == State.IN_REVIEW


def test_a_person_never_acts_without_a_name(editor: User) -> None:
    version = load(BICYCLE)

    with audit.acting(audit.actor_of(editor)), pytest.raises(WrongRole):
        actions.submit(version=version, by=None, comment="c")
    with audit.acting(audit.ANONYMOUS), pytest.raises(MoveRefused):
        actions.submit(version=version, by=None, comment="c")
