"""Forms of content rows: what is wrong is said at the field, in words that say what to do."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from guidelines.admin.seen import SeenForm
from guidelines.engine.grammar import Subjects, check_condition
from guidelines.engine.references import subjects_after_report, subjects_of
from guidelines.models import Contradiction, NextStepRule, ScenarioVersion

Document = dict[str, Any]

CONDITION_FIELDS = ("condition", "when")
AFTER_REPORT = (NextStepRule,)  # their conditions also see what the report says
EXTENDED = (NextStepRule, Contradiction)  # they may also ask what is documented or established


class RowForm(SeenForm):
    """A row of one version. The admin makes a subclass that knows the version and its document."""

    version: ScenarioVersion
    document: Document

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if hasattr(self._meta.model, "version_id") and self.instance.version_id is None:
            self.instance.version = self.version

    def _get_validation_exclusions(self) -> set[str]:
        # the version is no field of the form, yet "once in this version" is for the form to check
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"version"}

    def clean(self) -> dict[str, Any]:
        """Check what one row can get wrong by itself; publication checks the version as a whole."""
        super().clean()
        for name in CONDITION_FIELDS:
            if self.cleaned_data.get(name) is not None:
                faults = condition_faults(self.cleaned_data[name], self.document, self._meta.model)
                self._refuse(name, faults)
        self._check_keys()
        return self.cleaned_data

    def _refuse(self, name: str, faults: list[str]) -> None:
        if faults:
            self.add_error(name, [ValidationError(fault) for fault in faults])

    def _check_keys(self) -> None:
        elements = [row["key"] for row in self.document["data_elements"]]
        steps = [row["code"] for row in self.document["next_steps"]]
        for name, known in (("elements", elements), ("adds", steps), ("removes", steps)):
            if isinstance(self.cleaned_data.get(name), list):
                self._refuse(name, key_faults(self.cleaned_data[name], known))


class RadiationLevelForm(RowForm):
    """A level whose bands have two ends, or none."""

    def clean(self) -> dict[str, Any]:
        """Refuse half a band: it would be shown as not recorded."""
        values = super().clean()
        for band in ("adult", "paediatric"):
            low, high = values.get(f"{band}_min_msv"), values.get(f"{band}_max_msv")
            for name, value, other in (("min", low, high), ("max", high, low)):
                field = f"{band}_{name}_msv"
                if value is None and other is not None and field not in self.errors:
                    self.add_error(field, "Give both ends of the band, or neither: not recorded.")
            if low is not None and high is not None and low > high:
                self.add_error(f"{band}_max_msv", "Must not be below the lower end.")
        return values


class StudyForm(RowForm):
    """A study with its codes in other systems."""

    def clean_codes(self) -> list[dict[str, str]]:
        """Accept a list of {"system", "code", "display"} with texts."""
        codes = self.cleaned_data["codes"]
        wanted = {"system", "code", "display"}
        for place, code in enumerate(codes if isinstance(codes, list) else [codes], start=1):
            if not isinstance(code, dict) or set(code) != wanted or not _texts(code.values()):
                raise ValidationError(
                    f'Entry {place} must be {{"system": "...", "code": "...", "display": "..."}}, in a list.'
                )
        return codes


class NextStepForm(RowForm):
    """A next step with the answers that its follow-up order starts with."""

    def clean_prefill(self) -> list[dict[str, Any]]:
        """Accept a list of {"element", "value", "studies"} that the version's elements and studies allow."""
        prefill = self.cleaned_data["prefill"]
        subjects, faults = subjects_of(self.document), []
        studies = {row["code"] for row in self.document["studies"]}
        for place, answer in enumerate(prefill if isinstance(prefill, list) else [prefill], start=1):
            if not isinstance(answer, dict) or set(answer) != {"element", "value", "studies"}:
                faults.append(
                    f'Entry {place} must be {{"element": ..., "value": ..., "studies": [...]}}, in a list.'
                )
                continue
            test = {"element": answer["element"], "op": "equals", "value": answer["value"]}
            faults += [f"Entry {place}: {fault}" for fault in _said(test, subjects, extended=False)]
            listed = answer["studies"] if isinstance(answer["studies"], list) else [answer["studies"]]
            faults += [
                f"Entry {place}: {study!r} is not the code of a study of this version."
                for study in listed
                if not isinstance(study, str) or study not in studies
            ]
        if faults:
            raise ValidationError(faults)
        return prefill


class BindingForm(RowForm):
    """A reading of records into an answer of this version."""

    def clean(self) -> dict[str, Any]:
        """Refuse an element or a value that the version does not have."""
        values = super().clean()
        subjects, key = subjects_of(self.document), values.get("element")
        if key and key not in subjects:
            self.add_error("element", f"Use the key of a data element: {', '.join(subjects)}.")
        elif key and values.get("value") and values.get("match") in ("exact", "category"):
            offered = subjects[key].values
            if offered and values["value"] not in offered:
                self.add_error("value", f"Use a value of that data element: {', '.join(offered)}.")
        return values


def condition_faults(tree: object, document: Document, model: type) -> list[str]:
    """Return every fault of a condition with its place, as sentences."""
    subjects = subjects_after_report(document) if model in AFTER_REPORT else subjects_of(document)
    return _said(tree, subjects, extended=model in EXTENDED)


def key_faults(keys: list[str], known: list[str]) -> list[str]:
    """Return what is wrong with a list of keys, as sentences."""
    return [
        f"{key!r} is not known in this version. Use: {', '.join(known) or '(there are none yet)'}."
        for key in keys
        if key not in known
    ] + [f"{key!r} stands here twice." for place, key in enumerate(keys) if key in keys[:place]]


def _said(tree: object, subjects: Subjects, *, extended: bool) -> list[str]:
    faults: list[str] = []

    def report(pointer: str, message: str) -> None:
        if pointer.endswith("/element") and message.endswith("of this document"):
            message = f"{message}. Use one of: {', '.join(subjects) or '(there are none yet)'}"
        faults.append(f"At {pointer}: {message}." if pointer else f"The condition {message}.")

    check_condition(tree, subjects, "", report, extended=extended)
    return faults


def _texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)
