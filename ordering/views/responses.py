"""Answers to a submitted form."""

from __future__ import annotations

from django.http import HttpResponseRedirect

CONFLICT = 409  # what the page was made from is no longer what holds


class SeeOther(HttpResponseRedirect):
    """Go on to another page with GET, so that loading it again repeats nothing (RFC 9110, 303)."""

    status_code = 303
