"""Examples of requests and answers in the OpenAPI schema. The patient is invented."""

from __future__ import annotations

from typing import Any

QUESTION: dict[str, Any] = {
    "scenario": "adult-all-emd-post-therapy",
    "answers": {
        "age_years": 46,
        "diagnosis": "all",
        "therapy_status": "completed",
        "emd_at_diagnosis": "yes",
        "emd_sites": ["lymph_nodes"],
        "baseline_modality": "ct_with_iv_contrast",
        "severe_contrast_allergy": "no",
        "renal_failure": "no",
        "post_therapy_ct_result": "not_done",
        "post_therapy_pet_ct_done": "no",
    },
}
PATIENT: dict[str, Any] = {
    "mrn": "EX-1001",
    "family_name": "Example",
    "given_name": "Robin",
    "birth_date": "1980-04-17",
    "sex": "female",
}
ORDER: dict[str, Any] = {
    "patient": PATIENT,
    "scenario": QUESTION["scenario"],
    "answers": {key: value for key, value in QUESTION["answers"].items() if key != "age_years"},
    "study": "ct-chest-abdomen-pelvis-with-iv-contrast",
    "priority": "routine",
    "note": "Please compare with the staging CT.",
    "sign": True,
}

REQUESTS: dict[str, dict[str, Any]] = {
    "suggest": {
        "All that is needed": QUESTION,
        "Something missing": {**QUESTION, "answers": {"diagnosis": "all"}},
    },
    "consult": {
        "For a patient": {"patient": PATIENT, "scenario": ORDER["scenario"], "answers": ORDER["answers"]}
    },
    "place_order": {
        "The suggested study": ORDER,
        "Another study, with a reason": {
            **ORDER,
            "study": "mri-abdomen-pelvis-with-iv-contrast",
            "override_reason": {"code": "radiologist-advised", "text": ""},
        },
        "A study outside the scenario": {
            **ORDER,
            "study": None,
            "study_text": "Ultrasound of the neck",
            "override_reason": {"code": "special-circumstances", "text": "Palpable node, bedside study."},
        },
        "On a recorded consultation": {
            "patient": PATIENT,
            "consultation": "0190d3f0-0000-7000-8000-000000000001",
            "study": "ct-chest-abdomen-pelvis-with-iv-contrast",
        },
    },
    "change_order": {"Another note": {"note": "Claustrophobic; please allow more time."}},
    "cancel_order": {"Cancel": {"reason": "The patient was referred elsewhere."}},
    "hold_order": {"Hold": {"reason": "Waiting for kidney function."}},
    "enter_order_in_error": {"Mark": {"reason": "Placed for the wrong patient."}},
    "record_finding": {
        "Compared with baseline": {
            "finding": "negative",
            "compared_with_baseline": "yes",
            "discordant": False,
            "complications": [],
            "comment": "All earlier sites resolved.",
            "reported_at": "2026-11-20T14:05:00Z",
        }
    },
    "record_progress": {
        "Scheduled": {"event": "scheduled", "at": "2026-12-01T09:30:00Z", "accession": "A-77120"}
    },
}

ANSWERS: dict[str, Any] = {
    "record_progress": {
        "event": "scheduled",
        "at": "2026-12-01T09:30:00.000000Z",
        "accession": "A-77120",
        "recorded_at": "2026-11-23T10:00:00.000000Z",
    },
    "list_events": {
        "next": None,
        "previous": None,
        "results": [
            {
                "seq": 1841,
                "kind": "order.signed",
                "at": "2026-11-23T10:00:00.000000Z",
                "actor": "user:7:jdoe",
                "role": "clinician",
                "via": "api",
                "reason": "",
                "detail": {"number": "2026-000123"},
                "request_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            }
        ],
    },
}
