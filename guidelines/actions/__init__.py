"""Everything that changes guideline content beyond a field, in one transaction each, under a name.

Editors change the rows of a draft in the admin; drafts begin in `drafts`, and come into use in `workflow`.
"""

from guidelines.actions.drafts import copy_to_draft, load_pack, start_scenario
from guidelines.actions.exchange import import_pack, record_export
from guidelines.actions.workflow import (
    approve,
    discard,
    publish,
    publish_due,
    release,
    request_changes,
    schedule,
    submit,
    unschedule,
    withdraw,
)

__all__ = [
    "approve",
    "copy_to_draft",
    "discard",
    "import_pack",
    "load_pack",
    "publish",
    "publish_due",
    "record_export",
    "release",
    "request_changes",
    "schedule",
    "start_scenario",
    "submit",
    "unschedule",
    "withdraw",
]
