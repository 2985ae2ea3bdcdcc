"""The difference of two versions as JSON."""

from guidelines.models import RatedStudy, ScenarioVersion
from portal import audit
from portal.models import User
from tests.content import LEUKAEMIA
from tests.guidelines.desk import TESTS, copy, publish
from tests.ordering.api.caller import Caller, is_problem, secret_for

DIFF = f"scenarios/{LEUKAEMIA}/versions/2/diff/"


def changed_copy(guideline: ScenarioVersion) -> ScenarioVersion:
    """Return a draft with one rating changed."""
    draft = copy(guideline)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=draft, study__code="radiography-chest").update(
            rating="may_be_appropriate"
        )
    return draft


def test_two_versions_are_compared_word_by_word(api: Caller, guideline: ScenarioVersion):
    publish(changed_copy(guideline))

    said = api.get(DIFF).json()
    same = api.get(f"{DIFF}?against=2").json()
    back = api.get(f"scenarios/{LEUKAEMIA}/versions/1/diff/?against=2").json()

    assert (said["scenario"], said["old"]["version"], said["new"]["version"]) == (LEUKAEMIA, 1, 2)
    assert (said["old"]["state"], said["new"]["state"]) == ("superseded", "published")
    assert (said["changed"], said["groups"][0]["code"]) == (1, "ratings")
    change = said["groups"][0]["changes"][0]
    assert (change["kind"], change["field"]) == ("changed", "rating")
    assert (change["old"], change["new"]) == ("Usually not appropriate", "May be appropriate")
    assert "".join(piece["text"] for piece in change["new_words"]) == "May be appropriate"
    assert {piece["kind"] for piece in change["new_words"]} == {"same", "added"}
    assert same["changed"] == 0
    assert back["groups"][0]["changes"][0]["new"] == "Usually not appropriate"


def test_the_first_version_is_compared_with_nothing(api: Caller):
    said = api.get(f"scenarios/{LEUKAEMIA}/versions/1/diff/").json()

    assert said["old"] is None
    assert {change["kind"] for group in said["groups"] for change in group["changes"]} == {"added", "changed"}


def test_a_draft_is_compared_for_its_editors_and_approvers_alone(
    api: Caller, guideline: ScenarioVersion, editor: User, approver: User
):
    changed_copy(guideline)

    for person in (editor, approver):
        assert Caller(secret_for(person)).get(DIFF).json()["new"]["state"] == "draft"
    assert is_problem(api.get(DIFF), 404, "not-found")
    assert is_problem(api.get(f"scenarios/{LEUKAEMIA}/versions/1/diff/?against=2"), 404, "not-found")


def test_what_is_not_there_or_no_number_is_refused(api: Caller):
    for path in (f"scenarios/{LEUKAEMIA}/versions/9/diff/", "scenarios/none/versions/1/diff/"):
        assert is_problem(api.get(path), 404, "not-found")
    assert is_problem(api.get(f"scenarios/{LEUKAEMIA}/versions/99999999999999999999/diff/"), 404, "not-found")
    for odd in ("x", "0", "-1", "1.5", "4_2", "%00", "", "99999999999"):
        answer = api.get(f"scenarios/{LEUKAEMIA}/versions/1/diff/?against={odd}")
        assert answer.status_code == 400, odd
    assert api.get(f"scenarios/{LEUKAEMIA}/versions/1/diff/?other=1").status_code == 400
