"""GET /api/v1/orders/{id}/omi/, read back by a parser that others wrote."""

from __future__ import annotations

from typing import Any

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.parser import parse_message

from ordering.models import Order
from portal import audit
from portal.models import AuditEvent, User
from tests.ordering.api.caller import CT, FINDING, MRI, Caller, is_problem, secret_for

__all__: list[str] = []
pytestmark = pytest.mark.django_db

NASTY = 'a|b^c&d~e\\f\\F\\ "" Zoë 李\r\nMSH|^~\\&|evil\n\tend'
REASON = {"code": "radiologist-advised", "text": ""}


@pytest.fixture
def api(leukaemia: Any, clinician: User) -> Caller:
    return Caller(secret_for(clinician))


def raw(api: Caller, order: dict[str, Any]) -> str:
    answer = api.get(f"orders/{order['id']}/omi/")
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def segments(text: str) -> dict[str, list[list[str]]]:
    """Return the fields of each segment by its name; field 0 is the name."""
    assert text.endswith("\r")
    found: dict[str, list[list[str]]] = {}
    for line in text[:-1].split("\r"):
        fields = line.split("|")
        found.setdefault(fields[0], []).append(fields)
    return found


def parsed(text: str) -> Message:
    """Return the message as hl7apy reads it, which refuses what 2.5.1 does not allow.

    OBX-21 is the one field in it that 2.5.1 only keeps a place for; hl7apy does not let anybody use that.
    """
    without = "\r".join(
        "|".join(line.split("|")[:21]).rstrip("|") if line.startswith("OBX|") else line
        for line in text.split("\r")
    )
    whole = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    assert whole.omi_o23_order.omi_o23_observation[0].obx.obx_21.to_er7()
    message = parse_message(without, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
    assert message.validate()
    return message


def field(row: list[str], number: int) -> str:
    return row[number] if number < len(row) else ""


@pytest.mark.parametrize(("training", "processing"), [(True, "T"), (False, "P")])
def test_a_signed_order_is_a_new_order_of_the_standard(
    api: Caller, clinician: User, settings: Any, training: bool, processing: str
):
    settings.PORTAL_TRAINING = training
    with audit.acting(audit.system("tests")):
        User.objects.filter(pk=clinician.pk).update(npi="1234567893")
    order = api.placed(priority="stat")

    answer = api.get(f"orders/{order['id']}/omi/")

    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    message = parsed(text)
    assert message.msh.msh_9.to_er7() == "OMI^O23^OMI_O23"
    assert message.msh.msh_12.to_er7() == "2.5.1"
    assert message.msh.msh_18.to_er7() == "UNICODE UTF-8"
    assert message.msh.msh_11.to_er7() == processing
    patient = message.omi_o23_patient.pid
    assert patient.pid_3.to_er7() == "T-100^^^north-clinic^MR"
    assert patient.pid_5.to_er7() == "Example^Robin^^^^^L"
    assert (patient.pid_7.to_er7(), patient.pid_8.to_er7()) == ("19800417", "F")
    placed = message.omi_o23_order
    assert placed.orc.orc_1.to_er7() == "NW"
    assert placed.orc.orc_2.to_er7() == f"{order['number']}^IMAGING-ORDERS"
    assert placed.orc.orc_12.to_er7() == (
        "1234567893^Example^Clinician^^^Dr^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI"
    )
    assert placed.obr.obr_16.to_er7() == placed.orc.orc_12.to_er7()
    assert placed.omi_o23_timing.tq1.tq1_9.to_er7() == "S^Stat^HL70485"
    assert placed.obr.obr_4.to_er7() == (
        f"{CT}^{order['study']['name']}^99IMGORD^72254-6^CT Chest and Abdomen and Pelvis W contrast IV^LN"
    )
    assert placed.nte.nte_3.to_er7() == "Compare with the staging CT."
    rated = segments(text)["OBX"][0]
    assert rated[3].startswith("76515-6^")
    assert rated[5] == "Y"
    assert rated[17].startswith("adult-all-emd-post-therapy^")
    assert "/versions/1/" in rated[17]
    assert rated[21] == order["consultation"]["id"]


def test_the_answers_travel_with_the_order_and_what_is_not_documented_does_not(api: Caller):
    answers = {"diagnosis": "all", "therapy_status": "completed", "emd_at_diagnosis": "yes"} | {
        "emd_sites": ["lymph_nodes", "skin"],
        "baseline_modality": "ct_with_iv_contrast",
        "severe_contrast_allergy": "no",
        "renal_failure": None,
        "egfr": 71.5,
        "egfr_on": "2026-11-02",
    }
    order = api.placed(answers=answers)

    rows = {row[3].split("^")[0]: row for row in segments(raw(api, order))["OBX"][1:]}

    parsed(raw(api, order))
    assert rows["severe_contrast_allergy"][2] == "CE"
    assert rows["severe_contrast_allergy"][5] == "no^No^99IMGORD"
    assert [each.split("^")[0] for each in rows["emd_sites"][5].split("~")] == ["lymph_nodes", "skin"]
    assert rows["egfr"][2:7:3] == ["NM", "71.5"]
    assert rows["egfr"][6].startswith("^mL")
    assert rows["egfr_on"][2:6:3] == ["DT", "20261102"]
    assert "renal_failure" not in rows
    assert "pregnancy" not in rows


MOVES = [
    ("active", [], "NW", "", ""),
    ("on-hold", [("hold", {"reason": "Waiting|for ^eGFR"})], "HD", "HD", "^Waiting\\F\\for \\S\\eGFR"),
    ("active again", [("hold", {"reason": "x"}), ("resume", None)], "NW", "", ""),
    ("revoked", [("cancel", {"reason": "No longer wanted"})], "CA", "CA", "^No longer wanted"),
    ("completed", [("findings", FINDING)], "SC", "CM", ""),
    (
        "entered-in-error",
        [("findings", FINDING), ("entered-in-error", {"reason": "Wrong patient"})],
        "CA",
        "CA",
        "entered-in-error^Wrong patient^99IMGORD",
    ),
]


@pytest.mark.parametrize(
    ("steps", "control", "status", "reason"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_each_status_has_its_order_control(
    api: Caller, steps: list[tuple[str, Any]], control: str, status: str, reason: str
):
    order = api.placed()
    for step, body in steps:
        assert api.post(f"orders/{order['id']}/{step}/", body).status_code in (200, 201)

    text = raw(api, order)

    common = segments(text)["ORC"][0]
    parsed(text)
    assert (field(common, 1), field(common, 5), field(common, 16)) == (control, status, reason)


@pytest.mark.parametrize("cancelled", [False, True])
def test_radiology_is_told_nothing_of_an_order_that_was_never_signed(api: Caller, cancelled: bool):
    order = api.placed(sign=False)
    if cancelled:
        api.post(f"orders/{order['id']}/cancel/", {"reason": "x"})

    assert is_problem(api.get(f"orders/{order['id']}/omi/"), 409, "not-signed")
    assert not AuditEvent.objects.filter(event_type="order.exported").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"study": MRI, "override_reason": REASON}, "N"),
        ({"answers": {"diagnosis": "aml"}, "override_reason": REASON}, "NA"),
        ({"study": None, "study_text": "Ultrasound of the neck", "override_reason": REASON}, "NA"),
    ],
)
def test_what_is_not_rated_is_not_applicable_and_a_lower_rating_is_no(
    api: Caller, given: dict[str, Any], said: str
):
    order = api.placed(**given)
    text = raw(api, order)

    expected = {"adheres": "Y", "does_not_adhere": "N", "not_applicable": "NA"}
    parsed(text)
    rated = segments(text)["OBX"][0]
    assert rated[5] == expected[order["consultation"]["adherence"]] == said
    assert segments(text)["NTE"][1][3].startswith("Why this study: A radiologist advised it")
    if order["study"] is None:
        assert segments(text)["OBR"][0][4] == "^Ultrasound of the neck"


