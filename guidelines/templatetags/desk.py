"""What the start page of the admin shows to those who work on guidelines."""

from __future__ import annotations

from typing import Any

from django import template

from guidelines.admin.access import may_read
from guidelines.models import ScenarioVersion
from guidelines.reminders import Reminders, reminders_for
from guidelines.where_used import WhereUsed, where_used

register = template.Library()


@register.simple_tag(takes_context=True)
def desk_reminders(context: dict[str, Any]) -> Reminders | None:
    """Return what waits for the signed-in person; None for those who do not work on guidelines."""
    user = context["request"].user
    return reminders_for(user) if may_read(user) else None


@register.simple_tag
def where_version_used(version: ScenarioVersion) -> WhereUsed:
    """Return what rests on the scenario of a version, to be seen before it is retired."""
    return where_used(version.scenario)
