"""Who the patient of a call is in the portal: the one with this record number and birth date, or a new one.

Anything less certain is nobody: then the clinician names and confirms the patient on opening the card's link.
"""

from __future__ import annotations

from datetime import date

from ordering.actions import PatientIdentity, patient_for
from ordering.cds_hooks.models import DEVELOPMENT, CdsClient
from ordering.cds_hooks.records import Json, Record, day_in, objects, text
from ordering.exceptions import Refused
from ordering.models import Patient

MR = "MR"  # v2-0203: medical record number
_MAX_MRN, _MAX_NAME = 40, 100
_NAME_USES = ("official", "usual", "")  # FHIR name-use; a maiden name or an alias is not the record's


def patient_of(record: Record, client: CdsClient) -> Patient | None:
    """Return the portal's patient, registered as the record says if the number is new; else None."""
    for resource in record.of("Patient"):
        born = day_in(resource.get("birthDate"))
        numbers = _record_numbers(resource, client)
        if born is None or not numbers:
            continue
        known = list(Patient.objects.filter(organisation=client.organisation_id, mrn__in=numbers)[:2])
        if known:
            # a number with another date of birth is perhaps another person
            return known[0] if len(known) == 1 and known[0].birth_date == born else None
        if len(numbers) == 1:
            return _registered(resource, client, mrn=numbers.pop(), born=born)
    return None


def _registered(resource: Json, client: CdsClient, *, mrn: str, born: date) -> Patient | None:
    family, given = _name(resource)
    sex = text(resource.get("gender")).casefold() or Patient.Sex.UNKNOWN.value
    usable = all(part and len(part) <= _MAX_NAME and part.isprintable() for part in (family, given))
    if not usable or not mrn.isprintable() or sex not in Patient.Sex.values:
        return None
    identity = PatientIdentity(mrn=mrn, family_name=family, given_name=given, birth_date=born, sex=sex)
    try:
        return patient_for(organisation=client.organisation, identity=identity, by=client.user)
    except Refused:
        return None


def _record_numbers(resource: Json, client: CdsClient) -> set[str]:
    """Return the medical record numbers of a Patient: by the client's system, else by their type."""
    identifiers = objects(resource.get("identifier"))
    found = {
        text(identifier.get("value"))
        for identifier in identifiers
        if _is_record_number(identifier, client.mrn_system)
    } - {""}
    if not found and client.issuer == DEVELOPMENT:
        # simulators seldom say what their only number is
        untold = {text(row.get("value")) for row in identifiers if not _kinds(row)} - {""}
        found = untold if len(untold) == 1 else set()
    return {number for number in found if len(number) <= _MAX_MRN}


def _is_record_number(identifier: Json, system: str) -> bool:
    if system:
        return text(identifier.get("system")) == system
    return MR in _kinds(identifier)


def _kinds(identifier: Json) -> set[str]:
    kinds = objects(identifier.get("type"))
    codes = {text(row.get("code")).upper() for kind in kinds for row in objects(kind.get("coding"))}
    return codes - {""}


def _name(resource: Json) -> tuple[str, str]:
    """Return family and given names as the record has them; empty where it has none."""
    names = objects(resource.get("name"))
    for use in _NAME_USES:
        for name in names:
            if text(name.get("use")).casefold() == use and text(name.get("family")):
                given = name.get("given")
                members = given if isinstance(given, list) else [given]
                return text(name.get("family")), " ".join(filter(None, map(text, members)))
    return "", ""
