"""Placing, reading and changing orders over REST."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from guidelines.actions import copy_to_draft
from guidelines.models import RatedStudy, ScenarioVersion
from ordering.models import Consultation, Order, Patient
from portal import audit
from tests.content import publish
from tests.ordering.api.caller import (
    ANSWERS,
    CT,
    FINDING,
    MRI,
    ORDER,
    PATIENT,
    PET,
    PLAIN_CT,
    QUESTION,
    Caller,
    is_problem,
    pointers,
)

pytestmark = pytest.mark.django_db

CONTRACT = {
    "id", "number", "status", "priority", "patient", "requester", "study", "study_text", "override_reason",
    "note", "consultation", "parent", "follow_ups", "findings", "progress", "placed_at", "signed_at",
    "updated_at",
}  # fmt: skip


def publish_another_rating(version: ScenarioVersion) -> ScenarioVersion:
    with audit.acting(audit.system("tests")):
        draft = copy_to_draft(version=version, by=None)
        RatedStudy.objects.filter(version=draft, study__code=PET).update(rating="may_be_appropriate")
        return publish(version=draft)


def test_an_order_is_placed_signed_and_read_as_the_contract_prints_it(api: Caller):
    answer = api.post("orders/", ORDER)

    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order.keys() >= CONTRACT
    assert order["status"] == "active"
    assert order["patient"].items() >= PATIENT.items()
    assert order["study"].keys() == {"code", "name", "rating", "radiation"}
    assert order["study"]["code"] == CT
    assert order["study"]["radiation"]["adult_msv"] == {"min": 10, "max": 30}
    assert order["study_text"] is None
    assert order["override_reason"] is None
    assert order["consultation"]["adherence"] == "adheres"
    assert order["consultation"]["via"] == "api"
    assert order["consultation"]["answers"]["age_years"] >= 46
    assert order["consultation"]["suggestion"]["fit"] == "fits"
    assert order["requester"]["name"] == "Dr Clinician Example"
    assert order["signed_at"].endswith("Z")
    assert [step["status"] for step in order["statuses"]] == ["draft", "active"]
    read = api.get(f"orders/{order['id']}/")
    assert read.status_code == 200
    assert read.json() == order
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert answer.headers["Location"] == f"http://testserver/api/v1/orders/{order['id']}/"


def test_sign_left_out_signs_and_false_saves_a_draft(api: Caller):
    assert api.post("orders/", {k: v for k, v in ORDER.items() if k != "sign"}).json()["status"] == "active"
    draft = api.placed(sign=False)
    assert draft["status"] == "draft"
    assert draft["signed_at"] is None
    assert draft["signed_by"] is None


def test_the_same_mrn_again_is_the_same_patient(api: Caller):
    first, second = api.placed(), api.placed()

    assert first["patient"] == second["patient"]
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("family_name", "Other"), ("given_name", "Other"), ("birth_date", "1980-04-18"), ("sex", "male")],
)
def test_demographics_that_differ_are_refused_and_change_nothing(api: Caller, field: str, value: str):
    api.placed()

    answer = api.post("orders/", ORDER | {"patient": PATIENT | {field: value}})

    assert is_problem(answer, 422, "invalid")
    assert pointers(answer) == [(f"/patient/{field}", "differs-from-record")]
    assert Order.objects.count() == 1
    assert str(getattr(Patient.objects.get(), field)) == PATIENT[field]


@time_machine.travel("2026-11-23 12:00Z", tick=False)
def test_an_age_that_disagrees_with_the_birth_date_is_refused(api: Caller):
    answer = api.post("orders/", ORDER | {"answers": ANSWERS | {"age_years": 45}})

    assert is_problem(answer, 422, "invalid")
    assert pointers(answer) == [("/answers/age_years", "disagrees")]
    assert Patient.objects.count() == 0
    assert api.post("orders/", ORDER | {"answers": ANSWERS | {"age_years": 46}}).status_code == 201


@pytest.mark.parametrize(
    ("answers", "study", "needs_reason", "rating", "adherence"),
    [
        ({}, CT, False, "usually_appropriate", "adheres"),
        ({}, PET, False, "usually_appropriate", "adheres"),
        ({}, MRI, True, "usually_not_appropriate", "does_not_adhere"),
        ({}, PLAIN_CT, True, None, "not_applicable"),
        ({"severe_contrast_allergy": "yes"}, PET, False, "usually_appropriate", "adheres"),
        ({"severe_contrast_allergy": "yes"}, PLAIN_CT, True, None, "adheres"),
        ({"severe_contrast_allergy": "yes"}, CT, True, "usually_appropriate", "adheres"),
        ({"diagnosis": "aml"}, CT, True, None, "not_applicable"),
        ({"diagnosis": None}, CT, False, "usually_appropriate", "adheres"),
    ],
)
def test_a_study_that_is_not_suggested_needs_a_reason(
    api: Caller, answers: dict, study: str, needs_reason: bool, rating: str | None, adherence: str
):
    body = ORDER | {"answers": ANSWERS | answers, "study": study}

    answer = api.post("orders/", body)

    if needs_reason:
        assert is_problem(answer, 422, "invalid")
        assert pointers(answer) == [("/override_reason", "required")]
        reason = {"code": "other", "text": "Agreed in the tumour board."}
        answer = api.post("orders/", body | {"override_reason": reason})
        assert answer.json()["override_reason"] == reason
    assert answer.status_code == 201
    assert answer.json()["study"]["rating"] == rating
    assert answer.json()["consultation"]["adherence"] == adherence


def test_a_study_outside_the_scenario_is_ordered_in_words_and_not_rated(api: Caller):
    reason = {"code": "patient-preference", "text": ""}

    order = api.placed(study=None, study_text="Ultrasound of the neck", override_reason=reason)

    assert order["study"] is None
    assert order["study_text"] == "Ultrasound of the neck"
    assert order["override_reason"] == reason
    assert order["consultation"]["adherence"] == "not_applicable"


def test_texts_are_stored_as_they_were_sent(api: Caller):
    note = "  two lines\n\tand a tab — “quoted” ἀλλά \U0001f9b4 \x07 "

    order = api.placed(note=note, sign=False)
    cancelled = api.post(f"orders/{order['id']}/cancel/", {"reason": " moved away\n"}).json()

    assert order["note"] == note
    assert api.get(f"orders/{order['id']}/").json()["note"] == note
    assert cancelled["statuses"][-1]["reason"] == " moved away\n"


def test_an_order_is_placed_on_a_recorded_consultation_once(api: Caller):
    recorded = api.post("consultations/", {**QUESTION, "answers": ANSWERS, "patient": PATIENT})
    assert recorded.status_code == 201, recorded.content
    body = {"consultation": recorded.json()["id"], "patient": PATIENT, "study": CT}

    answer = api.post("orders/", body)

    assert answer.status_code == 201, answer.content
    assert answer.json()["consultation"]["id"] == recorded.json()["id"]
    assert Consultation.objects.count() == 1
    assert is_problem(api.post("orders/", body), 409, "consultation-used")


def test_a_consultation_about_a_patient_names_the_patient(api: Caller):
    recorded = api.post("consultations/", {**QUESTION, "answers": ANSWERS, "patient": PATIENT}).json()

    order = api.post("orders/", {"consultation": recorded["id"], "study": CT}).json()

    assert order["patient"]["mrn"] == PATIENT["mrn"]
    another = PATIENT | {"mrn": "T-200"}
    second = api.post("consultations/", {**QUESTION, "answers": ANSWERS, "patient": PATIENT}).json()
    answer = api.post("orders/", {"consultation": second["id"], "patient": another, "study": CT})
    assert is_problem(answer, 422, "invalid")
    assert pointers(answer) == [("/consultation", "another-patient")]


def test_a_consultation_in_general_is_recorded_without_a_patient(api: Caller):
    answer = api.post("consultations/", QUESTION)

    assert answer.status_code == 201
    body = answer.json()
    assert body["patient"] is None
    assert body["fit"] == "fits"
    assert Consultation.objects.get().pk.hex == body["id"].replace("-", "")
    order = api.post("orders/", {"consultation": body["id"], "study": CT})
    assert is_problem(order, 400, "malformed")
    assert pointers(order) == [("/patient", "required")]


def test_suggestions_store_nothing_and_ask_the_database_twice(api: Caller, django_assert_num_queries):
    api.post("suggestions/", QUESTION)

    with django_assert_num_queries(2):  # the token, the version in use
        answer = api.post("suggestions/", QUESTION)

    assert answer.status_code == 200
    assert answer.json()["studies"][0]["code"] == CT
    assert Consultation.objects.count() == 0


def test_a_follow_up_is_linked_both_ways(api: Caller):
    parent = api.placed()
    follow_up = api.placed(parent=parent["id"], study=PET)

    assert follow_up["parent"] == parent["id"]
    assert api.get(f"orders/{parent['id']}/").json()["follow_ups"] == [follow_up["id"]]


def test_a_follow_up_belongs_to_the_same_patient(api: Caller):
    parent = api.placed()

    answer = api.post("orders/", ORDER | {"parent": parent["id"], "patient": PATIENT | {"mrn": "T-2"}})

    assert is_problem(answer, 422, "invalid")
    assert pointers(answer) == [("/parent", "another-patient")]
    missing = api.post("orders/", ORDER | {"parent": "0190d3f0-0000-7000-8000-000000000001"})
    assert pointers(missing) == [("/parent", "unknown-order")]


def test_the_digest_of_an_older_version_is_refused_with_what_changed(api: Caller, guideline: ScenarioVersion):
    publish_another_rating(guideline)

    answer = api.post("orders/", ORDER | {"digest": guideline.digest})

    assert is_problem(answer, 409, "version-not-current")
    problem = answer.json()
    assert "Version 1 of the guideline was replaced by version 2." in problem["changes"]
    assert any("may be appropriate" in change for change in problem["changes"])
    assert problem["current"]["scenario"]["version"] == 2
    assert Order.objects.count() == 0
    assert Patient.objects.count() == 0
    current = problem["current"]["scenario"]["digest"]
    assert api.post("orders/", ORDER | {"digest": current}).status_code == 201
    assert is_problem(api.post("orders/", ORDER | {"digest": "sha256:0"}), 409, "version-not-current")


def test_signing_a_draft_whose_guideline_changed_is_refused_until_it_is_asked_again(
    api: Caller, guideline: ScenarioVersion
):
    draft = api.placed(sign=False)
    publish_another_rating(guideline)

    answer = api.post(f"orders/{draft['id']}/sign/")

    assert is_problem(answer, 409, "advice-out-of-date")
    assert any("may be appropriate" in change for change in answer.json()["changes"])
    asked_again = api.patch(f"orders/{draft['id']}/", {"answers": ANSWERS}, If_Match='"1"')
    assert asked_again.status_code == 200, asked_again.content
    assert asked_again.json()["scenario"]["version"] == 2
    assert api.post(f"orders/{draft['id']}/sign/").status_code == 200


def test_a_draft_is_changed_and_what_is_left_out_stays(api: Caller):
    reason = {"code": "radiologist-advised", "text": "Dr Sample"}
    draft = api.placed(sign=False, study=MRI, override_reason=reason)
    url = f"orders/{draft['id']}/"

    noted = api.patch(url, {"note": "new"}, If_Match='"1"')

    assert noted.status_code == 200, noted.content
    assert noted.headers["ETag"] == '"2"'
    assert noted.json()["note"] == "new"
    assert noted.json()["study"]["code"] == MRI
    assert noted.json()["override_reason"] == reason
    chosen = api.patch(url, {"study": PET, "priority": "urgent"}, If_Match='"2"').json()
    assert (chosen["study"]["code"], chosen["priority"], chosen["override_reason"]) == (PET, "urgent", None)
    answered = api.patch(
        url, {"answers": ANSWERS | {"severe_contrast_allergy": "yes"}}, If_Match='"3"'
    ).json()
    assert answered["consultation"]["suggestion"]["studies"][0]["code"] == PET
    assert answered["consultation"]["id"] != draft["consultation"]["id"]
    unlisted = api.patch(
        url,
        {"study": None, "study_text": "Ultrasound", "override_reason": {"code": "patient-preference"}},
        If_Match="*",
    ).json()
    assert (unlisted["study"], unlisted["study_text"]) == (None, "Ultrasound")
    assert api.patch(url, {}, If_Match='"5"').json() == unlisted


def test_a_change_names_the_state_that_it_changes(api: Caller):
    draft = api.placed(sign=False)
    url = f"orders/{draft['id']}/"

    assert is_problem(api.patch(url, {"note": "x"}), 428, "precondition-required")
    assert is_problem(api.patch(url, {"note": "x"}, If_Match='"7"'), 412, "stale")
    assert is_problem(api.patch(url, {"note": "x"}, If_Match='W/"1"'), 412, "stale")
    assert is_problem(api.patch(url, {"note": "x"}, If_Match="1"), 400, "bad-header")
    assert api.patch(url, {"note": "x"}, If_Match='"0", "1"').status_code == 200
    assert is_problem(api.patch(url, {"note": "y"}, If_Match='"1"'), 412, "stale")
    assert api.get(url).json()["note"] == "x"


def test_a_signed_order_is_not_changed(api: Caller):
    order = api.placed()

    answer = api.patch(f"orders/{order['id']}/", {"note": "x"}, If_Match="*")

    assert is_problem(answer, 409, "illegal-transition")
    assert answer.json()["order_status"] == "active"


def test_an_order_that_has_not_changed_is_not_sent_again(api: Caller):
    order = api.placed()
    url = f"orders/{order['id']}/"
    etag = api.get(url).headers["ETag"]

    unchanged = api.get(url, If_None_Match=etag)

    assert unchanged.status_code == 304
    assert unchanged.content == b""
    assert unchanged.headers["ETag"] == etag
    assert api.get(url, If_None_Match=f"W/{etag}").status_code == 304
    api.post(f"orders/{order['id']}/hold/")
    assert api.get(url, If_None_Match=etag).status_code == 200


def test_a_finding_completes_the_order_and_says_what_follows(api: Caller):
    order = api.placed()

    answer = api.post(
        f"orders/{order['id']}/findings/", FINDING | {"reported_at": "2026-01-05T10:00:00+01:00"}
    )

    assert answer.status_code == 201, answer.content
    finding = answer.json()
    assert finding["provisional"] is False
    assert finding["reported_at"] == "2026-01-05T09:00:00.000000Z"
    assert [step["code"] for step in finding["next_steps"]] == [
        "continue-planned-therapy",
        "clinical-and-haematologic-monitoring",
        "no-further-imaging-unless-new-signs",
    ]
    read = api.get(f"orders/{order['id']}/").json()
    assert read["status"] == "completed"
    assert read["findings"] == [finding]


def test_a_finding_on_a_stale_order_is_refused(api: Caller):
    order = api.placed()
    url = f"orders/{order['id']}/"
    etag = api.get(url).headers["ETag"]
    api.post(f"{url}progress/", {"event": "received"})

    assert is_problem(api.post(f"{url}findings/", FINDING, If_Match=etag), 412, "stale")
    assert api.get(url).json()["findings"] == []
    assert api.post(f"{url}findings/", FINDING, If_Match=api.get(url).headers["ETag"]).status_code == 201


def test_an_indeterminate_ct_names_the_study_to_order_next(api: Caller):
    order = api.placed()

    answer = api.post(
        f"orders/{order['id']}/findings/", {"finding": "indeterminate", "compared_with_baseline": "not_yet"}
    ).json()

    assert answer["provisional"] is True
    steps = {step["code"]: step.get("study") for step in answer["next_steps"]}
    assert steps == {"order-fdg-pet-ct": PET, "exclude-infection": None}
    assert api.get(f"orders/{order['id']}/").json()["status"] == "active"


def test_a_draft_has_no_finding_and_no_progress(api: Caller):
    draft = api.placed(sign=False)

    assert is_problem(api.post(f"orders/{draft['id']}/findings/", FINDING), 409, "not-reportable")
    answer = api.post(f"orders/{draft['id']}/progress/", {"event": "received"})
    assert is_problem(answer, 409, "not-reportable")


def test_progress_is_shown_and_changes_no_status(api: Caller):
    order = api.placed()
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    answer = api.post(
        f"orders/{order['id']}/progress/", {"event": "scheduled", "at": tomorrow, "accession": "A-1"}
    )

    assert answer.status_code == 201, answer.content
    assert answer.json()["event"] == "scheduled"
    read = api.get(f"orders/{order['id']}/").json()
    assert read["status"] == "active"
    assert [(step["event"], step["accession"]) for step in read["progress"]] == [("scheduled", "A-1")]
