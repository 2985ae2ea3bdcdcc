"""What answers look like, for the OpenAPI schema. The answers themselves are built in `output`."""

# REST framework takes declared fields off the class: `source` and `parent` hide nothing of its own
# mypy: disable-error-code="assignment"

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from guidelines.models import Rating, Role
from ordering.api.catalogue import FAULTS, PROBLEMS
from ordering.models import Consultation, Patient, Via


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(serializers.DictField):
    """An object whose members the content decides."""


def string(says: str, **kwargs: Any) -> serializers.CharField:
    """Return a described text."""
    return serializers.CharField(help_text=says, **kwargs)


def choice(values: Any, says: str, **kwargs: Any) -> serializers.ChoiceField:
    """Return a described choice."""
    return serializers.ChoiceField(choices=values, help_text=says, **kwargs)


def moment(says: str, **kwargs: Any) -> serializers.DateTimeField:
    """Return a described moment."""
    return serializers.DateTimeField(help_text=f"{says} RFC 3339, UTC.", **kwargs)


def whole(says: str, **kwargs: Any) -> serializers.IntegerField:
    """Return a described whole number."""
    return serializers.IntegerField(help_text=says, **kwargs)


def yes_no(says: str) -> serializers.BooleanField:
    """Return a described boolean."""
    return serializers.BooleanField(help_text=says)


def uuid(says: str, **kwargs: Any) -> serializers.UUIDField:
    """Return a described identifier."""
    return serializers.UUIDField(help_text=says, **kwargs)


def texts(says: str) -> serializers.ListField:
    """Return a described list of texts."""
    return serializers.ListField(child=serializers.CharField(), help_text=says)


def objects(says: str) -> serializers.ListField:
    """Return a described list of objects whose members the content decides."""
    return serializers.ListField(child=AnyObject(), help_text=says)


FIT = Consultation.Fit.choices
CRITERION = [("met", "Met"), ("not_met", "Not met"), ("unknown", "Unknown")]
PROBLEM_CODES = list(dict.fromkeys(problem.code for problem in PROBLEMS))
SEVERITY = [("info", "Information"), ("caution", "Caution"), ("stop", "Stop")]


class PersonSerializer(serializers.Serializer):
    """A person of the portal."""

    id = whole("Key of the user; the filter `requester` takes it.")
    name = string("Title and name.")


class PatientSerializer(serializers.Serializer):
    """A patient of your organisation."""

    id = uuid("Identifier in the portal.")
    mrn = string("Medical record number.")
    family_name = string("Family name.")
    given_name = string("Given name.")
    birth_date = serializers.DateField(help_text="Date of birth.")
    sex = choice(Patient.Sex.choices, "Administrative gender, with FHIR's codes.")


class BandSerializer(serializers.Serializer):
    """A range of effective dose in mSv."""

    min = serializers.FloatField(help_text="From, mSv.")
    max = serializers.FloatField(help_text="To, mSv.")


class RadiationSerializer(serializers.Serializer):
    """The relative radiation level of a study."""

    level = whole("0 to 5.", min_value=0, max_value=5)
    adult_msv = BandSerializer(allow_null=True, help_text="Adult dose; null where it is not recorded.")
    paediatric_msv = BandSerializer(
        allow_null=True, help_text="Paediatric dose; null where it is not recorded."
    )
    source = string("Title of the source.", allow_null=True)
    standing = string("Where the level comes from: article, secondary, inferred or site_policy.")


class RemarkSerializer(serializers.Serializer):
    """Something that is said, with a stable code."""

    code = string("Stable code.")
    text = string("In words.")


class CriterionSerializer(serializers.Serializer):
    """One criterion of the scenario and how the answers meet it."""

    key = string("Stable key.")
    title = string("Short name.")
    status = choice(CRITERION, "Unknown means that an answer is missing.")
    text = string("In words.")
    standing = string("Where the criterion comes from.")


class RedirectSerializer(serializers.Serializer):
    """Where to go when the scenario does not fit."""

    code = string("Stable code.")
    title = string("Short name.")
    text = string("In words.")
    scenario = string("Slug of another scenario, if there is one.", allow_null=True)
    url = string("A page elsewhere, if there is one.", allow_null=True)


