"""The pages of single rows: one model admin for every list of a version."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import StackedInline
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from guidelines import snapshot
from guidelines.admin.access import ContentAdmin, may_read, may_write, reader, version_of, writer
from guidelines.admin.forms import AFTER_REPORT, CONDITION_FIELDS, RowForm
from guidelines.admin.inputs import Bench, RowInputs, bench_of
from guidelines.admin.kept import kept_page, released
from guidelines.admin.sections import BY_MODEL, Section
from guidelines.admin.seen import seen_of
from guidelines.conditions_text import in_words, labels_of
from guidelines.engine.grammar import OPERATORS
from guidelines.models import ScenarioVersion
from guidelines.row_order import settle

VOCABULARY = ("data_elements", "findings", "complications", "studies", "next_steps")
VERSIONS = "admin:guidelines_scenarioversion_changelist"

PROVENANCE = ("standing", "source", "verified_by", "verified_on")


class NestedRows(RowInputs, StackedInline):
    """Rows inside a row, such as the choices of a data element, on the page of that row."""

    extra = 1
    form = RowForm

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return a formset whose forms know the version."""
        bench = bench_of(request)
        known = {"version": bench.version, "document": bench.document}
        made = type("NestedForm", (self.form,), known)
        return super().get_formset(request, obj, form=made, **kwargs)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Offer an empty form on a draft only."""
        return self.extra if self.has_change_permission(request, obj) else 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show the rows with the row that they belong to."""
        return may_read(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let them change with the row that they belong to."""
        return may_write(request.user) and bench_of(request).version.is_open

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let them be added with the row that they belong to."""
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let them be removed with the row that they belong to."""
        return self.has_change_permission(request, obj)


class RowAdmin(RowInputs, ContentAdmin):
    """One row of a version: reached from the version's page, and leads back there."""

    form = RowForm
    exclude = ("version",)
    change_form_template = "admin/guidelines/row_form.html"
    delete_confirmation_template = "admin/guidelines/row_delete.html"
    object_history_template = "admin/guidelines/row_history.html"
    save_as = False
    words_from: tuple[str, ...] = VOCABULARY  # lists that the form of a row is made of

    @property
    def section(self) -> Section:
        """Return the list that the rows stand in."""
        return BY_MODEL[self.model]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep the rows off the start page: they are reached from their version."""
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let rows of a draft be deleted."""
        return may_write(request.user) and (obj is None or version_of(obj).is_open)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the versions: a row has no meaning outside its own."""
        reader(request)
        return HttpResponseRedirect(reverse(VERSIONS))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch the version with the row; every page asks for it."""
        return super().get_queryset(request).select_related("version__scenario")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row with the words its conditions are made of."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and hasattr(request, "desk_bench"):
            row.desk_document = bench_of(request).document
        return row

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return a form that knows the version."""
        made = super().get_form(request, obj, change, **kwargs)
        bench = bench_of(request)
        return type(made.__name__, (made,), {"version": bench.version, "document": bench.document})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Put what the row says first, then where it comes from, then its place."""
        if self.fieldsets:
            return [*self.fieldsets, ("Place in the list", {"fields": ["position"]})]
        last = ("id", "version", "position", *PROVENANCE)
        fields: list[str] = []
        for field in self.model._meta.fields:
            if field.name not in last:
                fields.append(field.name)
            if field.name in CONDITION_FIELDS:
                fields.append("condition_in_words")
        sourced = [name for name in PROVENANCE if _has(self.model, name)]
        return [
            (None, {"fields": fields}),
            *([("Where it comes from", {"fields": sourced})] if sourced else []),
            ("Place in the list", {"fields": ["position"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a condition in words under its JSON."""
        return ("condition_in_words",) if _has(self.model, "condition") else ()

    @admin.display(description="In words")
    def condition_in_words(self, row: Any) -> str:
        """Return the condition as an editor reads it."""
        return words_of(row, row)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save a row. Holds the version while it saves, so that nobody publishes half a change."""
        reader(request)
        with transaction.atomic():
            version = self._version(request, object_id)
            if request.method == "POST" and may_write(request.user):
                if version is None:
                    return kept_page(request, self, "This row is gone: somebody deleted it while you wrote.")
                if not version.is_open:
                    return kept_page(request, self, released(version), version=version)
            if version is None and object_id is not None:  # Django says that there is no such row
                return super().changeform_view(request, object_id, form_url, extra_context)
            if version is None or (object_id is None and not version.is_open):
                messages.error(request, "Rows are added on the page of a draft.")
                return HttpResponseRedirect(reverse(VERSIONS))
            document = snapshot.lists_of(version, self.words_from)
            request.desk_bench = Bench(version, document)  # type: ignore[attr-defined]
            context = self._frame(version) | {"vocabulary": self._vocabulary(document)}
            row = self.get_object(request, unquote(object_id)) if object_id else None
            context["seen"] = seen_of(row) if row else ""
            page = super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
            return page.render() if hasattr(page, "render") else page

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Ask, and delete a row of a draft."""
        writer(request)
        with transaction.atomic():
            frame = self._frame(self._version(request, object_id))
            page = super().delete_view(request, object_id, frame | (extra_context or {}))
            return page.render() if hasattr(page, "render") else page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show who changed the row in the admin."""
        reader(request)
        frame = self._frame(self._version(request, object_id))
        return super().history_view(request, object_id, frame | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row and move it to the place that was typed."""
        super().save_model(request, obj, form, change)
        if not change or "position" in form.changed_data:
            settle(self.model._default_manager.filter(version=obj.version), [obj])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save nested rows and move them to the places that were typed."""
        super().save_formset(request, form, formset, change)
        moved = [row for row, fields in formset.changed_objects if "position" in fields]
        if moved or formset.new_objects or formset.deleted_objects:
            siblings = formset.model._default_manager.filter(**{formset.fk.name: formset.instance})
            settle(siblings, [*moved, *formset.new_objects])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row and close the gap."""
        version = obj.version
        super().delete_model(request, obj)
        settle(self.model._default_manager.filter(version=version), [])

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Lead back to the list on the version's page, or on to its review."""
        if "_review" in request.POST:
            return HttpResponseRedirect(reverse("admin:guideline_review", args=[obj.version_id]))
        return HttpResponseRedirect(self._list_url(obj.version_id))

    response_post_save_add = response_post_save_change

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Lead back to the list on the version's page."""
        messages.success(request, f"Deleted: {obj_display}.")
        return HttpResponseRedirect(self._list_url(int(request.desk_version_id)))  # type: ignore[attr-defined]

    def _version(self, request: HttpRequest, object_id: str | None) -> ScenarioVersion | None:
        """Return the version of the row, or the one that a new row is for; locked if it is written to."""
        if object_id is None:
            key = request.GET.get("version", "")
            if not (key.isascii() and key.isdigit() and len(key) < 18):
                return None
            found: int | None = int(key)
        else:
            row = self.get_object(request, unquote(object_id))
            found = None if row is None else row.version_id
        versions = ScenarioVersion.objects.select_related("scenario")
        if request.method == "POST":
            versions = versions.select_for_update(of=("self",))
        request.desk_version_id = found  # type: ignore[attr-defined]
        return None if found is None else versions.filter(pk=found).first()

    def _list_url(self, version_id: int) -> str:
        page = reverse("admin:guidelines_scenarioversion_change", args=[version_id])
        return f"{page}#{self.section.anchor}"

    def _frame(self, version: ScenarioVersion | None) -> dict[str, Any]:
        if version is None:
            return {}
        return {"version": version, "section": self.section, "list_url": self._list_url(version.pk)}

    def _vocabulary(self, document: dict[str, Any]) -> list[dict[str, str]]:
        """Return what a condition of this row may ask about; empty where rows have none."""
        names = {field.name for field in self.model._meta.fields}
        if not names & {*CONDITION_FIELDS, "elements", "prefill", "element"}:
            return []
        elements = {row["key"]: row for row in document["data_elements"]}
        subjects = labels_of(document)
        shown = subjects if self.model in AFTER_REPORT else {key: subjects[key] for key in elements}
        reported = {"finding": "choice", "discordant": "choice"}
        return [
            {
                "key": key,
                "label": subject.label,
                "operators": ", ".join(
                    OPERATORS[elements[key]["kind"] if key in elements else reported.get(key, "choices")]
                ),
                "values": ", ".join(f"{value} ({label})" for value, label in subject.values.items())
                or _range(elements.get(key, {})),
            }
            for key, subject in shown.items()
        ]


def words_of(row: Any, owner: Any) -> str:
    """Return a row's condition in words; `owner` is the row of the version that carries the words."""
    tree = getattr(row, "condition", None) or getattr(row, "when", None)
    document = getattr(owner, "desk_document", None)
    if tree is None or document is None:
        return "Shown here once it is saved."
    return format_html('<pre class="desk-words">{}</pre>', in_words(tree, labels_of(document)))


def _range(element: dict[str, Any]) -> str:
    if element.get("kind") == "date":
        return "a date, written YYYY-MM-DD"
    low, high, unit = element.get("minimum"), element.get("maximum"), element.get("unit", "")
    ends = f"{'' if low is None else low} to {'' if high is None else high}".strip()
    return f"a number, {ends} {unit}".strip() if ends != "to" else f"a number {unit}".strip()


def _has(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.fields)
