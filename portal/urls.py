"""Addresses of the portal: the one place where its apps meet."""

from allauth.account import views as account_views
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from ordering.fhir.views import service as fhir_service
from portal import health, views

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.page_not_found"
handler429 = "portal.sign_in.lockout.too_many_requests"  # asked for by allauth
handler500 = "portal.errors.server_error"

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("portal.sign_in.urls")),
    # the admin signs people in and out, and changes passwords, through the same doors as the rest
    path("admin/logout/", account_views.logout),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("help/", views.help_page, name="help"),
    path("tokens/", include("portal.token_pages.urls")),
    path("webhooks/", include("ordering.webhooks.urls")),
    path("api/v1/", include("ordering.api.urls")),
    path("fhir/r4/", include("ordering.fhir.urls")),
    # of the whole server, for clients that ask there; the same as below the FHIR address
    path(".well-known/smart-configuration", fhir_service.smart_configuration, name="smart-configuration"),
    path("", include("ordering.cds_hooks.urls")),
    path("", include("guidelines.urls")),
    path("", include("ordering.urls")),
]
