"""How a draft begins: as a new scenario, as a copy of a version, from a content pack."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max

from guidelines import packs, snapshot
from guidelines.exceptions import DraftExists
from guidelines.models import OPEN, Scenario, ScenarioVersion
from portal import audit
from portal.models import User


@transaction.atomic
def start_scenario(
    *, slug: str, title: str, summary: str, licence: str, review_due_on: date, by: User | None
) -> ScenarioVersion:
    """Return the first draft of a new scenario; its lists are still to be filled."""
    scenario = Scenario.objects.create(slug=slug, title=title)
    draft = ScenarioVersion.objects.create(
        scenario=scenario,
        number=1,
        title=title,
        summary=summary,
        licence=licence,
        review_due_on=review_due_on,
        created_by=by,
    )
    _log_draft(draft)
    return draft


@transaction.atomic
def copy_to_draft(*, version: ScenarioVersion, by: User | None, note: str = "") -> ScenarioVersion:
    """Return a new draft with the content of `version`. Raises DraftExists."""
    document = snapshot.document_of(version)
    return _new_draft(version.scenario, document, by=by, note=note, based_on=version)


@transaction.atomic
def load_pack(
    *, document: dict[str, Any], by: User | None, note: str = "", checked: bool = False
) -> ScenarioVersion:
    """Return the draft that a pack's scenario document became. Raises DraftExists, ContentRefused.

    The document is checked here, because nothing may be half loaded; unless the caller says that
    `packs.check_pack` has just `checked` it.
    """
    if not checked:
        packs.check_document(document)
    return _new_draft(snapshot.scenario_for(document), document, by=by, note=note)


def _new_draft(
    scenario: Scenario,
    document: dict[str, Any],
    *,
    by: User | None,
    note: str,
    based_on: ScenarioVersion | None = None,
) -> ScenarioVersion:
    Scenario.objects.select_for_update().get(pk=scenario.pk)
    if (
        being_written := ScenarioVersion.objects.filter(scenario=scenario, state__in=OPEN).first()
    ) is not None:
        raise DraftExists(being_written)
    last = ScenarioVersion.objects.filter(scenario=scenario).aggregate(last=Max("number"))["last"] or 0
    draft = ScenarioVersion.objects.create(
        scenario=scenario,
        number=last + 1,
        note=note,
        based_on=based_on,
        created_by=by,
        **snapshot.version_attributes(document),
    )
    snapshot.write_rows(draft, document)
    _log_draft(draft)
    return draft


def _log_draft(draft: ScenarioVersion) -> None:
    audit.log(
        "guideline.drafted",
        action="C",
        entity="scenario-version",
        entity_id=str(draft.pk),
        detail={"scenario": draft.scenario.slug, "version": draft.number},
    )
