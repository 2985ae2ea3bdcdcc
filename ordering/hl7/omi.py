"""From an order to OMI^O23 of HL7 v2.5.1: what a radiology system needs to take it, change it or drop it.

Pure: the engine and the standard library only. The same order in the same state always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from guidelines.engine import Advice
from ordering.cds_hooks.ratings import version_url
from ordering.fhir.translate import OrderRecord, PatientRecord, Person, reasons
from ordering.fhir.values import Place
from ordering.hl7.encoding import (
    NO_VALUE,
    Written,
    composite,
    day,
    escaped,
    formatted,
    header,
    moment,
    parts,
    repeated,
    segment,
)

VERSION = "2.5.1"
APPLICATION = "IMAGING-ORDERS"
LOCAL = "99IMGORD"  # table 0396: codes that begin with 99 are a site's own
LOCAL_VERSION = "99IMGVER"
NPI = parts("NPI", "2.16.840.1.113883.4.6", "ISO")
APPROPRIATE = composite("76515-6", "Whether requested procedure is appropriate", "LN")
MAX_CE_TEXT = 199  # v2.5.1, CE: length of its second component

# status of the order -> ORC-1 (table 0119), ORC-5 (table 0038)
CONTROL = {
    "active": ("NW", ""),  # a new order; the status is radiology's to say
    "on-hold": ("HD", "HD"),
    "revoked": ("CA", "CA"),
    "completed": ("SC", "CM"),
    "entered-in-error": ("CA", "CA"),  # v2 has no word for it: ORC-16 says why
}
SEX = {"female": "F", "male": "M", "other": "O"}  # table 0001; not known is U
# table 0485; it has no code for "urgent"
PRIORITY = {
    "routine": composite("R", "Routine", "HL70485"),
    "urgent": composite("urgent", "Urgent", LOCAL),
    "asap": composite("A", "As soon as possible", "HL70485"),
    "stat": composite("S", "Stat", "HL70485"),
}
ADHERENCE = {"adheres": "Y", "does_not_adhere": "N", "not_applicable": "NA"}
SYSTEMS = {  # table 0396
    "http://loinc.org": "LN",
    "http://snomed.info/sct": "SCT",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "http://hl7.org/fhir/sid/icd-10-cm": "I10C",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """An order as radiology is told of it. `accession` is radiology's own number, once it has given one."""

    order: OrderRecord
    patient: PatientRecord
    signed_at: datetime
    entered_by: Person
    adherence: str
    asked_at: datetime  # when the guideline was consulted
    parent_number: str = ""
    accession: str = ""
    status_reason: str = ""  # why it is on hold, cancelled or an error
    training: bool = False


def message(sent: Sent, place: Place) -> str:
    """Return the message; each segment ends with a carriage return, the last one too."""
    return "".join(_segments(sent, place))


def _segments(sent: Sent, place: Place) -> Iterator[str]:
    order = sent.order
    yield header(
        {
            3: APPLICATION,
            4: place.organisation,
            7: moment(order.updated_at),
            9: composite("OMI", "O23", "OMI_O23"),
            # the state and its message are one: asked for again it is the same message
            10: f"{order.number}-{order.revision}",
            11: "T" if sent.training else "P",
            12: VERSION,
            18: "UNICODE UTF-8",
        }
    )
    yield _patient(sent.patient, place)
    # the portal knows of no visit, and does not guess its class
    yield segment("PV1", {1: "1", 2: "U"})
    yield _common(sent)
    yield segment("TQ1", {1: "1", 2: "1", 9: PRIORITY[order.priority]})
    yield _request(sent)
    yield from _notes(sent)
    yield from _observations(sent, place)
    # a procedure of this order; the rest is radiology's to give
    yield segment("IPC", {1: sent.accession or Written(NO_VALUE), 2: order.number, 3: _NONE, 4: _NONE})


_NONE = Written(NO_VALUE)


def _patient(patient: PatientRecord, place: Place) -> str:
    authority = parts(place.organisation, place.mrn_system, "URI" if place.mrn_system else "")
    return segment(
        "PID",
        {
            1: "1",
            3: composite(patient.mrn, "", "", authority, "MR"),
            5: composite(patient.family_name, patient.given_name, "", "", "", "", "L"),
            7: day(patient.birth_date),
            8: SEX.get(patient.sex, "U"),
        },
    )


def _common(sent: Sent) -> str:
    order = sent.order
    control, status = CONTROL[order.status]
    return segment(
        "ORC",
        {
            1: control,
            2: _placer(order.number),
            3: sent.accession,
            4: _placer(order.number),  # every order is a requisition of its own
            5: status,
            8: _parent(sent.parent_number),
            9: moment(order.updated_at),
            10: _person(sent.entered_by),
            12: _person(order.requester),
            15: moment(sent.signed_at),
            16: _why(sent),
            21: composite(sent.patient.organisation),
        },
    )


