"""The orders that an EHR is about to place, and how a draft is changed without losing anything else.

Pure: standard library only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ordering.cds_hooks.records import (
    Coding,
    Json,
    codings,
    contained,
    day_in,
    is_about_another,
    normal_code,
    objects,
    pruned,
    text,
    type_of,
)

SERVICE_REQUEST = "ServiceRequest"
IMAGING = ("http://snomed.info/sct", "363679005")
# what category codes and texts of imaging orders are in the wild: v2-0074 sections, and plain words
_IMAGING_WORDS = frozenset({"363679005", "imaging", "radiology", "diagnostic imaging", "rad", "img"})


class UnusableRequest(ValueError):
    """The body cannot be answered; the message says what is wrong and `expression` where."""

    def __init__(self, message: str, expression: str) -> None:
        super().__init__(message)
        self.message = message
        self.expression = expression


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft order: the resource as sent, without its empty parts, and what matters of it."""

    resource: Json
    codes: list[Coding]
    reasons: list[Coding]
    authored_on: date | None

    @property
    def reference(self) -> str:
        """Return ServiceRequest/id; empty where the draft has no id and cannot be referred to."""
        identifier = text(self.resource.get("id"))
        return f"{SERVICE_REQUEST}/{identifier}" if identifier else ""

    def ordered_on(self, today: date) -> date:
        """Return the day of the order. An EHR east of here may already be in tomorrow."""
        if self.authored_on is None or self.authored_on > today + timedelta(days=1):
            return today
        return self.authored_on

    def is_imaging(self, study_codes: Iterable[Coding]) -> bool:
        """Return whether it says so itself, or asks for a study that some guideline knows."""
        for category in objects(self.resource.get("category")):
            said = [normal_code(category.get("text"))]
            for coding in objects(category.get("coding")):
                said += [normal_code(coding.get("code")), normal_code(coding.get("display"))]
            if _IMAGING_WORDS.intersection(said):
                return True
        known = frozenset(study_codes)
        return any(code in known for code in self.codes)


def drafts_in(context: Mapping[str, Any], *, patient_id: str, selected_only: bool) -> list[Draft]:
    """Return the drafts to advise on. Raises UnusableRequest when the context does not name them.

    `selected_only` is for order-select, where only the selections count.
    """
    bundle = context.get("draftOrders")
    if not isinstance(bundle, dict):
        raise UnusableRequest("context.draftOrders must be a Bundle.", "context.draftOrders")
    entries = objects(bundle.get("entry"))
    if selected_only:
        entries = _selected(entries, context.get("selections"))
    drafts = [
        _draft(resource)
        for entry in entries
        for resource in objects(entry.get("resource"))
        if type_of(resource) == SERVICE_REQUEST.casefold()
    ]
    if any(is_about_another(draft.resource, patient_id) for draft in drafts):
        raise UnusableRequest(
            "A draft order is for another patient than context.patientId.", "context.draftOrders"
        )
    return drafts


def _selected(entries: list[Json], selections: Any) -> list[Json]:
    if not isinstance(selections, list):
        raise UnusableRequest(
            "context.selections must list the draft orders that were selected.", "context.selections"
        )
    names = {text(name).casefold() for name in selections} - {""}
    found = [entry for entry in entries if names & _names_of(entry)]
    if names and not found:
        raise UnusableRequest("No draft order is one of context.selections.", "context.selections")
    return found


def _names_of(entry: Json) -> set[str]:
    """Return what a selection may call a draft: type and id, its id alone, its full address."""
    names = {text(entry.get("fullUrl")).casefold()}
    for resource in objects(entry.get("resource")):
        identifier = text(resource.get("id")).casefold()
        if identifier:
            names |= {identifier, f"{type_of(resource)}/{identifier}"}
    return names - {""}


def _draft(resource: Json) -> Draft:
    reasons = codings(resource.get("reasonCode"))
    for condition in contained(resource, "Condition"):
        reasons += codings(condition.get("code"))
    kept: Json = pruned(resource) or {}
    return Draft(
        resource=kept | {"resourceType": SERVICE_REQUEST},
        codes=codings(resource.get("code")),
        reasons=reasons,
        authored_on=day_in(resource.get("authoredOn")),
    )


def rated(resource: Json, extensions: list[Json], *, replacing: str) -> Json:
    """Return the draft with these extensions; earlier ones whose address starts with `replacing` go."""
    changed = copy.deepcopy(resource)
    kept = [
        extension
        for extension in objects(changed.get("extension"))
        if not text(extension.get("url")).startswith(replacing)
    ]
    changed.pop("extension", None)
    if kept + extensions:
        changed["extension"] = kept + extensions
    return changed


def with_study(resource: Json, code: Json) -> Json:
    """Return the draft asking for another study; what described the old one goes with it."""
    changed = copy.deepcopy(resource)
    for name in ("orderDetail", "bodySite", "instantiatesCanonical", "instantiatesUri"):
        changed.pop(name, None)
    changed["code"] = code
    return changed
