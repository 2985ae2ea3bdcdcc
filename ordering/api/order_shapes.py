"""What answers about orders look like, for the OpenAPI schema: an order, its findings, progress, trail."""

# REST framework takes declared fields off the class: `parent` hides nothing of its own
# mypy: disable-error-code="assignment"

from __future__ import annotations

from rest_framework import serializers

from guidelines.models import Rating
from ordering.api.shapes import (
    AnyObject,
    PatientSerializer,
    PersonSerializer,
    RadiationSerializer,
    SuggestionSerializer,
    choice,
    moment,
    page_shape,
    string,
    texts,
    uuid,
    whole,
    yes_no,
)
from ordering.models import Finding, Order, OverrideReason, Progress, Via


class ChosenStudySerializer(serializers.Serializer):
    """The study that was ordered."""

    code = string("Stable code.")
    name = string("Full name.")
    rating = choice(Rating.choices, "The rating at that time; null: not rated.", allow_null=True)
    radiation = RadiationSerializer(allow_null=True, help_text="Null where the level is not recorded.")


class OverrideReasonSerializer(serializers.Serializer):
    """Why a study was chosen that the guideline does not suggest."""

    code = choice(OverrideReason.choices, "The reason.")
    text = string("In words.")


class OrderConsultationSerializer(serializers.Serializer):
    """What was asked and advised, exactly as it was shown."""

    id = uuid("Identifier of the consultation.")
    created_at = moment("When it was recorded.")
    via = choice(Via.choices, "Through what it was asked.")
    answers = AnyObject(help_text="The answers by data element.")
    suggestion = SuggestionSerializer(help_text="The advice as given.")
    adherence = choice(Order.Adherence.choices, "How the chosen study stands to the guideline.")


class NextStepSerializer(serializers.Serializer):
    """What to do after a report."""

    code = string("Stable code.")
    title = string("Short name.")
    text = string("In words.")
    study = string("Code of the study to order next; only where the step is to order one.", required=False)


class FindingSerializer(serializers.Serializer):
    """What the report of an order's study showed."""

    id = uuid("Identifier.")
    finding = string("Key of the finding.")
    compared_with_baseline = choice(
        Finding.Compared.choices, "Whether it was compared with the baseline study."
    )
    discordant = yes_no("Whether it contradicts the clinical picture.")
    complications = texts("Treatment complications seen.")
    comment = string("In words.")
    provisional = yes_no("True until it was compared with baseline.")
    reported_at = moment("When the report was signed, if known.", allow_null=True)
    recorded_at = moment("When it was recorded here.")
    recorded_by = PersonSerializer(help_text="Who recorded it.")
    next_steps = NextStepSerializer(many=True, help_text="What follows from it.")


class ProgressSerializer(serializers.Serializer):
    """A step of an order's way through radiology."""

    event = choice(Progress.Event.choices, "What happened.")
    at = moment("When it happened.")
    accession = string("Accession number.")
    recorded_at = moment("When it was recorded here.")


class StatusChangeSerializer(serializers.Serializer):
    """A step in an order's life."""

    status = choice(Order.Status.choices, "The status from then on.")
    at = moment("When.")
    by = PersonSerializer(help_text="Who.")
    via = choice(Via.choices, "Through what.")
    reason = string("Why, where a reason is asked for.")


class OrderScenarioSerializer(serializers.Serializer):
    """The scenario that an order was placed under."""

    slug = string("Slug of the scenario.")
    title = string("Title at that time.")
    version = whole("Number of the version.")


class OrderSerializer(serializers.Serializer):
    """A request for one imaging study."""

    id = uuid("Identifier.")
    number = string("Readable number, such as 2026-000123; unique.")
    status = choice(Order.Status.choices, "FHIR request status.")
    priority = choice(Order.Priority.choices, "FHIR request priority.")
    patient = PatientSerializer(help_text="The patient.")
    requester = PersonSerializer(help_text="Who signed it, or drafted it while it is a draft.")
    scenario = OrderScenarioSerializer(help_text="The scenario it was placed under.")
    study = ChosenStudySerializer(allow_null=True, help_text="Null for a study outside the scenario.")
    study_text = string("A study outside the scenario, in words.", allow_null=True)
    override_reason = OverrideReasonSerializer(
        allow_null=True, help_text="Why this study, where it needs saying."
    )
    note = string("For the radiologist.")
    consultation = OrderConsultationSerializer(help_text="What was asked and advised.")
    parent = uuid("The order that this one follows up.", allow_null=True)
    follow_ups = serializers.ListField(
        child=serializers.UUIDField(), help_text="Orders that follow this one up."
    )
    replaces = uuid("The order that this one corrects and, once signed, withdraws.", allow_null=True)
    wanted_by = serializers.DateField(
        allow_null=True, help_text="The day by which the result is needed, if one was given."
    )
    findings = FindingSerializer(many=True, help_text="Oldest first; the latest counts.")
    progress = ProgressSerializer(many=True, help_text="Reported by radiology, in time order.")
    statuses = StatusChangeSerializer(many=True, help_text="The order's life so far.")
    created_by = PersonSerializer(help_text="Who drafted it.")
    signed_by = PersonSerializer(allow_null=True, help_text="Who signed it.")
    placed_at = moment("When it was placed.")
    signed_at = moment("When it was signed.", allow_null=True)
    updated_at = moment("When anything of it changed last.")
    revision = whole("Counts every change; the ETag in quotation marks.")


class EventSerializer(serializers.Serializer):
    """One event of an order's trail."""

    seq = whole("Place in the audit chain: the order of commits.")
    kind = string("What happened, such as `order.signed` or `order.viewed`.")
    at = moment("When.")
    actor = string("Who: `user:<key>:<name>` or `system:<name>`.")
    role = string("The roles held then.")
    via = string("Through what.")
    reason = string("Why, where it was said.")
    detail = AnyObject(help_text="What else is known of the event.")
    request_id = string("X-Request-ID of the request.")


OrderPageSerializer = page_shape("OrderPageSerializer", OrderSerializer, "A page of orders, newest first.")
EventPageSerializer = page_shape("EventPageSerializer", EventSerializer, "A page of events, newest first.")
