"""Which section of the help page belongs to which page."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

# a section of templates/portal/help.html, and how the names of the addresses that it is about begin
SECTIONS = {
    "ordering": (
        *("worklist", "patient_", "prior_study_", "order_start", "order_new", "order_from"),
        *("order_review", "order_sign", "study_choose", "ask_again"),
    ),
    "words": ("suggestion", "guideline_", "order_advice"),
    "afterwards": ("order_detail", "order_list", "order_finding", "finding_acknowledge"),
    "correct": ("order_amend", "order_cancel", "order_hold", "order_resume", "order_entered_in_error"),
    "keyboard": ("requisition", "leaflet", "account_preferences"),
    "quality": ("quality", "account_of_consultations", "feedback_report"),
    "connections": ("token_", "webhook_"),
    "roles": ("order_trail", "account", "mfa_"),
}


def help_address(request: HttpRequest) -> str:
    """Return the address of the help for the page of a request, with the section about it."""
    match = getattr(request, "resolver_match", None)
    name = (match.url_name or "") if match else ""
    # the longest beginning names a page best
    fitting = [
        (len(start), section)
        for section, starts in SECTIONS.items()
        for start in starts
        if name.startswith(start)
    ]
    return reverse("help") + (f"#{max(fitting)[1]}" if fitting else "")
