"""The review page: what changes comes first, who may press what, and what is said back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guidelines import actions
from guidelines.models import Action, OrderRule, Question, RatedStudy, ScenarioVersion, State
from portal import audit
from portal.models import User
from portal.roles import Role
from tests.guidelines.desk import BICYCLE, SHIPPED, TESTS, approved, copy, load, publish
from tests.people import AsUser, make_user

pytestmark = pytest.mark.django_db


def review(version: ScenarioVersion) -> str:
    """Return the address of a version's review."""
    return reverse("admin:guideline_review", args=[version.pk])


def press(client: Client, version: ScenarioVersion, action: str, **said: Any) -> Any:
    """Press a button of the review page."""
    return client.post(review(version), {"action": action, "comment": "Because of it.", **said})


def submitted(version: ScenarioVersion) -> None:
    """Submit a version for review."""
    with audit.acting(TESTS):
        actions.submit(version=version, by=None, comment="Ready.")


def state_of(version: ScenarioVersion) -> str:
    """Return the state as stored."""
    return ScenarioVersion.objects.values_list("state", flat=True).get(pk=version.pk)


def test_a_draft_goes_from_hand_to_hand_until_it_is_in_use(
    editor: User, approver: User, as_user: AsUser
) -> None:
    draft = copy(publish(load(BICYCLE)))
    writing, reviewing = as_user(editor), as_user(approver)
    with audit.acting(audit.actor_of(editor)):
        Question.objects.filter(version=draft).update(text="Which one, now?")

    press(writing, draft, "submit")
    page = reviewing.get(review(draft))
    back = press(reviewing, draft, "request_changes", comment="Say why.")
    press(writing, draft, "submit", comment="Said.")
    press(reviewing, draft, "approve")
    done = press(reviewing, draft, "publish")

    assert [change.field for change in page.context["difference"].changes] == ["Text"] * 2
    assert back.status_code == done.status_code == 302
    assert state_of(draft) == State.PUBLISHED
    said = reviewing.get(review(draft)).content.decode()
    for sentence in ("Say why.", "Said.", "Changes requested", editor.display_name, approver.display_name):
        assert sentence in said


def test_a_rating_stands_before_texts_and_a_rule_that_moved_is_said_to_have_moved(
    approver: User, as_user: AsUser
) -> None:
    draft = copy(publish(load(SHIPPED)))
    with audit.acting(TESTS):
        ScenarioVersion.objects.filter(pk=draft.pk).update(summary="Other words for it.")
        rated = RatedStudy.objects.filter(version=draft).order_by("position").last()
        assert rated is not None
        RatedStudy.objects.filter(pk=rated.pk).update(rating="may_be_appropriate", radiation_level=None)
        OrderRule.objects.filter(version=draft, position=1).update(position=9)

    page = as_user(approver).get(review(draft))

    found = page.context["difference"]
    assert [group.name for group in found.groups] == ["ratings", "rules", "texts"]
    moved = found.groups[1].changes
    assert [(change.kind, change.row, change.old_place, change.new_place) for change in moved] == [
        ("moved", "contrast-contraindicated", 1, 4)
    ]
    text = page.content.decode()
    assert "<strong>Moved</strong> from place 1 to place 4" in text
    assert "<ins>May be appropriate</ins>" in text
    assert text.index("Ratings and radiation") < text.index("Texts, source and licence")


def test_any_two_versions_are_compared_and_unchanged_fields_are_shown_on_demand(
    approver: User, as_user: AsUser
) -> None:
    first = publish(load(BICYCLE))
    second = copy(first)
    with audit.acting(TESTS):
        ScenarioVersion.objects.filter(pk=second.pk).update(title="Another bicycle")
    publish(second)
    third = publish(copy(ScenarioVersion.objects.get(pk=second.pk)))
    client = as_user(approver)

    with_second = client.get(review(third), {"against": 2})
    with_first = client.get(review(third), {"against": 1})
    everything = client.get(review(third), {"against": 1, "all": 1})

    assert with_second.context["difference"].changes == []
    assert "Nothing differs" in with_second.content.decode()
    assert [change.name for change in with_first.context["difference"].changes] == ["title"]
    assert len(everything.context["difference"].changes) == 1
    assert any(
        change.kind == "same" for group in everything.context["difference"].groups for change in group.changes
    )
    for odd in ("99", "x", "%00", "1.5", "-1", "3"):
        assert client.get(f"{review(third)}?against={odd}").status_code in (200, 400)


def test_an_unchanged_draft_is_warned_of(editor: User, as_user: AsUser) -> None:
    draft = copy(publish(load(BICYCLE)))

    assert "Nothing differs from version 1." in as_user(editor).get(review(draft)).content.decode()


