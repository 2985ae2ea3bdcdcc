"""What a search asks: parameters of FHIR R4 as conditions on orders.

Repeated parameters must all hold, values separated by commas are alternatives. A parameter that is not known
is passed over and left out of the `self` link, unless the caller prefers strict handling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from guidelines.models import RELEASED, Study
from ordering.fhir.moments import PREFIXES, BadMoment, moment_condition
from ordering.fhir.outcomes import BadSearch
from ordering.fhir.translate import NPI
from ordering.fhir.values import Place

DEFAULT_COUNT, MAX_COUNT = 50, 200
PAGE = "_page"  # the portal's own: where the next page starts
MAX_VALUES = 200  # alternatives and repetitions in one search
MAX_TEXT = 5000  # characters of a value
_STATUS_SYSTEM = "http://hl7.org/fhir/request-status"
_INTENT_SYSTEM = "http://hl7.org/fhir/request-intent"
_WIDEST_KEY = 2**63 - 1  # of a bigint
_DIGITS = re.compile(r"[0-9]{1,19}")
# parameters that say how to answer, of which nothing needs to be done
_TAKEN_AS_READ = frozenset({"_format", "_pretty", "_total"})
NOTHING, EVERYTHING = Q(pk__in=[]), Q(pk__isnull=False)
SORTS = {
    "authored": ("authored_at", False),
    "-authored": ("authored_at", True),
    "_lastUpdated": ("updated_at", False),
    "-_lastUpdated": ("updated_at", True),
}

Condition = Callable[[str, Place], Q]


@dataclass(slots=True)
class Search:
    """A search as it was understood."""

    condition: Q = field(default_factory=Q)
    used: list[tuple[str, str]] = field(default_factory=list)  # for the self link
    count: int = DEFAULT_COUNT
    total_only: bool = False
    sort: str = "-authored"
    page: str = ""
    given: set[str] = field(default_factory=set)  # names of the conditions


def read_search(
    parameters: Sequence[tuple[str, str]],
    known: Mapping[str, Condition],
    place: Place,
    *,
    strict: bool,
    sorts: Collection[str] = (),
) -> Search:
    """Return what a search asks. Raises BadSearch naming every fault."""
    search = Search()
    faults: list[tuple[str, str]] = []
    if len(parameters) > MAX_VALUES:
        raise BadSearch([("", f"Use {MAX_VALUES} parameters at most.")])
    for name, value in parameters:
        if not (name + value).isprintable() and any(ord(character) < ord(" ") for character in name + value):
            faults.append(("", "A parameter holds a control character."))
            continue
        if not value:
            continue  # as FHIR has it: a parameter without a value asks nothing
        if len(value) > MAX_TEXT:
            faults.append((name[:60], "The value is too long."))
            continue
        try:
            understood = _read(search, name, value, known, place, sorts)
        except BadMoment:
            listed = ", ".join(PREFIXES)
            faults.append((name, f"Use a date or time such as 2026-06-02, with one of {listed} before it."))
            continue
        except Unusable as refusal:
            faults.append((name, str(refusal)))
            continue
        if understood:
            if name != PAGE:
                search.used.append((name, str(search.count) if name == "_count" else value))
        elif strict:
            faults.append((name[:60], f"Not known here; known: {', '.join(known)}."))
    if faults:
        raise BadSearch(faults)
    return search


class Unusable(ValueError):
    """A value that cannot be used; the message says what can."""


def _read(
    search: Search,
    name: str,
    value: str,
    known: Mapping[str, Condition],
    place: Place,
    sorts: Collection[str],
) -> bool:
    """Return whether the parameter was understood."""
    if name == "_count":
        if not _DIGITS.fullmatch(value):
            raise Unusable("Use a whole number.")
        search.count = min(int(value), MAX_COUNT)
        search.total_only = search.total_only or search.count == 0
    elif name == "_summary" and value in ("count", "false"):
        search.total_only = search.total_only or value == "count"
    elif name == "_sort":
        if value not in sorts:
            raise Unusable(f"Use one of: {', '.join(sorts)}." if sorts else "This cannot be sorted.")
        search.sort = value
    elif name == PAGE:
        search.page = value
    elif name in known:
        # alternatives are ORed, repetitions ANDed
        parts = split(value, ",")
        if len(parts) > MAX_VALUES:
            raise Unusable(f"Use {MAX_VALUES} alternatives at most.")
        condition = NOTHING
        for part in parts:
            condition |= known[name](part, place)
        search.condition &= condition
        search.given.add(name)
    elif name.partition(":")[0] in known and ":" in name:
        # FHIR R4, search: a modifier that is not supported must be refused, whatever is preferred
        raise Unusable("This modifier is not supported.")
    else:
        return name in _TAKEN_AS_READ
    return True


def split(value: str, separator: str) -> list[str]:
    r"""Return the parts of a value; a backslash before the separator makes it part of the text."""
    parts = [""]
    characters = iter(value)
    for character in characters:
        if character == "\\":
            parts[-1] += character + next(characters, "")
        elif character == separator:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]


def token(text: str) -> tuple[str | None, str]:
    """Return (system, code) of a token; None for any system, empty for none, an empty code for any."""
    parts = [""]
    characters = iter(text)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "")
        elif character == "|" and len(parts) == 1:
            parts.append("")
        else:
            parts[-1] += character
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _within(text: str, system: str) -> str | None:
    """Return the code of a token of one system, empty for any; None where the token is of another."""
    named, code = token(text)
    return code if named in (None, system) and (code or named) else None


def uuid_of(text: str) -> UUID | None:
    """Return the id that a text is, in the one form in which ids are written."""
    try:
        made = UUID(text)
    except ValueError:
        return None
    return made if str(made) == text.lower() else None


def referred(text: str, kind: str, place: Place) -> str:
    """Return the id that a reference gives; empty when it is to something else."""
    local = text.removeprefix(f"{place.fhir}/")
    named, slash, pk = local.rpartition("/")
    return pk if not slash or named == kind else ""


def by_id(text: str, place: Place) -> Q:
    """`_id`."""
    return Q(pk=pk) if (pk := uuid_of(text)) else NOTHING


def by_patient(text: str, place: Place) -> Q:
    """`patient`, `subject`."""
    return Q(patient=pk) if (pk := uuid_of(referred(text, "Patient", place))) else NOTHING


def by_mrn(text: str, place: Place) -> Q:
    """`patient.identifier`; the queryset is of one organisation."""
    mrn = _within(text, place.mrns)
    return NOTHING if mrn is None else Q(patient__mrn=mrn) if mrn else EVERYTHING


def by_number(text: str, place: Place) -> Q:
    """`identifier`."""
    number = _within(text, place.order_numbers)
    return NOTHING if number is None else Q(number=number) if number else EVERYTHING


def by_requisition(text: str, place: Place) -> Q:
    """`requisition`."""
    number = _within(text, place.requisitions)
    return NOTHING if number is None else Q(number=number) if number else EVERYTHING


def by_status(text: str, place: Place) -> Q:
    """`status`."""
    status = _within(text, _STATUS_SYSTEM)
    return NOTHING if status is None else Q(status=status) if status else EVERYTHING


def by_intent(text: str, place: Place) -> Q:
    """`intent`: all of ours are orders."""
    return EVERYTHING if _within(text, _INTENT_SYSTEM) in ("order", "") else NOTHING


def by_code(text: str, place: Place) -> Q:
    """`code`: the portal's own studies, and the codes that a version of the content gives them."""
    system, code = token(text)
    ours = place.site.study_system
    condition = NOTHING
    if system in (None, ours):
        condition |= Q(study_code=code) if code else Q(study_code__gt="")
    if system == ours or system == "":
        return condition
    wanted = {name: value for name, value in (("system", system), ("code", code)) if value}
    coded = Study.objects.filter(version__state__in=RELEASED).filter(codes__contains=[wanted])
    versions: dict[str, list[int]] = {}
    for study, version in coded.values_list("code", "version_id"):
        versions.setdefault(study, []).append(version)
    for study, ids in versions.items():
        condition |= Q(study_code=study, consultation__version__in=ids)
    return condition