class SuggestedStudySerializer(serializers.Serializer):
    """A study in its place."""

    code = string("Stable code.")
    name = string("Full name.")
    short_name = string("Short name.")
    modality = string("Modality.")
    position = whole("1, 2, 3 over the whole list.")
    role = choice(Role.choices, "What the answers make of the study.")
    rating = choice(
        Rating.choices, "The guideline's rating, which no answer changes; null: not rated.", allow_null=True
    )
    rating_standing = string("Where the rating comes from.")
    rating_source = string("Title of the rating's source.", allow_null=True)
    radiation = RadiationSerializer(allow_null=True, help_text="Null where the level is not recorded.")
    reasons = RemarkSerializer(many=True, help_text="Why it stands here.")
    cautions = RemarkSerializer(many=True, help_text="What to bear in mind with this study.")
    rationale = texts("Why it is rated so.")
    choose_when = texts("When it is the one to choose.")
    limits = string("What it cannot show.")
    site_note = string("The institution's own note.")
    protocol_url = string("The institution's own protocol.")
    codes = objects("Codes of the study in other systems: system, code, display.")


class AdvisorySerializer(serializers.Serializer):
    """Something to bear in mind for this patient, whatever study is chosen."""

    code = string("Stable code.")
    severity = choice(SEVERITY, "How urgent it is.")
    title = string("Short name.")
    text = string("In words.")
    standing = string("Where it comes from.")
    source = string("Title of the source.", allow_null=True)


class ChangeSerializer(serializers.Serializer):
    """One answer that would change the fit or the first study."""

    key = string("The data element.")
    value = string("The answer it would take.")
    fit = choice(FIT, "The fit with that answer.")
    first_study = string("The first study with that answer; null when it does not fit.", allow_null=True)
    label = string("The data element in words.")
    value_label = string("The answer in words.")
    text = string("The change in words.")


class QuestionSerializer(serializers.Serializer):
    """A question that the study is asked."""

    key = string("Stable key.")
    title = string("Short name.")
    text = string("In words.")


class EditionSerializer(serializers.Serializer):
    """The version of a scenario that speaks."""

    slug = string("Slug of the scenario.")
    title = string("Title.")
    version = whole("Number of the version.")
    digest = string("SHA-256 of the version's content, `sha256:<hex>`.")


class SourceSerializer(serializers.Serializer):
    """The primary source of a scenario."""

    title = string("Title.")
    url = string("Address, if there is one.", allow_null=True)
    reviewer = string("Who reviewed it.")
    reviewed_on = serializers.DateField(allow_null=True, help_text="When it was reviewed.")


class SuggestionSerializer(serializers.Serializer):
    """What the guideline says about these answers."""

    scenario = EditionSerializer(help_text="Which version says it.")
    engine = string("Version of the decision engine.")
    fit = choice(FIT, "Whether the scenario applies. `does_not_fit` is not a judgement on any study.")
    criteria = CriterionSerializer(many=True, help_text="All criteria, in table order.")
    needs = texts("Data elements whose answers are still needed, in table order.")
    redirects = RedirectSerializer(many=True, help_text="Where failed criteria lead.")
    studies = SuggestedStudySerializer(many=True, help_text="Ranked; empty when the scenario does not fit.")
    advisories = AdvisorySerializer(many=True, help_text="What to bear in mind.")
    contradictions = RemarkSerializer(many=True, help_text="Answers that contradict each other.")
    questions = QuestionSerializer(many=True, help_text="What the study is asked.")
    what_would_change = ChangeSerializer(
        many=True, help_text="Single answers that would change fit or first study."
    )
    provisional = yes_no("True exactly when answers are needed.")
    source = SourceSerializer(help_text="The primary source.")
    not_documented = texts("Data elements without an answer.")


class ConsultedPatientSerializer(serializers.Serializer):
    """Whom a consultation is about."""

    id = uuid("Identifier of the patient in the portal.")


