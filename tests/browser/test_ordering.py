"""What else happens while ordering: other answers, other choices, and what goes wrong."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from guidelines.actions import copy_to_draft
from guidelines.models import ScenarioVersion, State
from ordering.models import Order
from portal import audit
from portal.models import AuditEvent
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import Window
from tests.browser.test_main_job import CT, PET_CT, button, link, option
from tests.content import LEUKAEMIA, publish
from tests.ordering.placing import MRI, ask, place

pytestmark = pytest.mark.browser

WRONG_YEAR = "1901"


def step_1(window: Window, patient: object) -> Page:
    """Open the questions about a patient."""
    return window.open(f"/orders/new/{patient.pk}/{LEUKAEMIA}/")  # type: ignore[attr-defined]


def publish_another_version() -> ScenarioVersion:
    """Publish the guideline once more, with PET/CT rated otherwise."""
    with audit.acting(audit.system("tests")):
        current = ScenarioVersion.objects.get(scenario__slug=LEUKAEMIA, state=State.PUBLISHED)
        draft = copy_to_draft(version=current, by=None)
        rated = draft.ratedstudy_set.get(study__code="fdg-pet-ct-whole-body")
        rated.rating = (
            "may_be_appropriate" if rated.rating == "usually_appropriate" else "usually_appropriate"
        )
        rated.save(update_fields=["rating"])
        return publish(version=draft)


def test_a_patient_whom_the_guideline_does_not_fit_is_sent_on_and_nothing_is_called_inappropriate(
    portal: Portal, open_window: OpenWindow
) -> None:
    page = step_1(open_window("clinician"), portal.patient())

    option(page, "diagnosis", "aml").check()
    expect(page.locator("#so-far")).to_contain_text("No criteria apply here")  # while answering
    button(page, "See suggested study").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("No criteria apply here")
    expect(page.locator("main")).to_contain_text("not the same as “not appropriate”")
    expect(page.locator("main .rt-una")).to_have_count(0)
    expect(page.locator("main .note.info h3").first).to_contain_text("leukaemia")


def test_answers_that_are_missing_are_named_and_lead_to_their_rows(
    portal: Portal, open_window: OpenWindow
) -> None:
    page = step_1(open_window("clinician"), portal.patient())

    assert page.locator("main :checked").count() == 0  # nothing is answered for anybody
    button(page, "See suggested study").click()
    expect(page.get_by_role("heading", name="Provisional: answers are missing")).to_be_visible()
    link(page, re.compile("diagnosis", re.IGNORECASE)).first.click()

    expect(page.locator("#div_id_diagnosis")).to_be_in_viewport()


def test_after_a_contrast_reaction_pet_ct_comes_first_and_the_ct_stays_visible_and_rated(
    portal: Portal, open_window: OpenWindow
) -> None:
    user = portal.user("clinician")
    consultation = ask(portal.patient(), user, severe_contrast_allergy="yes")

    page = open_window("clinician").open(f"/consultations/{consultation.pk}/")

    cards = page.locator("main article")
    expect(cards.nth(0)).to_contain_text(PET_CT)
    expect(cards.nth(2)).to_contain_text(CT)
    expect(cards.nth(2)).to_contain_text("Usually appropriate")
    expect(cards.nth(2)).to_contain_text("Contraindicated")


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_a_lower_rated_study_is_chosen_with_a_reason_that_stays_with_the_order(
    portal: Portal, open_window: OpenWindow, javascript: bool
) -> None:
    consultation = ask(portal.patient(), portal.user("clinician"))
    window = open_window("clinician", java_script_enabled=javascript)
    page = window.open(f"/consultations/{consultation.pk}/")

    page.locator("tr", has_text="MRI").get_by_role("link", name="Choose with a reason").click()
    button(page, "Choose this study").click()
    summary = page.locator("#error-summary")
    expect(summary).to_contain_text("reason")
    if javascript:
        expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error:"))
    option(page, "reason", "radiologist-advised").check()
    button(page, "Choose this study").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Check the order, then sign")
    order = Order.objects.get(consultation=consultation)
    assert (order.study_code, order.override_reason_code) == (MRI, "radiologist-advised")


def test_a_study_that_is_not_listed_is_ordered_in_words_and_is_not_rated(
    portal: Portal, open_window: OpenWindow
) -> None:
    patient = portal.patient()
    consultation = ask(patient, portal.user("clinician"))
    page = open_window("clinician").open(f"/consultations/{consultation.pk}/")

    link(page, "A study that is not listed here").click()
    page.get_by_label("Which study?").fill("Ultrasound of the abdomen")
    option(page, "reason", "special-circumstances").check()
    page.locator("[name=reason_text]").fill("Free fluid at the bedside.")
    button(page, "Choose this study").click()
    expect(page.locator("main")).to_contain_text("Not rated")
    page.get_by_label("Year of birth").fill(str(patient.birth_date.year))
    button(page, re.compile("^Sign order")).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("is signed")
    order = Order.objects.get(patient=patient)
    assert (order.study_text, order.rating) == ("Ultrasound of the abdomen", "")


def test_a_guideline_published_while_the_form_is_open_is_said_and_every_typed_answer_kept(
    portal: Portal, open_window: OpenWindow
) -> None:
    patient = portal.patient()
    page = step_1(open_window("clinician"), patient)
    for name, value in (("diagnosis", "all"), ("therapy_status", "completed"), ("renal_failure", "no")):
        option(page, name, value).check()
    page.locator("[name=egfr]").fill("75.5")

    publish_another_version()
    button(page, "See suggested study").click()

    expect(page.get_by_role("heading", name="The guideline changed while you were answering")).to_be_visible()
    expect(
        page.locator("section[aria-labelledby=changed-title] li").nth(1)
    ).to_be_visible()  # what is different
    for name, value in (("diagnosis", "all"), ("therapy_status", "completed"), ("renal_failure", "no")):
        expect(option(page, name, value)).to_be_checked()
    expect(page.locator("[name=egfr]")).to_have_value("75.5")
    button(page, "See suggested study").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Suggested study")


def test_a_guideline_published_before_signing_shows_the_difference_and_asks_again(
    portal: Portal, open_window: OpenWindow
) -> None:
    patient = portal.patient()
    draft = place(patient, portal.user("clinician"), sign=False)
    page = open_window("clinician").open(f"/orders/{draft.pk}/review/")
    page.get_by_label("Year of birth").fill(str(patient.birth_date.year))

    publish_another_version()
    button(page, re.compile("^Sign order")).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The advice has changed")
    expect(page.locator("main .card-x")).to_contain_text("FDG-PET/CT")
    draft.refresh_from_db()
    assert draft.status == Order.Status.DRAFT
    button(page, "Check the new advice").click()
    button(page, re.compile("^Choose this study")).first.click()
    page.get_by_label("Year of birth").fill(str(patient.birth_date.year))
    button(page, re.compile("^Sign order")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is signed")


def test_refused_answers_come_back_with_everything_that_was_typed(
    portal: Portal, open_window: OpenWindow
) -> None:
    page = step_1(open_window("clinician"), portal.patient())
    option(page, "diagnosis", "all").check()
    option(page, "emd_sites", "liver").check()
    page.locator("[name=egfr]").fill("seventy")

    button(page, "See suggested study").click()

    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("[name=egfr]")).to_have_value("seventy")
    expect(option(page, "diagnosis", "all")).to_be_checked()
    expect(option(page, "emd_sites", "liver")).to_be_checked()
    page.locator("#error-summary a").first.click()
    expect(page.locator("[name=egfr]")).to_be_focused()


def test_a_wrong_year_of_birth_signs_nothing_and_the_second_is_recorded(
    portal: Portal, open_window: OpenWindow
) -> None:
    patient = portal.patient()
    draft = place(patient, portal.user("clinician"), sign=False)
    page = open_window("clinician").open(f"/orders/{draft.pk}/review/")
    year, sign = page.get_by_label("Year of birth"), button(page, re.compile("^Sign order"))

    year.fill(WRONG_YEAR)
    sign.click()
    expect(page.locator("#error-summary")).to_contain_text("not the patient’s year of birth")
    expect(year).to_have_value(WRONG_YEAR)
    sign.click()
    expect(year).to_have_value("")

    draft.refresh_from_db()
    assert draft.status == Order.Status.DRAFT
    assert AuditEvent.objects.filter(
        event_type="order.identity-check-failed", entity_id=str(draft.pk)
    ).exists()
    year.fill(str(patient.birth_date.year))
    sign.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is signed")


def test_an_order_is_withdrawn_with_a_reason_and_stays_in_the_history(
    portal: Portal, open_window: OpenWindow
) -> None:
    order = place(portal.patient(), portal.user("clinician"))
    page = open_window("clinician").open(f"/orders/{order.pk}/signed/")

    link(page, "Withdraw this order").click()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#error-summary")).to_contain_text("reason")
    page.locator("[name=reason]").fill("Imaged elsewhere last week.")
    page.locator("main form button[type=submit]").click()

    expect(page.locator("main")).to_contain_text("Imaged elsewhere last week.")
    page.goto(f"{portal.url}/orders/?patient={order.patient_id}")
    expect(page.locator("table.orders")).to_contain_text(order.number)


def test_a_finding_that_was_not_compared_is_provisional_and_stays_on_the_worklist(
    portal: Portal, open_window: OpenWindow
) -> None:
    order = place(portal.patient(), portal.user("colleague"))
    page = open_window("colleague").open(f"/orders/{order.pk}/")

    option(page, "compared_with_baseline", "not_yet").check()
    option(page, "finding", "negative").check()
    button(page, "Save outcome").click()
    expect(page.locator("#finding")).to_contain_text("Provisional")
    page.goto(f"{portal.url}/?show=outcomes")
    row = page.locator("table.orders tr", has_text=order.number)
    expect(row).to_be_visible()
    row.locator("td").last.get_by_role("link").click()
    option(page, "compared_with_baseline", "yes").check()
    option(page, "finding", "negative").check()
    button(page, "Save outcome").click()
    expect(page.locator("#finding")).to_contain_text("microscopic")
    page.goto(f"{portal.url}/?show=outcomes")

    expect(page.locator("table.orders tr", has_text=order.number)).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_a_double_click_on_sign_gives_one_signature_on_one_order(
    portal: Portal, open_window: OpenWindow, javascript: bool
) -> None:
    patient = portal.patient()
    consultation = ask(patient, portal.user("clinician"))
    window = open_window("clinician", java_script_enabled=javascript)
    page = window.open(f"/consultations/{consultation.pk}/")

    button(page, re.compile("^Choose this study")).first.dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the order, then sign")
    page.get_by_label("Year of birth").fill(str(patient.birth_date.year))
    button(page, re.compile("^Sign order")).dblclick()

    expect(page.get_by_role("heading", level=1)).to_contain_text("is signed")
    order = Order.objects.get(patient=patient)
    assert AuditEvent.objects.filter(event_type="order.signed", entity_id=str(order.pk)).count() == 1


def test_two_tabs_with_two_patients_never_mix(portal: Portal, open_window: OpenWindow) -> None:
    window = open_window("clinician")
    first = portal.patient(family_name="Arden", birth_date=date(1980, 5, 4))
    second = portal.patient(family_name="Birch", birth_date=date(1971, 9, 2))
    left, right = step_1(window, first), window.context.new_page()
    right.goto(f"{portal.url}/orders/new/{second.pk}/{LEUKAEMIA}/")

    # each click in one tab is followed by one in the other
    option(left, "severe_contrast_allergy", "yes").check()
    option(right, "severe_contrast_allergy", "no").check()
    button(left, "See suggested study").click()
    button(right, "See suggested study").click()
    button(left, re.compile("^Choose this study")).first.click()
    button(right, re.compile("^Choose this study")).first.click()
    expect(left.locator(".pb")).to_contain_text("ARDEN")
    expect(right.locator(".pb")).to_contain_text("BIRCH")
    left.get_by_label("Year of birth").fill("1971")  # the other tab's patient
    button(left, re.compile("^Sign order")).click()
    expect(left.locator("#error-summary")).to_be_visible()
    right.get_by_label("Year of birth").fill("1971")
    button(right, re.compile("^Sign order")).click()
    left.get_by_label("Year of birth").fill("1980")
    button(left, re.compile("^Sign order")).click()
    expect(left.get_by_role("heading", level=1)).to_contain_text("is signed")
    expect(right.get_by_role("heading", level=1)).to_contain_text("is signed")

    ordered = {
        order.patient_id: (order.study_code, order.consultation.answers["severe_contrast_allergy"])
        for order in Order.objects.filter(patient__in=[first, second])
    }
    assert ordered == {
        first.pk: ("fdg-pet-ct-whole-body", "yes"),
        second.pk: ("ct-chest-abdomen-pelvis-with-iv-contrast", "no"),
    }


@pytest.mark.parametrize("left_by", ["closing the tab", "following a link", "sending the form"])
def test_answers_are_kept_of_a_form_that_is_left_at_once(
    portal: Portal, open_window: OpenWindow, left_by: str
) -> None:
    patient = portal.patient()
    page = step_1(open_window("clinician"), patient)
    option(page, "diagnosis", "all").check()
    page.locator("[name=egfr]").fill("77")

    if left_by == "closing the tab":
        page.close()
    elif left_by == "following a link":
        link(page, "Back to the patient").click()
    else:
        button(page, "See suggested study").click()
        expect(page).to_have_url(re.compile("/consultations/"))

    again = step_1(open_window("clinician"), patient)
    wanted = "" if left_by == "sending the form" else "77"
    for _ in range(20):  # the last words of a closed tab may still be on their way
        if again.locator("[name=egfr]").input_value() == wanted:
            break
        again.wait_for_timeout(250)
        again.reload()
    expect(again.locator("[name=egfr]")).to_have_value(wanted)


def test_another_organisations_order_is_a_page_not_found(portal: Portal, open_window: OpenWindow) -> None:
    theirs = Order.objects.filter(organisation=portal.user("other_clinic").organisation).first()
    assert theirs is not None
    window = open_window("clinician")

    answer = window.page.goto(f"{portal.url}/orders/{theirs.pk}/")

    assert answer is not None
    assert answer.status == 404
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Page not found")
    expect(window.page.locator("body")).not_to_contain_text(theirs.patient.family_name)
