"""The start page: what needs somebody."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from guidelines import library
from ordering import history, policies
from ordering.forms.patients import PatientSearchForm
from ordering.presenters.kept import kept_rows
from ordering.presenters.worklist import (
    KIND_LABELS,
    changed_guidelines,
    row_of,
    tiles,
    updated_at,
    worklist_url,
)
from ordering.views.keeping import kept_of
from portal import audit
from portal.models import User


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Show a clinician the open orders, those that need most first; lead others to where they work.

    `show` in the address is one of the counters, `whose=all` the whole organisation.
    """
    user = request.user
    assert isinstance(user, User)
    if not policies.may_order(user):
        if policies.may_read_orders(user):
            return redirect("order_list")
        if user.is_staff:
            return redirect("admin:index")
        audit.denied(request, reason="role")
        raise PermissionDenied
    kind = request.GET.get("show", "")
    kind = kind if kind in KIND_LABELS else ""
    everyone = request.GET.get("whose") == "all"
    assert user.organisation_id is not None
    found = history.worklist(user.organisation_id, requester_id=None if everyone else user.pk, kind=kind)
    outdated = history.drafts_on_replaced_versions(
        user.organisation_id, requester_id=None if everyone else user.pk
    )
    audit.log(
        "orders.listed",
        action="R",
        entity="order",
        organisation_id=user.organisation_id,
        detail={"page": "worklist", "count": len(found.orders)},
    )
    return render(
        request,
        "ordering/worklist.html",
        {
            "search": PatientSearchForm(auto_id="search_%s"),
            "tiles": tiles(found, kind=kind, everyone=everyone),
            "rows": [row_of(order, may_order=True) for order in found.orders],
            "kept": kept_rows(kept_of(user)) if not kind else [],
            "total": found.total,
            "kind": kind,
            "kind_label": KIND_LABELS.get(kind, ""),
            "kinds": KIND_LABELS.items(),
            "everyone": everyone,
            "clear_url": worklist_url(kind="", everyone=everyone),
            "everyone_url": worklist_url(kind=kind, everyone=True),
            "changed": changed_guidelines(outdated, library.published() if outdated else []),
            "updated_at": updated_at(found.orders),
            "now": timezone.now(),
        },
    )
