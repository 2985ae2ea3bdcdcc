"""Addresses of CDS Hooks, without a slash at the end; and the page that a card's link opens."""

from django.urls import path, re_path

from ordering.cds_hooks import opening, views

urlpatterns = [
    path("cds-services", views.discovery, name="cds-services"),
    path("cds-services/<str:name>", views.service, name="cds-service"),
    path("cds-services/<str:name>/feedback", views.feedback, name="cds-feedback"),
    re_path(r"^cds-services/(?P<rest>.*)$", views.nothing_here, name="cds-nothing-here"),
    path("orders/from/<uuid:pk>/", opening.order_from, name="order_from"),
]
