"""Stored advice replays byte for byte, also after the guideline moved on; a changed one is found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from guidelines.actions import copy_to_draft
from guidelines.models import Advisory, Vignette
from ordering import training
from portal import audit
from tests.content import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(leukaemia):
    with audit.acting(audit.system("tests")):
        training.load({})
        yield leukaemia


def test_stored_advice_replays_byte_for_byte_after_another_version_was_published(loaded, capsys):
    draft = copy_to_draft(version=loaded, by=None)
    Advisory.objects.filter(version=draft).delete()
    Vignette.objects.filter(version=draft).update(advisories=[])
    publish(version=draft)

    call_command("replay")

    assert "came out the same, byte for byte" in capsys.readouterr().out


def test_replay_names_an_advice_that_comes_out_otherwise(loaded, monkeypatch, capsys):
    monkeypatch.setattr("ordering.management.commands.replay.replay", lambda consultation: "{}")

    with pytest.raises(CommandError, match="came out otherwise"):
        call_command("replay")

    assert "sha256:" in capsys.readouterr().err


def test_stored_advice_cannot_be_changed_in_the_database(loaded):
    from django.db import IntegrityError

    with (
        pytest.raises(IntegrityError, match="ordering_consultation_append_only"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE ordering_consultation SET advice = '{}'")
