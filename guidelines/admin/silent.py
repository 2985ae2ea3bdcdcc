"""The page "Silent run": start and stop it, and see where the version differs from the one in use."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from guidelines import silent, snapshot
from guidelines.admin.access import ContentAdmin, reader
from guidelines.consulted import source
from guidelines.engine import RuleSet, digest_of
from guidelines.gate.replay import Coarse, Group, Grouping
from guidelines.gate.vignettes import ruleset_of
from guidelines.models import ScenarioVersion, SilentRun, State

MOST_DIFFERENCES = 2000  # of a run, the latest; counts hold all


@admin.register(SilentRun)
class SilentRunAdmin(ContentAdmin):
    """Silent runs: reached from their version, and never edited."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep the runs off the start page: they are reached from their version."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A run is started on the page of its version."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A run is stopped on the page of its version, and changed in nothing else."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show when it ran and on what."""
        fields = ["version", "digest", "started_at", "started_by", "ended_at", "ended_by", "end"]
        return [(None, {"fields": fields})]

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a version's run."""
        page = self.admin_site.admin_view(self.silent_page)
        return [path("of/<int:pk>/", page, name="guideline_silent"), *super().get_urls()]

    def silent_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the latest run of a version; start or stop it when asked to."""
        person = reader(request)
        versions = ScenarioVersion.objects.select_related("scenario", "primary_source")
        version = get_object_or_404(versions, pk=pk)
        runs = SilentRun.objects.filter(version=version).select_related("started_by", "ended_by")
        run = runs.first()
        if request.method == "POST":
            try:
                if request.POST.get("action") == "start":
                    silent.start_silent(version=version, by=person)
                    messages.success(request, f"{version} runs in silence. Nobody is shown its answers.")
                elif request.POST.get("action") == "stop" and run is not None:
                    silent.stop_silent(run=run, by=person)
                    messages.success(request, "The silent run is over. What it found is kept below.")
            except silent.SilentRefused as refusal:
                messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:guideline_silent", args=[pk]))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "media": self.media,
            "title": f"Silent run of {version}",
            "version": version,
            "run": run,
            "earlier": list(runs[1:]),
            "runs_now": run is not None and run.ended_at is None,
            "may_start": version.state in silent.MAY_RUN,
            "in_use": ScenarioVersion.objects.filter(
                scenario=version.scenario_id, state=State.PUBLISHED
            ).first(),
            **(_found(version, run) if run else {}),
        }
        return TemplateResponse(request, "admin/guidelines/version_silent.html", context)


def _found(version: ScenarioVersion, run: SilentRun) -> dict[str, Any]:
    """Return what a run found, and whether its version says something else by now."""
    document = snapshot.document_of(version)
    ruleset = ruleset_of(document)
    return {
        "counts": source().silent_counts(run=run.pk),
        "groups": _groups(run, ruleset) if ruleset else (),
        "changed_since": run.ended_at is None and digest_of(document) != run.digest,
    }


def _groups(run: SilentRun, ruleset: RuleSet) -> tuple[Group, ...]:
    """Return the kinds of difference with a few examples, told no further than conditions read them."""
    coarse, grouping = Coarse(ruleset), Grouping()
    for compared in source().silent_differences(run=run.pk, limit=MOST_DIFFERENCES):
        grouping.add(compared.changes, coarse.told(compared.answers))
    return grouping.groups()