class ConsultationSerializer(SuggestionSerializer):
    """A recorded suggestion."""

    id = uuid("Identifier; an order can be placed on it.")
    created_at = moment("When it was recorded.")
    via = choice(Via.choices, "Through what it was asked.")
    answers = AnyObject(help_text="The answers as given, with those derived from the birth date.")
    patient = ConsultedPatientSerializer(allow_null=True, help_text="The patient, if one was named.")


class ScenarioRowSerializer(serializers.Serializer):
    """A scenario in a list."""

    slug = string("Slug.")
    title = string("Title.")
    summary = string("What it is for.")
    version = whole("The published version.")
    url = string("Where all of it can be read.")


class ScenarioSerializer(serializers.Serializer):
    """All content of one version of a scenario."""

    slug = string("Slug.")
    title = string("Title.")
    summary = string("What it is for.")
    version = whole("Number of the version.")
    digest = string("SHA-256 of the content.")
    state = string("published, superseded or withdrawn.")
    review_due_on = serializers.DateField(help_text="Day by which the content is looked at again.")
    review_overdue = yes_no("Whether that day has passed: say so wherever the advice is shown.")
    introduction = string("What the scenario is about.")
    data_elements = objects("The questions: key, label, kind, unit, minimum, maximum, choices.")
    criteria = objects("When the scenario fits, with redirects.")
    studies = objects("The studies with rating, radiation, rationale and codes.")
    rated_studies = objects("The rows of the rating table, in list order.")
    order_rules = objects("Which study comes first, and why.")
    advisories = objects("What to bear in mind, and when.")
    findings = objects("What a report can show.")
    complications = objects("Treatment complications that can be reported.")
    next_steps = objects("What can follow from a finding.")
    sources = objects("Where everything comes from.")
    source = SourceSerializer(help_text="The primary source.")


class DifferenceSerializer(serializers.Serializer):
    """What changed between two versions of a scenario."""

    scenario = string("Slug.")
    old = AnyObject(allow_null=True, help_text="The version before: number, state and digest; null for none.")
    new = AnyObject(help_text="The version after: number, state and digest.")
    changed = whole("How many changes there are.")
    unchanged = whole("How many fields read the same.")
    groups = objects(
        "Changes that belong together, what decides most first: code, title and changes. A change has a kind "
        "(changed, added, removed, moved), list, row, field, label, old and new text, both texts in words "
        "that are the same, removed or added, and for a row its old and new place."
    )


def page_shape(name: str, row: type[serializers.Serializer], says: str) -> type[serializers.Serializer]:
    """Return the shape of a page of rows."""
    return type(
        name,
        (serializers.Serializer,),
        {
            "__doc__": says,
            "__module__": __name__,
            "next": serializers.URLField(
                allow_null=True, help_text="The page after this one; null at the end."
            ),
            "previous": serializers.URLField(allow_null=True, help_text="The page before this one, if any."),
            "results": row(many=True, help_text="The rows of this page."),
        },
    )


ScenarioPageSerializer = page_shape("ScenarioPageSerializer", ScenarioRowSerializer, "A page of scenarios.")


class FaultSerializer(serializers.Serializer):
    """One fault of a request."""

    pointer = string("JSON Pointer from the body's root; empty for the body as a whole or a query parameter.")
    code = string(f"Stable code, such as {', '.join(list(FAULTS)[:4])}; docs/api-errors.md has all.")
    detail = string("What to do about it.")
    parameter = string("The query parameter at fault, if it is one.", required=False)


class ProblemSerializer(serializers.Serializer):
    """RFC 9457 problem details."""

    type = serializers.URLField(help_text="URI of the kind of problem: urn:imaging-portal:problem:<code>.")
    title = string("The kind of problem in words.")
    status = whole("HTTP status.")
    detail = string("What happened, and what to do.")
    instance = string("Path of the request.", required=False)
    code = choice(PROBLEM_CODES, "Stable code of the kind of problem; docs/api-errors.md says what to do.")
    errors = FaultSerializer(
        many=True, help_text="Every fault at once; empty where it is not one of the body."
    )
    request_id = string("X-Request-ID of the request.", required=False)
    changes = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="With 409: what changed, one sentence each."
    )
    current = AnyObject(required=False, allow_null=True, help_text="With 409: the advice as it is given now.")
    order_status = string("With 409: the status that the order has.", required=False)
