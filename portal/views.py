"""Pages that belong to no patient and no guideline."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Explain how to order, what the words mean, and how to get around with the keyboard."""
    return render(request, "portal/help.html")
