"""What guideline content can refuse, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guidelines.models import ScenarioVersion


class NoPublishedVersion(LookupError):
    """No version of this scenario is published, so nothing can be advised by it."""


class ContentRefused(Exception):
    """The content cannot be loaded or published; `errors` names every fault with its place.

    `errors` is a list of (JSON pointer into the scenario document, message).
    """

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in errors))


class DraftExists(Exception):
    """The scenario already has a version that is being written; `version` is that one."""

    def __init__(self, version: ScenarioVersion) -> None:
        self.version = version
        super().__init__(
            f"{version.scenario} already has an open draft, version {version.number} "
            f"({version.get_state_display().lower()}). Go on with that one."
        )


class MoveRefused(Exception):
    """A version does not move from its state to another; the message says why and what to do."""


class IllegalMove(MoveRefused):
    """The action is not for the state that the version is in, or is in by now."""


class WrongRole(MoveRefused):
    """The action is for people of another role."""


class OwnChange(MoveRefused):
    """Whoever changed a version neither approves nor publishes it."""


class CommentNeeded(MoveRefused):
    """The action needs a comment."""


class WrongTime(MoveRefused):
    """A publication is scheduled for a time to come."""
