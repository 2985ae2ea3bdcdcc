"""Scenarios: the list that editors start from, new ones, and content packs."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from guidelines import actions, usage
from guidelines.admin.access import ContentAdmin, may_write, reader, writer
from guidelines.admin.fields import PlainTextarea, PlainTextField, plain_text
from guidelines.admin.filters import ScenarioReviewDue, ScenarioWaitsFor, Stage
from guidelines.admin.sections import BY_NAME
from guidelines.exchange.loading import Handled, load, look_at
from guidelines.exchange.reading import Form, form_asked, form_of
from guidelines.exchange.writing import MEDIA_TYPES, file_text, in_use
from guidelines.models import OPEN, Scenario, ScenarioVersion, State
from guidelines.reminders import percent
from guidelines.where_used import since, where_used

MOST_PACK_BYTES = 900_000  # the checked pack comes back as a field of the form, and fields have a limit


class ScenarioForm(forms.ModelForm):
    """The name of a scenario in the lists of the desk."""

    class Meta:
        model = Scenario
        fields = ("title",)

    def clean_title(self) -> str:
        """Refuse markup."""
        return plain_text(self.cleaned_data["title"])


class NewScenarioForm(forms.ModelForm):
    """What a scenario needs to exist: the rest is written in its draft."""

    slug = forms.CharField(
        max_length=80,
        validators=[
            RegexValidator(
                r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use small letters and digits, joined by single hyphens."
            )
        ],
        help_text="The name for other systems, such as suspected-appendicitis. It never changes.",
        widget=AdminTextInputWidget,
    )
    title = PlainTextField(
        max_length=200,
        help_text="The name that clinicians see and search for.",
        widget=AdminTextInputWidget,
    )
    summary = PlainTextField(
        help_text="One or two sentences: which patients, which question.", widget=PlainTextarea(3)
    )
    licence = PlainTextField(
        max_length=300,
        help_text="Under which licence the content may be used.",
        widget=AdminTextInputWidget,
    )
    review_due_on = forms.DateField(
        help_text="When the content has to be looked at again.", widget=AdminDateWidget
    )

    class Meta:
        model = Scenario
        fields = ("slug", "title")


class PackForm(forms.Form):
    """A content pack to check."""

    pack = forms.FileField(
        help_text="JSON, JSON Lines or YAML, with one or more packs, at most 900 kB. "
        "Larger files: manage.py load_pack."
    )

    def clean_pack(self) -> Any:
        """Refuse a file that is no pack by its size."""
        pack = self.cleaned_data["pack"]
        if pack.size > MOST_PACK_BYTES:
            raise forms.ValidationError("This file is too large for a content pack. Use manage.py load_pack.")
        return pack


@admin.register(Scenario)
class ScenarioAdmin(ContentAdmin):
    """Clinical scenarios with the version in use and the one being written."""

    list_display = (
        "title", "slug", "in_use", "draft", "review_due",
        "used_lately", "other_study", "not_documented", "pack",
    )  # fmt: skip
    list_filter = (Stage, ScenarioReviewDue, ScenarioWaitsFor)
    search_fields = ("title", "slug", "versions__title", "versions__search_terms")
    search_help_text = "Title, slug or search term."
    change_list_template = "admin/guidelines/scenario_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch what the list shows about versions in the same query."""
        versions = ScenarioVersion.objects.filter(scenario=OuterRef("pk"))
        in_use, draft = versions.filter(state=State.PUBLISHED), versions.filter(state__in=OPEN)
        return (
            super()
            .get_queryset(request)
            .annotate(
                in_use_pk=Subquery(in_use.values("pk")[:1]),
                in_use_number=Subquery(in_use.values("number")[:1]),
                draft_pk=Subquery(draft.values("pk")[:1]),
                draft_number=Subquery(draft.values("number")[:1]),
                draft_state=Subquery(draft.values("state")[:1]),
                due=Subquery(in_use.values("review_due_on")[:1]),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages for content packs, and what rests on a scenario."""
        site = self.admin_site.admin_view
        return [
            path("load-pack/", site(self.load_pack_page), name="guideline_load_pack"),
            path("export/", site(require_GET(self.export_packs)), name="guideline_export_all"),
            path(
                "<int:pk>/where-used/", site(require_GET(self.where_used_page)), name="guideline_where_used"
            ),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Fetch how the scenarios of the page were used: three queries for all of them."""
        changes = super().get_changelist_instance(request)
        rows = list(changes.result_list)
        lately = usage.source().lately([row.slug for row in rows], since=since())
        for row in rows:
            row.lately = lately.get(row.slug, usage.Lately())
        changes.result_list = rows
        return changes

    @admin.display(description="Used in 90 days")
    def used_lately(self, scenario: Any) -> SafeString:
        """Return the consultations and orders, with a link to all that rests on the scenario."""
        url = reverse("admin:guideline_where_used", args=[scenario.pk])
        used = scenario.lately
        return format_html('<a href="{}">{} asked, {} ordered</a>', url, used.consultations, used.orders)

    @admin.display(description="Another study chosen")
    def other_study(self, scenario: Any) -> str:
        """Return the share of orders with a reason for another study."""
        used = scenario.lately
        return f"{percent(used.overrides, used.orders)} %" if used.orders else "-"

    @admin.display(description="Not documented most often")
    def not_documented(self, scenario: Any) -> str:
        """Return the answer that was missing most often."""
        used = scenario.lately
        if not used.missing:
            return "-"
        element, count = max(used.missing.items(), key=lambda item: (item[1], item[0]))
        return f"{element.replace('_', ' ')}, {percent(count, used.consultations)} %"

    def where_used_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what rests on a scenario, and what retiring it would mean."""
        reader(request)
        used = where_used(get_object_or_404(Scenario, pk=pk))
        return self._answer(request, "where_used", f"Where {used.scenario} is used", {"used": used})

    def export_packs(self, request: HttpRequest) -> HttpResponseBase:
        """Download every published version in one file; drafts are never in it."""
        person = reader(request)
        form = form_asked(request.GET.get("format", ""), default=Form.JSON_LINES)
        name = f"guidelines-in-use.{form}"
        with transaction.atomic():
            for version in in_use():
                actions.record_export(version=version, by=person, file_name=name, form=form)
        return StreamingHttpResponse(
            file_text(in_use(), form),
            content_type=f"{MEDIA_TYPES[form]}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Ask for more when the scenario is new."""
        kwargs["form"] = ScenarioForm if change else NewScenarioForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the slug as what it is: fixed."""
        new = ["slug", "title", "summary", "licence", "review_due_on"]
        return [(None, {"fields": new if obj is None else ["title", "slug", "versions_list"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is shown beside the title of an existing scenario."""
        return () if obj is None else ("slug", "versions_list")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who write change the name in the desk's lists; what clinicians see is in the versions."""
        return may_write(request.user)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make a new scenario with its first draft, or save the title."""
        if change:
            obj.save(update_fields=["title"])
            return
        made = actions.start_scenario(
            **{name: form.cleaned_data[name] for name in form.fields}, by=writer(request)
        )
        obj.pk, obj.first_draft = made.scenario_id, made

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead to the draft: that is where the work is."""
        messages.success(request, f"{obj} has a first draft. Fill its lists, check it, then submit it.")
        return HttpResponseRedirect(_version_url(obj.first_draft.pk))

    @admin.display(description="Published version")
    def in_use(self, scenario: Any) -> SafeString | str:
        """Link to the version in use."""
        return _link(scenario.in_use_pk, scenario.in_use_number) if scenario.in_use_pk else "none yet"

    @admin.display(description="Draft")
    def draft(self, scenario: Any) -> SafeString | str:
        """Link to the version being written, and say where it stands."""
        if not scenario.draft_pk:
            return "none"
        stands = str(State(scenario.draft_state).label).lower()
        return format_html("{} ({})", _link(scenario.draft_pk, scenario.draft_number), stands)

    @admin.display(description="Review due", ordering="due")
    def review_due(self, scenario: Any) -> Any:
        """Return when the version in use has to be looked at again."""
        return scenario.due

    @admin.display(description="Content pack")
    def pack(self, scenario: Any) -> SafeString | str:
        """Link to the download of the version in use."""
        if not scenario.in_use_pk:
            return "none yet"
        url = reverse("admin:guideline_export", args=[scenario.in_use_pk])
        return format_html('<a href="{}">Export version {}</a>', url, scenario.in_use_number)

    @admin.display(description="Versions")
    def versions_list(self, scenario: Any) -> SafeString:
        """Link to every version."""
        items = [
            format_html(
                '<li><a href="{}">Version {}</a>, {}</li>',
                _version_url(version.pk),
                version.number,
                version.get_state_display().lower(),
            )
            for version in scenario.versions.order_by("-number")
        ]
        return format_html("<ul>{}</ul>", SafeString("".join(items)))

    def load_pack_page(self, request: HttpRequest) -> HttpResponse:
        """Say what the packs of a file would change, and load them as drafts when asked to."""
        person = writer(request)
        context: dict[str, Any] = {"form": PackForm()}
        if request.method == "POST" and "checked" in request.POST:
            data = request.POST["checked"].encode("utf-8", "surrogatepass")
            name = request.POST.get("file_name", "")[-200:] or "pack.json"
            handled = list(load(io.BytesIO(data), form_of(name, data[:256]), by=person, file_name=name))
            drafts = [pack.draft for pack in handled if pack.draft is not None]
            if len(handled) == len(drafts) == 1:
                messages.success(request, f"{drafts[0]} is loaded as a draft. Check it, then submit it.")
                return HttpResponseRedirect(_version_url(drafts[0].pk))
            context |= _seen(handled, name) | {"drafts": drafts}
        elif request.method == "POST":
            form = PackForm(request.POST, request.FILES)
            context["form"] = form
            if form.is_valid():
                file = form.cleaned_data["pack"]
                data, name = file.read(), plain_name(file.name)
                handled = list(look_at(io.BytesIO(data), form_of(name, data[:256])))
                context |= _seen(handled, name)
                if any(pack.plan is not None and pack.plan.loads for pack in handled):
                    context["checked"] = data.decode("utf-8")
        return self._answer(request, "load_pack", "Load a content pack", context)

    def _answer(self, request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": title,
            "media": self.media,
        }
        return TemplateResponse(request, f"admin/guidelines/{name}.html", frame | context)


def _seen(handled: list[Handled], name: str) -> dict[str, Any]:
    """Return what the page says of a file's packs."""
    first = handled[0].plan.document if len(handled) == 1 and handled[0].plan else None
    return {
        "packs": handled,
        "file_name": name,
        "refused": [fault for pack in handled for fault in pack.faults],
        "document": first,
        "counts": [(BY_NAME[key].title, len(first.get(key, ()))) for key in BY_NAME] if first else [],
    }


def plain_name(name: str | None) -> str:
    """Return the name of an uploaded file as it can be kept and shown."""
    kept = "".join(sign for sign in (name or "") if sign.isprintable())
    return kept.encode("utf-8", "replace").decode()[-200:] or "pack.json"


def _version_url(pk: int) -> str:
    return reverse("admin:guidelines_scenarioversion_change", args=[pk])


def _link(pk: int, number: int) -> SafeString:
    return format_html('<a href="{}">Version {}</a>', _version_url(pk), number)
