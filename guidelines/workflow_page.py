"""The page docs/guideline-workflow.md, written from the table of moves."""

from __future__ import annotations

from guidelines.models.choices import Action, State
from guidelines.workflow import MOVES, Move

HEAD = """# How a version comes into use

Written by `manage.py workflow_page` from `guidelines/workflow.py`; a test compares the two. The database
holds the same table (`guidelines/migrations/`, tested too): it binds scripts and SQL as well as the desk.

```mermaid
stateDiagram-v2
    [*] --> draft: new scenario, copy, pack
"""

TABLE = """```

| from | action | to | who | four eyes | comment |
|---|---|---|---|---|---|
"""

FOOT = """
- **Four eyes**: refused to everybody who changed the version, superusers included. The database notes who
  changed what, on every table of content, and keeps the note.
- **Edit**: any change of content after submission, on whatever path, makes the version a draft again. What
  was approved counts for nothing then.
- **Schedule**: the worker looks twice a minute, `manage.py publish_due` does so on demand. What the gate
  refuses by then goes back to approved, with the reasons as its comment.
- At most one version of a scenario is being written (draft, in review, approved or scheduled), and at most
  one is published.
- Released versions (published, superseded, withdrawn) never change. Any version can be copied to a draft.
- A draft that is not wanted is **discarded**, which makes room for another. Nothing is deleted: it stays
  readable at the desk, never changes, and can be copied like any other. Nobody outside the desk sees it.
"""


def page() -> str:
    """Return the page as Markdown."""
    lines = [f"    {source} --> {move.target}: {_verb(move)}" for move in MOVES for source in move.sources]
    left = {source for move in MOVES for source in move.sources}
    ends = [f"    {state} --> [*]" for state in State if state not in left]
    rows = [
        f"| {_said(source)} | {_verb(move)} | {_said(move.target)} | {_who(move)} |"
        f" {'yes' if move.four_eyes else ''} | {'needed' if move.comment else ''} |"
        for source in State
        for move in MOVES
        if source in move.sources
    ]
    return HEAD + "\n".join([*lines, *ends]) + "\n" + TABLE + "\n".join(rows) + "\n" + FOOT


def _verb(move: Move) -> str:
    return str(move.action).replace("_", " ")


def _said(state: State) -> str:
    return str(State(state).label).lower()


def _who(move: Move) -> str:
    if move.role:
        people = str(move.role)
        return f"{people}, or the worker at its time" if move.action is Action.PUBLISH else people
    return "whoever edits" if move.action is Action.EDIT else "the publication of the next version"
