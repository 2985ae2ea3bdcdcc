"""How a version comes into use: which action moves it from which state, and who may take it.

The table is the only one; the desk, the actions and the diagram in docs/guideline-workflow.md read it, and
a test compares the rules of the database with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from guidelines.models.choices import Action, State
from portal.models import User
from portal.roles import Role, has_role


@dataclass(frozen=True, slots=True)
class Move:
    """An action: from which states, to which, by whom, and what it asks of them."""

    action: Action
    sources: tuple[State, ...]
    target: State
    role: Role | None  # None: no button; it follows from something else
    says: str  # on the button
    comment: str = ""  # why a comment is needed; empty: it may be left out
    four_eyes: bool = False  # refused to whoever changed the version


MOVES = (
    Move(
        Action.SUBMIT,
        (State.DRAFT,),
        State.IN_REVIEW,
        Role.EDITOR,
        "Submit for review",
        comment="Tell the approvers what changed and why.",
    ),
    Move(
        Action.REQUEST_CHANGES,
        (State.IN_REVIEW, State.APPROVED, State.SCHEDULED),
        State.DRAFT,
        Role.APPROVER,
        "Ask for changes",
        comment="Tell the editors what has to change.",
    ),
    Move(Action.EDIT, (State.IN_REVIEW, State.APPROVED, State.SCHEDULED), State.DRAFT, None, "Edit"),
    Move(
        Action.APPROVE,
        (State.IN_REVIEW,),
        State.APPROVED,
        Role.APPROVER,
        "Approve",
        four_eyes=True,
    ),
    Move(
        Action.PUBLISH,
        (State.APPROVED, State.SCHEDULED),
        State.PUBLISHED,
        Role.APPROVER,
        "Publish now",
        four_eyes=True,
    ),
    Move(
        Action.SCHEDULE,
        (State.APPROVED,),
        State.SCHEDULED,
        Role.APPROVER,
        "Schedule",
        four_eyes=True,
    ),
    Move(Action.UNSCHEDULE, (State.SCHEDULED,), State.APPROVED, Role.APPROVER, "Take off the schedule"),
    Move(Action.SUPERSEDE, (State.PUBLISHED,), State.SUPERSEDED, None, "Supersede"),
    Move(
        Action.WITHDRAW,
        (State.PUBLISHED,),
        State.WITHDRAWN,
        Role.APPROVER,
        "Withdraw",
        comment="Tell clinicians why it is out of use.",
    ),
    Move(
        Action.DISCARD,
        (State.DRAFT,),
        State.DISCARDED,
        Role.EDITOR,
        "Discard this draft",
        comment="Tell the other editors why it is given up.",
    ),
)
BY_ACTION = {move.action: move for move in MOVES}


def pairs() -> set[tuple[str, str, str]]:
    """Return every (action, from, to) that is allowed."""
    return {(str(m.action), str(source), str(m.target)) for m in MOVES for source in m.sources}


def holds_role(user: User, role: Role | None) -> bool:
    """Return whether the person may do what a role does. A superuser may, and is bound by four eyes too."""
    return role is not None and user.is_active and (user.is_superuser or has_role(user, role))
