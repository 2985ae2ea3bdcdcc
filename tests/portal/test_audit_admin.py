"""The auditors' desk: who sees what, that nobody changes anything, and what an export holds."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal import audit
from portal.audit import Actor, acting
from portal.models import AuditEvent, Organisation, User
from portal.roles import Role
from tests.people import AsUser, make_user
from tests.portal.trail import ANN, Trail

LIST = "/admin/portal/auditevent/"
VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_audit.py"


@pytest.fixture
def desk(auditor: User, as_user: AsUser) -> Client:
    """Return a client signed in as the organisation's auditor."""
    return as_user(auditor)


def viewed(organisation: Organisation, entity_id: str, **more: Any) -> int:
    """Record that an order was viewed, and return the event's id."""
    with acting(ANN):
        return audit.log(
            "order.viewed",
            action="R",
            entity="order",
            entity_id=entity_id,
            organisation_id=organisation.pk,
            **more,
        )


def export(client: Client, form: str, query: str = "") -> str:
    """Return the text of an export."""
    response = client.get(f"{LIST}export.{form}{query}")
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_an_auditor_reads_the_events_of_the_own_organisation_only(
    desk: Client, organisation: Organisation, other_organisation: Organisation
) -> None:
    viewed(organisation, "order-of-ours")
    viewed(other_organisation, "order-of-theirs")

    page = desk.get(LIST).content.decode()

    assert "order-of-ours" in page
    assert "order-of-theirs" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "role", [Role.CLINICIAN, Role.EDITOR, Role.APPROVER, Role.ADMINISTRATOR], ids=lambda role: role.value
)
@pytest.mark.parametrize("path", ["", "export.csv", "export.jsonl", "{id}/change/"])
def test_no_other_role_opens_the_trail(
    organisation: Organisation, as_user: AsUser, role: Role, path: str
) -> None:
    event_id = viewed(organisation, "1")
    client = as_user(make_user("somebody", role, organisation=organisation))

    response = client.get(LIST + path.format(id=event_id))

    assert response.status_code in {302, 403}
    assert "order.viewed" not in response.content.decode()


@pytest.mark.django_db
def test_a_superuser_is_no_auditor_by_being_so(organisation: Organisation, as_user: AsUser) -> None:
    user = make_user("root", organisation=organisation)
    with acting(ANN):
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    client = as_user(User.objects.get(pk=user.pk))

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}export.csv").status_code == 403


@pytest.mark.django_db
def test_an_auditor_without_an_organisation_sees_nothing(as_user: AsUser, organisation: Organisation) -> None:
    viewed(organisation, "order-of-ours")
    client = as_user(make_user("wanderer", Role.AUDITOR))

    assert "order-of-ours" not in client.get(LIST).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["add/", "{id}/delete/", "{id}/change/"])
def test_nobody_adds_changes_or_deletes_an_event(desk: Client, organisation: Organisation, path: str) -> None:
    event_id = viewed(organisation, "1")
    before = AuditEvent.objects.values().get(id=event_id)

    response = desk.post(LIST + path.format(id=event_id), {"actor": "user:2:ben", "post": "yes"})

    assert response.status_code == 403
    assert AuditEvent.objects.values().get(id=event_id) == before


@pytest.mark.django_db
def test_opening_an_event_shows_it_whole_and_is_recorded(desk: Client, organisation: Organisation) -> None:
    event_id = viewed(organisation, "7", patient_id="p-1", reason="asked", detail={"shown": "<b>all</b>"})
    trail = Trail()

    page = desk.get(f"{LIST}{event_id}/change/").content.decode()

    (event,) = trail.events(event_type="audit.viewed")
    assert "&lt;b&gt;all&lt;/b&gt;" in page
    assert "asked" in page
    assert (event.entity_id, event.patient_ref, event.action) == (str(event_id), "p-1", "R")
    assert (event.actor_role, event.via) == ("auditor", "admin")


