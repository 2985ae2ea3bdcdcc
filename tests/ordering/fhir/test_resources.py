"""What the resources say, and that an independent validator accepts each of them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from fhir.resources.R4B import get_fhir_model_class

from guidelines import packs
from guidelines.actions import load_pack, release
from guidelines.models import ScenarioVersion
from ordering.actions import cancel_order
from ordering.choosing import OverrideGiven
from ordering.fhir.definitions import activity_id, plan_id
from ordering.fhir.views.service import SOFTWARE_VERSION
from ordering.models import Consultation, Order, OrderStatus
from portal import audit
from portal.models import AuditEvent, User
from tests.content import BICYCLE, LEUKAEMIA, SHIPPED
from tests.ordering.fhir.conftest import Reader
from tests.ordering.placing import CT, MRI, PET, ask, place, report

pytestmark = pytest.mark.django_db

RATING = "http://fhir.org/argonaut/Extension/pama-rating"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def _reason() -> OverrideGiven:
    return OverrideGiven(code="other", text="Agreed in the meeting")


def checked(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the resource when it validates and says nothing empty."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    walk(resource, resource["resourceType"])
    return resource


def walk(value: Any, path: str) -> None:
    assert value is not None, path
    assert value not in ("", [], {}), path
    if isinstance(value, str):
        assert value == value.strip(), path
    for name, member in value.items() if isinstance(value, dict) else ():
        walk(member, f"{path}.{name}")
    for place_, member in enumerate(value if isinstance(value, list) else ()):
        walk(member, f"{path}[{place_}]")


def published(document: dict[str, Any]) -> ScenarioVersion:
    """Return the published version of a document."""
    with audit.acting(audit.system("tests")):
        draft = load_pack(document=document, by=None)
    return release(version=draft, editor=audit.system("tests"), approver=audit.system("tests-approver"))


def extensions(resource: dict[str, Any]) -> dict[str, Any]:
    return {entry["url"].removeprefix(RATING): entry for entry in resource.get("extension", [])}


def test_a_signed_order_is_a_service_request(reader: Reader, order: Order, clinician: User):
    made = checked(reader.read(f"ServiceRequest/{order.pk}"))

    assert made["identifier"][0]["value"] == order.number
    assert (made["status"], made["intent"], made["priority"]) == ("active", "order", "routine")
    assert made["category"][0]["coding"] == [
        {"system": "http://snomed.info/sct", "code": "363679005", "display": "Imaging"}
    ]
    site, loinc = made["code"]["coding"]
    assert (site["system"], site["code"]) == ("http://testserver/fhir/CodeSystem/imaging-study", CT)
    assert (loinc["system"], loinc["code"]) == ("http://loinc.org", "72254-6")
    assert made["code"]["text"] == site["display"] == order.study_name
    assert made["subject"]["reference"] == f"Patient/{order.patient_id}"
    assert made["authoredOn"] == order.signed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert made["requester"]["display"] == clinician.display_name
    assert made["requester"]["reference"] == f"Practitioner/{clinician.pk}"
    assert made["supportingInfo"][0]["reference"] == f"GuidanceResponse/{order.consultation_id}"
    assert made["note"][0]["text"] == "Compare with the staging CT."
    assert made["meta"]["versionId"] == str(order.revision)
    assert "basedOn" not in made


def test_the_reason_has_the_code_that_the_content_gives_the_diagnosis(reader: Reader, order: Order):
    diagnosis, question = reader.read(f"ServiceRequest/{order.pk}")["reasonCode"]

    # the content knows ALL by three codes, of which the answer does not say which: their category
    assert (ICD, "C91.0") in [(code["system"], code["code"]) for code in diagnosis["coding"]]
    assert diagnosis["text"] == "Acute lymphoblastic leukaemia (ALL)"
    assert question == {"text": order.scenario_title}


def test_the_rating_is_the_argonaut_extension(reader, patient, clinician):
    for study, answers, code in (
        (CT, {}, "appropriate"),
        (MRI, {}, "not-appropriate"),
        ("ct-chest-abdomen-pelvis-without-iv-contrast", {}, "no-criteria-apply"),
        (CT, {"diagnosis": "aml"}, "no-criteria-apply"),
    ):
        order = place(patient, clinician, study=study, answers=answers, reason=_reason())

        found = extensions(checked(reader.read(f"ServiceRequest/{order.pk}")))

        assert found[""]["valueCodeableConcept"]["coding"][0]["code"] == code
        assert found["-consult-id"]["valueUri"] == f"urn:uuid:{order.consultation_id}"
        assert found["-auc-applied"]["valueUri"].endswith(f"/guidelines/{LEUKAEMIA}/versions/1/")
        assert "-qcdsm-consulted" not in found


def test_what_cannot_be_rated_yet_has_no_rating(reader, patient, clinician):
    order = place(
        patient, clinician, answers={"emd_at_diagnosis": None}, sign=False, reason=_reason(), study=CT
    )
    assert order.consultation.fit == "needs_answers"

    made = checked(reader.read(f"ServiceRequest/{order.pk}"))

    assert made["status"] == "draft"
    assert extensions(made) == {}
    guidance = checked(reader.read(made["supportingInfo"][0]["reference"]))
    assert guidance["status"] == "data-requested"
    assert guidance["dataRequirement"][0]["codeFilter"][0]["code"][0]["code"] == "emd_at_diagnosis"


def test_a_study_outside_the_scenario_is_a_text(reader, patient, clinician):
    order = place(
        patient, clinician, study=None, study_text="  Whole-body MRI ", reason=_reason(), note="\x0b \n"
    )

    made = checked(reader.read(f"ServiceRequest/{order.pk}"))

    assert made["code"] == {"text": "Whole-body MRI"}
    assert [note["text"] for note in made["note"]] == [
        "Why this study: Another reason. Agreed in the meeting"
    ]


def test_statuses_and_follow_ups(reader: Reader, order: Order, patient, clinician):
    follow_up = place(patient, clinician, study=PET, parent=order, reason=_reason())
    with audit.acting(audit.actor_of(clinician)):
        cancel_order(order=follow_up, by=clinician, via="portal", reason="Not needed")
    report(order, clinician)

    made = checked(reader.read(f"ServiceRequest/{follow_up.pk}"))

    assert made["status"] == "revoked"
    assert made["basedOn"] == [{"reference": f"ServiceRequest/{order.pk}", "type": "ServiceRequest"}]
    assert reader.read(f"ServiceRequest/{order.pk}")["status"] == "completed"
    assert reader.found(f"ServiceRequest?based-on=ServiceRequest/{order.pk}") == [str(follow_up.pk)]


def test_a_correction_names_what_it_replaces_and_the_day_by_which_it_is_wanted(
    reader: Reader, order: Order, patient, clinician: User
):
    wanted = timezone.localdate() + timedelta(days=7)

    amended = place(patient, clinician, replaces=order, wanted_by=wanted)

    made = checked(reader.read(f"ServiceRequest/{amended.pk}"))
    assert made["replaces"][0]["reference"] == f"ServiceRequest/{order.pk}"
    assert made["occurrencePeriod"] == {"end": wanted.isoformat()}
    assert checked(reader.read(f"ServiceRequest/{order.pk}"))["status"] == "revoked"


def test_what_an_order_refers_to_is_there(reader: Reader, order: Order, patient, clinician: User):
    made = reader.read(f"ServiceRequest/{order.pk}")

    subject = checked(reader.read(made["subject"]["reference"]))
    requester = checked(reader.read(made["requester"]["reference"]))

    assert subject["identifier"][0]["value"] == patient.mrn
    assert (subject["gender"], subject["birthDate"]) == ("male", patient.birth_date.isoformat())
    assert subject["name"][0]["family"] == "Martin"
    assert requester["name"][0]["text"] == clinician.display_name


def test_a_prescriber_number_goes_with_the_order(reader: Reader, order: Order, clinician: User):
    with audit.acting(audit.system("tests")):
        User.objects.filter(pk=clinician.pk).update(npi="1234567893")

    made = checked(reader.read(f"ServiceRequest/{order.pk}"))

    assert made["requester"]["identifier"]["value"] == "1234567893"
    assert reader.found("ServiceRequest?requester:identifier=1234567893") == [str(order.pk)]
    checked(reader.read(made["requester"]["reference"]))


def test_guidance_is_the_stored_advice_whatever_was_published_since(reader: Reader, order: Order):
    before = checked(reader.read(f"GuidanceResponse/{order.consultation_id}"))
    document = packs.read_pack(SHIPPED.read_bytes())
    document["title"] = "Another title"
    published(document)

    after = reader.read(f"GuidanceResponse/{order.consultation_id}")

    assert after == before
    parameters = {row["name"]: row for row in after["contained"][0]["parameter"]}
    stored = Consultation.objects.get(pk=order.consultation_id)
    assert parameters["advice"]["valueString"] == stored.advice  # byte for byte
    assert json.loads(parameters["answers"]["valueString"]) == stored.answers
    assert after["moduleCanonical"].endswith(f"/PlanDefinition/{LEUKAEMIA}|1")
    assert reader.read(f"ServiceRequest/{order.pk}")["reasonCode"][1]["text"] == order.scenario_title
    assert reader.read(f"PlanDefinition/{LEUKAEMIA}")["version"] == "2"


def test_guidance_validates_whatever_was_advised(reader, patient, clinician):
    for answers in ({}, {"diagnosis": "aml"}, {"severe_contrast_allergy": "yes"}):
        consultation = ask(patient, clinician, **answers)

        made = checked(reader.read(f"GuidanceResponse/{consultation.pk}"))

        assert made["status"] == "success"
        assert made["subject"]["reference"] == f"Patient/{patient.pk}"
    assert AuditEvent.objects.filter(event_type="consultation.viewed", via="fhir").count() == 3


def test_provenance_tells_each_step(reader: Reader, order: Order, clinician: User):
    bundle = checked(reader.read(f"Provenance?target=ServiceRequest/{order.pk}"))

    steps = [checked(entry["resource"]) for entry in bundle["entry"]]
    assert [step["activity"]["text"] for step in steps] == ["Active", "Draft"]
    assert steps[1]["entity"][0]["what"]["reference"] == f"GuidanceResponse/{order.consultation_id}"
    assert steps[0]["agent"][0]["who"]["reference"] == f"Practitioner/{clinician.pk}"
    assert reader.read(f"Provenance/{steps[0]['id']}") == steps[0]
    assert {int(step["id"]) for step in steps} == set(OrderStatus.objects.values_list("pk", flat=True))


def test_audit_events_tell_who_did_and_who_looked(reader: Reader, order: Order, clinician: User):
    reader.read(f"ServiceRequest/{order.pk}")
    with connection.cursor() as cursor:  # events have their place in the chain when they are committed
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    bundle = checked(reader.read(f"AuditEvent?entity=ServiceRequest/{order.pk}"))

    made = [checked(entry["resource"]) for entry in bundle["entry"]]
    kinds = [event["subtype"][0]["code"] for event in made]
    assert kinds[0] == "order.viewed"
    assert {"order.placed", "order.signed"} <= set(kinds)
    assert made[0]["agent"][0]["who"]["reference"] == f"Practitioner/{clinician.pk}"
    assert reader.read(f"AuditEvent/{made[0]['id']}") == made[0]


def test_a_plan_definition_is_the_published_version(reader: Reader, leukaemia: ScenarioVersion):
    made = checked(reader.read(f"PlanDefinition/{LEUKAEMIA}"))

    assert (made["version"], made["status"], made["title"]) == ("1", "active", leukaemia.title)
    criteria, studies = made["action"]
    assert criteria["action"][0]["title"] == "Adult"
    assert (
        json.loads(criteria["action"][0]["condition"][0]["expression"]["expression"])["element"]
        == "age_years"
    )
    assert len(studies["action"]) == 6
    for action in studies["action"]:
        address, _, version = action["definitionCanonical"].partition("|")
        activity = checked(reader.read(address.partition("/fhir/r4/")[2]))
        assert (activity["url"], activity["version"], activity["kind"]) == (
            address,
            version,
            "ServiceRequest",
        )
        assert activity["title"] == action["title"]
        assert len(activity["id"]) <= 64
    first = studies["action"][0]
    assert first["code"][0]["coding"][0]["code"] == "usually_appropriate"
    assert first["definitionCanonical"].startswith(
        made["url"].replace("PlanDefinition", "ActivityDefinition")
    )


@pytest.mark.parametrize("asked", ["unknown", f"{LEUKAEMIA}.unknown", f"{LEUKAEMIA}.", LEUKAEMIA, "."])
def test_a_study_that_no_published_version_rates_is_not_found(
    reader: Reader, leukaemia: ScenarioVersion, asked: str
):
    answer = reader.fhir(f"ActivityDefinition/{asked}")

    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("length", [1, 30, 64, 80])
def test_ids_of_definitions_fit_into_fhir_and_stay_apart(length: int):
    slugs = ["a" * length, "a" * (length - 1) + "b"]
    studies = ["c" * 80, "c" * 79 + "d", "ct_head", "e"]

    ids = [plan_id(slug) for slug in slugs] + [
        activity_id(slug, study) for slug in slugs for study in studies
    ]

    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", made) for made in ids)
    assert len(set(ids)) == len(ids)


def test_scenarios_with_long_names_are_found_by_their_short_ids(reader: Reader):
    document = packs.read_pack(BICYCLE.read_bytes())
    document["slug"] = "-".join(["which-bicycle"] * 6)[:80].rstrip("-")
    published(document)

    made = checked(reader.read(f"PlanDefinition/{plan_id(document['slug'])}"))

    assert made["title"] == document["title"]
    for action in made["action"][1]["action"]:
        path = action["definitionCanonical"].partition("|")[0].partition("/fhir/r4/")[2]
        assert checked(reader.read(path))["title"] == action["title"]


def test_another_scenario_needs_no_code(reader: Reader, bicycle: ScenarioVersion):
    checked(reader.read(f"PlanDefinition/{bicycle.scenario.slug.replace('_', '.')}"))


def test_the_capability_statement_says_what_there_is(client):
    answer = client.get("/fhir/r4/metadata")

    made = checked(answer.json())
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert (made["kind"], made["fhirVersion"]) == ("instance", "4.0.1")
    assert made["implementation"]["url"] == "http://testserver/fhir/r4"
    types = {entry["type"]: entry for entry in made["rest"][0]["resource"]}
    assert {row["name"] for row in types["ServiceRequest"]["searchParam"]} >= {
        "_id", "patient", "subject", "identifier", "status", "intent", "code", "authored", "requester",
        "based-on", "requisition", "_lastUpdated",
    }  # fmt: skip
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in types)


def test_the_statement_names_the_version_of_the_software():
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert f'version = "{SOFTWARE_VERSION}"' in project
