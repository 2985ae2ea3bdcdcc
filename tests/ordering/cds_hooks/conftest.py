"""Clients of CDS Hooks: one on this machine without a token, and registered ones."""

from __future__ import annotations

import pytest
from django.test import Client

from ordering.cds_hooks.actions import development_client
from portal import audit


@pytest.fixture
def unsigned(settings, clinician, leukaemia):
    """Return a client on this machine, where unsigned calls are allowed and the guideline is published."""
    settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK = True
    with audit.acting(audit.system("tests")):
        development_client(user=clinician)
    return Client()
