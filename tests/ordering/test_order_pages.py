"""The page of an order, the advice it was placed on, its trail, and what can be done with it."""

import re

import pytest
from django.utils import timezone

from guidelines.actions import copy_to_draft
from guidelines.models import Pitfall, RatedStudy
from ordering.actions import cancel_order, enter_in_error, hold_order
from ordering.choosing import OverrideGiven
from ordering.models import Order
from ordering.presenters import trail
from ordering.presenters.stages import status_steps
from portal import audit
from tests.content import publish
from tests.ordering.placing import CT, MRI, PET, ask, events, patient, place, progress, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
S = Order.Status


def page_of(client, order: Order, part: str = ""):
    return client.get(f"/orders/{order.pk}/{part}")


@pytest.fixture
def order(patient, clinician, leukaemia) -> Order:
    """Return a signed order."""
    return place(patient, clinician)


def moved(order: Order, by, status: str) -> Order:
    """Return the order after it came into a status, by the action that leads there."""
    with audit.acting(audit.actor_of(by)):
        if status == S.ON_HOLD:
            hold_order(order=order, by=by, via="portal", reason="Later.")
        elif status == S.REVOKED:
            cancel_order(order=order, by=by, via="portal", reason="Not needed.")
        elif status == S.ENTERED_IN_ERROR:
            enter_in_error(order=order, by=by, via="portal", reason="Wrong patient.")
        elif status == S.COMPLETED:
            report(order, by)
    order.refresh_from_db()
    return order


def test_the_page_says_what_was_ordered_and_why(as_user, clinician, patient):
    order = place(
        patient,
        clinician,
        study=MRI,
        reason=OverrideGiven("special-circumstances", "Metal clip."),
        priority="urgent",
        note="Before Friday.",
    )

    page = text_of(page_of(as_user(clinician), order))

    for said in (
        "MARTIN, Alex",
        order.number,
        "MRI abdomen and pelvis",
        "Usually not appropriate",
        "No ionising radiation",
        "Special circumstances: Metal clip.",
        "Does not follow the guideline",
        "Urgent",
        "Before Friday.",
        "Dr Clinician Example",
        "Version 1, as shown on",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Follows the guideline."),
        (
            {
                "study": "ct-chest-abdomen-pelvis-without-iv-contrast",
                "answers": {"severe_contrast_allergy": "yes"},
                "reason": OverrideGiven("patient-preference"),
            },
            "the study rated first is contraindicated",
        ),
        ({"study": MRI, "reason": OverrideGiven("patient-preference")}, "Does not follow the guideline"),
        (
            {"study": None, "study_text": "Ultrasound", "reason": OverrideGiven("patient-preference")},
            "gives this study no rating",
        ),
    ],
)
def test_adherence_is_said_in_plain_words(as_user, clinician, patient, given, says):
    assert says in text_of(page_of(as_user(clinician), place(patient, clinician, **given)))


@pytest.mark.parametrize(
    ("status", "reported", "line"),
    [
        (S.ACTIVE, [], "[Signed] *Waiting for radiology* Scheduled Performed Reported Outcome Closed"),
        (
            S.ACTIVE,
            ["received"],
            "[Signed] [Received] *Waiting for an appointment* Performed Reported Outcome Closed",
        ),
        (S.ACTIVE, ["performed"], "[Signed] [Performed] *Waiting for the report* Outcome Closed"),
        (S.ACTIVE, ["received", "reported"], "[Signed] [Received] [Reported] *Record outcome* Closed"),
        (S.COMPLETED, ["reported"], "[Signed] [Reported] [Outcome] [Closed]"),
        (S.COMPLETED, [], "[Signed] [Outcome] [Closed]"),
        (S.ON_HOLD, [], "[Signed] *On hold* Received Scheduled Performed Reported Outcome Closed"),
        (S.REVOKED, ["received"], "[Signed] [Received] *Cancelled*"),
        (S.ENTERED_IN_ERROR, [], "[Signed] *Entered in error*"),
    ],
)
def test_the_status_line_shows_how_far_the_order_has_come(clinician, order, status, reported, line):
    progress(order, clinician, *reported)
    moved(order, clinician, status)

    marks = {"done": "[{}]", "current": "*{}*", "todo": "{}"}
    assert " ".join(marks[step.state].format(step.label) for step in status_steps(order)) == line


def test_a_draft_and_a_provisional_finding_have_status_lines_of_their_own(clinician, patient, order):
    draft = place(patient, clinician, sign=False)
    report(order, clinician, compared_with_baseline="not_yet")

    assert status_steps(draft)[0].label == "Draft"
    assert [(step.label, step.state) for step in status_steps(order)] == [
        ("Signed", "done"),
        ("Outcome", "done"),
        ("Compare with baseline", "current"),
        ("Closed", "todo"),
    ]


