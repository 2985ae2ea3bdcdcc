"""Addresses of the token pages."""

from django.urls import path

from portal.token_pages import views

urlpatterns = [
    path("", views.token_list, name="token_list"),
    path("new/", views.token_new, name="token_new"),
    path("<uuid:pk>/rotate/", views.token_rotate, name="token_rotate"),
    path("<uuid:pk>/revoke/", views.token_revoke, name="token_revoke"),
]
