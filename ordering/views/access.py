"""Who may open a page of ordering, and the rows of their own organisation that its address names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from ordering import policies
from ordering.models import Consultation, Order, Patient, PriorStudy
from portal import audit
from portal.models import User

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)
PatientRow = TypeVar("PatientRow", Consultation, Order)


def clinician_required(view: View) -> View:
    """Let only those in who may order for their organisation; others get 403, and it is recorded."""
    return only(policies.may_order, view)


def reader_required(view: View) -> View:
    """Let only those in who may read the organisation's orders; others get 403, and it is recorded."""
    return only(policies.may_read_orders, view)


def patient_of(request: HttpRequest, pk: UUID | str) -> Patient:
    """Return the patient of the person's own organisation. Raises Http404, as for one that does not exist."""
    return _own(request, Patient.objects.all(), "patient", pk)


def consultation_of(request: HttpRequest, pk: UUID | str) -> Consultation:
    """Return the consultation about a patient of the own organisation, with patient and version.

    Raises Http404, also for a question that was asked without a patient: no page shows those.
    """
    rows = Consultation.objects.select_related("patient", "version", "parent", "replaces").filter(
        patient__isnull=False
    )
    return _own(request, rows, "consultation", pk)


def order_of(request: HttpRequest, pk: UUID | str) -> Order:
    """Return the order of the own organisation, with patient, consultation and version. Raises Http404."""
    rows = Order.objects.select_related(
        "organisation", "patient", "consultation__version", "requester", "signed_by", "parent", "replaces"
    )
    return _own(request, rows, "order", pk)


def prior_study_of(request: HttpRequest, pk: UUID | str) -> PriorStudy:
    """Return the study that was entered by hand for a patient of the own organisation. Raises Http404."""
    return _own(request, PriorStudy.objects.select_related("patient", "struck_by"), "prior-study", pk)


def signed_in(request: HttpRequest) -> User:
    """Return the person behind a request, once it is known that somebody is."""
    assert isinstance(request.user, User)
    return request.user


def order_named(request: HttpRequest, name: str, patient: Patient) -> Order | None:
    """Return the order that the query names, or None. Raises Http404 unless it is this patient's."""
    named = request.GET.get(name, "")
    return _about(patient, order_of(request, named)) if named else None


def consultation_named(request: HttpRequest, name: str, patient: Patient) -> Consultation | None:
    """Return the consultation that the query names, or None. Raises Http404 unless it is this patient's."""
    named = request.GET.get(name, "")
    return _about(patient, consultation_of(request, named)) if named else None


def _about(patient: Patient, row: PatientRow) -> PatientRow:
    if row.patient_id != patient.pk:
        raise Http404
    return row


def only(allowed: Callable[[User], bool], view: View) -> View:
    """Let only those in whom a policy allows it; others get 403, and it is recorded."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or not allowed(user):
            audit.denied(request, reason="role")
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _own(request: HttpRequest, rows: QuerySet[Row], entity: str, pk: UUID | str) -> Row:
    """Return the row if it belongs to the organisation of the person; record the attempt if it does not."""
    organisation = request.user.organisation_id  # type: ignore[union-attr]
    try:
        found = rows.filter(pk=UUID(str(pk)), organisation=organisation).first()
    except ValueError:  # a query may say anything
        found = None
    if found is None:
        audit.denied(request, entity=entity, entity_id=pk, reason="not-in-organisation")
        raise Http404
    return found
