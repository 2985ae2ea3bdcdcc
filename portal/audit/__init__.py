"""The audit trail: who did what to which record, kept where the application cannot change it.

The only package that talks to schema `audit`. Row changes are captured by triggers (`watch`); views,
sign-ins, exports, denials and clinical events are recorded with `log` and `denied`; `acting` says who acts.
docs/audit.md describes the trail as a whole.
"""

from portal.audit.context import ANONYMOUS, Actor, acting, actor_of, bind, bind_user, current_actor, system
from portal.audit.events import MINOR_FAILURE, SERIOUS_FAILURE, SUCCESS, denied, log
from portal.audit.session import apply_actor
from portal.audit.watching import broken_guards, guards_in_place, watch

__all__ = [
    "ANONYMOUS",
    "MINOR_FAILURE",
    "SERIOUS_FAILURE",
    "SUCCESS",
    "Actor",
    "acting",
    "actor_of",
    "apply_actor",
    "bind",
    "bind_user",
    "broken_guards",
    "current_actor",
    "denied",
    "guards_in_place",
    "log",
    "system",
    "watch",
]
