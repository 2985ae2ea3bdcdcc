"""Two editors at one row: the second is told what changed, loses nothing, and decides."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guidelines.models import Criterion, DataElement, RatedStudy, ScenarioVersion
from portal import audit
from portal.models import User
from portal.roles import Role
from tests.guidelines.desk import SHIPPED, TESTS, load, publish
from tests.guidelines.test_admin import change_url, fields_of
from tests.people import AsUser, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> ScenarioVersion:
    """Return a draft with a row in every table."""
    return load(SHIPPED)


@pytest.fixture
def first(editor: User, as_user: AsUser) -> Client:
    """Return the desk of one editor."""
    return as_user(editor)


@pytest.fixture
def second(as_user: AsUser) -> Client:
    """Return the desk of another."""
    return as_user(make_user("second", Role.EDITOR))


def opened(client: Client, row: Any) -> dict[str, Any]:
    """Return what a browser would send back from the page of a row."""
    page = client.get(change_url(row))
    return fields_of(page) | {"desk_seen": page.context["seen"]}


def test_the_second_of_two_is_told_what_the_first_changed(
    draft: ScenarioVersion, first: Client, second: Client
) -> None:
    row = RatedStudy.objects.get(version=draft, study__code="radiography-chest")
    mine, theirs = opened(first, row), opened(second, row)

    saved = first.post(change_url(row), mine | {"rating": "may_be_appropriate", "limits": "Mine."})
    refused = second.post(change_url(row), theirs | {"limits": "Theirs.", "rationale": "Another reason."})

    page = refused.content.decode()
    errors = refused.context["adminform"].form.errors
    row.refresh_from_db()
    assert saved.status_code == 302
    assert (row.rating, row.limits) == ("may_be_appropriate", "Mine.")  # nothing was overwritten
    assert "Editor Example, at" in page
    assert "Stored now: “Mine.”" in errors["limits"][0]
    assert "the new value stands here now" in errors["rating"][0]
    assert "Another reason." in page  # nothing typed is lost
    assert "Theirs." in page
    form = refused.context["adminform"].form
    assert form["rating"].value() == "may_be_appropriate"

    again = fields_of(refused) | {"desk_seen": refused.context["seen"]}
    assert second.post(change_url(row), again).status_code == 302
    row.refresh_from_db()
    assert (row.rating, row.limits, row.rationale) == ("may_be_appropriate", "Theirs.", "Another reason.")


def test_the_texts_of_a_version_are_guarded_too(
    draft: ScenarioVersion, first: Client, second: Client
) -> None:
    mine, theirs = opened(first, draft), opened(second, draft)

    first.post(change_url(draft), mine | {"summary": "Mine."})
    refused = second.post(change_url(draft), theirs | {"summary": "Theirs."})

    assert "Stored now: “Mine.”" in refused.context["adminform"].form.errors["summary"][0]
    assert ScenarioVersion.objects.get(pk=draft.pk).summary == "Mine."


@pytest.mark.parametrize("model", [Criterion, DataElement])
def test_rows_inside_a_row_are_guarded_too(
    model: Any, draft: ScenarioVersion, first: Client, second: Client
) -> None:
    key = {Criterion: "diagnosis-all", DataElement: "diagnosis"}[model]
    row = model.objects.get(version=draft, key=key)
    nested = row.redirects if model is Criterion else row.choices
    theirs = opened(second, row)
    with audit.acting(TESTS):
        nested.last().delete()

    refused = second.post(change_url(row), theirs)

    assert refused.status_code == 200
    assert "Nothing was saved" in refused.content.decode()


def test_a_change_by_a_script_is_seen_and_a_row_that_only_moved_is_not(
    draft: ScenarioVersion, second: Client
) -> None:
    row = RatedStudy.objects.get(version=draft, study__code="radiography-chest")
    theirs = opened(second, row)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(pk=row.pk).update(position=30)

    assert second.post(change_url(row), theirs | {"limits": "Theirs."}).status_code == 302
    theirs = opened(second, row)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(pk=row.pk).update(limits="By a script.")
    assert "By a script." in second.post(change_url(row), theirs).content.decode()


@pytest.mark.parametrize(
    "seen", ["", "{", "[]", "null", '"x"', '{"limits": 5}', '{"no": "such"}', "\x00", "9" * 9999]
)
def test_an_odd_memory_is_no_fault(seen: str, draft: ScenarioVersion, second: Client) -> None:
    row = RatedStudy.objects.get(version=draft, study__code="radiography-chest")

    answer = second.post(change_url(row), fields_of(second.get(change_url(row))) | {"desk_seen": seen})

    assert answer.status_code in (200, 302, 400)


@pytest.mark.parametrize("what", ["row", "version", "deleted row"])
def test_what_was_typed_into_a_form_that_is_closed_by_then_is_shown_back(
    what: str, draft: ScenarioVersion, first: Client, second: Client
) -> None:
    row = RatedStudy.objects.get(version=draft, study__code="radiography-chest")
    subject: Any = draft if what == "version" else row
    field = "summary" if what == "version" else "limits"
    typed = opened(second, subject) | {field: "An hour of <b>work</b>."}
    if what == "deleted row":
        first.post(change_url(row).replace("change", "delete"), {"post": "yes"})
    else:
        publish(draft)

    answer = second.post(change_url(subject), typed)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "An hour of &lt;b&gt;work&lt;/b&gt;." in page
    assert ("deleted it while you wrote" if what == "deleted row" else "is published by now") in page
    assert "csrf" not in page.split("What you typed")[1]
    if what != "deleted row":
        assert reverse("admin:guideline_copy", args=[draft.pk]) in page