def _request(sent: Sent) -> str:
    order = sent.order
    return segment(
        "OBR",
        {
            1: "1",
            2: _placer(order.number),
            3: sent.accession,
            4: _study(order),
            16: _person(order.requester),
            24: "RAD",  # table 0074
            29: _parent(sent.parent_number),
            31: repeated(
                *(_concept(reason) for reason in reasons(order)),
                composite("", order.suggestion["scenario"]["title"]),
            ),
        },
    )


def _notes(sent: Sent) -> Iterator[str]:
    remark, general = composite("RE", "Remark", "HL70364"), composite("GR", "General reason", "HL70364")
    notes = [
        (sent.order.note, remark),
        (sent.order.override_reason, general),
        (sent.status_reason if len(sent.status_reason) > MAX_CE_TEXT else "", general),
    ]
    said = [(text, kind) for text, kind in notes if text.strip()]
    for number, (text, kind) in enumerate(said, start=1):
        yield segment("NTE", {1: str(number), 2: "P", 3: formatted(text), 4: kind})


def _observations(sent: Sent, place: Place) -> Iterator[str]:
    """Yield whether the study is appropriate, by which criterion; then what was answered to come to that."""
    order = sent.order
    asked_at = moment(sent.asked_at)
    scenario = order.suggestion["scenario"]
    criterion = composite(
        scenario["slug"],
        scenario["title"],
        LOCAL,
        version_url(Advice.from_dict(order.suggestion), place.site),
        f"Version {scenario['version']}",
        LOCAL_VERSION,
    )
    yield segment(
        "OBX",
        {
            1: "1",
            2: "ST",
            3: APPROPRIATE,
            5: ADHERENCE[sent.adherence],
            11: "F",
            14: asked_at,
            17: criterion,
            21: order.consultation,  # v2.6's Observation Instance Identifier; 2.5.1 keeps its place
        },
    )
    answered = [
        row for row in order.document["data_elements"] if order.answers.get(row["key"]) not in (None, [])
    ]
    for number, element in enumerate(answered, start=2):
        kind, value, unit = _answer(element, order.answers[element["key"]])
        yield segment(
            "OBX",
            {
                1: str(number),
                2: kind,
                3: composite(element["key"], element["label"], LOCAL),
                5: value,
                6: composite("", unit) if unit else "",
                11: "F",
                14: asked_at,
            },
        )


def _answer(element: dict[str, Any], value: Any) -> tuple[str, str, str]:
    """Return the type of an answer (table 0125), the answer, and its unit."""
    labels: dict[str, str] = {choice["value"]: choice["label"] for choice in element.get("choices") or []}
    if isinstance(value, list):
        return "CE", repeated(*(composite(str(each), labels.get(each, ""), LOCAL) for each in value)), ""
    if element["kind"] == "date":
        return "DT", day(date.fromisoformat(value)), ""
    if isinstance(value, str):
        return "CE", composite(value, labels.get(value, ""), LOCAL), ""
    # a type without an exponent
    return "NM", format(Decimal(str(value)), "f"), element.get("unit") or ""


def _study(order: OrderRecord) -> Written:
    """Return what is asked for; a study outside the scenario is a text and no code."""
    if not order.study_code:
        return composite("", order.study_label)
    rows = [row for row in order.suggestion["studies"] if row["code"] == order.study_code]
    recorded = _known(rows[0].get("codes", []) if rows else [], order.study_label)
    return composite(order.study_code, order.study_label, LOCAL, *(recorded[:3]))


def _concept(concept: dict[str, Any]) -> Written:
    """Return a coded element: up to two codes of systems that v2 has a name for, else the words alone."""
    return composite(*(_known(concept["coding"], concept["text"])[:6] or ["", concept["text"]]))


def _known(codings: list[dict[str, str]], text: str) -> list[str]:
    found: list[str] = []
    for coding in codings:
        if coding["system"] in SYSTEMS:
            found += [coding["code"], coding.get("display") or text, SYSTEMS[coding["system"]]]
    return found


def _why(sent: Sent) -> Written:
    """Return the reason of the present status, coded where the status says more than ORC-1 can."""
    code = sent.order.status if sent.order.status == "entered-in-error" else ""
    said = sent.status_reason if len(sent.status_reason) <= MAX_CE_TEXT else ""
    if not code and not said:
        return escaped("")
    return composite(code, said or "Entered in error", LOCAL if code else "")


def _placer(number: str) -> Written:
    return composite(number, APPLICATION)


def _parent(number: str) -> Written:
    return composite(parts(number, APPLICATION)) if number else escaped("")


def _person(person: Person) -> Written:
    """Return a person with the national number where there is one, else with our own."""
    own = (str(person.pk), parts(APPLICATION), "")
    number, authority, kind = (person.npi, NPI, "NPI") if person.npi else own
    return composite(
        number,
        person.family_name or person.name,
        person.given_name,
        "",
        "",
        person.title,
        "",
        "",
        authority,
        "L",
        "",
        "",
        kind,
    )
