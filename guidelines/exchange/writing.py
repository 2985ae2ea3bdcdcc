"""Released versions as the text of a pack file, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from guidelines import packs
from guidelines.exchange.reading import Form
from guidelines.exchange.yaml_text import to_yaml
from guidelines.models import ScenarioVersion, State

MEDIA_TYPES = {
    Form.JSON: "application/json",
    Form.JSON_LINES: "application/jsonl",
    Form.YAML: "application/yaml",
}


def file_name_of(version: ScenarioVersion, form: Form) -> str:
    """Return how the file of one version is called."""
    return f"{version.scenario.slug}-v{version.number}.{form}"


def in_use() -> Iterator[ScenarioVersion]:
    """Yield every published version by its scenario's slug, in memory for a few of them."""
    versions = ScenarioVersion.objects.filter(state=State.PUBLISHED).select_related("scenario")
    return versions.order_by("scenario__slug").iterator(chunk_size=20)


def pack_text(version: ScenarioVersion, form: Form) -> str:
    """Return a released version as a pack."""
    pack = packs.envelope(json.loads(version.snapshot))
    if form is Form.YAML:
        return to_yaml(pack)
    if form is Form.JSON_LINES:
        return json.dumps(pack, ensure_ascii=False, separators=(",", ":")) + "\n"
    return json.dumps(pack, ensure_ascii=False, indent=2) + "\n"


def file_text(versions: Iterable[ScenarioVersion], form: Form) -> Iterator[str]:
    """Yield a file of many versions piece by piece; as JSON it is a list of packs."""
    if form is not Form.JSON:
        yield from (pack_text(version, form) for version in versions)
        return
    opening = "["
    for version in versions:
        yield f"{opening}\n{pack_text(version, form).rstrip()}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"