@pytest.mark.django_db
def test_another_organisations_event_is_not_found_and_the_attempt_is_recorded(
    desk: Client, other_organisation: Organisation
) -> None:
    event_id = viewed(other_organisation, "7")
    trail = Trail()

    answers = [desk.get(f"{LIST}{which}/change/").status_code for which in (event_id, 9999999, 10**30, "x")]

    assert answers == [404] * 4
    assert trail.types(entity="audit", entity_id=str(event_id)) == ["access.denied"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?event_type=order.signed", ["b"]),
        ("?action__exact=R", ["a"]),
        ("?outcome__exact=4", ["c"]),
        ("?entity=finding", ["d"]),
        ("?actor=user:2:ben", ["c"]),
        ("?q=a", ["a"]),
        ("?q=user:2:ben", ["c"]),
        ("?q=p-9", ["d"]),
        ("?q=p-", []),
        ("?recorded_at__gte=2020-01-01+00:00:00%2B00:00&recorded_at__lt=2021-01-01+00:00:00%2B00:00", []),
    ],
)
def test_filters_and_exact_search_choose_what_is_exported(
    desk: Client, organisation: Organisation, query: str, shown: list[str]
) -> None:
    place = {"organisation_id": organisation.pk}
    with acting(ANN):
        audit.log("order.viewed", action="R", entity="order", entity_id="a", **place)
        audit.log("order.signed", entity="order", entity_id="b", **place)
        audit.log("finding.recorded", entity="finding", entity_id="d", patient_id="p-9", **place)
    with acting(Actor("user:2:ben")):
        audit.log("access.denied", outcome=4, entity="order", entity_id="c", **place)

    rows = list(csv.DictReader(io.StringIO(export(desk, "csv", query))))

    assert [row["entity_id"] for row in rows if row["entity_id"] in {"a", "b", "c", "d"}] == shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["?event_type__regex=(", "?actor__contains=a", "?recorded_at__gte=never", "?nothing=1"]
)
def test_a_filter_that_is_not_offered_is_refused_and_nothing_breaks(desk: Client, query: str) -> None:
    assert desk.get(LIST + query).status_code in {302, 400}
    assert desk.get(f"{LIST}export.csv{query}").status_code == 400


FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\uff1d1+1", "@import",
    "=cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "=IMPORTXML(1)",
    '=HYPERLINK("http://x.example","y")',
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_of_an_export_is_a_formula(desk: Client, organisation: Organisation, payload: str) -> None:
    viewed(organisation, "x", reason=payload)

    rows = list(csv.DictReader(io.StringIO(export(desk, "csv", "?q=x"), newline="")))

    assert rows[0]["reason"] == f"'{payload}"


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_an_event_with_its_filters(
    desk: Client, organisation: Organisation, auditor: User, form: str
) -> None:
    trail = Trail()

    export(desk, form, "?event_type=order.viewed")

    (event,) = trail.events(event_type="export.made")
    assert event.actor == f"user:{auditor.pk}:auditor"
    assert event.after == {"format": form, "filters": {"event_type": "order.viewed"}}
    assert event.organisation == str(organisation.pk)


@pytest.mark.django_db(transaction=True)
def test_an_exported_selection_is_verified_by_the_published_script(
    desk: Client, organisation: Organisation, other_organisation: Organisation, tmp_path: Path
) -> None:
    for number in range(3):
        viewed(organisation, f"ours-{number}", patient_id=tmp_path.name)
        viewed(other_organisation, f"theirs-{number}", patient_id=tmp_path.name)
    text = export(desk, "jsonl", f"?q={tmp_path.name}")
    sound, changed = tmp_path / "sound.jsonl", tmp_path / "changed.jsonl"
    sound.write_text(text)
    changed.write_text(text.replace("ours-1", "ours-9"))

    results = [
        subprocess.run([sys.executable, "-I", VERIFIER, file], capture_output=True, text=True, check=False)
        for file in (sound, changed)
    ]

    ids = [json.loads(line)["event"]["entity_id"] for line in text.splitlines()[1:-1]]
    assert ids == ["ours-0", "ours-1", "ours-2"]
    assert (results[0].returncode, results[0].stdout.split()[0]) == (0, "3")
    assert results[1].returncode == 1
    assert "the event was changed" in results[1].stderr


@pytest.mark.django_db
def test_the_list_needs_few_queries_and_never_counts_everything(
    desk: Client,
    organisation: Organisation,
    django_assert_max_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.admin_audit.MAX_COUNT", 3)
    for number in range(5):
        viewed(organisation, str(number))

    with django_assert_max_num_queries(14) as captured:
        page = desk.get(LIST).content.decode()

    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert "3 audit events" in page
    assert all("LIMIT 3" in sql for sql in counts)