def test_no_text_breaks_out_of_its_field(api: Caller):
    patient = {
        "mrn": "T|1^&~\\",
        "family_name": "O'Ne|ill^Zoë",
        "given_name": '""',
        "birth_date": "1980-04-17",
        "sex": "unknown",
    }
    order = api.placed(
        patient=patient,
        note=NASTY,
        study=None,
        study_text="MR|I ^~\\& neck",
        override_reason={"code": "other", "text": NASTY},
    )
    api.post(f"orders/{order['id']}/progress/", {"event": "received", "accession": "A|1^2"})
    api.post(f"orders/{order['id']}/cancel/", {"reason": NASTY})

    text = raw(api, order)

    rows = segments(text)
    assert [line.split("|")[0] for line in text[:-1].split("\r")][:5] == ["MSH", "PID", "PV1", "ORC", "TQ1"]
    assert len(rows["MSH"]) == len(rows["PID"]) == len(rows["OBR"]) == len(rows["IPC"]) == 1
    assert len(rows["NTE"]) == 2
    assert text.splitlines() == text[:-1].split("\r")
    assert rows["PID"][0][3] == "T\\F\\1\\S\\\\T\\\\R\\\\E\\^^^north-clinic^MR"
    assert rows["PID"][0][5] == "O'Ne\\F\\ill\\S\\Zoë^\\X2222\\^^^^^L"
    assert rows["PID"][0][8] == "U"
    assert rows["IPC"][0][1] == rows["ORC"][0][3] == "A\\F\\1\\S\\2"
    note = 'a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\E\\F\\E\\ "" Zoë 李\\.br\\MSH'
    note += "\\F\\\\S\\\\R\\\\E\\\\T\\\\F\\evil\\.br\\\\X09\\end"
    assert rows["NTE"][0][3] == note
    parsed(text)


