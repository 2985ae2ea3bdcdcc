"""The page of a vignette: answers chosen from the version's questions, expectations from its lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.views.decorators.http import require_GET

from guidelines import gate, snapshot
from guidelines.admin.access import reader
from guidelines.admin.checks import row_of
from guidelines.admin.forms import RowForm
from guidelines.admin.inputs import bench_of
from guidelines.admin.rows import VOCABULARY, RowAdmin
from guidelines.engine import terms
from guidelines.engine.vignette_references import check_vignettes
from guidelines.gate.words import Words
from guidelines.models import Role, Vignette

Pairs = list[tuple[str, str]]

ANSWER, PLACE, ROLE, REPORT = "answer_", "place_", "role_", "report_"
NOT_DOCUMENTED = "Not documented"
MOST_PLACES = 12  # studies whose place a vignette can name; nobody reads on further
REPORT_FIELDS = ("finding", "discordant", "complications", "studies_done", "next_steps")


class VignetteForm(RowForm):
    """A vignette. The admin makes a subclass with a field for each question and list of the version."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in spread(self.instance, self.document).items():
            self.initial.setdefault(name, value)

    def clean(self) -> dict[str, Any]:
        """Put the fields together again, and say at each what the version does not know."""
        values = super().clean()
        row = {"fit": values.get("fit"), **self._gathered(values)}
        for name in ("answers", "redirects", "studies", "advisories", "report"):
            setattr(self.instance, name, row[name])

        def report(pointer: str, message: str) -> None:
            name = self._field_at(pointer)
            self.add_error(name, f"{message[:1].upper()}{message[1:]}.")

        check_vignettes({**self.document, "vignettes": [row]}, report)
        return values

    def _gathered(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of the row that the fields spell."""
        answers: dict[str, Any] = {}
        for element in self.document["data_elements"]:
            given = values.get(ANSWER + element["key"])
            if given not in (None, "", []):
                answers[element["key"]] = given
        places = range(1, MOST_PLACES + 1)
        studies = [
            {"study": values[f"{PLACE}{place}"], "role": values.get(f"{ROLE}{place}") or None}
            for place in places
            if values.get(f"{PLACE}{place}")
        ]
        self._check_places(values)
        report = None
        if values.get(f"{REPORT}finding"):
            report = {name: values.get(REPORT + name) or [] for name in REPORT_FIELDS}
            report["discordant"] = bool(values.get(f"{REPORT}discordant"))
        elif any(values.get(REPORT + name) for name in REPORT_FIELDS):
            self.add_error(f"{REPORT}finding", "Choose the finding, or leave the whole report empty.")
        listed = {name: values.get(f"expected_{name}") or [] for name in ("redirects", "advisories")}
        return {"answers": answers, "studies": studies, "report": report, **listed}

    def _check_places(self, values: Mapping[str, Any]) -> None:
        """Refuse a role without a study, and a place after one that is empty."""
        empty = False
        for place in range(1, MOST_PLACES + 1):
            name = f"{PLACE}{place}"
            if values.get(name) and empty:
                self.add_error(name, "Fill in the places before this one first.")
            elif values.get(f"{ROLE}{place}") and not values.get(name):
                self.add_error(name, "Choose the study that has this role.")
            empty = empty or not values.get(name)

    def _field_at(self, pointer: str) -> str | None:
        """Return the field that a place of the row stands for."""
        parts = pointer.split("/")[3:]  # after "", "vignettes" and the number
        name = ""
        if parts[0] == "answers" and len(parts) > 1:
            name = ANSWER + parts[1]
        elif parts[0] == "studies":
            place = int(parts[1]) + 1 if len(parts) > 1 else 1
            filled = [n for n in range(1, MOST_PLACES + 1) if self.cleaned_data.get(f"{PLACE}{n}")]
            name = f"{PLACE}{filled[place - 1] if place <= len(filled) else 1}"
        elif parts[0] == "report":
            name = REPORT + (parts[1] if len(parts) > 1 else "finding")
        else:
            name = f"expected_{parts[0]}"
        return name if name in self.fields else None


class AnswerText(forms.CharField):
    """A number as it is typed; what is none stays a text, and the engine says what it must be."""

    def __init__(self, *, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Return the number that the text spells in plain digits."""
        text = super().clean(value)
        digits = text.removeprefix("-")
        whole, _, part = digits.partition(".")
        if text and text.isascii() and whole.isdigit() and len(digits) < 16:
            if "." not in digits and str(int(whole)) == whole:
                return int(text)
            if self.kind == terms.DECIMAL and part.isdigit() and str(int(whole)) == whole:
                return float(text)
        return text


def spread(row: Vignette, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields show of a row."""
    shown: dict[str, Any] = {ANSWER + key: value for key, value in (row.answers or {}).items()}
    for place, study in enumerate((row.studies or [])[:MOST_PLACES], start=1):
        shown[f"{PLACE}{place}"], shown[f"{ROLE}{place}"] = study.get("study", ""), study.get("role") or ""
    shown |= {f"expected_{name}": getattr(row, name) or [] for name in ("redirects", "advisories")}
    return shown | {REPORT + name: value for name, value in (row.report or {}).items()}


def fields_for(document: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Return a field for every question and every list of the version that a vignette can name."""
    names = {row["code"]: row["name"] for row in document["studies"]}
    rated = [(row["study"], names.get(row["study"], row["study"])) for row in document["rated_studies"]]
    fields: dict[str, forms.Field] = {
        ANSWER + element["key"]: _answer_field(element) for element in document["data_elements"]
    }
    for place in range(1, min(len(rated), MOST_PLACES) + 1):
        fields[f"{PLACE}{place}"] = _one(f"Study in place {place}", rated, "not compared")
        fields[f"{ROLE}{place}"] = _one(f"Role in place {place}", Role.choices, "any role")
    fields["expected_redirects"] = _several("Redirects", _titles(document["redirects"], "code"))
    fields["expected_advisories"] = _several("Advisories", _titles(document["advisories"], "code"))
    findings = [(row["key"], row["label"]) for row in document["findings"]]
    fields[f"{REPORT}finding"] = _one("Finding", findings, "no report is asked about")
    fields[f"{REPORT}discordant"] = forms.BooleanField(
        required=False, label="Disagrees with the clinical picture"
    )
    complications = [(row["key"], row["label"]) for row in document["complications"]]
    fields[f"{REPORT}complications"] = _several("Complications seen", complications)
    fields[f"{REPORT}studies_done"] = _several("Studies done", list(names.items()))
    fields[f"{REPORT}next_steps"] = _several("Next steps", _titles(document["next_steps"], "code"))
    return fields


def _answer_field(element: Mapping[str, Any]) -> forms.Field:
    label, kind = element["summary_label"] or element["label"], element["kind"]
    offered = [(choice["value"], choice["label"]) for choice in element["choices"]]
    if kind == terms.CHOICE:
        return _one(label, offered, NOT_DOCUMENTED)
    if kind == terms.CHOICES:
        return _several(label, offered, help_text="None: not documented.")
    if kind == terms.DATE:
        return forms.CharField(
            required=False, label=label, help_text="YYYY-MM-DD. Empty: not documented.", max_length=10
        )
    unit = f" {element['unit']}." if element["unit"] else ""
    return AnswerText(
        kind=kind,
        required=False,
        label=label,
        max_length=20,
        help_text=f"A number.{unit} Empty: not documented.",
    )


def _one(label: str, offered: Iterable[tuple[str, str]], nothing: str) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, label=label, choices=[("", f"({nothing})"), *offered])


def _several(label: str, offered: Pairs, *, help_text: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False,
        label=label,
        choices=offered,
        widget=forms.CheckboxSelectMultiple,
        help_text=help_text or ("" if offered else "This version has none."),
    )


def _titles(rows: Iterable[Mapping[str, Any]], key: str) -> Pairs:
    return [(row[key], row["title"]) for row in rows]


@admin.register(Vignette)
class VignetteAdmin(RowAdmin):
    """A vignette with its answers and what must come out."""

    form = VignetteForm
    change_form_template = "admin/guidelines/vignette_form.html"
    words_from = (*VOCABULARY, "redirects", "rated_studies", "advisories")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which one vignette is run."""
        page = self.admin_site.admin_view(require_GET(self.run_page))
        return [path("<int:pk>/run/", page, name="guideline_vignette_run"), *super().get_urls()]

    def run_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Run one vignette: what it expects and what comes out, side by side."""
        reader(request)
        vignette = get_object_or_404(Vignette.objects.select_related("version__scenario"), pk=pk)
        version = vignette.version
        document = snapshot.document_of(version)
        runs = {run.key: run for run in gate.report_of(version, document).runs}
        run = runs.get(vignette.key)
        context = (
            self.admin_site.each_context(request)
            | self._frame(version)
            | {
                "opts": self.opts,
                "media": self.media,
                "title": f"Vignette: {vignette.title}",
                "vignette": vignette,
                "row": row_of(run, vignette.pk, Words(document)) if run else None,
            }
        )
        return TemplateResponse(request, "admin/guidelines/vignette_run.html", context)

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return a form with the questions of the version."""
        kwargs["fields"] = ["key", "title", "story", "fit", "position"]
        made = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), fields_for(bench_of(request).document))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tell the story first, then what is known, then what must come out."""
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ["key", "title", "story", "fit", "in_words"]})]
        names = list(fields_for(bench_of(request).document))
        places = [name for name in names if name.startswith(PLACE)]
        return [
            (None, {"fields": ["key", "title", "story"]}),
            ("What is known of the patient", {"fields": [n for n in names if n.startswith(ANSWER)]}),
            ("What must come out", {"fields": ["fit", "expected_redirects"]}),
            (
                "Which studies come first",
                {
                    "fields": [(place, ROLE + place.removeprefix(PLACE)) for place in places],
                    "description": "Fill in the places that matter, from the first on. "
                    "Places left empty are not compared.",
                },
            ),
            ("What the reader is told", {"fields": ["expected_advisories"]}),
            (
                "After the report",
                {
                    "fields": [name for name in names if name.startswith(REPORT)],
                    "description": "May stay empty. With a finding, exactly these next steps must follow.",
                },
            ),
            ("Place in the list", {"fields": ["position"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Tell a vignette that cannot be changed in words."""
        return () if self.has_change_permission(request, obj) else ("in_words",)

    @admin.display(description="Answers and expectations")
    def in_words(self, row: Any) -> str:
        """Return what the fields would show, for a version that is only read."""
        document = row.desk_document
        fields, shown = fields_for(document), spread(row, document)
        lines = [
            (field.label, _in_words(field, shown[name]))
            for name, field in fields.items()
            if shown.get(name) not in (None, "", [])
        ]
        return format_html_join("", "<p><b>{}</b>: {}</p>", lines)


def _in_words(field: forms.Field, value: Any) -> str:
    """Return a value with the labels of its field."""
    labels = dict(getattr(field, "choices", ()))
    if isinstance(value, list):
        return ", ".join(str(labels.get(member, member)) for member in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(labels.get(value, value))
