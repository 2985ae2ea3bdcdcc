"""The publish gate: each fault is named with its place, changed answers wait for the approver."""

import copy as copies
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from guidelines import actions, gate, snapshot
from guidelines.exceptions import ContentRefused
from guidelines.gate.report import report_on
from guidelines.models import Advisory, Criterion, ReviewStep, ScenarioVersion, State, Vignette
from portal import audit
from tests.engine.documents import document
from tests.guidelines.desk import REVIEWERS, SHIPPED, TESTS, copy, load, publish

TODAY = date(2026, 6, 15)
Change = Callable[[dict[str, Any]], Any]


def put(pointer: str, value: Any) -> Change:
    """Return what puts a value at a place of a document."""

    def change(made: dict[str, Any]) -> None:
        *path, last = pointer.strip("/").split("/")
        parent: Any = made
        for part in path:
            parent = parent[int(part)] if isinstance(parent, list) else parent[part]
        parent[int(last) if isinstance(parent, list) else last] = value

    return change


def unreviewed(made: dict[str, Any]) -> None:
    """Take the day of review from every source."""
    for row in made["sources"]:
        row["reviewed_on"] = None


FAULTS = [
    # what is changed, the code, the place, a part of the message
    (put("/review_due_on", "2026-06-15"), "overdue", "/review_due_on", "15-Jun-2026"),
    (put("/review_due_on", "2020-01-01"), "overdue", "/review_due_on", "set a new date"),
    (put("/licence", ""), "licence", "/licence", "licence"),
    (put("/licence", "  "), "licence", "/licence", "licence"),
    (unreviewed, "source", "/sources", "when it was reviewed"),
    (put("/vignettes", []), "no-vignettes", "/vignettes", "at least one vignette"),
    (lambda made: made.pop("vignettes"), "no-vignettes", "/vignettes", "at least one vignette"),
    (put("/primary_source", None), "content", "/primary_source", "under every suggestion"),
    (put("/rated_studies/0/rating_source", None), "content", "/rated_studies/0/rating_source", "source"),
    (
        put("/rated_studies/1/radiation_source", None),
        "content",
        "/rated_studies/1/radiation_source",
        "source",
    ),
    (
        put("/advisories/0/condition", {"element": "nonsense", "op": "equals", "value": "yes"}),
        "content",
        "/advisories/0/condition/element",
        "not a data element",
    ),
    (
        put("/advisories/0/condition", {"element": "diagnosis", "op": "equals", "value": "gout"}),
        "content",
        "/advisories/0/condition/value",
        "not one of the choices",
    ),
    (
        put("/advisories/8/condition", {"element": "diagnosis", "op": "equals", "value": "aml"}),
        "unreachable",
        "/advisories/8/condition",
        "never shown",
    ),
    # only a row written by SQL can say these
    (put("/vignettes/0/studies", [{"role": None}]), "vignette", "/vignettes/0", "Cannot be asked. studies 0"),
    (put("/vignettes/0/studies", [7]), "vignette", "/vignettes/0", "must be an object"),
    (put("/vignettes/0/answers", None), "vignette", "/vignettes/0", "must be an object"),
    (put("/vignettes/0/report", {"finding": "x"}), "vignette", "/vignettes/0", "is missing"),
    (put("/vignettes/0/fit", "needs_answers"), "vignette", "/vignettes/0", "got “The scenario fits”"),
    (put("/vignettes/0/studies/1/role", "fallback"), "vignette", "/vignettes/0", "Place 2 of the studies"),
    (put("/vignettes/0/advisories", ["pregnancy"]), "vignette", "/vignettes/0", "expected and missing: Preg"),
    (put("/vignettes/6/advisories", []), "vignette", "/vignettes/6", "not expected: Still unclear"),
    (put("/vignettes/0/report/next_steps", []), "vignette", "/vignettes/0", "Next steps not expected"),
    (put("/vignettes/0/answers/egfr", 500), "vignette", "/vignettes/0", "Cannot be asked"),
    (put("/vignettes/0/answers/blood_type", "A"), "vignette", "/vignettes/0", "not a data element"),
    (put("/vignettes/0/answers/therapy_ended_on", "2099-01-01"), "vignette", "/vignettes/0", "in the future"),
]


@pytest.mark.parametrize(("change", "code", "place", "said"), FAULTS)
def test_each_fault_is_named_with_its_place(change: Change, code: str, place: str, said: str) -> None:
    made = copies.deepcopy(document("leukaemia"))
    change(made)

    faults = report_on(made, today=TODAY).faults

    assert any(f.code == code and f.pointer == place and said in f.message for f in faults), faults


@pytest.mark.parametrize("name", ["leukaemia", "bicycle"])
def test_sound_content_has_no_fault_and_every_vignette_passes(name: str) -> None:
    report = report_on(document(name), today=TODAY)

    assert report.faults == ()
    assert all(run.outcome.passed for run in report.runs)


def test_an_expected_order_names_the_first_places_and_any_role() -> None:
    made = document("leukaemia")
    made["vignettes"][0]["studies"] = [{**made["vignettes"][0]["studies"][0], "role": None}]

    assert report_on(made, today=TODAY).faults == ()


