"""What a vignette of a scenario document may say: legal answers, and expectations that the document knows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from guidelines.engine import terms
from guidelines.engine.document import data_element
from guidelines.engine.elements import DataElement
from guidelines.engine.references import keys_of, rows
from guidelines.engine.shape import Report, child

LAST_DAY = date.max  # a vignette is checked without a clock; whether a day lies ahead is seen when it is run


def check_vignettes(document: object, report: Report) -> None:
    """Report answers and expectations of vignettes that the document does not know.

    Steps over what has the wrong shape, which is reported elsewhere.
    """
    elements = _elements(document)
    known = {
        name: keys_of(document, name)
        for name in ("redirects", "advisories", "findings", "complications", "next_steps", "studies")
    }
    rated = keys_of(document, "rated_studies")
    for place, row in rows(document, "vignettes"):
        if isinstance(row.get("answers"), dict):
            _check_answers(row["answers"], elements, child(place, "answers"), report)
        _check_codes(row, "redirects", known["redirects"], "a redirect", place, report)
        _check_codes(row, "advisories", known["advisories"], "an advisory", place, report)
        seen: list[object] = []
        for inner, study in rows(row, "studies", place):
            code = study.get("study")
            if isinstance(code, str):
                if code not in rated:
                    report(child(inner, "study"), f"{code!r} is not a rated study of this document")
                if code in seen:
                    report(child(inner, "study"), f"{code!r} stands here twice")
                seen.append(code)
        if row.get("fit") == terms.DOES_NOT_FIT:
            for name in ("studies", "advisories"):
                if row.get(name):
                    report(
                        child(place, name), "must be empty: where the scenario does not fit there are none"
                    )
        elif row.get("redirects"):
            report(child(place, "redirects"), "must be empty: readers are sent elsewhere only without a fit")
        if isinstance(row.get("report"), dict):
            _check_report(row["report"], known, child(place, "report"), report)


def _elements(document: object) -> dict[str, DataElement]:
    """Return the data elements that can be asked; a faulty one is reported elsewhere."""
    found = {}
    for _, row in rows(document, "data_elements"):
        faults: list[str] = []
        data_element(row, "", lambda pointer, message, faults=faults: faults.append(message))  # type: ignore[misc]
        if not faults:
            found[row["key"]] = DataElement.from_dict(row)
    return found


def _check_answers(
    answers: Mapping[str, Any], elements: Mapping[str, DataElement], place: str, report: Report
) -> None:
    for key, value in answers.items():
        if key not in elements:
            report(child(place, key), f"{key!r} is not a data element of this document")
        elif value is None or value == []:
            report(child(place, key), "leave the answer out: it is not documented")
        else:
            for _, message in elements[key].faults(value, LAST_DAY):
                report(child(place, key), message)


def _check_codes(
    row: Mapping[str, Any], name: str, known: tuple[Any, ...], what: str, place: str, report: Report
) -> None:
    given = row.get(name)
    listed = given if isinstance(given, list) else []
    for index, code in enumerate(listed):
        if isinstance(code, str) and code not in known:
            report(child(child(place, name), index), f"{code!r} is not {what} of this document")
        if code in listed[:index]:
            report(child(child(place, name), index), f"{code!r} stands here twice")


def _check_report(
    row: Mapping[str, Any], known: Mapping[str, tuple[Any, ...]], place: str, report: Report
) -> None:
    finding = row.get("finding")
    if isinstance(finding, str) and finding not in known["findings"]:
        report(child(place, "finding"), f"{finding!r} is not a finding of this document")
    _check_codes(row, "complications", known["complications"], "a complication", place, report)
    _check_codes(row, "studies_done", known["studies"], "a study", place, report)
    _check_codes(row, "next_steps", known["next_steps"], "a next step", place, report)
