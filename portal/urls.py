"""Addresses of the portal: the one place where its apps meet."""

from django.contrib import admin
from django.urls import include, path

from portal import health

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.page_not_found"
handler500 = "portal.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("ordering.api.urls")),
    path("", include("guidelines.urls")),
    path("", include("ordering.urls")),
]