@pytest.mark.parametrize(
    ("who", "state", "offered"),
    [
        ("editor", State.DRAFT, ["submit"]),
        ("editor", State.IN_REVIEW, []),
        ("approver", State.DRAFT, []),
        ("approver", State.IN_REVIEW, ["approve", "request_changes"]),
        ("approver", State.APPROVED, ["publish", "request_changes", "schedule"]),
        ("approver", State.PUBLISHED, ["withdraw"]),
        ("editor", State.PUBLISHED, []),
    ],
)
def test_only_legal_moves_have_a_button(
    who: str, state: State, offered: list[str], request: pytest.FixtureRequest, as_user: AsUser
) -> None:
    version = load(BICYCLE)
    if state == State.PUBLISHED:
        publish(version)
    elif state == State.APPROVED:
        approved(version)
    elif state == State.IN_REVIEW:
        submitted(version)

    page = as_user(request.getfixturevalue(who)).get(review(version))

    shown = page.content.decode()
    assert sorted(b.action for b in page.context["buttons"] if not b.why_not) == offered
    assert [action for action in map(str, Action) if f'value="{action}"' in shown] == [
        action for action in map(str, Action) if action in offered
    ]


def test_who_changed_it_reads_why_somebody_else_must_approve(as_user: AsUser) -> None:
    both = make_user("both", Role.EDITOR, Role.APPROVER)
    draft = load(BICYCLE)
    with audit.acting(audit.actor_of(both)):
        Question.objects.filter(version=draft).update(text="Mine.")
    client = as_user(both)
    press(client, draft, "submit")

    page = client.get(review(draft)).content.decode()
    refused = press(client, draft, "approve", comment="I like it.")

    assert "another approver has to do that" in page
    assert 'value="approve"' not in page
    assert refused.status_code == 409
    assert "Ask another approver" in refused.content.decode()
    assert "I like it." in refused.content.decode()  # nothing typed is lost
    assert state_of(draft) == State.IN_REVIEW


def test_what_keeps_it_back_is_listed_and_the_button_is_gone(approver: User, as_user: AsUser) -> None:
    draft = load(SHIPPED)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=draft).update(rationale="")
    client = as_user(approver)
    submitted(draft)

    page = client.get(review(draft))
    refused = press(client, draft, "approve")

    assert page.context["faults"]
    assert 'value="approve"' not in page.content.decode()
    assert (refused.status_code, state_of(draft)) == (409, State.IN_REVIEW)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"action": "nonsense"}, "Choose one of the buttons"),
        ({}, "Choose one of the buttons"),
        ({"action": "edit"}, "Choose one of the buttons"),
        ({"action": "supersede"}, "Choose one of the buttons"),
        ({"action": "submit", "comment": ""}, "Tell the approvers"),
        ({"action": "submit", "comment": "<b>bold</b>"}, "plain text"),
        ({"action": "submit", "comment": "a\x00b"}, "plain text"),
        ({"action": "submit", "comment": "x" * 4001}, "at most 4000"),
        ({"action": "publish", "comment": "c"}, "for the role approver"),
    ],
)
def test_a_press_that_is_refused_says_why(
    said: dict[str, str], wanted: str, editor: User, as_user: AsUser
) -> None:
    draft = load(BICYCLE)

    page = as_user(editor).post(review(draft), said)

    assert page.status_code == 409
    assert wanted in page.content.decode()
    assert state_of(draft) == State.DRAFT


def test_a_publication_is_scheduled_in_the_zone_of_the_site(approver: User, as_user: AsUser) -> None:
    version = approved(load(BICYCLE))
    client = as_user(approver)
    day = (timezone.localdate() + timedelta(days=30)).isoformat()

    missing = press(client, version, "schedule")
    past = press(client, version, "schedule", publish_at="2020-01-01T08:00")
    odd = press(client, version, "schedule", publish_at="tomorrow")
    press(client, version, "schedule", publish_at=f"{day}T08:30")

    assert "Say when" in missing.content.decode()
    assert "a time to come" in past.content.decode()
    assert "such as 2026-06-30 08:00" in odd.content.decode()
    version.refresh_from_db()
    assert version.state == State.SCHEDULED
    assert version.publish_at is not None
    assert timezone.localtime(version.publish_at).strftime("%Y-%m-%dT%H:%M") == f"{day}T08:30"
    assert "08:30" in client.get(review(version)).content.decode()


def test_the_review_costs_the_same_however_much_changed(
    approver: User, as_user: AsUser, django_assert_max_num_queries: Any
) -> None:
    draft = copy(publish(load(SHIPPED)))
    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=draft).update(rationale="Another reason.")
    client = as_user(approver)

    with django_assert_max_num_queries(75):
        client.get(review(draft))


def test_a_scenario_that_is_new_is_reviewed_as_a_whole(editor: User, as_user: AsUser) -> None:
    draft = load(BICYCLE)

    page = as_user(editor).get(review(draft))

    assert page.status_code == 200
    assert {change.kind for change in page.context["difference"].changes} == {"added", "changed"}
    assert "there is no other to compare with" in page.content.decode()
