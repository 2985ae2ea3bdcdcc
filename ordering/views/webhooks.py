"""Webhooks of an organisation: the list, one with its deliveries, and everything that can be done with it."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ordering import policies
from ordering.exceptions import OrderingError, Refused
from ordering.forms import refuse
from ordering.forms.webhooks import RangeForm, WebhookForm, WebhookRotateForm
from ordering.presenters.webhooks import (
    delivery_detail,
    delivery_page,
    name_of,
    webhook_row,
    webhook_rows,
)
from ordering.views.access import View, only
from ordering.views.orders import viewed
from ordering.views.responses import SeeOther
from ordering.webhooks import actions, history
from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal import audit
from portal.models import User
from portal.token_pages.forms import ConfirmNameForm


def manager_required(view: View) -> View:
    """Let only those in who manage the organisation's webhooks; one deleted just now is a missing one."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except WebhookEndpoint.DoesNotExist:
            raise Http404 from None

    return only(policies.may_manage_webhooks, answered)


@require_safe
@manager_required
def webhook_list(request: HttpRequest) -> HttpResponse:
    """Show the organisation's webhooks and how each does."""
    return render(request, "ordering/webhooks/list.html", {"rows": webhook_rows(_manager(request))})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_new(request: HttpRequest) -> HttpResponse:
    """Ask where and of what to tell; make the webhook and show its secret."""
    form = WebhookForm(_sent(request))
    if form.is_valid():
        try:
            endpoint, secret = actions.create_endpoint(by=_manager(request), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused.refusals, _places(refused))
        else:
            return _secret_page(request, endpoint, secret)
    return render(request, "ordering/webhooks/new.html", {"form": form})


@require_safe
@manager_required
def webhook_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a webhook with its latest deliveries; `status` narrows them, `before` pages on."""
    manager = _manager(request)
    endpoint = _endpoint(request, pk)
    status = request.GET.get("status", "")
    page = delivery_page(endpoint, manager, status=status, before=request.GET.get("before", ""))
    context = {"row": _row(endpoint), "page": page, "filters": _filters(request.path, page.status)}
    return render(request, "ordering/webhooks/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change where a webhook goes and what it tells."""
    endpoint = _endpoint(request, pk)
    present = {name: getattr(endpoint, name) for name in ("url", "description", "events", "patient_data")}
    form = WebhookForm(_sent(request), initial=present)
    if form.is_valid():
        try:
            actions.change_endpoint(endpoint=endpoint, by=_manager(request), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused.refusals, _places(refused))
        else:
            return _done(request, endpoint, "The webhook is changed.")
    return render(request, "ordering/webhooks/change.html", {"form": form, "row": _row(endpoint)})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask how long both secrets are to sign; make the new one and show it."""
    endpoint = _endpoint(request, pk)
    form = WebhookRotateForm(_sent(request))
    if form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
        endpoint, secret = actions.rotate_secret(endpoint=endpoint, by=_manager(request), overlap=overlap)
        return _secret_page(request, endpoint, secret, overlap_hours=form.cleaned_data["overlap_hours"])
    return render(request, "ordering/webhooks/rotate.html", {"form": form, "row": _row(endpoint)})


@require_POST
@manager_required
def webhook_enable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a webhook be told again."""
    endpoint = actions.enable_endpoint(endpoint=_endpoint(request, pk), by=_manager(request))
    return _done(request, endpoint, "The webhook is enabled. What was waiting is sent now.")


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_disable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what disabling means, then do it."""
    endpoint = _endpoint(request, pk)
    if request.method == "POST":
        endpoint = actions.disable_endpoint(endpoint=endpoint, by=_manager(request))
        return _done(request, endpoint, "The webhook is disabled. Nothing is sent.")
    return render(request, "ordering/webhooks/disable.html", {"row": _row(endpoint)})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for the name, then delete the webhook."""
    endpoint = _endpoint(request, pk)
    form = ConfirmNameForm(_sent(request), name=name_of(endpoint))
    if form.is_valid():
        actions.delete_endpoint(endpoint=endpoint, by=_manager(request))
        messages.success(request, f"The webhook {name_of(endpoint)} is deleted.")
        return SeeOther(reverse("webhook_list"))
    return render(request, "ordering/webhooks/delete.html", {"form": form, "row": _row(endpoint)})


