"""Vignettes for tests that change content: expectations that follow the content."""

from typing import Any

from django.utils import timezone

from guidelines import snapshot
from guidelines.engine import Case, RuleSet, run_vignette
from guidelines.gate.vignettes import asked
from guidelines.models import ScenarioVersion, Vignette
from portal import audit

TESTS = audit.system("tests")


def as_it_answers(version: ScenarioVersion) -> ScenarioVersion:
    """Return the version with vignettes that expect what it answers now.

    For tests whose change is not about vignettes; those that cannot be asked any more are taken out.
    """
    document = snapshot.document_of(version)
    ruleset = RuleSet.from_document(asked(document), version=0, digest="")
    today = timezone.localdate()
    with audit.acting(TESTS):
        for row in Vignette.objects.filter(version=version):
            known = {key: value for key, value in row.answers.items() if key in ruleset.elements_by_key}
            given = Case.from_dict(ruleset, known, today=today).to_dict()
            expected = expectations(ruleset, given, row.report)
            Vignette.objects.filter(pk=row.pk).update(answers=given, **expected)
    return version


def expectations(ruleset: RuleSet, answers: dict[str, Any], report: dict[str, Any] | None) -> dict[str, Any]:
    """Return what a vignette with these answers expects when everything is right."""
    vignette = {
        "key": "any", "title": "Any", "answers": answers, "fit": "fits", "redirects": [], "studies": [],
        "advisories": [], "report": report,
    }  # fmt: skip
    outcome = run_vignette(ruleset, vignette, today=timezone.localdate())
    got = {part.name: part.got for part in outcome.compared}
    studies = [study.split(" ") for study in got["studies"]]
    return {
        "fit": got["fit"][0],
        "redirects": list(got["redirects"]),
        "studies": [{"study": code, "role": role} for code, role in studies],
        "advisories": list(got["advisories"]),
        "report": report and report | {"next_steps": list(got["next_steps"])},
    }
