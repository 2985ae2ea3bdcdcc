"""What the services answer: cards, ratings, what is missing, and what is no request."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ordering.cds_hooks.models import CdsCard, CdsClient
from ordering.models import Consultation
from portal import audit
from portal.models import AuditEvent
from tests.ordering.cds_hooks.answers import checked, extensions_of, rating_of, studies_of
from tests.ordering.cds_hooks.fhir import (
    CT,
    FITTING,
    MRI,
    PET,
    PLAIN_CT,
    SEVERE,
    allergy,
    bundle,
    call,
    chemotherapy,
    concept,
    draft,
    leukaemia,
    nodes,
    patient,
    post,
    prefetch,
)

SIGN = "imaging-order-sign"
FIT = "adult-all-emd-post-therapy"


def ask(client, *drafts, given=None, **more):
    return checked(post(client, call(*drafts, given=given, **more)))


def only_card(body):
    (card,) = body["cards"]
    return card


# --- discovery ---------------------------------------------------------------------------------------------


def test_discovery_lists_both_services_to_anybody(client, leukaemia):
    response = client.get("/cds-services")

    services = {row["id"]: row for row in response.json()["services"]}
    assert {name: row["hook"] for name, row in services.items()} == {
        "imaging-order-select": "order-select",
        "imaging-order-sign": "order-sign",
    }
    prefetch_keys = services[SIGN]["prefetch"]
    assert prefetch_keys["patient"] == "Patient/{{context.patientId}}"
    assert "98979-8" in prefetch_keys["egfr"]
    assert "62238-1" in prefetch_keys["egfr"]
    assert {"conditions", "procedures", "allergies"} <= set(prefetch_keys)


def test_discovery_asks_for_what_the_published_content_reads(client, leukaemia, bicycle):
    prefetch_keys = client.get("/cds-services").json()["services"][0]["prefetch"]

    assert "https://example.org/rides|KM" in prefetch_keys["daily_km"]


@pytest.mark.parametrize(
    "path", ["/cds-services/", "/cds-services/nothing", "/cds-services/nothing/feedback"]
)
def test_an_address_that_is_none_is_an_outcome_and_no_redirect(unsigned, path):
    response = unsigned.post(path, "{}", content_type="application/json")

    assert response.status_code == 404
    assert response.json()["resourceType"] == "OperationOutcome"


def test_a_service_takes_posts_only(unsigned):
    response = unsigned.get(f"/cds-services/{SIGN}")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


# --- cards -------------------------------------------------------------------------------------------------


def test_the_suggested_study_gets_an_info_card_with_every_study(unsigned):
    body = ask(unsigned, draft(CT))

    card = only_card(body)
    assert card["indicator"] == "info"
    assert "usually appropriate" in card["summary"]
    assert len(studies_of(card)) == 6
    assert "Severe contrast allergy" in card["detail"]
    assert rating_of(body) == {"pama-rating": "appropriate", "guideline-rating": "usually_appropriate"}


def test_a_study_rated_lower_gets_a_warning_and_the_suggested_one_instead(unsigned):
    body = ask(unsigned, draft(MRI))

    card = only_card(body)
    assert card["indicator"] == "warning"
    assert [row["isRecommended"] for row in card["suggestions"]] == [True, False]
    changed = card["suggestions"][0]["actions"][0]["resource"]
    assert changed["code"]["coding"][0]["code"] == CT
    assert changed["code"]["coding"][1]["code"] == "72254-6"
    assert rating_of(body) == {
        "pama-rating": "not-appropriate",
        "guideline-rating": "usually_not_appropriate",
    }


def test_an_allergy_makes_contrast_critical_and_puts_pet_ct_first(unsigned):
    given = prefetch(*FITTING, allergy(**SEVERE))

    body = ask(unsigned, draft(CT), given=given)

    card = only_card(body)
    assert card["indicator"] == "critical"
    assert [row["label"] for row in card["suggestions"] if row["isRecommended"]] == [
        "Order FDG-PET/CT whole body instead"
    ]
    # the rating is the guideline's; no answer changes it
    assert rating_of(body)["pama-rating"] == "appropriate"


def test_an_equally_rated_alternative_gets_no_warning(unsigned):
    assert only_card(ask(unsigned, draft(PET)))["indicator"] == "info"


def test_a_study_that_is_not_rated_is_reported_as_no_criteria(unsigned):
    body = ask(unsigned, draft(PLAIN_CT))

    assert only_card(body)["indicator"] == "warning"
    assert rating_of(body) == {"pama-rating": "no-criteria-apply"}


def test_a_study_that_nobody_knows_is_named_so_and_has_no_rating_of_the_guideline(unsigned):
    body = ask(unsigned, draft("mri-of-everything"))

    assert "not among the studies" in only_card(body)["summary"]
    assert rating_of(body) == {"pama-rating": "no-criteria-apply"}


def test_missing_answers_are_named_and_nothing_is_rated(unsigned):
    body = ask(unsigned, draft(CT), given=prefetch(leukaemia()))

    card = only_card(body)
    assert card["indicator"] == "warning"
    assert "Answers are missing" in card["summary"]
    assert "systemActions" not in body
    assert "suggestions" not in card
    assert card["links"][0]["url"].startswith("http://testserver/orders/from/")


DOES_NOT_FIT = [
    ([leukaemia(), nodes(), chemotherapy("preparation")], "Initial staging"),
    ([leukaemia(), nodes(), chemotherapy("in-progress")], ""),
]


@pytest.mark.parametrize(("resources", "redirect"), DOES_NOT_FIT)
def test_a_scenario_that_does_not_apply_says_where_to_go(unsigned, resources, redirect):
    body = ask(unsigned, draft(CT), given=prefetch(*resources))

    card = only_card(body)
    assert card["indicator"] == "info"
    assert "No criteria apply" in card["summary"]
    assert "not the same as" in card["detail"]
    assert "|" not in card["detail"]
    assert rating_of(body) == {"pama-rating": "no-criteria-apply"}
    assert redirect in card["detail"]


def test_a_child_is_told_apart_at_the_day_of_the_order(unsigned):
    given = prefetch(*FITTING, about=patient("2008-06-15"))

    before = ask(unsigned, draft(CT, authoredOn="2026-06-14T10:00:00Z"), given=given)
    after = ask(unsigned, draft(CT, authoredOn="2026-06-15T10:00:00Z"), given=given)

    assert "No criteria apply" in only_card(before)["summary"]
    assert only_card(after)["indicator"] == "info"


def test_what_the_record_cannot_tell_is_said_on_the_card(unsigned):
    given = prefetch(*FITTING, allergy(criticality="low"))

    assert "does not settle it" in only_card(ask(unsigned, given=given))["detail"]


# --- which drafts ------------------------------------------------------------------------------------------

SILENT = [
    draft(CT, category=[concept("http://snomed.info/sct", "108252007")], code={"text": "Full blood count"}),
    {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft"},
    draft("", code={}, category=[]),
]


@pytest.mark.parametrize("order", SILENT)
def test_what_is_no_imaging_gets_no_card(unsigned, order):
    assert ask(unsigned, order) == {"cards": []}


@pytest.mark.parametrize(
    "category",
    [
        [concept("http://snomed.info/sct", "363679005")],
        [{"text": "Imaging"}],
        [{"coding": [{"display": "RADIOLOGY"}]}],
        [{"coding": [{}]}],
        [],
    ],
)
def test_imaging_is_known_by_its_category_or_by_its_study(unsigned, category):
    assert len(ask(unsigned, draft(CT, category=category))["cards"]) == 1


def test_an_aml_alone_brings_up_nothing(unsigned):
    assert ask(unsigned, given=prefetch(leukaemia("C92.00"))) == {"cards": []}


def test_the_reason_of_an_order_brings_up_a_scenario(unsigned):
    reason = concept("http://hl7.org/fhir/sid/icd-10-cm", "C91.00")

    card = only_card(ask(unsigned, draft(CT, reasonCode=[reason]), given=prefetch(leukaemia("C92.00"))))

    assert "No criteria apply" in card["summary"]
    assert "Another leukaemia" in card["detail"]


def test_only_selected_drafts_are_judged(unsigned):
    body = ask(
        unsigned, draft(CT, "one"), draft(MRI, "two"), selected=["ServiceRequest/two", "ServiceRequest/three"]
    )

    assert "usually not appropriate" in only_card(body)["summary"]
    assert [action["resource"]["id"] for action in body["systemActions"]] == ["two"]


def test_nothing_selected_is_nothing_to_say(unsigned):
    assert ask(unsigned, selected=[]) == {"cards": []}


def test_signing_judges_every_draft(unsigned):
    sent = call(draft(CT, "one"), draft(MRI, "two"), hook="order-sign")

    body = checked(post(unsigned, sent, service=SIGN))

    assert [card["indicator"] for card in body["cards"]] == ["info", "warning"]
    assert [action["resource"]["id"] for action in body["systemActions"]] == ["one", "two"]


# --- ratings and replacements on the draft -----------------------------------------------------------------


def test_a_rating_changes_nothing_else_on_the_draft(unsigned):
    other = {"url": "https://ehr.example.org/extension", "valueString": "kept"}
    stale = {"url": "http://fhir.org/argonaut/Extension/pama-rating", "valueString": "stale"}
    order = draft(CT, note=[{"text": "Please compare."}], extension=[other, stale])

    body = ask(unsigned, order)

    (action,) = body["systemActions"]
    resource = dict(action["resource"])
    extensions = resource.pop("extension")
    assert resource == {name: value for name, value in order.items() if name != "extension"}
    assert extensions[0] == other
    assert stale not in extensions
    named = extensions_of(action["resource"])
    consultation = Consultation.objects.get()
    assert named["pama-rating-consult-id"]["valueUri"] == f"urn:uuid:{consultation.pk}"
    assert named["pama-rating-auc-applied"]["valueUri"].endswith(f"/guidelines/{FIT}/versions/1/")
    assert "pama-rating-qcdsm-consulted" not in named


def test_the_switches_of_a_client_are_followed(unsigned):
    with audit.acting(audit.system("tests")):
        CdsClient.objects.update(
            replacement=CdsClient.Replacement.DELETE_CREATE, qcdsm="G1234", may_be_rating="appropriate"
        )

    body = ask(unsigned, draft(MRI))

    delete, create = only_card(body)["suggestions"][0]["actions"]
    assert (delete["type"], delete["resourceId"]) == ("delete", "ServiceRequest/draft-1")
    assert create["type"] == "create"
    assert create["resource"]["id"] != "draft-1"
    assert create["resource"]["replaces"] == [{"reference": "ServiceRequest/draft-1"}]
    extension = extensions_of(body["systemActions"][0]["resource"])["pama-rating-qcdsm-consulted"]
    assert extension["valueString"] == "G1234"


def test_a_draft_without_an_id_is_judged_but_not_changed(unsigned):
    order = draft(MRI)
    sent = call(order, hook="order-sign")
    del sent["context"]["draftOrders"]["entry"][0]["resource"]["id"]

    body = checked(post(unsigned, sent, service=SIGN))

    assert only_card(body)["indicator"] == "warning"
    assert "systemActions" not in body


# --- what is recorded --------------------------------------------------------------------------------------


def test_every_judged_draft_is_a_consultation_of_the_client(unsigned, clinician):
    body = ask(unsigned, draft(MRI))

    consultation = Consultation.objects.get()
    assert (consultation.via, consultation.fit) == ("cds-hooks", "fits")
    assert consultation.requester == clinician
    assert consultation.organisation == clinician.organisation
    card = CdsCard.objects.get()
    assert (str(card.pk), card.consultation) == (only_card(body)["uuid"], consultation)
    assert (card.study_code, card.rating) == (MRI, "usually_not_appropriate")
    event = AuditEvent.objects.get(event_type="consultation.recorded")
    assert event.actor == f"user:{clinician.pk}:{clinician.username}"
    assert event.via == "cds-hooks"


def test_the_same_call_again_is_another_consultation(unsigned):
    for _ in range(2):
        ask(unsigned)

    assert Consultation.objects.count() == 2


MRN = {"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"), "value": "4002 0001"}


@pytest.mark.parametrize(
    ("identifier", "birth_date", "is_known"),
    [
        (MRN, "1984-02-11", True),
        (MRN, "1984-02-12", False),
        (MRN | {"value": "4002 0009"}, "1984-02-11", False),
        (MRN | {"type": concept("x", "SS")}, "1984-02-11", False),
    ],
)
def test_the_patient_is_the_portals_only_if_number_and_birth_date_agree(
    unsigned, clinician, make_patient, identifier, birth_date, is_known
):
    known = make_patient(clinician, birth_date=date(1984, 2, 11))

    ask(unsigned, given=prefetch(*FITTING, about=patient(birth_date, identifier=[identifier])))

    assert Consultation.objects.get().patient == (known if is_known else None)


# --- what is missing ---------------------------------------------------------------------------------------


def without(*keys):
    sent = call()
    for key in keys:
        del sent["prefetch"][key]
    return sent


@pytest.mark.parametrize("keys", [("patient",), ("conditions",), ("patient", "conditions", "egfr")])
def test_data_that_must_be_sent_is_named(unsigned, keys):
    response = post(unsigned, without(*keys))

    assert response.status_code == 412
    assert response.headers["Content-Type"] == "application/fhir+json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    required = {issue["expression"][0] for issue in outcome["issue"] if issue["code"] == "required"}
    assert required == {f"prefetch.{key}" for key in keys} - {"prefetch.egfr"}
    assert all(key in issue["diagnostics"] for key in keys for issue in outcome["issue"][:1])
    assert Consultation.objects.count() == 0


def test_another_patients_data_is_not_used(unsigned):
    response = post(unsigned, call(given=prefetch(*FITTING, about=patient(id="somebody-else"))))

    assert response.status_code == 412
    assert "prefetch.patient" in response.content.decode()


@pytest.mark.parametrize("key", ["procedures", "allergies", "egfr"])
def test_other_data_is_unknown_when_it_is_not_sent(unsigned, key):
    assert checked(post(unsigned, without(key)))["cards"]


@pytest.mark.parametrize(
    "conditions",
    [
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        bundle(link=[{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]),
    ],
)
def test_no_card_is_never_an_answer_to_conditions_that_could_not_all_be_read(unsigned, conditions):
    sent = call()
    sent["prefetch"]["conditions"] = conditions

    assert post(unsigned, sent).status_code == 412


# --- what is no request ------------------------------------------------------------------------------------

UNUSABLE = [
    b" ",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"hook": "order-select", "hook": "order-select"}',
    b'{"context": NaN}',
    b"\xff\xfe",
    b"[" * 5000,
    b'{"a": "\\u0000"}',
    b"{}",
    b'{"context": null}',
    b'{"context": []}',
    b'{"context": {}}',
    b'{"context": {"patientId": 7, "draftOrders": {}}}',
    b'{"context": {"patientId": "p"}}',
    b'{"context": {"patientId": "p", "draftOrders": []}}',
    b'{"context": {"patientId": "p", "draftOrders": {}}}',
    b'{"hook": "patient-view", "context": {"patientId": "p", "draftOrders": {}, "selections": []}}',
    b'{"hook": ["order-select"], "context": {"patientId": "p", "draftOrders": {}, "selections": []}}',
]


@pytest.mark.parametrize("raw", UNUSABLE)
def test_an_unusable_body_is_400_with_an_outcome(unsigned, raw):
    response = post(unsigned, raw)

    assert response.status_code == 400
    assert response.json()["issue"][0]["severity"] == "error"


def test_a_selection_that_is_no_draft_is_no_request(unsigned):
    assert post(unsigned, call(selected=["ServiceRequest/other"])).status_code == 400


def test_a_draft_for_another_patient_is_no_request(unsigned):
    order = draft(CT, subject={"reference": "Patient/somebody-else"})

    assert post(unsigned, call(order)).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/fhir+json", 200),
        ("Application/JSON+FHIR", 200),
        ("text/plain", 415),
        ("application/xml", 415),
        ("", 415),
    ],
)
def test_json_in_three_spellings_is_taken(unsigned, content_type, status):
    assert post(unsigned, call(), content_type=content_type).status_code == status


EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_calls_of_real_simulators_are_answered(unsigned, path):
    recorded = json.loads(path.read_text(encoding="utf-8"))

    response = post(unsigned, recorded["request"], service=f"imaging-{recorded['request']['hook']}")

    body = checked(response)
    assert [card["indicator"] for card in body["cards"]] == recorded["indicators"]


def test_a_call_asks_the_database_a_known_number_of_times(unsigned, django_assert_num_queries):
    post(unsigned, call())

    # who calls and may what; whether anything was published since; the version, for reading and for
    # asking; the consultation and its event, and the card, each in a savepoint of the test's transaction
    with django_assert_num_queries(13):
        post(unsigned, call())