def test_a_long_reason_is_in_a_note_in_full(api: Caller):
    order = api.placed(note="")
    api.post(f"orders/{order['id']}/cancel/", {"reason": "because " * 50})

    rows = segments(raw(api, order))

    assert field(rows["ORC"][0], 16) == ""
    assert rows["NTE"][0][3] == ("because " * 50).strip() or rows["NTE"][0][3] == "because " * 50


def test_a_follow_up_names_its_parent(api: Caller):
    parent = api.placed()
    api.post(f"orders/{parent['id']}/findings/", FINDING | {"finding": "indeterminate"})
    child = api.placed(parent=parent["id"])

    rows = segments(raw(api, child))

    assert rows["ORC"][0][8] == rows["OBR"][0][29] == f"{parent['number']}&IMAGING-ORDERS"


def test_the_same_state_is_the_same_message_and_another_state_another(api: Caller):
    order = api.placed()
    first = api.get(f"orders/{order['id']}/omi/")

    again = api.get(f"orders/{order['id']}/omi/")
    unchanged = api.get(f"orders/{order['id']}/omi/", If_None_Match=first.headers["ETag"])
    api.post(f"orders/{order['id']}/hold/", {})
    held = api.get(f"orders/{order['id']}/omi/")

    assert first.content == again.content
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    controls = [segments(each.content.decode())["MSH"][0][9] for each in (first, held)]
    assert controls == [f"{order['number']}-2", f"{order['number']}-3"]


@pytest.mark.parametrize(
    ("accept", "named"),
    [
        ("*/*", "text/plain"),
        ("application/json", "text/plain"),
        ("application/hl7-v2", "application/hl7-v2"),
        ("text/html, x-application/hl7-v2+er7;q=0.9", "application/hl7-v2"),
    ],
)
def test_the_text_is_called_as_the_caller_likes(api: Caller, accept: str, named: str):
    answer = api.get(f"orders/{api.placed()['id']}/omi/", Accept=accept)

    assert answer.headers["Content-Type"] == f"{named}; charset=utf-8"


def test_who_fetched_it_is_in_the_trail(api: Caller, clinician: User):
    order = api.placed()

    raw(api, order)

    event = AuditEvent.objects.get(event_type="order.exported")
    assert (event.entity_id, event.actor) == (order["id"], f"user:{clinician.pk}:clinician")
    assert event.after == {"format": "hl7-v2"}
    assert event.patient_ref == str(Order.objects.get(pk=order["id"]).patient_id)


def test_a_message_takes_the_same_queries_whatever_happened(api: Caller, django_assert_max_num_queries):
    order = api.placed()
    for event in ("received", "scheduled", "performed"):
        api.post(f"orders/{order['id']}/progress/", {"event": event})
    raw(api, order)  # the guideline is read once

    with django_assert_max_num_queries(11):
        raw(api, order)
