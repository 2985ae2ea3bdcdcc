"""The auditors' desk: the trail of the own organisation, to search, read and take along, never to change."""

import json
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.html import format_html

from portal import audit
from portal.audit.export import event_lines
from portal.desk import DeskAdmin
from portal.models import AuditEvent
from portal.roles import Role, has_role
from portal.spreadsheets import csv_lines, download

CSV_COLUMNS = (
    "seq", "recorded_at", "actor", "actor_role", "via", "event_type", "action", "outcome", "entity",
    "entity_id", "organisation", "patient_ref", "reason", "before", "after", "request_id", "client_ip", "id",
)  # fmt: skip
MAX_COUNT = 10_000  # events that are counted; what lies further back is found by a filter
_RECENT = 2_000  # events whose kinds, records and people are offered as filters


class BoundedPaginator(Paginator):
    """Counts as far as people turn pages: counting years of events would keep everybody waiting."""

    @cached_property
    def count(self) -> int:
        """Return the number of events, at most MAX_COUNT."""
        events: Any = self.object_list
        return int(events.order_by()[:MAX_COUNT].count())


class RecentValueFilter(admin.SimpleListFilter):
    """Offers the values of a column that recent events hold."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the values, in alphabetical order."""
        recent = (
            model_admin.get_queryset(request).order_by("-id").values_list(self.column, flat=True)[:_RECENT]
        )
        return [(value, value) for value in sorted({value for value in (*recent, self.value()) if value})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Return the events with the chosen value."""
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


def _recent_values(name: str, heading: str) -> type[RecentValueFilter]:
    return type(
        f"{name}_filter", (RecentValueFilter,), {"column": name, "parameter_name": name, "title": heading}
    )


@admin.register(AuditEvent)
class AuditEventAdmin(DeskAdmin):
    """Events of the auditor's organisation. A superuser has no part in it without being an auditor."""

    list_display = ("recorded_at", "actor", "via", "event_type", "action", "record", "patient_ref", "outcome")
    list_display_links = ("recorded_at",)
    list_filter = (
        "recorded_at",
        _recent_values("event_type", "event"),
        "action",
        "outcome",
        _recent_values("entity", "record"),
        _recent_values("actor", "person"),
    )
    search_fields = ("actor",)  # opens the search field; see get_search_results
    search_help_text = "A person, record number, patient or request, exactly as written in the list."
    sortable_by = ()
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("recorded_at", "event_type", "action", "outcome", "reason")}),
        ("Who", {"fields": ("actor", "actor_role", "via", "client_ip", "request_id", "db_user")}),
        ("What", {"fields": ("entity", "entity_id", "organisation", "patient_ref", "was", "became")}),
        ("Proof", {"fields": ("id", "seq", "hash_text", "prev_hash_text")}),
    )
    readonly_fields = ("was", "became", "hash_text", "prev_hash_text")
    change_list_template = "admin/portal/auditevent/change_list.html"

    # --- who ---------------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the trail to auditors."""
        return has_role(request.user, Role.AUDITOR)

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        """Let auditors read."""
        return has_role(request.user, Role.AUDITOR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds an event by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        """Nobody changes an event."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        """Nobody deletes an event."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Return the events of the auditor's own organisation; an auditor of none sees none."""
        organisation_id = getattr(request.user, "organisation_id", None)
        events = super().get_queryset(request)
        return events.filter(organisation=str(organisation_id)) if organisation_id else events.none()

    # --- reading -----------------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Return the events that name exactly this person, record, patient or request."""
        term = search_term.strip()
        if term:
            queryset = queryset.filter(
                Q(actor=term) | Q(entity_id=term) | Q(patient_ref=term) | Q(request_id=term)
            )
        return queryset, False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one event, which may hold patient data: reading it is an event as well."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        event = self.get_object(request, object_id)
        if event is None:
            audit.denied(request, entity="audit", entity_id=object_id, reason="not in this organisation")
            raise Http404
        response = super().change_view(request, object_id, form_url, extra_context)
        audit.log(
            "audit.viewed",
            action="R",
            entity="audit",
            entity_id=event.pk,
            organisation_id=event.organisation,
            patient_id=event.patient_ref,
        )
        return response

    @admin.display(description="record")
    def record(self, event: AuditEvent) -> str:
        """Return what kind of record, and which."""
        return " ".join(part for part in (event.entity, event.entity_id) if part)

    @admin.display(description="before")
    def was(self, event: AuditEvent) -> str:
        """Return the values before the change."""
        return _readable(event.before)

    @admin.display(description="after")
    def became(self, event: AuditEvent) -> str:
        """Return the values after the change, or the detail of the event."""
        return _readable(event.after)

    @admin.display(description="hash")
    def hash_text(self, event: AuditEvent) -> str:
        """Return the event's hash in the chain."""
        return bytes(event.hash).hex() if event.hash is not None else ""

    @admin.display(description="hash of the event before")
    def prev_hash_text(self, event: AuditEvent) -> str:
        """Return the hash that this event's hash was made from."""
        return bytes(event.prev_hash).hex() if event.prev_hash is not None else ""

    # --- taking along ------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """Return Django's addresses and the two exports."""
        wrap = self.admin_site.admin_view
        exports: list[URLPattern | URLResolver] = [
            path("export.csv", wrap(self.export_csv), name="portal_auditevent_export_csv"),
            path("export.jsonl", wrap(self.export_jsonl), name="portal_auditevent_export_jsonl"),
        ]
        return exports + list(super().get_urls())

    def export_csv(self, request: HttpRequest) -> StreamingHttpResponse:
        """Answer the filtered events as a table for a spreadsheet, oldest first."""
        events = self._filtered(request, "csv")
        rows = events.values_list(*CSV_COLUMNS).iterator(chunk_size=500)
        return download(csv_lines(CSV_COLUMNS, rows), "text/csv; charset=utf-8", "audit.csv")

    def export_jsonl(self, request: HttpRequest) -> StreamingHttpResponse:
        """Answer the filtered events as JSON lines that docs/verify_audit.py verifies."""
        ids = self._filtered(request, "jsonl").order_by().values("id")
        query, parameters = ids.query.sql_with_params()
        return download(event_lines(query, parameters), "application/jsonl; charset=utf-8", "audit.jsonl")

    def _filtered(self, request: HttpRequest, form: str) -> QuerySet[AuditEvent]:
        """Return the events that the list with these filters shows, and record that they leave."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            events = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters as error:
            raise BadRequest from error
        audit.log(
            "export.made",
            action="R",
            entity="audit",
            organisation_id=getattr(request.user, "organisation_id", None),
            detail={"format": form, "filters": request.GET.dict()},
        )
        return events.order_by("id")


def _readable(value: Any) -> str:
    if value is None:
        return "-"
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))
