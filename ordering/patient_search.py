"""Finding patients by what people type, and telling apart those that are easily confused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Upper
from rapidfuzz import fuzz

from ordering.actions import PatientIdentity
from ordering.forms.days import take_day
from ordering.models import Patient

MOST = 50  # rows of a result; beyond that one more identifier is asked for
SIMILAR = 82  # of 100: Martin, Alex and Martin, Alexa; not Martin, Alex and Martin, Eva


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search text says: parts of a name, parts of a record number, days of birth."""

    text: str
    words: tuple[str, ...]
    number: str
    days: tuple[date, ...]


def read_search(text: str) -> Sought:
    """Return what a text says. Raises UnclearDay for a day that can be read in two ways."""
    days = []
    rest = text
    while True:
        day, rest = take_day(rest)
        if day is None:
            break
        days.append(day)
    parts = rest.replace(",", " ").split()
    numbers = [part for part in parts if any(character.isdigit() for character in part)]
    words = tuple(part for part in parts if part not in numbers)
    return Sought(text.strip(), words, _squeezed("".join(numbers)), tuple(days))


def matching(organisation_id: int, sought: Sought) -> QuerySet[Patient]:
    """Return the patients of an organisation that everything in the search fits, by name."""
    found = _with_number(organisation_id)
    for word in sought.words:
        found = found.filter(_name_part("family_name", word) | _name_part("given_name", word))
    if sought.number:
        found = found.filter(number__startswith=sought.number)
    for day in sought.days:
        found = found.filter(birth_date=day)
    return found.order_by("family_name", "given_name", "birth_date", "pk")


def exact(organisation_id: int, sought: Sought) -> Patient | None:
    """Return the patient whose record number was typed, and nothing else; spaces and case do not matter."""
    as_typed = Patient.objects.filter(organisation_id=organisation_id, mrn=sought.text).first()
    if as_typed is not None:
        return as_typed
    number = _squeezed(sought.text)
    found = list(_with_number(organisation_id).filter(number=number)[:2]) if number else []
    return found[0] if len(found) == 1 else None


def similar(organisation_id: int, identity: PatientIdentity) -> list[Patient]:
    """Return patients who may be the same person: born that day with a like name, or with a like number."""
    born_then = Q(birth_date=identity.birth_date)
    like_number = Q(number=_squeezed(identity.mrn))
    name = f"{identity.family_name} {identity.given_name}"
    return [
        patient
        for patient in _with_number(organisation_id)
        .filter(born_then | like_number)
        .order_by("family_name", "pk")
        if _squeezed(patient.mrn) == _squeezed(identity.mrn)
        or alike(name, f"{patient.family_name} {patient.given_name}")
    ]


def confusable(patients: Iterable[Patient]) -> set[UUID]:
    """Return which of the patients have a name like another one's in the same list."""
    rows = list(patients)
    return {
        patient.pk
        for patient in rows
        for other in rows
        if patient is not other
        and alike(f"{patient.family_name} {patient.given_name}", f"{other.family_name} {other.given_name}")
    }


def alike(one: str, other: str) -> bool:
    """Whether two full names are easily confused, also with family and given name swapped."""
    one, other = one.casefold(), other.casefold()
    return max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) >= SIMILAR


def _with_number(organisation_id: int) -> QuerySet[Any]:
    """Return the patients with their record number as it is compared: no spaces, upper case."""
    squeezed = Func(F("mrn"), Value(" "), Value(""), function="replace", output_field=CharField())
    return Patient.objects.filter(organisation_id=organisation_id).annotate(number=Upper(squeezed))


def _squeezed(text: str) -> str:
    return text.replace(" ", "").upper()


def _name_part(field: str, word: str) -> Q:
    """A word begins the name, or a later part of it: Maria Garcia Lopez, Anne-Marie."""
    return (
        Q(**{f"{field}__istartswith": word})
        | Q(**{f"{field}__icontains": f" {word}"})
        | Q(**{f"{field}__icontains": f"-{word}"})
    )