@require_POST
@manager_required
def webhook_test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a message that tells of nothing."""
    endpoint = _endpoint(request, pk)
    try:
        delivery = actions.send_test(endpoint=endpoint, by=_manager(request))
    except OrderingError as refusal:
        return _not_done(request, endpoint, refusal)
    messages.success(request, "A test is on its way. Load this page again to see how it went.")
    return SeeOther(reverse("webhook_delivery", args=[endpoint.pk, delivery.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def webhook_redeliver(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask from when until when; send those messages again."""
    endpoint = _endpoint(request, pk)
    form = RangeForm(_sent(request))
    if form.is_valid():
        try:
            count = actions.redeliver_range(endpoint=endpoint, by=_manager(request), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused.refusals)
        except OrderingError as refusal:
            return _not_done(request, endpoint, refusal)
        else:
            said = f"{count} messages are sent again." if count != 1 else "One message is sent again."
            return _done(request, endpoint, said if count else "Nothing in this time is to be sent again.")
    return render(request, "ordering/webhooks/redeliver.html", {"form": form, "row": _row(endpoint)})


@require_safe
@manager_required
def webhook_delivery(request: HttpRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    """Show what was sent and what came back at each attempt."""
    endpoint, found = _delivery(request, pk, delivery)
    manager = _manager(request)
    if found.order is not None and policies.may_read_orders(manager):
        viewed("order.viewed", found.order, page="webhook-delivery")
    context = {"row": _row(endpoint), "detail": delivery_detail(found, manager)}
    return render(request, "ordering/webhooks/delivery.html", context)


@require_POST
@manager_required
def webhook_delivery_redeliver(request: HttpRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    """Send one message again, with the same id."""
    endpoint, found = _delivery(request, pk, delivery)
    try:
        actions.redeliver(delivery=found, by=_manager(request))
    except OrderingError as refusal:
        return _not_done(request, endpoint, refusal)
    messages.success(request, "The message is sent again. Load this page again to see how it went.")
    return SeeOther(reverse("webhook_delivery", args=[endpoint.pk, found.pk]))


def _endpoint(request: HttpRequest, pk: UUID) -> WebhookEndpoint:
    """Return a webhook of the own organisation. Raises Http404; the attempt on another's is recorded."""
    organisation_id = _manager(request).organisation_id
    assert organisation_id is not None  # the policy has seen to it
    found = history.endpoints(organisation_id).select_related("created_by").filter(pk=pk).first()
    if found is None:
        audit.denied(request, entity="webhook", entity_id=pk, reason="not-in-organisation")
        raise Http404
    return found


def _delivery(request: HttpRequest, pk: UUID, delivery: UUID) -> tuple[WebhookEndpoint, WebhookDelivery]:
    endpoint = _endpoint(request, pk)
    found = history.delivery(endpoint, delivery)
    if found is None:
        audit.denied(request, entity="webhook-delivery", entity_id=delivery, reason="not-in-organisation")
        raise Http404
    return endpoint, found


def _secret_page(
    request: HttpRequest, endpoint: WebhookEndpoint, secret: str, *, overlap_hours: int | None = None
) -> HttpResponse:
    """Show the secret: this answer to the form is the only place that shows it."""
    context = {
        "name": name_of(endpoint),
        "secret": secret,
        "overlap_hours": overlap_hours,
        "done_url": reverse("webhook_detail", args=[endpoint.pk]),
    }
    return render(request, "ordering/webhooks/secret.html", context)


def _row(endpoint: WebhookEndpoint) -> Any:
    return webhook_row(endpoint, history.health(endpoint.organisation_id))


def _filters(path: str, current: str) -> list[dict[str, object]]:
    named = [("", "All"), *WebhookDelivery.Status.choices]
    return [
        {"text": text, "url": f"{path}?status={value}" if value else path, "current": value == current}
        for value, text in named
    ]


def _places(refused: Refused) -> dict[str, str]:
    """Return which field each pointer means: `/events/3` is the field of events."""
    return {refusal.pointer: refusal.pointer.lstrip("/").split("/")[0] for refusal in refused.refusals}


def _done(request: HttpRequest, endpoint: WebhookEndpoint, said: str) -> HttpResponse:
    messages.success(request, said)
    return SeeOther(reverse("webhook_detail", args=[endpoint.pk]))


def _not_done(request: HttpRequest, endpoint: WebhookEndpoint, refusal: OrderingError) -> HttpResponse:
    messages.error(request, str(refusal))
    return SeeOther(reverse("webhook_detail", args=[endpoint.pk]))


def _sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, be it nothing; None where nobody sent anything."""
    return request.POST if request.method == "POST" else None


def _manager(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `manager_required` has seen to it
    return request.user
