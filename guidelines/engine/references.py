"""What a scenario document must mean: all it refers to exists, nothing stands twice, values are sourced.

Faults of shape are reported elsewhere (`document.check_shape`); these checks therefore step over whatever has
the wrong type, so that one run reports both.
"""

import re
from collections.abc import Iterator
from typing import Any

from guidelines.engine import terms
from guidelines.engine.grammar import Subject, Subjects, check_condition
from guidelines.engine.shape import Report, child, is_number

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]

# Lists whose members carry a key of their own, and the name of that key.
KEYED = {
    "sources": "key",
    "data_elements": "key",
    "criteria": "key",
    "redirects": "code",
    "radiation_levels": "level",
    "studies": "code",
    "rated_studies": "study",
    "order_rules": "key",
    "advisories": "code",
    "contradictions": "code",
    "questions": "key",
    "findings": "key",
    "complications": "key",
    "next_steps": "code",
    "next_step_rules": "key",
    "pitfalls": "key",
    "faqs": "key",
    "leaflet": "key",
    "vignettes": "key",
}
# Elements that the value of a binding refers to: a day to compare with, the record of another answer
_ELEMENT_IN_BINDING = {
    "status": re.compile(r"=(?:before|after) (?P<key>[^:]*):"),
    "latest": re.compile(r" with (?P<key>.*)$"),
}
_ANSWERING = ("exact", "category", "status")  # bindings that name the answer
SOURCED = ("criteria", "order_rules", "advisories", "next_steps", "bindings")


def rows(parent: object, name: str, pointer: str = "") -> Rows:
    """Yield the pointer and the object of each well-shaped member of a list."""
    listed = parent.get(name) if isinstance(parent, dict) else None
    for index, row in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(row, dict):
            yield child(child(pointer, name), index), row


def keys_of(document: object, name: str) -> tuple[Any, ...]:
    """Return the keys that the members of a top-level list carry, in list order."""
    return tuple(
        row[KEYED[name]] for _, row in rows(document, name) if isinstance(row.get(KEYED[name]), str | int)
    )


def subjects_of(document: object) -> Subjects:
    """Return the data elements that conditions may ask about."""
    return {
        row["key"]: Subject(
            kind=row["kind"] if isinstance(row.get("kind"), str) else "",
            values=tuple(c["value"] for _, c in rows(row, "choices") if isinstance(c.get("value"), str)),
        )
        for _, row in rows(document, "data_elements")
        if isinstance(row.get("key"), str)
    }


def subjects_after_report(document: object) -> Subjects:
    """Return the data elements and what a report says: what conditions of next-step rules may ask about."""
    finding, discordant, complications, studies_done = terms.REPORT_FACTS
    return {
        **subjects_of(document),
        finding: Subject(terms.CHOICE, keys_of(document, "findings")),
        discordant: Subject(terms.CHOICE, ("yes", "no")),
        complications: Subject(terms.CHOICES, keys_of(document, "complications")),
        studies_done: Subject(terms.CHOICES, keys_of(document, "studies")),
    }


def check_references(document: object, report: Report) -> None:
    """Report every fault of meaning of a scenario document."""
    for name in KEYED:
        _unique(document, name, KEYED[name], "", report)
    _check_sources(document, report)
    _check_elements(document, report)
    _check_conditions(document, report)
    _check_radiation(document, report)
    _check_studies(document, report)
    _check_follow_up(document, report)
    _check_bindings(document, report)


def _unique(parent: object, name: str, key: str, pointer: str, report: Report) -> None:
    """Report members of a list that carry the same key as an earlier one."""
    seen = set()
    for place, row in rows(parent, name, pointer):
        if isinstance(row.get(key), str | int):
            if row[key] in seen:
                report(child(place, key), f"{row[key]!r} stands here twice")
            seen.add(row[key])


def _known(row: Row, key: str, place: str, known: tuple[Any, ...], what: str, report: Report) -> None:
    """Report a reference to something that the document does not have."""
    value = row.get(key)
    if isinstance(value, str | int) and value not in known:
        report(child(place, key), f"{value!r} is not {what} of this document")


def _members_known(row: Row, key: str, place: str, known: tuple[Any, ...], what: str, report: Report) -> None:
    """Report references in a list to things that the document does not have, or that stand there twice."""
    listed = row.get(key)
    if not isinstance(listed, list):
        return
    for index, value in enumerate(listed):
        if isinstance(value, str):
            where = child(child(place, key), index)
            if value not in known:
                report(where, f"{value!r} is not {what} of this document")
            if value in listed[:index]:
                report(where, f"{value!r} stands here twice")


def _sourced(row: Row, key: str, place: str, report: Report, why: str) -> None:
    """Report a value that says nothing of where it comes from."""
    if row.get(key) is None:
        report(child(place, key), f"{why} needs a source")


def _check_sources(document: object, report: Report) -> None:
    """Report unknown sources, and cited values without one."""
    known = keys_of(document, "sources")
    if isinstance(document, dict):
        _known(document, "primary_source", "", known, "a source", report)
    for name in (*SOURCED, "pitfalls", "faqs", "leaflet"):
        for place, row in rows(document, name):
            _known(row, "source", place, known, "a source", report)
            if row.get("standing") in terms.CITED_STANDINGS:
                _sourced(row, "source", place, report, f"a value that stands as {row['standing']!r}")