def by_requester(text: str, place: Place) -> Q:
    """`requester`."""
    pk = referred(text, "Practitioner", place)
    return Q(requester=int(pk)) if _DIGITS.fullmatch(pk) and int(pk) <= _WIDEST_KEY else NOTHING


def by_requester_npi(text: str, place: Place) -> Q:
    """`requester.identifier`."""
    npi = _within(text, NPI)
    return Q(requester__npi=npi) if npi else NOTHING


def by_parent(text: str, place: Place) -> Q:
    """`based-on`."""
    return Q(parent=pk) if (pk := uuid_of(referred(text, "ServiceRequest", place))) else NOTHING


def by_authored(text: str, place: Place) -> Q:
    """`authored`."""
    return moment_condition("authored_at", text, zone=timezone.get_default_timezone())


def by_last_updated(text: str, place: Place) -> Q:
    """`_lastUpdated`."""
    return moment_condition("updated_at", text, zone=timezone.get_default_timezone())


def by_number_id(text: str, place: Place) -> Q:
    """`_id` of what is numbered."""
    return Q(pk=int(text)) if _DIGITS.fullmatch(text) and int(text) <= _WIDEST_KEY else NOTHING


def by_target(text: str, place: Place) -> Q:
    """`target` of a Provenance."""
    return Q(order=pk) if (pk := uuid_of(referred(text, "ServiceRequest", place))) else NOTHING


def by_entity(text: str, place: Place) -> Q:
    """`entity` of an AuditEvent."""
    return Q(entity_id=str(pk)) if (pk := uuid_of(referred(text, "ServiceRequest", place))) else NOTHING


PROVENANCE_SEARCH: dict[str, Condition] = {"_id": by_number_id, "target": by_target}
AUDIT_SEARCH: dict[str, Condition] = {"_id": by_number_id, "entity": by_entity}
ORDER_SEARCH: dict[str, Condition] = {
    "_id": by_id,
    "_lastUpdated": by_last_updated,
    "authored": by_authored,
    "based-on": by_parent,
    "code": by_code,
    "identifier": by_number,
    "intent": by_intent,
    "patient": by_patient,
    "patient.identifier": by_mrn,
    "patient:Patient": by_patient,
    "requester": by_requester,
    "requester.identifier": by_requester_npi,
    "requester:Practitioner": by_requester,
    "requester:identifier": by_requester_npi,
    "requisition": by_requisition,
    "status": by_status,
    "subject": by_patient,
    "subject.identifier": by_mrn,
    "subject:Patient": by_patient,
    "subject:Patient.identifier": by_mrn,
    "patient:Patient.identifier": by_mrn,
}
