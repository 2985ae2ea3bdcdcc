"""What was typed into a form that can no longer be saved, shown back so that it can be copied from the page.

While an editor writes, the version may be released or discarded, or the row deleted. Nothing is stored then,
and nothing typed is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from guidelines.admin.seen import SEEN
from guidelines.models import OPEN, ScenarioVersion

NOT_TYPED = ("csrfmiddlewaretoken", SEEN)
MACHINERY = ("-TOTAL_FORMS", "-INITIAL_FORMS", "-MIN_NUM_FORMS", "-MAX_NUM_FORMS", "-id")


@dataclass(frozen=True, slots=True)
class Typed:
    """One field that was sent, by the name that the form gave it."""

    name: str
    label: str
    value: str


def released(version: ScenarioVersion) -> str:
    """Return why the form of a version that was open cannot be saved any more."""
    return (
        f"Version {version.number} is {version.get_state_display().lower()} by now: "
        "its content stays as it is, and other content goes into a new draft."
    )


def kept_page(
    request: HttpRequest, admin: ModelAdmin, reason: str, *, version: ScenarioVersion | None = None
) -> HttpResponse:
    """Say why nothing was saved, and show what was typed."""
    open_now = (
        ScenarioVersion.objects.filter(scenario=version.scenario_id, state__in=OPEN).first()
        if version
        else None
    )
    context = admin.admin_site.each_context(request) | {
        "opts": admin.opts,
        "title": "Nothing was saved",
        "reason": reason,
        "version": version,
        "open_now": open_now,
        "typed": _typed(request, admin),
    }
    return HttpResponse(render_to_string("admin/guidelines/kept.html", context, request), status=409)


def _typed(request: HttpRequest, admin: ModelAdmin) -> list[Typed]:
    found = []
    for name, values in request.POST.lists():
        text = "\n".join(value for value in values if value.strip())
        if text and name not in NOT_TYPED and not name.startswith("_") and not name.endswith(MACHINERY):
            # a lone surrogate can be sent, and no page can hold it
            shown = text.encode("utf-8", "replace").decode()
            found.append(Typed(name.encode("utf-8", "replace").decode(), _label(admin, name), shown))
    return found


def _label(admin: ModelAdmin, name: str) -> str:
    try:
        said = str(admin.opts.get_field(name).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        said = name.encode("utf-8", "replace").decode().replace("_", " ").replace("-", " ")
    return said[:1].upper() + said[1:]