def _check_elements(document: object, report: Report) -> None:
    """Report data elements whose definition contradicts itself."""
    for place, row in rows(document, "data_elements"):
        kind = row.get("kind")
        if row.get("key") in terms.REPORT_FACTS:
            report(
                child(place, "key"), f"{row['key']!r} is reserved for what a report says; choose another key"
            )
        _unique(row, "choices", "value", place, report)
        if kind in terms.LISTED and not row.get("choices"):
            report(child(place, "choices"), "must offer at least one choice")
        if kind in terms.KINDS and kind not in terms.LISTED and row.get("choices"):
            report(child(place, "choices"), f"must be empty for {kind!r}")
        low, high = row.get("minimum"), row.get("maximum")
        for name, limit in (("minimum", low), ("maximum", high)):
            if limit is not None and kind in terms.KINDS and kind not in terms.NUMBERS:
                report(child(place, name), f"must be null for {kind!r}")
        if is_number(low) and is_number(high) and low > high:
            report(child(place, "maximum"), "must not be below the minimum")
        if row.get("derived_from") == terms.FROM_BIRTH_DATE and kind != terms.INTEGER:
            report(child(place, "derived_from"), "an age is given in whole years: the kind must be 'integer'")


def _check_conditions(document: object, report: Report) -> None:
    """Report faults of every condition, and redirects and elements that do not exist."""
    subjects = subjects_of(document)
    redirects = keys_of(document, "redirects")
    for place, row in rows(document, "criteria"):
        check_condition(row.get("condition"), subjects, child(place, "condition"), report)
        for inner, redirect in rows(row, "redirects", place):
            check_condition(redirect.get("when"), subjects, child(inner, "when"), report)
            _known(redirect, "redirect", inner, redirects, "a redirect", report)
    for name in ("order_rules", "advisories"):
        for place, row in rows(document, name):
            check_condition(row.get("condition"), subjects, child(place, "condition"), report)
    for place, row in rows(document, "contradictions"):
        check_condition(row.get("condition"), subjects, child(place, "condition"), report, extended=True)
        _members_known(row, "elements", place, tuple(subjects), "a data element", report)
    reported = subjects_after_report(document)
    for place, row in rows(document, "next_step_rules"):
        check_condition(row.get("condition"), reported, child(place, "condition"), report, extended=True)


def _check_radiation(document: object, report: Report) -> None:
    """Report impossible bands of dose, in mSv, and bands without a source."""
    sources = keys_of(document, "sources")
    for place, row in rows(document, "radiation_levels"):
        for name, source in (("adult_msv", "source"), ("paediatric_msv", "paediatric_source")):
            _known(row, source, place, sources, "a source", report)
            band = row.get(name)
            if not isinstance(band, dict):
                continue
            _sourced(row, source, place, report, "a recorded dose")
            low, high = band.get("min"), band.get("max")
            for bound, value in (("min", low), ("max", high)):
                if is_number(value) and value < 0:
                    report(child(child(place, name), bound), "must not be negative")
            if is_number(low) and is_number(high) and low > high:
                report(child(child(place, name), "max"), "must not be below the minimum")


def _check_studies(document: object, report: Report) -> None:
    """Report studies, ratings and placements that refer to nothing or say nothing of their source."""
    sources, levels = keys_of(document, "sources"), keys_of(document, "radiation_levels")
    studies, rated = keys_of(document, "studies"), keys_of(document, "rated_studies")
    for place, row in rows(document, "leaflet"):
        _known(row, "study", place, studies, "a study", report)
    for place, row in rows(document, "rated_studies"):
        _known(row, "study", place, studies, "a study", report)
        _known(row, "rating_source", place, sources, "a source", report)
        _known(row, "radiation_source", place, sources, "a source", report)
        _known(row, "radiation_level", place, levels, "a radiation level", report)
        if row.get("rating") is not None:
            _sourced(row, "rating_source", place, report, "a rating")
        if row.get("radiation_level") is not None:
            _sourced(row, "radiation_source", place, report, "a radiation level")
    for place, row in rows(document, "order_rules"):
        _unique(row, "placements", "study", place, report)
        for inner, placement in rows(row, "placements", place):
            _known(placement, "study", inner, rated, "a rated study", report)


def _check_follow_up(document: object, report: Report) -> None:
    """Report next steps and their rules that refer to nothing."""
    studies, steps = keys_of(document, "studies"), keys_of(document, "next_steps")
    subjects = subjects_of(document)
    for place, row in rows(document, "next_steps"):
        _known(row, "study", place, studies, "a study", report)
        for inner, answer in rows(row, "prefill", place):
            _members_known(answer, "studies", inner, studies, "a study", report)
            test = {"element": answer.get("element"), "op": "equals", "value": answer.get("value")}
            check_condition(test, subjects, inner, report)  # an answer is legal where a test for it is
    for place, row in rows(document, "next_step_rules"):
        _members_known(row, "adds", place, steps, "a next step", report)
        _members_known(row, "removes", place, steps, "a next step", report)


def _check_bindings(document: object, report: Report) -> None:
    """Report bindings to elements, choices or studies that do not exist."""
    subjects, studies = subjects_of(document), keys_of(document, "studies")
    for place, row in rows(document, "bindings"):
        _known(row, "element", place, tuple(subjects), "a data element", report)
        match, value = row.get("match"), row.get("value")
        if match == "study":
            if value:
                _known(row, "value", place, studies, "a study", report)
            continue
        subject = subjects.get(row["element"]) if isinstance(row.get("element"), str) else None
        if not isinstance(value, str):
            continue
        answer = value.rpartition(":")[2] if match == "status" else value
        listed = subject is not None and subject.kind in terms.LISTED and match in _ANSWERING
        if answer and subject and listed and answer not in subject.values:
            report(child(place, "value"), f"{answer!r} is not a choice of the element")
        pattern = _ELEMENT_IN_BINDING.get(match) if isinstance(match, str) else None
        named = pattern.search(value) if pattern else None
        if named and named["key"] not in subjects:
            report(child(place, "value"), f"{named['key']!r} is not a data element")
