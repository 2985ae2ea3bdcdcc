"""Everything that changes guideline content beyond a field: drafts, packs, publication.

Editors change the rows of a draft in the admin; the rest happens here, in one transaction each,
under the name of who does it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from guidelines import packs, snapshot
from guidelines.engine import canonical_json, digest_of
from guidelines.exceptions import ContentRefused, DraftExists, VersionFrozen
from guidelines.models import Scenario, ScenarioVersion, State
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
def load_pack(*, document: dict[str, Any], by: User | None, note: str = "") -> ScenarioVersion:
    """Return the draft that a pack's scenario document became. Raises DraftExists, ContentRefused.

    The document has been checked by `packs.read_pack`; it is checked again here, because nothing
    may be half loaded.
    """
    packs.check_document(document)
    return _new_draft(snapshot.scenario_for(document), document, by=by, note=note)


@transaction.atomic
def publish(*, version: ScenarioVersion, by: User | None) -> ScenarioVersion:
    """Put a draft into use and return it. The version in use until now is superseded.

    Raises VersionFrozen when it is no draft (any more) and ContentRefused when the content cannot
    be published; each fault names the place in the content.
    """
    scenario = Scenario.objects.select_for_update().get(pk=version.scenario_id)
    # whoever is changing a row of the draft holds its version: the snapshot has that change, or follows it
    ScenarioVersion.objects.select_for_update().get(pk=version.pk)
    version = ScenarioVersion.objects.select_related("scenario", "primary_source").get(pk=version.pk)
    if not version.is_draft:
        raise VersionFrozen(f"{version} is {version.get_state_display().lower()} already.")
    document = snapshot.document_of(version)
    check_publishable(document)
    ScenarioVersion.objects.filter(scenario=scenario, state=State.PUBLISHED).update(state=State.SUPERSEDED)
    version.snapshot = canonical_json(document)
    version.digest = digest_of(document)
    version.state = State.PUBLISHED
    version.published_at = timezone.now()
    version.published_by = by
    version.save(update_fields=["snapshot", "digest", "state", "published_at", "published_by"])
    audit.log(
        "guideline.published",
        action="U",
        entity="scenario-version",
        entity_id=str(version.pk),
        detail={
            "scenario": scenario.slug,
            "version": version.number,
            "digest": version.digest,
        },
    )
    return version


def check_publishable(document: dict[str, Any]) -> None:
    """Refuse content that may not be published. Raises ContentRefused with every fault."""
    try:
        packs.check_pack(packs.envelope(document))
    except ContentRefused as refusal:
        faults = [(place.removeprefix("/scenario"), message) for place, message in refusal.errors]
        if document["primary_source"] is None:  # a draft may lack it, which no pack can
            faults = [fault for fault in faults if fault[0] != "/primary_source"]
            faults.insert(
                0, ("/primary_source", "choose the source that clinicians see under every suggestion")
            )
        raise ContentRefused(faults) from None


def _new_draft(
    scenario: Scenario,
    document: dict[str, Any],
    *,
    by: User | None,
    note: str,
    based_on: ScenarioVersion | None = None,
) -> ScenarioVersion:
    Scenario.objects.select_for_update().get(pk=scenario.pk)
    if ScenarioVersion.objects.filter(scenario=scenario, state=State.DRAFT).exists():
        raise DraftExists(f"{scenario} already has an open draft. Publish it, or go on editing it.")
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
