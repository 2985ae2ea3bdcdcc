"""One engine behind every surface: each vignette gets its expected advice, and the same one everywhere.

A surface is a function that puts a vignette's answers through it and returns the suggestion object that comes
A surface is a function that puts the answers of a vignette through it and returns the suggestion that comes
goes through CDS Hooks in tests/ordering/cds_hooks/test_parity.py.
"""

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from guidelines import library
from guidelines.engine import Case, evaluate
from ordering.forms import DIGEST, answers_to_post
from ordering.models import Consultation
from portal.models import AuditEvent
from tests.content import LEUKAEMIA
from tests.engine.test_vignettes import seen
from tests.ordering.api.caller import PATIENT, Caller, secret_for

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.json"))

Ask = Callable[[dict], dict]


@pytest.fixture
def ask_engine(leukaemia):
    """Ask the engine itself."""

    def ask(answers):
        _, ruleset = library.current(LEUKAEMIA)
        return evaluate(ruleset, Case.from_dict(ruleset, answers, today=timezone.localdate())).to_dict()

    return ask


@pytest.fixture
def ask_form(leukaemia, clinician, as_user, make_patient):
    """Submit step 1 for a patient of the vignette's age, and read the advice that was stored."""

    def ask(answers):
        today = timezone.localdate()
        patient = make_patient(by=clinician, birth_date=date(today.year - answers["age_years"], 1, 1))
        _, ruleset = library.current(LEUKAEMIA)
        posted = answers_to_post(
            ruleset, {key: value for key, value in answers.items() if key != "age_years"}
        )

        response = as_user(clinician).post(
            reverse("order_new", args=[patient.pk, LEUKAEMIA]), posted | {DIGEST: ruleset.digest}
        )

        assert response.status_code == 303, response.content.decode()
        return Consultation.objects.get(patient=patient).suggestion

    return ask


@pytest.fixture
def api(leukaemia, clinician):
    """A system of the clinician."""
    return Caller(secret_for(clinician))


@pytest.fixture
def ask_api(api):
    """Ask over REST, with nothing stored."""

    def ask(answers):
        response = api.post("suggestions/", {"scenario": LEUKAEMIA, "answers": answers})

        assert response.status_code == 200, response.content.decode()
        return response.json()

    return ask


@pytest.fixture
def ask_api_order(api):
    """Place an order over REST for a patient of the vignette's age, and read the advice that it keeps."""

    def ask(answers):
        born = date(timezone.localdate().year - answers["age_years"], 1, 1)
        reason = {"code": "other", "text": "Whatever the advice, any study may be ordered."}
        order = api.placed(
            patient=PATIENT | {"birth_date": born.isoformat()},
            answers={key: value for key, value in answers.items() if key != "age_years"},
            override_reason=reason,
        )
        return api.get(f"orders/{order['id']}/").json()["consultation"]["suggestion"]

    return ask


@pytest.fixture
def ask_command(leukaemia, tmp_path):
    """Ask on the command line, with nothing stored."""

    def ask(answers):
        (tmp_path / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        said = io.StringIO()
        call_command("suggest", LEUKAEMIA, str(tmp_path / "answers.json"), stdout=said)
        return json.loads(said.getvalue())

    return ask


SURFACES = {
    "engine": "ask_engine",
    "form": "ask_form",
    "api": "ask_api",
    "api-order": "ask_api_order",
    "command": "ask_command",
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_gives_a_vignette_its_expected_advice(surface, path, request, ask_engine):
    vignette = json.loads(path.read_text(encoding="utf-8"))
    ask: Ask = request.getfixturevalue(SURFACES[surface])

    suggestion = ask(vignette["answers"])

    assert {name: seen(suggestion)[name] for name in vignette["expect"]} == vignette["expect"]
    assert suggestion == ask_engine(vignette["answers"])


def test_the_command_records_a_question_when_told_for_whom(leukaemia, clinician, tmp_path):
    question = tmp_path / "answers.json"
    question.write_text('{"diagnosis": "all"}')
    said = io.StringIO()

    call_command("suggest", LEUKAEMIA, str(question), record_for=clinician.username, stdout=said)

    recorded = Consultation.objects.get(pk=json.loads(said.getvalue())["id"])
    assert (recorded.via, recorded.requester) == ("command", clinician)
    (event,) = AuditEvent.objects.filter(event_type="consultation.recorded", entity_id=str(recorded.pk))
    assert (event.via, event.actor.split(":")[1]) == ("command", str(clinician.pk))


@pytest.mark.parametrize(
    ("scenario", "written", "who", "says"),
    [
        (LEUKAEMIA, '{"egfr": 900, "colour": "red"}', None, ["/answers/egfr", "/answers/colour"]),
        (LEUKAEMIA, '{"egfr": 1, "egfr": 2}', None, ["more than once"]),
        (LEUKAEMIA, "[]", None, ["give an object"]),
        (LEUKAEMIA, "{}", "auditor", ["no clinician"]),
        (LEUKAEMIA, "{}", "nobody", ["no clinician"]),
        ("unknown", "{}", None, ["no published scenario"]),
    ],
)
def test_the_command_names_every_fault_and_records_nothing(
    leukaemia, auditor, tmp_path, scenario, written, who, says
):
    (tmp_path / "answers.json").write_text(written)
    username = auditor.username if who == "auditor" else who

    with pytest.raises(CommandError) as refused:
        call_command("suggest", scenario, str(tmp_path / "answers.json"), record_for=username)

    assert all(text in str(refused.value) for text in says)
    assert not Consultation.objects.exists()
