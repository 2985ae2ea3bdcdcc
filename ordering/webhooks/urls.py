"""Addresses of the pages on which administrators look after webhooks, mounted at /webhooks/."""

from django.urls import path

from ordering.views import webhooks

DELIVERY = "<uuid:pk>/deliveries/<uuid:delivery>/"

urlpatterns = [
    path("", webhooks.webhook_list, name="webhook_list"),
    path("new/", webhooks.webhook_new, name="webhook_new"),
    path("<uuid:pk>/", webhooks.webhook_detail, name="webhook_detail"),
    path("<uuid:pk>/change/", webhooks.webhook_change, name="webhook_change"),
    path("<uuid:pk>/rotate/", webhooks.webhook_rotate, name="webhook_rotate"),
    path("<uuid:pk>/enable/", webhooks.webhook_enable, name="webhook_enable"),
    path("<uuid:pk>/disable/", webhooks.webhook_disable, name="webhook_disable"),
    path("<uuid:pk>/delete/", webhooks.webhook_delete, name="webhook_delete"),
    path("<uuid:pk>/test/", webhooks.webhook_test, name="webhook_test"),
    path("<uuid:pk>/redeliver/", webhooks.webhook_redeliver, name="webhook_redeliver"),
    path(DELIVERY, webhooks.webhook_delivery, name="webhook_delivery"),
    path(f"{DELIVERY}redeliver/", webhooks.webhook_delivery_redeliver, name="webhook_delivery_redeliver"),
]