def test_the_timeline_tells_everything_newest_first(as_user, clinician, order):
    progress(order, clinician, "received", "reported")
    report(order, clinician)

    entries = page_of(as_user(clinician), order).context["page"].timeline

    assert [entry.title for entry in entries] == [
        "Closed",
        "Finding recorded: No extramedullary disease",
        "Reported",
        "Received by radiology",
        "Signed",
        "Draft started",
        "Advice given: CT chest, abdomen and pelvis with IV contrast first",
    ]
    assert entries[-1].url == f"/orders/{order.pk}/advice/"


def test_what_is_awaited_stands_at_the_top_of_the_timeline(as_user, clinician, order):
    progress(order, clinician, "reported")

    first = page_of(as_user(clinician), order).context["page"].timeline[0]

    assert (first.title, first.now) == ("The outcome is waiting to be recorded", True)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (S.ACTIVE, {"hold", "cancel", "entered-in-error"}),
        (S.ON_HOLD, {"resume", "cancel", "entered-in-error"}),
        (S.REVOKED, {"entered-in-error"}),
        (S.COMPLETED, {"entered-in-error"}),
        (S.ENTERED_IN_ERROR, set()),
    ],
)
def test_the_page_offers_what_the_status_allows(as_user, clinician, order, status, offered):
    page = text_of(page_of(as_user(clinician), moved(order, clinician, status)))

    links = re.findall(rf"/orders/{order.pk}/(hold|resume|cancel|entered-in-error)/", page)
    assert set(links) == offered
    assert ("Save outcome" in page) == (status in {S.ACTIVE, S.COMPLETED})


@pytest.mark.parametrize(
    ("status", "says"),
    [(S.REVOKED, "Not needed."), (S.ENTERED_IN_ERROR, "Wrong patient."), (S.ON_HOLD, "Later.")],
)
def test_an_order_that_stopped_shows_the_reason(as_user, clinician, order, status, says):
    assert says in text_of(page_of(as_user(clinician), moved(order, clinician, status)))


def test_a_draft_leads_on_to_its_review(as_user, clinician, patient):
    draft = place(patient, clinician, sign=False)

    page = text_of(page_of(as_user(clinician), draft))

    assert f'href="/orders/{draft.pk}/review/"' in page
    assert "Save outcome" not in page


def test_linked_orders_are_named_on_both(as_user, clinician, patient, order):
    report(order, clinician, "indeterminate")
    follow_up = place(patient, clinician, study=PET, parent=order)
    client = as_user(clinician)

    assert f'href="/orders/{follow_up.pk}/">{follow_up.number}' in text_of(page_of(client, order))
    assert f'href="/orders/{order.pk}/">{order.number}' in text_of(page_of(client, follow_up))


def test_the_advice_is_shown_as_it_was_given_whatever_was_published_since(
    as_user, clinician, order, leukaemia
):
    client = as_user(clinician)
    before = page_of(client, order, "advice/").context["page"]
    with audit.acting(audit.system("tests")):
        draft = copy_to_draft(version=leukaemia, by=None)
        RatedStudy.objects.filter(version=draft, study__code=CT).update(rating="usually_not_appropriate")
        Pitfall.objects.filter(version=draft).delete()
        publish(version=draft)

    response = page_of(client, order, "advice/")

    assert response.context["page"] == before
    page = text_of(response)
    assert order.consultation.digest in page
    assert "Not documented" in page
    assert 'name="study"' not in page  # nothing to press


def test_advice_that_did_not_fit_is_shown_as_such(as_user, clinician, patient):
    order = place(
        patient, clinician, answers={"diagnosis": "aml"}, reason=OverrideGiven("radiologist-advised")
    )

    page = text_of(page_of(as_user(clinician), order, "advice/"))

    assert "The guideline did not fit this patient" in page


def test_an_order_under_quite_another_guideline_has_a_page(as_user, clinician, patient, bicycle):
    order = place(
        patient,
        clinician,
        consultation=ask(patient, clinician, slug=bicycle.scenario.slug),
        study=None,
        study_text="A test ride",
        reason=OverrideGiven("patient-preference"),
    )
    client = as_user(clinician)

    assert page_of(client, order).status_code == 200
    assert page_of(client, order, "advice/").status_code == 200


def test_looking_is_recorded_and_the_trail_shows_it(as_user, clinician, colleague, order):
    page_of(as_user(colleague), order)

    response = page_of(as_user(clinician), order, "trail/")

    rows = [(row.words, row.who) for row in response.context["trail"].rows]
    assert rows == [
        ("Looked at", "Dr Colleague Example (colleague)"),
        ("Signed", "Dr Clinician Example (clinician)"),
        ("Draft saved", "Dr Clinician Example (clinician)"),
    ]
    assert events("order.trail-viewed", entity_id=str(order.pk))


def test_the_trail_has_pages(as_user, clinician, order, monkeypatch):
    monkeypatch.setattr(trail, "TRAIL_ROWS", 1)
    client = as_user(clinician)
    first = page_of(client, order, "trail/")

    second = client.get(first.context["older_url"])

    assert [row.kind for row in first.context["trail"].rows] == ["order.signed"]
    assert second.context["trail"].rows[0].kind == "order.placed"


