"""The invented patients: together they reach every branch of the first guideline.

Each case is what the record says, and what was ordered and found. Names, numbers and dates are made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"
PET_CT = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"

STAGED_BY_CT: dict[str, Any] = {
    "diagnosis": "all",
    "therapy_status": "completed",
    "therapy_course": "induction",
    "emd_at_diagnosis": "yes",
    "emd_sites": ["lymph_nodes"],
    "baseline_modality": "ct_with_iv_contrast",
    "severe_contrast_allergy": "no",
    "renal_failure": "no",
    "post_therapy_ct_result": "not_done",
    "post_therapy_pet_ct_done": "no",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A finding to record."""

    finding: str
    compared_with_baseline: str = "yes"
    discordant: bool = False
    complications: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An order to place; `study` None with `study_text` is one outside the scenario."""

    study: str | None
    status: str = "active"  # how far it went; findings complete it
    study_text: str = ""
    reason: tuple[str, str] | None = None
    priority: str = "routine"
    note: str = ""
    progress: tuple[str, ...] = ()
    booked_in: int = 3  # days from now to the appointment, where there is one
    reports: tuple[Report, ...] = ()
    follow_up: Request | None = None


@dataclass(frozen=True, slots=True)
class Invented:
    """A patient with what was answered and ordered; `request` None stops after the advice."""

    mrn: str
    family_name: str
    given_name: str
    age_years: int
    sex: str
    changed: dict[str, Any] = field(default_factory=dict)  # answers that differ from STAGED_BY_CT
    request: Request | None = None

    @property
    def answers(self) -> dict[str, Any]:
        """What the record says; None is not documented."""
        return {key: value for key, value in (STAGED_BY_CT | self.changed).items() if value is not None}


NORTH = (
    Invented("4002 1877", "Martin", "Alex", 42, "male", {}, Request(CT, progress=("received", "scheduled"))),
    Invented(
        "4001 5520",
        "Okafor",
        "Grace",
        54,
        "female",
        {"baseline_modality": "fdg_pet_ct"},
        Request(PET_CT, progress=("received", "performed", "reported"), reports=(Report("negative"),)),
    ),
    Invented(
        "4002 0141",
        "Berg",
        "Tomas",
        35,
        "male",
        {"severe_contrast_allergy": "yes"},
        Request(
            PET_CT,
            priority="urgent",
            progress=("received", "performed", "reported"),
            reports=(Report("negative", "not_yet"),),
        ),
    ),
    Invented(
        "4000 9932",
        "Lindqvist",
        "Eva",
        63,
        "female",
        {"renal_failure": "yes", "baseline_modality": "fdg_pet_ct", "egfr": 18},
        Request(PLAIN_CT, "draft", reason=("suggested-unavailable-or-contraindicated", "")),
    ),
    Invented(
        "4001 7765",
        "Hassan",
        "Omar",
        47,
        "male",
        {"emd_sites": ["liver", "spleen"]},
        Request(MRI, reason=("radiologist-advised", "")),
    ),
    Invented(
        "4001 2208",
        "Rossi",
        "Chiara",
        29,
        "female",
        {},
        Request(
            CT,
            progress=("received", "performed", "reported"),
            reports=(Report("indeterminate", comment="A node at the upper limit of normal."),),
            follow_up=Request(PET_CT, progress=("received", "scheduled"), booked_in=-2),
        ),
    ),
    Invented(
        "4001 3316",
        "Nguyen",
        "Minh",
        38,
        "male",
        {"post_therapy_ct_result": "indeterminate", "post_therapy_pet_ct_done": "yes"},
        Request(CT, reports=(Report("indeterminate"),)),
    ),
    Invented(
        "4001 4481",
        "Kowalska",
        "Ewa",
        51,
        "female",
        {"therapy_course": "re_induction"},
        Request(CT, reports=(Report("residual_or_progressive", discordant=True),)),
    ),
    Invented(
        "4001 5093",
        "Silva",
        "Paulo",
        44,
        "male",
        {"fever_or_neutropenia": "yes"},
        Request(CT, reports=(Report("new_sites", complications=("infection",)),)),
    ),
    Invented("4001 6127", "Dubois", "Luc", 58, "male", {"diagnosis": "aml"}),
    Invented("4001 6604", "Novak", "Ana", 17, "female", {}),
    Invented("4001 7012", "Weber", "Jonas", 33, "male", {"emd_sites": ["cns"]}),
    Invented(
        "4001 7345",
        "Haddad",
        "Leila",
        40,
        "female",
        {"emd_sites": ["lymph_nodes", "cns"]},
        Request(CT, "on-hold"),
    ),
    Invented("4001 7790", "Larsen", "Nils", 66, "male", {"emd_at_diagnosis": "no", "emd_sites": None}),
    Invented(
        "4001 8022",
        "Petrova",
        "Irina",
        31,
        "female",
        {"therapy_status": "not_started", "post_therapy_ct_result": None, "post_therapy_pet_ct_done": None},
    ),
    Invented(
        "4001 8450",
        "Byrne",
        "Sean",
        72,
        "male",
        dict.fromkeys([key for key in STAGED_BY_CT if key != "diagnosis"]),
        Request(CT, "draft"),
    ),
    Invented(
        "4001 8811",
        "Tanaka",
        "Yuki",
        26,
        "female",
        {"residual_mass": "yes", "marrow_remission": "yes", "fever_or_neutropenia": "yes", "egfr": 25},
        Request(CT, "revoked"),
    ),
    Invented(
        "4001 9034", "Santos", "Maria", 34, "female", {"pregnancy": "yes"}, Request(CT, "entered-in-error")
    ),
    Invented(
        "4001 9277",
        "Novotny",
        "Petr",
        49,
        "male",
        {"baseline_modality": "none"},
        Request(
            None,
            study_text="Ultrasound of the abdomen",
            reason=("special-circumstances", "Bedside question about free fluid only."),
        ),
    ),
    Invented("4001 9560", "Cohen", "Noa", 45, "female", {"post_therapy_ct_result": "negative"}),
    Invented(
        "4001 9718", "Mensah", "Kofi", 37, "male", {"severe_contrast_allergy": None, "renal_failure": None}
    ),
)

SOUTH = (
    Invented("70-118", "Fischer", "Anna", 55, "female", {}, Request(CT, reports=(Report("negative"),))),
    Invented("70-245", "Moreau", "Jean", 61, "male", {"baseline_modality": "fdg_pet_ct"}, Request(PET_CT)),
    Invented("70-301", "Martin", "Alexandra", 42, "female", {}),
)
