"""Addresses of the quality pages, below /quality/."""

from django.urls import path, re_path

from ordering.quality import account_views, views

urlpatterns = [
    path("", views.quality, name="quality"),
    path("tables/<slug:table>.csv", views.quality_csv, name="quality_csv"),
    path("account/", account_views.account_of_consultations, name="account_of_consultations"),
    re_path(
        r"^account/(?P<year>[0-9]{4})/requesters\.csv$", account_views.requesters_csv, name="requesters_csv"
    ),
    re_path(
        r"^account/(?P<year>[0-9]{4})/consultations\.(?P<form>csv|jsonl)$",
        account_views.account_file,
        name="account_file",
    ),
    path("report/", account_views.feedback_report, name="feedback_report"),
    path("report/<int:person>/", account_views.feedback_report, name="feedback_report_of"),
    re_path(
        r"^report/(?P<person>[0-9]{1,18})/(?P<year>[0-9]{4})\.(?P<form>csv|jsonl)$",
        account_views.report_file,
        name="report_file",
    ),
]
