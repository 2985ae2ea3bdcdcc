"""Reading FHIR R4 as EHRs really send it: what is malformed or empty is passed over, never guessed.

Pure: standard library only. Codes and systems are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Json = dict[str, Any]
Coding = tuple[str, str]  # (system, code), both as `normal_system` and `normal_code` give them

SITE_STUDY = "site:imaging-study"  # in content: the portal's own study codes, whatever its address
_SITE_STUDY_PATH = "/codesystem/imaging-study"
# the same code systems by their object identifiers (FHIR R4, Terminologies: external code systems)
_SYSTEMS_BY_OID = {
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
}
# a record with one of these says nothing about the patient: it is void, or about what did not happen
_VOID = {
    "status": frozenset({"entered-in-error", "not-done", "cancelled", "registered", "unknown"}),
    "verificationStatus": frozenset({"refuted", "entered-in-error"}),
}
_NOT_CONFIRMED = frozenset({"unconfirmed", "provisional", "differential"})  # condition-ver-status
_OVER = frozenset({"inactive", "resolved"})  # clinical status of conditions and allergies
# when a record is from, the most telling field first
_MOMENTS = (
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod.end",
    "effectivePeriod.start",
    "performedPeriod.end",
    "performedDateTime",
    "performedPeriod.start",
    "recordedDate",
    "onsetDateTime",
    "started",
    "issued",
)
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_MAX_NESTING = 3  # bundles inside bundles


@dataclass(slots=True)
class Record:
    """What was sent about one patient: resources by type, and what is known to be missing from it."""

    resources: dict[str, list[Json]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)  # of the prefetch, in small letters
    paged: set[str] = field(default_factory=set)  # keys of which more pages exist
    failed: set[str] = field(default_factory=set)  # keys that hold an OperationOutcome, or nothing of FHIR
    foreign: int = 0  # resources about somebody else, left out

    def of(self, resource_type: str) -> list[Json]:
        """Return the resources of a type."""
        return self.resources.get(resource_type.casefold(), [])


def read_record(prefetch: Mapping[str, Any], patient_id: str) -> Record:
    """Return the record that a prefetch holds. Keys mean nothing here: a resource says itself what it is."""
    record = Record()
    for key, value in prefetch.items():
        name = key.strip().casefold()
        record.keys.add(name)
        for resource in _resources(value, record, name):
            if is_about_another(resource, patient_id):
                record.foreign += 1
            else:
                record.resources.setdefault(type_of(resource), []).append(resource)
    return record


def _resources(value: Any, record: Record, key: str, nesting: int = 0) -> Iterator[Json]:
    if isinstance(value, list):  # some send the resources without the Bundle around them
        for member in value:
            if nesting < _MAX_NESTING:
                yield from _resources(member, record, key, nesting + 1)
        return
    if not isinstance(value, dict):
        if value not in (None, ""):  # something was meant, and it cannot be read
            record.failed.add(key)
        return
    kind = type_of(value)
    if kind == "operationoutcome" or (value and not kind and "entry" not in value):
        record.failed.add(key)
    elif kind == "bundle" or (not kind and isinstance(value.get("entry"), list)):
        if any(text(link.get("relation")).casefold() == "next" for link in objects(value.get("link"))):
            record.paged.add(key)
        for entry in objects(value.get("entry")):
            if nesting < _MAX_NESTING:
                yield from _resources(entry.get("resource"), record, key, nesting + 1)
    elif kind:
        yield value


def text(value: Any) -> str:
    """Return a text without space around it; anything else is the empty text."""
    return value.strip() if isinstance(value, str) else ""


def objects(value: Any) -> list[Json]:
    """Return the objects of a list, or of what should have been one."""
    members = value if isinstance(value, list) else [value]
    return [member for member in members if isinstance(member, dict)]


def type_of(resource: Mapping[str, Any]) -> str:
    """Return the resource type in small letters."""
    return text(resource.get("resourceType")).casefold()


def is_about_another(resource: Mapping[str, Any], patient_id: str) -> bool:
    """Return whether the resource names a patient other than this one; one that names none does not."""
    if type_of(resource) == "patient":
        named = text(resource.get("id"))
    else:
        named = ""
        for name in ("subject", "patient"):
            reference = resource.get(name)
            if isinstance(reference, dict):
                named = named or _patient_named(text(reference.get("reference")))
    return bool(named) and bool(patient_id) and named.casefold() != patient_id.casefold()


def _patient_named(reference: str) -> str:
    """Return the id in a reference such as Patient/42 or https://ehr/fhir/Patient/42/_history/1."""
    parts = reference.split("/")
    for place, part in enumerate(parts[:-1]):
        if part.casefold() == "patient":
            return parts[place + 1]
    return ""