@pytest.mark.parametrize("before", ["x", "-1", "1" * 30, "٣", "%00"])
def test_a_trail_page_that_cannot_be_is_no_fault(as_user, clinician, order, before):
    assert page_of(as_user(clinician), order, f"trail/?before={before}").status_code in {200, 400}


ROUTES = {  # page -> the status it leads to, and from where a reason is needed
    "cancel": (S.REVOKED, True),
    "hold": (S.ON_HOLD, False),
    "entered-in-error": (S.ENTERED_IN_ERROR, True),
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_change_of_status_is_confirmed_on_a_page_and_done_once(as_user, clinician, order, route):
    client = as_user(clinician)
    page = page_of(client, order, f"{route}/")
    data = {"reason": "It has its reason.", "revision": page.context["form"]["revision"].value()}

    first = client.post(f"/orders/{order.pk}/{route}/", data)
    again = client.post(f"/orders/{order.pk}/{route}/", data)

    assert (first.status_code, first.url) == (303, f"/orders/{order.pk}/")
    assert (again.status_code, again.url) == (303, f"/orders/{order.pk}/")
    order.refresh_from_db()
    assert order.status == ROUTES[route][0]
    assert [row.reason for row in order.statuses.all()] == ["", "", "It has its reason."]


def test_an_order_on_hold_is_resumed(as_user, clinician, order):
    moved(order, clinician, S.ON_HOLD)

    as_user(clinician).post(f"/orders/{order.pk}/resume/", {"revision": order.revision})

    order.refresh_from_db()
    assert order.status == S.ACTIVE
    assert events("order.resumed", entity_id=str(order.pk))


@pytest.mark.parametrize(("route", "needed"), [(route, needed) for route, (_, needed) in ROUTES.items()])
def test_a_missing_reason_is_named_where_one_is_needed(as_user, clinician, order, route, needed):
    response = as_user(clinician).post(
        f"/orders/{order.pk}/{route}/", {"reason": " ", "revision": order.revision}
    )

    order.refresh_from_db()
    assert (order.status == S.ACTIVE) == needed
    assert ("Give a reason" in text_of(response)) == needed


def test_a_page_from_before_somebody_elses_change_keeps_the_text(as_user, clinician, colleague, order):
    old = order.revision
    progress(order, colleague, "received")

    response = as_user(clinician).post(
        f"/orders/{order.pk}/cancel/", {"reason": "Typed text.", "revision": old}
    )

    assert response.status_code == 409
    page = text_of(response)
    assert "Typed text." in page
    assert "Somebody changed this order" in page
    assert f'name="revision" value="{order.revision}"' in page
    order.refresh_from_db()
    assert order.status == S.ACTIVE


@pytest.mark.parametrize("route", ["cancel", "hold", "resume"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_the_status_does_not_allow_leads_back_to_the_order(as_user, clinician, order, route, method):
    moved(order, clinician, S.COMPLETED)
    before = order.revision

    response = getattr(as_user(clinician), method)(
        f"/orders/{order.pk}/{route}/", {"reason": "x", "revision": order.revision}
    )

    assert response.status_code in {302, 303}
    assert response.url == f"/orders/{order.pk}/"
    order.refresh_from_db()
    assert (order.status, order.revision) == (S.COMPLETED, before)


def test_a_draft_is_not_signed_by_resuming_it(as_user, clinician, patient):
    draft = place(patient, clinician, sign=False)

    as_user(clinician).post(f"/orders/{draft.pk}/resume/", {"revision": draft.revision})

    draft.refresh_from_db()
    assert draft.status == S.DRAFT


def test_text_of_people_is_inert(as_user, clinician, patient):
    order = place(patient, clinician, note="<script>alert(1)</script>")

    page = text_of(page_of(as_user(clinician), order))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_dates_are_written_in_full_and_marked_as_time(as_user, clinician, order):
    page = text_of(page_of(as_user(clinician), order))

    assert f">{timezone.localtime(order.signed_at):%d-%b-%Y %H:%M}</time>" in page
    assert not re.search(r">\s*\d{2}[/.]\d{2}[/.]\d{4}", page)


@pytest.mark.parametrize("part", ["", "advice/", "trail/"])
def test_nothing_says_order_this(as_user, clinician, order, part):
    assert (
        "order this" not in re.sub(r"<[^>]+>", "", text_of(page_of(as_user(clinician), order, part))).lower()
    )


@pytest.mark.parametrize(("part", "count"), [("", 15), ("advice/", 7), ("trail/", 7)])
def test_the_queries_of_each_page_do_not_grow(
    as_user, clinician, colleague, patient, order, django_assert_num_queries, part, count
):
    progress(order, clinician, "received", "reported")
    report(order, clinician, "indeterminate", compared_with_baseline="not_yet")
    report(order, colleague, "indeterminate")
    place(patient, clinician, study=PET, parent=order)
    place(patient, colleague, parent=order)
    client = as_user(clinician)
    page_of(client, order, part)

    with django_assert_num_queries(count):
        page_of(client, order, part)
