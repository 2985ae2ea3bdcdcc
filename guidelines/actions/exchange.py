"""Content packs in and out. What comes in is a draft; what goes out was released."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from guidelines.actions.drafts import load_pack
from guidelines.engine import digest_of
from guidelines.models import PackRecord, ScenarioVersion
from portal import audit
from portal.models import User

_LONGEST_NAME = 200  # of a file, as PackRecord keeps it


@transaction.atomic
def import_pack(
    *, document: dict[str, Any], by: User | None, file_name: str, form: str, checked: bool = False
) -> ScenarioVersion:
    """Return the draft that a pack of a file became. Raises DraftExists, ContentRefused.

    `checked`: the caller has just had it checked by `packs.check_pack`, and nobody changed it since.
    """
    file_name = file_name[-_LONGEST_NAME:]
    draft = load_pack(document=document, by=by, note=f"Loaded from {file_name}", checked=checked)
    PackRecord.objects.create(
        version=draft,
        direction=PackRecord.Direction.LOADED,
        file_name=file_name,
        form=form,
        digest=digest_of(document),
        by=by,
    )
    return draft


@transaction.atomic
def record_export(*, version: ScenarioVersion, by: User | None, file_name: str, form: str) -> None:
    """Keep that a version left the portal in a file, and record the event."""
    assert version.is_released
    PackRecord.objects.create(
        version=version,
        direction=PackRecord.Direction.EXPORTED,
        file_name=file_name[-_LONGEST_NAME:],
        form=form,
        digest=version.digest,
        by=by,
    )
    audit.log(
        "export.made",
        action="R",
        entity="scenario-version",
        entity_id=str(version.pk),
        detail={"form": form, "scenario": version.scenario.slug, "version": version.number},
    )
