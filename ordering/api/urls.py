"""Addresses of REST version 1, mounted at /api/v1/."""

from django.urls import path, re_path

from ordering.api.views import (
    documentation,
    events,
    feed,
    omi,
    orders,
    reports,
    scenarios,
    suggestions,
    transitions,
    webhooks,
)

urlpatterns = [
    path("suggestions/", suggestions.Suggestions.as_view(), name="api-suggestions"),
    path("consultations/", suggestions.Consultations.as_view(), name="api-consultations"),
    path("scenarios/", scenarios.Scenarios.as_view(), name="api-scenarios"),
    path("scenarios/<slug:slug>/", scenarios.ScenarioDetail.as_view(), name="api-scenario"),
    path(
        "scenarios/<slug:slug>/versions/<int:number>/",
        scenarios.ScenarioVersionDetail.as_view(),
        name="api-scenario-version",
    ),
    path(
        "scenarios/<slug:slug>/versions/<int:number>/diff/",
        scenarios.ScenarioVersionDiff.as_view(),
        name="api-scenario-version-diff",
    ),
    path("orders/", orders.Orders.as_view(), name="api-orders"),
    path("orders/<uuid:pk>/", orders.OrderDetail.as_view(), name="api-order"),
    path("orders/<uuid:pk>/sign/", transitions.Sign.as_view(), name="api-order-sign"),
    path("orders/<uuid:pk>/cancel/", transitions.Cancel.as_view(), name="api-order-cancel"),
    path("orders/<uuid:pk>/hold/", transitions.Hold.as_view(), name="api-order-hold"),
    path("orders/<uuid:pk>/resume/", transitions.Resume.as_view(), name="api-order-resume"),
    path(
        "orders/<uuid:pk>/entered-in-error/",
        transitions.EnteredInError.as_view(),
        name="api-order-entered-in-error",
    ),
    path("orders/<uuid:pk>/findings/", reports.Findings.as_view(), name="api-order-findings"),
    path("orders/<uuid:pk>/progress/", reports.ProgressSteps.as_view(), name="api-order-progress"),
    path("orders/<uuid:pk>/omi/", omi.OrderMessage.as_view(), name="api-order-omi"),
    path("orders/<uuid:pk>/events/", events.Events.as_view(), name="api-order-events"),
    path("events/", feed.Feed.as_view(), name="api-events"),
    path("webhooks/", webhooks.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:webhook>/", webhooks.WebhookDetail.as_view(), name="api-webhook"),
    path(
        "webhooks/<uuid:webhook>/rotate-secret/",
        webhooks.Rotation.as_view(),
        name="api-webhook-rotate-secret",
    ),
    path("webhooks/<uuid:webhook>/test/", webhooks.Test.as_view(), name="api-webhook-test"),
    path(
        "webhooks/<uuid:webhook>/redeliver/",
        webhooks.RangeRedelivery.as_view(),
        name="api-webhook-redeliver",
    ),
    path("webhooks/<uuid:webhook>/deliveries/", webhooks.Deliveries.as_view(), name="api-webhook-deliveries"),
    path(
        "webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/",
        webhooks.DeliveryDetail.as_view(),
        name="api-webhook-delivery",
    ),
    path(
        "webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/redeliver/",
        webhooks.Redelivery.as_view(),
        name="api-webhook-delivery-redeliver",
    ),
    path("schema/", documentation.Schema.as_view(), name="api-schema"),
    path("docs/", documentation.Documentation.as_view(), name="api-docs"),
    path("docs/portal_client.py", documentation.client, name="api-client"),
    path("docs/<slug:name>/", documentation.guide_page, name="api-guide"),
    re_path(r"^.*$", documentation.NothingHere.as_view(), name="api-nothing-here"),
]
