"""Scenarios: the list that editors start from, new ones, and content packs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget
from django.core.validators import RegexValidator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guidelines import actions, packs
from guidelines.admin.access import ContentAdmin, may_write, writer
from guidelines.admin.fields import PlainTextarea, PlainTextField, plain_text
from guidelines.admin.filters import ScenarioReviewDue, Stage
from guidelines.admin.sections import BY_NAME
from guidelines.exceptions import ContentRefused, DraftExists
from guidelines.models import Scenario, ScenarioVersion, State

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

    pack = forms.FileField(help_text="A JSON file of at most 900 kB, as the portal exports it.")

    def clean_pack(self) -> Any:
        """Refuse a file that is no pack by its size."""
        pack = self.cleaned_data["pack"]
        if pack.size > MOST_PACK_BYTES:
            raise forms.ValidationError("This file is too large for a content pack. Use manage.py load_pack.")
        return pack


@admin.register(Scenario)
class ScenarioAdmin(ContentAdmin):
    """Clinical scenarios with the version in use and the one being written."""

    list_display = ("title", "slug", "in_use", "draft", "review_due", "pack")
    list_filter = (Stage, ScenarioReviewDue)
    search_fields = ("title", "slug", "versions__title", "versions__search_terms")
    search_help_text = "Title, slug or search term."
    change_list_template = "admin/guidelines/scenario_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch what the list shows about versions in the same query."""
        versions = ScenarioVersion.objects.filter(scenario=OuterRef("pk"))
        in_use, draft = versions.filter(state=State.PUBLISHED), versions.filter(state=State.DRAFT)
        return (
            super()
            .get_queryset(request)
            .annotate(
                in_use_pk=Subquery(in_use.values("pk")[:1]),
                in_use_number=Subquery(in_use.values("number")[:1]),
                draft_pk=Subquery(draft.values("pk")[:1]),
                draft_number=Subquery(draft.values("number")[:1]),
                due=Subquery(in_use.values("review_due_on")[:1]),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the page for content packs."""
        page = self.admin_site.admin_view(self.load_pack_page)
        return [path("load-pack/", page, name="guideline_load_pack"), *super().get_urls()]

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
        messages.success(request, f"{obj} has a first draft. Fill its lists, check it, then publish it.")
        return HttpResponseRedirect(_version_url(obj.first_draft.pk))

    @admin.display(description="Published version")
    def in_use(self, scenario: Any) -> SafeString | str:
        """Link to the version in use."""
        return _link(scenario.in_use_pk, scenario.in_use_number) if scenario.in_use_pk else "none yet"

    @admin.display(description="Draft")
    def draft(self, scenario: Any) -> SafeString | str:
        """Link to the version being written."""
        return _link(scenario.draft_pk, scenario.draft_number) if scenario.draft_pk else "none"

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
        """Check a pack, say what is in it, and load it as a draft when asked to."""
        writer(request)
        context: dict[str, Any] = {"form": PackForm()}
        if request.method == "POST" and "checked" in request.POST:
            context |= self._load(request, request.POST["checked"].encode("utf-8", "surrogatepass"))
        elif request.method == "POST":
            form = PackForm(request.POST, request.FILES)
            context["form"] = form
            if form.is_valid():
                file = form.cleaned_data["pack"]
                context |= self._checked(file.read()) | {"file_name": file.name}
        if "loaded" in context:
            messages.success(request, f"{context['loaded']} is loaded as a draft. Check it, then publish it.")
            return HttpResponseRedirect(_version_url(context["loaded"].pk))
        frame = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": "Load a content pack",
            "media": self.media,
        }
        return TemplateResponse(request, "admin/guidelines/load_pack.html", frame | context)

    def _checked(self, data: bytes) -> dict[str, Any]:
        """Return what a pack holds, or its faults."""
        try:
            document = packs.read_pack(data)
        except ContentRefused as refusal:
            return {"refused": refusal.errors}
        scenario = Scenario.objects.filter(slug=document["slug"]).first()
        return {
            "document": document,
            "checked": data.decode("utf-8"),
            "counts": [(section.title, len(document[name])) for name, section in BY_NAME.items()],
            "scenario": scenario,
            "draft": scenario and scenario.versions.filter(state=State.DRAFT).first(),
        }

    def _load(self, request: HttpRequest, data: bytes) -> dict[str, Any]:
        """Load a pack that was checked before; it is checked again, as nobody vouches for what comes back."""
        try:
            document = packs.read_pack(data)
            version = actions.load_pack(document=document, by=writer(request), note="Loaded from a pack.")
            return {"loaded": version}
        except ContentRefused as refusal:
            return {"refused": refusal.errors}
        except DraftExists as refusal:
            return self._checked(data) | {"refused": [("", str(refusal))]}


def _version_url(pk: int) -> str:
    return reverse("admin:guidelines_scenarioversion_change", args=[pk])


def _link(pk: int, number: int) -> SafeString:
    return format_html('<a href="{}">Version {}</a>', _version_url(pk), number)
