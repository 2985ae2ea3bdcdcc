"""Filters of pages that show guideline content."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def overdue(due: date | str | None) -> bool:
    """Return whether a day, or its ISO text, is before today at the site; without one it is not."""
    if not due:
        return False
    day = date.fromisoformat(due) if isinstance(due, str) else due
    return day < timezone.localdate()
