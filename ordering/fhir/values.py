"""How FHIR writes things: moments, references, codings; and nothing that is null or empty. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ordering.cds_hooks.ratings import Site

Json = dict[str, Any]

SNOMED = "http://snomed.info/sct"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
UUID_SYSTEM = "urn:ietf:rfc:3986"
# FHIR R4, datatypes: a string has no control characters but these
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where this server is, and what its site has chosen. `base` has no slash at its end."""

    base: str
    site: Site
    organisation: str  # its short name
    mrn_system: str = ""  # of the EHR; empty: our own

    @property
    def fhir(self) -> str:
        """Return the address of the FHIR service."""
        return f"{self.base}/fhir/r4"

    @property
    def order_numbers(self) -> str:
        """Return the system of order numbers."""
        return f"{self.base}/fhir/identifier/order-number"

    @property
    def requisitions(self) -> str:
        """Return the system of requisitions."""
        return f"{self.base}/fhir/identifier/requisition"

    @property
    def mrns(self) -> str:
        """Return the system of the organisation's medical record numbers."""
        return self.mrn_system or f"{self.base}/fhir/identifier/mrn/{self.organisation}"

    def system(self, name: str) -> str:
        """Return one of the portal's own code systems."""
        return f"{self.base}/fhir/CodeSystem/{name}"


def tidy(value: Any) -> Any:
    """Return the value without what is null or empty, at any depth; texts without space around them."""
    if isinstance(value, str):
        return _UNWRITABLE.sub("", value).strip() or None
    if isinstance(value, Mapping):
        kept = {name: tidy(member) for name, member in value.items()}
        return {name: member for name, member in kept.items() if member is not None} or None
    if isinstance(value, list | tuple):
        return [member for member in map(tidy, value) if member is not None] or None
    return value


def resource(kind: str, /, **elements: Any) -> Json:
    """Return a resource with what there is to say."""
    made: Json = tidy({"resourceType": kind, **elements})
    return made


def instant(moment: datetime | None) -> str | None:
    """Return a moment in UTC to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def concept(*codings: Json, text: str = "") -> Json:
    """Return a CodeableConcept."""
    return {"coding": list(codings), "text": text}


def coding(system: str, code: str, display: str = "") -> Json:
    """Return a Coding."""
    return {"system": system, "code": code, "display": display}


def reference(kind: str, pk: object, display: str = "") -> Json:
    """Return a relative reference to a resource of this server."""
    return {"reference": f"{kind}/{pk}", "type": kind, "display": display}


def meta(version: int, moment: datetime | None) -> Json:
    """Return the version and the moment of a resource."""
    return {"versionId": str(version), "lastUpdated": instant(moment)}