def normal_system(system: Any) -> str:
    """Return a code system in the one spelling that is compared."""
    name = text(system).rstrip("/").casefold()
    if name.endswith(_SITE_STUDY_PATH):
        return SITE_STUDY
    return _SYSTEMS_BY_OID.get(name, name)


def normal_code(code: Any) -> str:
    """Return a code in the one spelling that is compared."""
    return text(code).casefold()


def codings(concept: Any) -> list[Coding]:
    """Return the codings of a CodeableConcept that have both a system and a code."""
    found = []
    for member in objects(concept):
        for coding in objects(member.get("coding")):
            pair = (normal_system(coding.get("system")), normal_code(coding.get("code")))
            if all(pair):
                found.append(pair)
    return found


def leaves(resource: Mapping[str, Any], path: str) -> list[Any]:
    """Return the values at a dotted path, those of lists too."""
    found: list[Any] = [resource]
    for name in path.split("."):
        following: list[Any] = []
        for value in found:
            for member in objects(value):
                inner = member.get(name)
                following.extend(inner if isinstance(inner, list) else [inner])
        found = [value for value in following if value not in (None, "", [], {})]
    return found


def words(resource: Mapping[str, Any], path: str) -> set[str]:
    """Return the texts and codes at a path, in small letters."""
    found = set()
    for value in leaves(resource, path):
        if isinstance(value, dict):
            listed = [value, *objects(value.get("coding"))]
            found |= {normal_code(member.get("code")) for member in listed}
        elif isinstance(value, bool):
            found.add("true" if value else "false")
        else:
            found.add(normal_code(value))
    return found - {""}


def is_void(resource: Mapping[str, Any]) -> bool:
    """Return whether the record was withdrawn, refuted, or is about what was never done."""
    return any(words(resource, name) & void for name, void in _VOID.items())


def is_confirmed(resource: Mapping[str, Any]) -> bool:
    """Return whether nothing says that the record is only a suspicion."""
    return not words(resource, "verificationStatus") & _NOT_CONFIRMED


def is_current(resource: Mapping[str, Any]) -> bool:
    """Return whether nothing says that it is over. A disease in remission is not over."""
    clinical = words(resource, "clinicalStatus")
    if clinical:
        return not clinical & _OVER
    return not any(name.startswith("abatement") and value for name, value in resource.items())


def day_in(value: Any) -> date | None:
    """Return the calendar day of a FHIR date or dateTime where it was written down; None if there is none."""
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None


def moment_of(resource: Mapping[str, Any]) -> datetime:
    """Return when a record is from; one without a date is older than all others."""
    for path in _MOMENTS:
        for value in leaves(resource, path):
            moment = _moment(text(value))
            if moment is not None:
                return moment
    return _LONG_AGO


def _moment(written: str) -> datetime | None:
    if len(written) in (4, 7) and written[:4].isdigit():  # a year, or a year and a month
        written = f"{written}-01-01"[:10]
    try:
        moment = datetime.fromisoformat(written)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def pruned(value: Any) -> Any:
    """Return a copy without null, empty texts, lists and objects at any depth; None when nothing is left."""
    if isinstance(value, dict):
        kept = {name: inner for name, member in value.items() if (inner := pruned(member)) is not None}
        return kept or None
    if isinstance(value, list | tuple):
        members = [inner for member in value if (inner := pruned(member)) is not None]
        return members or None
    if isinstance(value, str):
        return value if value.strip() else None
    return value


def contained(resource: Mapping[str, Any], resource_type: str) -> Iterable[Json]:
    """Return the resources of a type that a resource carries inside."""
    return [
        inner for inner in objects(resource.get("contained")) if type_of(inner) == resource_type.casefold()
    ]
