"""What requests may say. What answers say is in `output`; the two share nothing on purpose."""

from __future__ import annotations

from typing import Any

from ordering.actions.requests import MAX_NOTE
from ordering.api.fields import (
    StrictAnswers,
    StrictChoice,
    StrictDay,
    StrictId,
    StrictInput,
    StrictInstant,
    StrictText,
    StrictTexts,
    StrictYesNo,
)
from ordering.choosing import MAX_REASON_TEXT, MAX_STUDY_TEXT
from ordering.models import Finding, Order, OverrideReason, Patient, Progress

MAX_CODE = 200  # characters of a slug or code; none of the content's is near it
ORDER_ANSWERS = frozenset(
    [
        "id",
        "number",
        "status",
        "requester",
        "consultation_id",
        "findings",
        "follow_ups",
        "progress",
        "statuses",
        "placed_at",
        "signed_at",
        "signed_by",
        "updated_at",
        "revision",
        "adherence",
        "rating",
        "radiation",
        "organisation",
    ]
)


def _scenario(**kwargs: Any) -> StrictText:
    return StrictText(
        max_length=MAX_CODE, help_text="Slug of the scenario, such as `adult-all-emd-post-therapy`.", **kwargs
    )


def _answers(**kwargs: Any) -> StrictAnswers:
    return StrictAnswers(
        help_text=(
            "The answers by data element key. `GET scenarios/{slug}/` lists the keys and their values. "
            "Null or left out means not documented: unknown, never no."
        ),
        **kwargs,
    )


class PatientInput(StrictInput):
    """Who the patient is. The same MRN again is the same patient; demographics that differ are refused."""

    read_only_names = frozenset({"id"})

    mrn = StrictText(max_length=40, help_text="Medical record number in your organisation.")
    family_name = StrictText(max_length=100, help_text="Family name as in the record.")
    given_name = StrictText(max_length=100, help_text="Given name as in the record.")
    birth_date = StrictDay(help_text="Date of birth, YYYY-MM-DD. The age is derived from it.")
    sex = StrictChoice(choices=Patient.Sex.choices, help_text="Administrative gender, with FHIR's codes.")


class SuggestionInput(StrictInput):
    """A question to the guideline, without a patient."""

    scenario = _scenario()
    answers = _answers()


class ConsultationInput(SuggestionInput):
    """A question to the guideline that is recorded."""

    patient = PatientInput(
        required=False, help_text="Whom the question is about; left out for a question in general."
    )


class OverrideReasonInput(StrictInput):
    """Why a study is chosen that the guideline does not suggest."""

    code = StrictChoice(choices=OverrideReason.choices, help_text="The reason.")
    text = StrictText(
        lines=True,
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_REASON_TEXT,
        help_text="In words; required with `special-circumstances` and `other`.",
    )


class StudyChoiceInput(StrictInput):
    """Which study is chosen, and why where that needs saying."""

    study = StrictText(
        required=False,
        allow_null=True,
        max_length=MAX_CODE,
        help_text="Code of a study of the scenario; null with `study_text` for a study outside it.",
    )
    study_text = StrictText(
        required=False,
        allow_null=True,
        max_length=MAX_STUDY_TEXT,
        help_text="A study that the scenario does not list, in words.",
    )
    override_reason = OverrideReasonInput(
        required=False,
        allow_null=True,
        help_text="Required for a study whose role is neither suggested nor alternative.",
    )


class OrderInput(StudyChoiceInput):
    """A new order: the patient, either scenario and answers or a consultation, and the chosen study."""

    read_only_names = ORDER_ANSWERS

    patient = PatientInput(
        required=False, help_text="Required, unless `consultation` names one that was about a patient."
    )
    scenario = _scenario(required=False)
    answers = _answers(required=False)
    consultation = StrictId(
        required=False,
        allow_null=True,
        help_text="Instead of `scenario` and `answers`: a recorded consultation that no order uses yet.",
    )
    digest = StrictText(
        required=False,
        allow_null=True,
        max_length=MAX_CODE,
        help_text="Digest of the version whose advice you showed: 409 when another one is in use by now.",
    )
    priority = StrictChoice(
        choices=Order.Priority.choices,
        required=False,
        default=Order.Priority.ROUTINE.value,
        help_text="FHIR's request priority.",
    )
    note = StrictText(
        lines=True,
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_NOTE,
        help_text="For the radiologist.",
    )
    parent = StrictId(  # type: ignore[assignment]  # taken off the class by its metaclass
        required=False, allow_null=True, help_text="The order that this one follows up."
    )
    replaces = StrictId(
        required=False,
        allow_null=True,
        help_text="The active or held order that this one corrects: signing this one cancels that one.",
    )
    wanted_by = StrictDay(
        required=False, allow_null=True, help_text="The day by which the result is needed, YYYY-MM-DD."
    )
    sign = StrictYesNo(required=False, default=True, help_text="false saves a draft.")


class DraftChangeInput(StudyChoiceInput):
    """What to change of a draft; what is left out stays."""

    read_only_names = ORDER_ANSWERS | {
        "patient",
        "scenario",
        "consultation",
        "parent",
        "replaces",
        "sign",
        "digest",
    }

    answers = _answers(required=False)
    priority = StrictChoice(
        choices=Order.Priority.choices, required=False, help_text="FHIR's request priority."
    )
    note = StrictText(
        lines=True, required=False, allow_blank=True, max_length=MAX_NOTE, help_text="For the radiologist."
    )
    wanted_by = StrictDay(
        required=False, allow_null=True, help_text="The day by which the result is needed; null for none."
    )


class ReasonInput(StrictInput):
    """Why an order is withdrawn."""

    reason = StrictText(lines=True, max_length=MAX_NOTE, help_text="For the people who will wonder why.")


class HoldInput(StrictInput):
    """Why an order waits, if it is to be said."""

    reason = StrictText(
        lines=True,
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_NOTE,
        help_text="Why it waits.",
    )


class NothingInput(StrictInput):
    """An empty object; no body will do as well."""


class FindingInput(StrictInput):
    """What the report of an order's study showed."""

    read_only_names = frozenset({"id", "provisional", "recorded_at", "recorded_by", "next_steps"})

    finding = StrictText(
        max_length=MAX_CODE,
        help_text="A finding of the order's scenario, such as `negative` or `indeterminate`.",
    )
    compared_with_baseline = StrictChoice(
        choices=Finding.Compared.choices,
        help_text="Whether it was compared with the baseline study; `not_yet` keeps the finding provisional.",
    )
    discordant = StrictYesNo(
        required=False, default=False, help_text="Whether the report contradicts the clinical picture."
    )
    complications = StrictTexts(
        required=False, default=list, help_text="Treatment complications seen, by the scenario's keys."
    )
    comment = StrictText(
        lines=True, required=False, allow_blank=True, default="", max_length=MAX_NOTE, help_text="In words."
    )
    reported_at = StrictInstant(required=False, allow_null=True, help_text="When the report was signed.")


class ProgressInput(StrictInput):
    """What radiology reports of an order's way through the department."""

    event = StrictChoice(choices=Progress.Event.choices, help_text="What happened.")
    at = StrictInstant(required=False, allow_null=True, help_text="When; now, if left out.")
    accession = StrictText(
        required=False,
        allow_blank=True,
        default="",
        max_length=60,
        help_text="Accession number of the study.",
    )
