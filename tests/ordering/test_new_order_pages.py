"""The three steps of an order as pages: what they record, refuse, keep and show."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guidelines import library
from guidelines.actions import copy_to_draft
from ordering.actions import place_order, record_consultation, record_finding, sign_order
from ordering.advice import advise
from ordering.forms import DIGEST, SignForm, answers_to_post
from ordering.models import Consultation, Order
from portal import audit
from portal.models import AuditEvent
from tests.content import FITTING, LEUKAEMIA, publish

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PET_CT = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"

pytestmark = pytest.mark.usefixtures("leukaemia")


@pytest.fixture
def client(as_user, clinician):
    return as_user(clinician)


@pytest.fixture
def patient(clinician, make_patient):
    return make_patient(by=clinician)


@pytest.fixture
def step_1(patient):
    return reverse("order_new", args=[patient.pk, LEUKAEMIA])


@pytest.fixture
def ask(client, step_1):
    """Return a function that submits step 1 and returns the consultation."""

    def submit(answers=FITTING, query=""):
        response = client.post(step_1 + query, form_data(answers))
        assert response.status_code == 303
        return Consultation.objects.get(pk=response.url.split("/")[2])

    return submit


@pytest.fixture
def draft(client, ask):
    """Return a draft for the suggested study."""
    return choose(client, ask(), CT)


def form_data(answers):
    _, ruleset = library.current(LEUKAEMIA)
    return answers_to_post(ruleset, answers) | {DIGEST: ruleset.digest}


def choose(client, consultation, study, **more):
    response = client.post(reverse("study_choose", args=[consultation.pk]), {"study": study, **more})
    assert response.status_code == 303, response.content.decode()
    return Order.objects.get(pk=response.url.split("/")[2])


def sign_data(order, **more):
    return {
        "priority": order.priority,
        "note": order.note,
        "revision": order.revision,
        "year_of_birth": f"{order.patient.birth_date:%Y}",
    } | more


@pytest.fixture
def new_version(leukaemia):
    """Return a function that publishes a version in which PET/CT is rated lower."""

    def make():
        with audit.acting(audit.system("tests")):
            draft = copy_to_draft(version=leukaemia, by=None)
            rated = draft.ratedstudy_set.get(study__code=PET_CT)
            rated.rating = "may_be_appropriate"
            rated.save(update_fields=["rating"])
            return publish(version=draft)

    return make


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# --- who --------------------------------------------------------------------------------------------------
def every_page(patient, consultation, order):
    return [
        f"{reverse('order_start')}?patient={patient.pk}",
        reverse("order_new", args=[patient.pk, LEUKAEMIA]),
        reverse("suggestion", args=[consultation.pk]),
        reverse("study_choose", args=[consultation.pk]),
        reverse("order_review", args=[order.pk]),
        reverse("order_signed", args=[order.pk]),
    ]


def test_another_organisation_finds_nothing_and_the_attempt_is_recorded(
    as_user, other_clinic, patient, draft
):
    stranger = as_user(other_clinic)

    for address in every_page(patient, draft.consultation, draft):
        before = AuditEvent.objects.filter(event_type="access.denied").count()

        assert stranger.get(address).status_code == 404, address
        assert AuditEvent.objects.filter(event_type="access.denied").count() == before + 1, address


def test_another_organisation_signs_nothing(as_user, other_clinic, draft):
    response = as_user(other_clinic).post(reverse("order_sign", args=[draft.pk]), sign_data(draft))

    assert response.status_code == 404
    assert Order.objects.get(pk=draft.pk).status == "draft"


@pytest.mark.parametrize("role", ["editor", "approver", "auditor", "administrator"])
def test_only_clinicians_order(role, request, as_user, patient, draft):
    person = as_user(request.getfixturevalue(role))

    for address in every_page(patient, draft.consultation, draft):
        assert person.get(address).status_code == 403, address


def test_nobody_orders_without_signing_in(step_1):
    response = Client().get(step_1)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_a_consultation_of_one_patient_prefills_nothing_for_another(client, ask, clinician, make_patient):
    other = make_patient(by=clinician)
    address = reverse("order_new", args=[other.pk, LEUKAEMIA])

    assert client.get(f"{address}?from={ask().pk}").status_code == 404


# --- step 1 -----------------------------------------------------------------------------------------------
def test_an_order_starts_with_a_patient(client):
    response = client.get(reverse("order_start"))

    assert response.status_code == 302
    assert response.url == reverse("patient_search")


def test_the_scenario_is_found_in_spite_of_a_typing_error(client, patient):
    response = client.get(
        reverse("order_start"), {"patient": patient.pk, "q": "lymphoblastic leukemia inducton"}
    )

    assert reverse("order_new", args=[patient.pk, LEUKAEMIA]) in response.content.decode()


def test_step_1_asks_every_question_and_chooses_no_answer(client, step_1):
    html = client.get(step_1).content.decode()
    _, ruleset = library.current(LEUKAEMIA)

    for element in ruleset.elements:
        assert f'id="div_id_{element.key}"' in html
    assert " checked" not in html
    assert "from date of birth" in html


def test_opening_step_1_keeps_nothing_but_that_the_patient_was_viewed(client, step_1, patient):
    client.get(step_1)

    assert not Consultation.objects.exists()
    viewed = AuditEvent.objects.get(event_type="patient.viewed")
    assert viewed.entity_id == str(patient.pk)


@pytest.mark.parametrize(
    ("answers", "fit"),
    [(FITTING, "fits"), ({"diagnosis": "aml"}, "does_not_fit"), ({"diagnosis": "all"}, "needs_answers")],
)
def test_every_question_is_recorded_whatever_the_fit(client, ask, patient, answers, fit):
    consultation = ask(answers)

    assert (consultation.fit, consultation.patient, consultation.via) == (fit, patient, "portal")
    assert AuditEvent.objects.filter(event_type="consultation.recorded").count() == 1
    assert client.get(reverse("suggestion", args=[consultation.pk])).status_code == 200


def test_refused_answers_come_back_as_typed_with_every_fault(client, step_1):
    response = client.post(step_1, form_data(FITTING) | {"egfr": "4_2", "baseline_on": "2026-13-01"})
    html = response.content.decode()

    assert "<title>Error: " in html
    assert 'value="4_2"' in html
    assert 'value="2026-13-01"' in html
    assert 'href="#id_egfr"' in html
    assert 'href="#id_baseline_on"' in html
    assert html.count(" checked") == 10  # nine radios and one box of FITTING
    assert not Consultation.objects.exists()


def test_answers_that_contradict_each_other_are_shown_as_such(client, step_1, ask):
    answers = FITTING | {"emd_at_diagnosis": "no"}
    consultation = ask(answers)

    assert "Two answers do not go together." in text_of(
        client.get(reverse("suggestion", args=[consultation.pk]))
    )
    assert "cq conflict" in client.get(f"{step_1}?from={consultation.pk}").content.decode()


def test_the_panel_answers_without_recording(client, patient, step_1):
    address = reverse("order_suggestion_fragment", args=[patient.pk, LEUKAEMIA])

    response = client.post(address, form_data(FITTING | {"baseline_modality": "fdg_pet_ct"}))

    assert "FDG-PET/CT whole body" in response.content.decode()
    assert "<html" not in response.content.decode()
    assert not Consultation.objects.exists()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"diagnosis": "aml"}, "No criteria apply here"),
        ({"diagnosis": "all"}, "8 answers can still change this."),
        ({"egfr": "1e3"}, "eGFR must be a number"),
        (FITTING, "No answer is missing that could change the order of studies."),
    ],
)
def test_the_panel_says_where_the_answers_lead(client, patient, answers, said):
    address = reverse("order_suggestion_fragment", args=[patient.pk, LEUKAEMIA])
    data = {key: [value] if isinstance(value, str) else value for key, value in answers.items()}

    assert said in text_of(client.post(address, data))


def test_a_guideline_published_meanwhile_is_said_and_the_answers_are_kept(client, step_1, new_version):
    data = form_data(FITTING | {"egfr": 88})
    new_version()

    response = client.post(step_1, data)
    html = response.content.decode()

    assert response.status_code == 409
    assert "Version 1 was replaced by version 2." in html
    assert "FDG-PET/CT whole body" in html
    assert 'value="88"' in html
    assert html.count(" checked") == 10
    assert not Consultation.objects.exists()

    _, ruleset = library.current(LEUKAEMIA)
    assert client.post(step_1, data | {DIGEST: ruleset.digest}).status_code == 303


def test_a_guideline_published_meanwhile_keeps_what_has_still_to_be_corrected(client, step_1, new_version):
    data = form_data(FITTING) | {"egfr": ["4_2"]}
    new_version()

    response = client.post(step_1, data)
    html = response.content.decode()

    assert response.status_code == 409
    assert "Version 1 was replaced by version 2." in html
    assert 'value="4_2"' in html


# --- step 2 -----------------------------------------------------------------------------------------------
def test_step_2_shows_the_advice_with_what_it_rests_on(client, ask):
    response = client.get(reverse("suggestion", args=[ask().pk]))
    text = text_of(response)

    for said in (
        "Fits 5 of 5 criteria",
        "1 of 2 suggested · best match",
        "Usually appropriate",
        "Radiation level 4 of 5",
        "10 to 30 mSv",
        "Not documented",
        "What would change this",
        "PET/CT comes first",
        "Pitfalls",
        "version 1, published",
        "reviewed by Pouyan Golshani",
        "Choose this study",
    ):
        assert said in text, said
    assert "Order this" not in text
    assert 'href="/guidelines/adult-all-emd-post-therapy/versions/1/"' in response.content.decode()
    assert AuditEvent.objects.filter(event_type="advice.viewed").count() == 1


def test_a_contraindicated_study_stays_visible_rated_and_says_why(client, ask):
    consultation = ask(FITTING | {"severe_contrast_allergy": "yes"})

    html = client.get(reverse("suggestion", args=[consultation.pk])).content.decode()
    card = html[html.index("Contraindicated for this patient") :]

    assert html.index("FDG-PET/CT whole body") < html.index("Contraindicated for this patient")
    assert card.index("Usually appropriate") < card.index("</article>")
    assert "#div_id_severe_contrast_allergy" in card[: card.index("</article>")]
    assert "Severe contrast allergy: Yes" in card[: card.index("</article>")]


def test_advice_that_does_not_fit_is_not_called_inappropriate_and_still_lets_choose(client, ask):
    consultation = ask({"diagnosis": "cml", "therapy_status": "not_started"})

    text = text_of(client.get(reverse("suggestion", args=[consultation.pk])))

    assert "That is not the same as “not appropriate”" in text
    assert "Another leukaemia" in text
    assert "Initial staging" in text
    assert "Choose with a reason" in text
    assert "Usually appropriate" not in text


def test_missing_answers_are_named_with_links_to_their_rows(client, ask, step_1):
    consultation = ask({"diagnosis": "all"})

    html = client.get(reverse("suggestion", args=[consultation.pk])).content.decode()

    assert "Provisional: answers are missing" in html
    assert f"{step_1}?from={consultation.pk}#div_id_therapy_status" in html


@pytest.mark.parametrize(("setting", "shown"), [(0, False), (3, True)])
def test_a_dose_is_compared_only_with_a_background_that_the_site_has_set(
    client, ask, settings, setting, shown
):
    settings.PORTAL_BACKGROUND_MSV_PER_YEAR = setting

    text = text_of(client.get(reverse("suggestion", args=[ask().pk])))

    assert ("About 3.3 to 10 years of natural background radiation" in text) is shown


def test_the_suggested_study_becomes_a_draft_with_one_click(client, ask, clinician):
    order = choose(client, ask(), CT)

    assert (order.status, order.study_code, order.requester, order.rating) == (
        "draft",
        CT,
        clinician,
        "usually_appropriate",
    )
    assert AuditEvent.objects.filter(event_type="order.placed").count() == 1


def test_a_second_click_makes_no_second_order(client, ask):
    consultation = ask()

    first, second = choose(client, consultation, CT), choose(client, consultation, CT)

    assert first == second
    assert Order.objects.count() == 1


def test_choosing_another_study_changes_the_draft(client, ask):
    consultation = ask()
    choose(client, consultation, CT)

    order = choose(client, consultation, PET_CT)

    assert Order.objects.get() == order
    assert order.study_code == PET_CT


def test_a_lower_rated_study_needs_a_reason(client, ask):
    consultation = ask()
    address = reverse("study_choose", args=[consultation.pk])

    asked = client.post(address, {"study": MRI})
    refused = client.post(address, {"study": MRI, "reason_text": ""})
    untold = client.post(address, {"study": MRI, "reason": "special-circumstances", "reason_text": " "})

    assert asked.status_code == 303
    assert asked.url == f"{address}?study={MRI}"
    assert "Give a reason for a study that is not suggested here." in refused.content.decode()
    assert "Say what the reason is." in untold.content.decode()
    assert not Order.objects.exists()


def test_the_reason_page_sets_choice_beside_suggestion_and_switches_with_one_click(client, ask):
    consultation = ask()
    address = reverse("study_choose", args=[consultation.pk])

    text = text_of(client.get(address, {"study": MRI}))

    assert "Your choice MRI abdomen and pelvis" in text
    assert "Suggested for this patient CT chest, abdomen and pelvis with IV contrast" in text
    assert "Switch to suggested" in text
    assert choose(client, consultation, CT).study_code == CT


def test_a_reason_is_kept_with_the_order(client, ask):
    order = choose(client, ask(), MRI, reason="other", reason_text="Trial protocol")

    assert (order.override_reason_code, order.override_reason_text) == ("other", "Trial protocol")
    assert order.adherence == "does_not_adhere"


def test_a_study_that_is_not_listed_is_ordered_unrated_with_a_reason(client, ask):
    consultation = ask()
    address = reverse("study_choose", args=[consultation.pk])

    refused = client.post(address, {"study": "", "study_text": "", "reason_text": ""})
    order = choose(
        client,
        consultation,
        "",
        study_text="Ultrasound abdomen",
        reason="radiologist-advised",
        reason_text="",
    )

    assert 'href="#id_study_text"' in refused.content.decode()
    assert 'href="#id_reason_0"' in refused.content.decode()
    assert (order.study_text, order.rating, order.adherence) == ("Ultrasound abdomen", "", "not_applicable")


def test_with_no_fit_every_study_needs_a_reason_and_is_not_rated(client, ask):
    consultation = ask({"diagnosis": "aml"})

    asked = client.post(reverse("study_choose", args=[consultation.pk]), {"study": CT})
    order = choose(client, consultation, CT, reason="radiologist-advised", reason_text="")

    assert "study=" in asked.url
    assert order.rating == ""


# --- step 3 -----------------------------------------------------------------------------------------------
def test_step_3_shows_every_answer_and_the_request_as_it_will_be_read(client, draft):
    text = text_of(client.get(reverse("order_review", args=[draft.pk])))
    _, ruleset = library.current(LEUKAEMIA)

    for element in ruleset.elements:
        assert element.short_label in text
    for said in (
        "What the radiologist reads",
        "Sites of EMD: Lymph nodes.",
        "Not documented: eGFR, Pregnancy, Fever or neutropenia.",
        "Questions: Complete remission?",
        "Sign order for Alex MARTIN",
        "Nothing is sent until you sign.",
    ):
        assert said in text, said


def test_changing_answers_keeps_the_draft(client, ask, draft, step_1):
    page = client.get(reverse("order_review", args=[draft.pk])).content.decode()
    change = f"{step_1}?from={draft.consultation_id}&amp;order={draft.pk}#div_id_renal_failure"
    assert change in page

    response = client.post(f"{step_1}?order={draft.pk}", form_data(FITTING | {"renal_failure": "yes"}))
    consultation = Consultation.objects.get(pk=response.url.split("/")[2])
    chosen = client.post(
        f"{reverse('study_choose', args=[consultation.pk])}?order={draft.pk}", {"study": PET_CT}
    )

    order = Order.objects.get()
    assert response.url.endswith(f"?order={draft.pk}")
    assert chosen.url == reverse("order_review", args=[draft.pk])
    assert (order.pk, order.study_code, order.consultation) == (draft.pk, PET_CT, consultation)


def test_signing_makes_the_order_active_and_says_what_happens_next(client, draft, clinician):
    response = client.post(
        reverse("order_sign", args=[draft.pk]),
        sign_data(draft, priority="urgent", note="Before consolidation"),
    )
    order = Order.objects.get()
    page = text_of(client.get(response.url))

    assert response.url == reverse("order_signed", args=[draft.pk])
    assert (order.status, order.signed_by, order.priority, order.note) == (
        "active",
        clinician,
        "urgent",
        "Before consolidation",
    )
    assert AuditEvent.objects.filter(event_type="order.signed").count() == 1
    assert f"Order {order.number} is signed" in page
    assert "Withdraw this order" in page


def test_a_second_click_signs_nothing_twice(client, draft):
    address, data = reverse("order_sign", args=[draft.pk]), sign_data(draft)

    first, second = client.post(address, data), client.post(address, data)

    assert first.url == second.url == reverse("order_signed", args=[draft.pk])
    assert AuditEvent.objects.filter(event_type="order.signed").count() == 1


def test_of_two_clicks_at_one_moment_the_later_one_shows_the_signed_order(client, draft, monkeypatch):
    address, data = reverse("order_sign", args=[draft.pk]), sign_data(draft, note="For both clicks")
    read = SignForm.is_valid

    def sign_meanwhile(form: SignForm) -> bool:
        sign_order(order=draft, by=draft.requester, via="portal")
        return read(form)

    monkeypatch.setattr(SignForm, "is_valid", sign_meanwhile)

    response = client.post(address, data)

    assert response.status_code == 303
    assert response.url == reverse("order_signed", args=[draft.pk])


@pytest.mark.parametrize("typed", ["", "1900", "84", "१९८४"])
def test_a_wrong_year_of_birth_signs_nothing(client, draft, typed):
    response = client.post(
        reverse("order_sign", args=[draft.pk]), sign_data(draft, year_of_birth=typed, note="Kept")
    )
    html = response.content.decode()

    assert "<title>Error: " in html
    assert 'href="#id_year_of_birth"' in html
    assert "Kept</textarea>" in html
    assert Order.objects.get().status == "draft"


def test_the_second_wrong_year_is_recorded_and_cleared(client, draft):
    address, data = reverse("order_sign", args=[draft.pk]), sign_data(draft, year_of_birth="1900")

    first = client.post(address, data).content.decode()
    recorded_after_first = AuditEvent.objects.filter(event_type="order.identity-check-failed").count()
    second = client.post(address, data).content.decode()

    assert 'value="1900"' in first
    assert recorded_after_first == 0
    assert 'value="1900"' not in second
    assert AuditEvent.objects.get(event_type="order.identity-check-failed").entity_id == str(draft.pk)


@pytest.mark.parametrize(
    ("setting", "button"), [("off", "Sign order"), ("button", "Sign order for Alex MARTIN")]
)
def test_the_site_decides_how_the_patient_is_confirmed(client, draft, settings, setting, button):
    settings.PORTAL_IDENTITY_CHECK = setting

    page = client.get(reverse("order_review", args=[draft.pk])).content.decode()
    client.post(reverse("order_sign", args=[draft.pk]), sign_data(draft))

    assert f"{button}</button>" in page
    assert "year_of_birth" not in page
    assert Order.objects.get().status == "active"


def test_a_draft_is_saved_without_the_year_of_birth(client, draft, patient):
    response = client.post(
        reverse("order_review", args=[draft.pk]), sign_data(draft, year_of_birth="", note="To be discussed")
    )
    order = Order.objects.get()

    assert response.url == reverse("patient_detail", args=[patient.pk])
    assert (order.status, order.note) == ("draft", "To be discussed")


def test_a_colleagues_change_is_not_overwritten(as_user, colleague, client, draft):
    as_user(colleague).post(
        reverse("order_review", args=[draft.pk]), sign_data(draft, note="From a colleague")
    )

    response = client.post(reverse("order_sign", args=[draft.pk]), sign_data(draft))

    assert "Somebody changed this order since you opened it." in response.content.decode()
    assert Order.objects.get().status == "draft"


def test_a_guideline_published_before_signing_is_checked_first_with_one_click(client, draft, new_version):
    new_version()

    refused = client.post(reverse("order_sign", args=[draft.pk]), sign_data(draft))
    again = client.post(f"{reverse('ask_again', args=[draft.consultation_id])}?order={draft.pk}")
    renewed = Consultation.objects.get(pk=again.url.split("/")[2])
    client.post(f"{reverse('study_choose', args=[renewed.pk])}?order={draft.pk}", {"study": CT})
    order = Order.objects.get()
    signed = client.post(reverse("order_sign", args=[order.pk]), sign_data(order))

    assert refused.status_code == 409
    assert "Version 1 of the guideline was replaced by version 2." in text_of(refused)
    assert "Check the new advice" in text_of(refused)
    assert renewed.answers == draft.consultation.answers
    assert (order.pk, order.version_number) == (draft.pk, 2)
    assert signed.status_code == 303


def test_a_draft_under_a_replaced_version_says_so_before_anybody_signs(client, draft, new_version):
    address = reverse("order_review", args=[draft.pk])
    before = text_of(client.get(address))
    new_version()

    after = client.get(address).content.decode()

    said = "The guideline has changed since this advice was given"
    assert said not in before
    assert said in after
    assert reverse("suggestion", args=[draft.consultation_id]) in after.split(said)[1].split("<form")[0]


def test_step_2_under_a_replaced_version_says_so(client, ask, new_version):
    consultation = ask()
    new_version()

    page = text_of(client.get(reverse("suggestion", args=[consultation.pk])))
    refused = client.post(reverse("study_choose", args=[consultation.pk]), {"study": CT})

    assert "The guideline has changed since this advice was given" in page
    assert refused.status_code == 409
    assert not Order.objects.exists()


def test_another_open_order_for_the_same_study_is_pointed_out(client, ask, draft):
    client.post(reverse("order_sign", args=[draft.pk]), sign_data(draft))

    second = choose(client, ask(), CT)

    text = text_of(client.get(reverse("order_review", args=[second.pk])))
    assert "This patient has another open order for the same study." in text
    assert draft.number in text


def test_a_signed_order_is_changed_no_more(client, draft):
    client.post(reverse("order_sign", args=[draft.pk]), sign_data(draft))

    review = client.get(reverse("order_review", args=[draft.pk]))
    chosen = client.post(reverse("study_choose", args=[draft.consultation_id]), {"study": PET_CT})
    advice = client.get(reverse("suggestion", args=[draft.consultation_id]))

    assert review.url == chosen.url == reverse("order_detail", args=[draft.pk])
    assert "Choose this study" not in advice.content.decode()
    assert Order.objects.get().study_code == CT


# --- follow-up --------------------------------------------------------------------------------------------
def test_a_follow_up_starts_with_the_answers_and_the_finding_of_its_parent(
    client, clinician, patient, step_1
):
    with audit.acting(audit.actor_of(clinician)):
        advised = advise(slug=LEUKAEMIA, answers=FITTING, birth_date=patient.birth_date)
        consultation = record_consultation(advised=advised, by=clinician, via="portal", patient=patient)
        parent = place_order(consultation=consultation, patient=patient, by=clinician, via="portal", study=CT)
        parent = sign_order(order=parent, by=clinician, via="portal")
        record_finding(
            order=parent, by=clinician, via="portal", finding="indeterminate", compared_with_baseline="yes"
        )

    html = client.get(f"{step_1}?parent={parent.pk}").content.decode()
    row = html[html.index('id="div_id_post_therapy_ct_result"') :]
    response = client.post(
        f"{step_1}?parent={parent.pk}", form_data(FITTING | {"post_therapy_ct_result": "indeterminate"})
    )
    follow_up = choose(client, Consultation.objects.get(pk=response.url.split("/")[2]), PET_CT)

    assert re.search(r'value="indeterminate"[^>]* checked', row[: row.index("</fieldset>")])
    assert f"from the report of order {parent.number}" in row[: row.index("</fieldset>")]
    assert follow_up.parent == parent


# --- cost -------------------------------------------------------------------------------------------------
PINNED = {
    "order_start": 10,
    "order_new": 9,
    "so_far": 6,
    "suggestion": 7,
    "study_choose": 6,
    "order_review": 7,
}


@pytest.mark.parametrize("page", PINNED)
def test_pages_ask_the_database_no_more_than_they_need(page, client, patient, draft, step_1):
    consultation, answers = draft.consultation, form_data(FITTING)
    addresses = {
        "order_start": lambda: client.get(f"{reverse('order_start')}?patient={patient.pk}"),
        "order_new": lambda: client.get(step_1),
        "so_far": lambda: client.post(
            reverse("order_suggestion_fragment", args=[patient.pk, LEUKAEMIA]), answers
        ),
        "suggestion": lambda: client.get(reverse("suggestion", args=[consultation.pk])),
        "study_choose": lambda: client.get(reverse("study_choose", args=[consultation.pk]), {"study": MRI}),
        "order_review": lambda: client.get(reverse("order_review", args=[draft.pk])),
    }
    addresses[page]()

    with CaptureQueriesContext(connection) as queries:
        assert addresses[page]().status_code == 200

    told = [query["sql"] for query in queries]
    assert len(told) == PINNED[page], "\n".join(told)
