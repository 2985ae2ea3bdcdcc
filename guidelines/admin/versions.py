"""The page of a version: its texts, its lists, and what can be done with it as a whole."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET

from guidelines import actions
from guidelines.admin.access import ContentAdmin, may_read, may_write, reader, writer
from guidelines.admin.checks import checks_of
from guidelines.admin.fields import plain_text
from guidelines.admin.filters import ReviewDue, WaitsFor
from guidelines.admin.inputs import Bench, RowInputs
from guidelines.admin.kept import kept_page, released
from guidelines.admin.review import MoveForm, ReviewPage
from guidelines.admin.sections import sections_of
from guidelines.admin.seen import SeenForm, seen_of
from guidelines.exceptions import DraftExists, MoveRefused
from guidelines.exchange.reading import Form, form_asked
from guidelines.exchange.writing import MEDIA_TYPES, file_name_of, pack_text
from guidelines.models import OPEN, ScenarioVersion
from guidelines.reviewing import history_of
from portal.models import User


@admin.register(ScenarioVersion)
class ScenarioVersionAdmin(ReviewPage, RowInputs, ContentAdmin):
    """Versions: drafts to write and to review, and released ones to read and to copy."""

    list_display = ("title", "scenario", "number", "state", "published_at", "published_by", "review_due_on")
    list_filter = ("state", ReviewDue, WaitsFor)
    list_select_related = ("scenario", "published_by")
    search_fields = ("title", "scenario__slug", "scenario__title", "search_terms")
    search_help_text = "Title, slug or search term."
    date_hierarchy = None
    form = SeenForm
    change_form_template = "admin/guidelines/version_form.html"
    object_history_template = "admin/guidelines/version_history.html"
    fieldsets = (
        ("What clinicians find", {"fields": ["title", "summary", "search_terms", "audience"]}),
        (
            "What the guideline page says",
            {
                "fields": [
                    "introduction",
                    "questions_introduction",
                    "radiation_justification",
                    "workflow_introduction",
                    "escalation",
                    "scale_note",
                ]
            },
        ),
        ("Source, licence and review", {"fields": ["primary_source", "licence", "review_due_on"]}),
        ("For editors", {"fields": ["note"]}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drafts are made with a new scenario, as a copy of a version, or from a pack."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add what can be done with a version as a whole."""
        site = self.admin_site.admin_view
        return [
            path("<int:pk>/check/", site(require_GET(self.check_page)), name="guideline_check"),
            path("<int:pk>/review/", site(self.review_page), name="guideline_review"),
            path("<int:pk>/copy/", site(self.copy_page), name="guideline_copy"),
            path("<int:pk>/discard/", site(self.discard_page), name="guideline_discard"),
            path("<int:pk>/export/", site(require_GET(self.export_pack)), name="guideline_export"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save the texts of a version, with its lists below."""
        with transaction.atomic():
            version = self._found(object_id, locked=request.method == "POST")
            if request.method == "POST" and may_write(request.user) and version and not version.is_open:
                return kept_page(request, self, released(version), version=version)
            context: dict[str, Any] = {}
            if version and may_read(request.user):
                request.desk_bench = Bench(version, {})  # type: ignore[attr-defined]
                context = {
                    "version": version,
                    "sections": sections_of(version),
                    "title": _titled(version),
                    "subtitle": version.title,
                    "steps": history_of(version),
                    "may_write": may_write(request.user),
                    "seen": seen_of(version),
                    "open_list": "rated_studies" if version.is_open else "",
                    "being_written": ScenarioVersion.objects.filter(
                        scenario=version.scenario_id, state__in=OPEN
                    ).first(),
                }
            page = super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
            return page.render() if hasattr(page, "render") else page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show who changed the texts of the version in the admin."""
        context = {"version": self._found(object_id)}
        return super().history_view(request, object_id, context | (extra_context or {}))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Stay on the page of the version: its lists are the next thing to do."""
        return HttpResponseRedirect(self._page(obj))

    def check_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what would keep the version from being published, with a link to each place."""
        version = self._require(request, pk)
        asked = request.GET.get("replay", "")
        context = checks_of(version, replayed=int(asked) if asked in ("200", "1000") else 200)
        return self._answer(request, "check", version, context | {"heading": f"Checks of {version}"})

    def copy_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what the copy is for, then make it."""
        version = self._require(request, pk)
        by = writer(request)
        note = request.POST.get("note", "").strip()
        if request.method == "POST":
            try:
                draft = actions.copy_to_draft(version=version, by=by, note=plain_text(note))
            except (DraftExists, ValidationError) as refusal:
                messages.error(request, " ".join(getattr(refusal, "messages", [str(refusal)])))
            else:
                messages.success(request, f"{draft} is a draft with the content of version {version.number}.")
                return HttpResponseRedirect(self._page(draft))
        draft_now = ScenarioVersion.objects.filter(scenario=version.scenario, state__in=OPEN).first()
        context = {"note": note, "draft": draft_now, "heading": f"Copy {version} to a new draft"}
        return self._answer(request, "copy", version, context)

    def discard_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why a draft is given up, then put it away."""
        version = self._require(request, pk)
        by = writer(request)
        form, refused = MoveForm(request.POST or None), ""
        if request.method == "POST" and not form.is_valid():
            refused = " ".join(str(fault) for faults in form.errors.values() for fault in faults)
        elif request.method == "POST":
            try:
                actions.discard(version=version, by=by, comment=form.cleaned_data["comment"])
            except MoveRefused as refusal:
                refused = str(refusal)
                version.refresh_from_db()
            else:
                messages.success(request, f"{version} is discarded. It can be read here, and copied.")
                return HttpResponseRedirect(self._page(version))
        context = {
            "comment": request.POST.get("comment", ""),
            "refused": refused,
            "heading": f"Discard {version}",
        }
        page = self._answer(request, "discard", version, context)
        page.status_code = 409 if refused else 200
        return page

    def export_pack(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Download a released version as a content pack with its checksum, as JSON, JSON Lines or YAML."""
        version = self._require(request, pk)
        if not version.is_released:
            messages.error(request, "Only what is or was in use is exported. Publish this version first.")
            return HttpResponseRedirect(self._page(version))
        form = form_asked(request.GET.get("format", ""), default=Form.JSON)
        name = file_name_of(version, form)
        assert isinstance(request.user, User)
        actions.record_export(version=version, by=request.user, file_name=name, form=form)
        return HttpResponse(
            pack_text(version, form),
            content_type=f"{MEDIA_TYPES[form]}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _require(self, request: HttpRequest, pk: int) -> ScenarioVersion:
        reader(request)
        return get_object_or_404(ScenarioVersion.objects.select_related("scenario", "primary_source"), pk=pk)

    def _found(self, object_id: str | None, *, locked: bool = False) -> ScenarioVersion | None:
        if not (object_id and object_id.isascii() and object_id.isdigit() and len(object_id) < 18):
            return None
        versions = ScenarioVersion.objects.select_related("scenario")
        if locked:
            versions = versions.select_for_update(of=("self",))
        return versions.filter(pk=int(object_id)).first()

    def _page(self, version: ScenarioVersion) -> str:
        return reverse("admin:guidelines_scenarioversion_change", args=[version.pk])

    def _answer(
        self, request: HttpRequest, name: str, version: ScenarioVersion, context: dict[str, Any]
    ) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "version": version,
            "title": context["heading"],
            "media": self.media,
        }
        return TemplateResponse(request, f"admin/guidelines/version_{name}.html", frame | context)


def _titled(version: ScenarioVersion) -> str:
    return f"Version {version.number} ({version.get_state_display().lower()})"
