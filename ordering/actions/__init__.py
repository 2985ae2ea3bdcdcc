"""Every write of ordering. Keyword-only, one transaction each, under the name of who acts."""

from ordering.actions.amending import amend_order
from ordering.actions.findings import acknowledge_finding, record_finding, record_progress
from ordering.actions.orders import (
    cancel_order,
    change_draft,
    enter_in_error,
    hold_order,
    place_order,
    resume_order,
    sign_order,
)
from ordering.actions.patients import PatientIdentity, create_patient, patient_for
from ordering.actions.prior_studies import record_prior_study, strike_prior_study
from ordering.actions.questions import record_consultation
from ordering.actions.working import FormOf, choose_favourite, forget_answers, keep_answers, note_unmatched

__all__ = [
    "FormOf",
    "PatientIdentity",
    "acknowledge_finding",
    "amend_order",
    "cancel_order",
    "change_draft",
    "choose_favourite",
    "create_patient",
    "enter_in_error",
    "forget_answers",
    "hold_order",
    "keep_answers",
    "note_unmatched",
    "patient_for",
    "place_order",
    "record_consultation",
    "record_finding",
    "record_prior_study",
    "record_progress",
    "resume_order",
    "sign_order",
    "strike_prior_study",
]