def test_what_no_vignette_reaches_is_told_and_keeps_nothing_back() -> None:
    made = document("leukaemia")
    made["vignettes"] = made["vignettes"][:1]

    report = report_on(made, today=TODAY)

    missed = {(reach.section, reach.what) for reach in report.reaches if not reach.by}
    assert report.faults == ()
    assert ("criteria", "Adult patient: not met") in missed or ("criteria", "Adult: not met") in missed
    assert {"redirects", "order_rules", "advisories", "findings", "next_step_rules"} <= {s for s, _ in missed}
    assert ("criteria", "Adult: met") not in missed


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (put("/order_rules/2/placements/0/role", "alternative"), "Studies"),
        (
            put("/advisories/8/condition", {"element": "pregnancy", "op": "equals", "value": "no"}),
            "Advisories",
        ),
        (put("/criteria/0/condition/value", 19), "Fit"),
        (put("/next_step_rules/0/removes", ["clinical-and-haematologic-monitoring"]), "Next steps"),
    ],
)
def test_a_vignette_that_passes_with_another_answer_than_the_version_in_use_is_changed(
    change: Change, part: str
) -> None:
    in_use, made = document("leukaemia"), document("leukaemia")
    change(made)
    for index, run in enumerate(report_on(made, today=TODAY).runs):
        got = {p.name: p.got for p in run.outcome.compared}
        row = made["vignettes"][index]
        row |= {
            "fit": got["fit"][0],
            "redirects": list(got["redirects"]),
            "advisories": list(got["advisories"]),
        }
        row["studies"] = [
            dict(zip(("study", "role"), study.split(" "), strict=True)) for study in got["studies"]
        ]
        if row["report"]:
            row["report"]["next_steps"] = list(got["next_steps"])

    report = report_on(made, in_use, today=TODAY)

    assert [fault for fault in report.faults if fault.code == "vignette"] == []
    assert report.changed
    assert any(said.startswith(part) for changed in report.changed for said in changed.changes)


# --- in the workflow ---------------------------------------------------------------------------------------


def submitted(change: Callable[[ScenarioVersion], None]) -> ScenarioVersion:
    """Return a second version of the shipped guideline with a change, in review."""
    draft = copy(publish(load(SHIPPED)))
    with audit.acting(TESTS):
        change(draft)
        return actions.submit(version=draft, by=None, comment="Please look.")


def older(draft: ScenarioVersion) -> None:
    """Let the scenario begin at nineteen, and the vignettes expect it."""
    Criterion.objects.filter(version=draft, key="adult").update(
        condition={"element": "age_years", "op": "at_least", "value": 19}
    )
    Vignette.objects.filter(version=draft, key="adult-today").update(
        fit="does_not_fit", studies=[], advisories=[]
    )


@pytest.mark.django_db
def test_a_changed_answer_waits_for_the_approver_who_acknowledges_it_and_the_approval_keeps_it() -> None:
    version = submitted(older)

    with audit.acting(REVIEWERS), pytest.raises(ContentRefused, match="acknowledge the change"):
        actions.approve(version=version, by=None)
    with audit.acting(REVIEWERS):
        actions.approve(version=version, by=None, acknowledged=["adult-today"])
        published = actions.publish(version=version, by=None)

    assert published.state == State.PUBLISHED
    step = ReviewStep.objects.get(version=version, action="approve")
    assert step.acknowledged == ["adult-today"]


@pytest.mark.django_db
def test_a_failing_vignette_keeps_the_version_from_being_approved_and_nothing_changes() -> None:
    version = submitted(lambda draft: Advisory.objects.filter(version=draft, code="pregnancy").delete())

    with audit.acting(REVIEWERS), pytest.raises(ContentRefused, match="/vignettes/"):
        actions.approve(version=version, by=None, acknowledged=["pregnant-and-never-staged"])

    assert ScenarioVersion.objects.get(pk=version.pk).state == State.IN_REVIEW


@pytest.mark.django_db
def test_a_review_date_that_passed_since_a_pack_was_shipped_keeps_only_later_versions_back() -> None:
    first = load(SHIPPED)
    with audit.acting(TESTS):
        ScenarioVersion.objects.filter(pk=first.pk).update(review_due_on="2020-01-01")
    first = publish(ScenarioVersion.objects.get(pk=first.pk))

    with pytest.raises(ContentRefused, match="review was due"):
        publish(copy(first))


@pytest.mark.django_db
def test_the_gate_asks_the_database_once_a_list_and_remembers_what_follows(
    django_assert_num_queries: Any,
) -> None:
    version = load(SHIPPED)
    content = snapshot.document_of(version)
    gate.report_of(version, content)

    with django_assert_num_queries(2):  # the content in use, each time
        assert gate.report_of(version, content) is gate.report_of(version, content)


def test_days_of_vignettes_are_judged_by_the_day_of_the_check() -> None:
    made = document("leukaemia")
    made["vignettes"][0]["answers"]["therapy_ended_on"] = "2026-06-16"

    assert report_on(made, today=TODAY).faults
    assert report_on(made, today=timezone.localdate()).faults == ()
