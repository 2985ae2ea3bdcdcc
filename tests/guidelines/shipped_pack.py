"""The shipped content pack and its schema, as the content tests read them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

ROOT = Path(__file__).parents[2]
PACK = ROOT / "guidelines" / "content" / "adult-all-emd-post-therapy.json"
SCHEMA = ROOT / "guidelines" / "pack.schema.json"

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PET_CT = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"
CHEST = "radiography-chest"
SKELETON = "radiography-skeletal-survey"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"

# Fields that programs read: codes, addresses, days, and the names that other systems give their codes.
NOT_PROSE = {
    "adds", "code", "codes", "condition", "derived_from", "element", "elements", "key", "kind", "match",
    "modality", "prefill", "primary_source", "rating", "reason", "redirect", "removes", "resource",
    "review_due_on", "reviewed_on", "role", "default_role", "section", "severity", "slug", "source",
    "standing", "study", "system", "tone", "url", "value", "when",
    "verified_on", "rating_verified_on", "radiation_verified_on",
}  # fmt: skip


def fresh_pack() -> dict[str, Any]:
    """Return the pack, to be changed at will."""
    return json.loads(PACK.read_text("utf-8"))


@cache
def scenario() -> dict[str, Any]:
    """Return the scenario document of the pack. Not to be changed."""
    return fresh_pack()["scenario"]


@cache
def validator() -> Draft202012Validator:
    """Return the validator of the pack's schema."""
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")), format_checker=FormatChecker())


def rows_by(name: str, key: str = "key") -> dict[Any, dict[str, Any]]:
    """Return the rows of a list of the scenario under their keys, in list order."""
    return {row[key]: row for row in scenario()[name]}


def texts_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a JSON value with its pointer."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from texts_of(member, f"{place}/{index}")
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from texts_of(member, f"{place}/{name}")


def prose_of(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts that people read, with their pointers."""
    for place, text in texts_of(value):
        if not NOT_PROSE.intersection(parts := place.split("/")) and not _expected_code(parts):
            yield place, text


def _expected_code(parts: list[str]) -> bool:
    """Return whether a text stands in a vignette and is no title or story: then it is a code or an answer."""
    return parts[1] == "vignettes" and parts[-1] not in ("title", "story")
