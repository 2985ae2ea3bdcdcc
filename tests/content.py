"""Published guideline content and patients for tests, made through the actions, as production does."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from guidelines import packs
from guidelines.actions import load_pack, release
from guidelines.models import ScenarioVersion, State
from ordering.actions import PatientIdentity, create_patient
from ordering.models import Patient
from portal import audit
from portal.models import User
from tests.database import choose_database, empty_trail, owner_of_test_database

LEUKAEMIA = "adult-all-emd-post-therapy"
SHIPPED = packs.CONTENT / f"{LEUKAEMIA}.json"
BICYCLE = Path(__file__).parent / "cases" / "packs" / "which-bicycle.json"

FITTING: dict[str, Any] = {
    "diagnosis": "all",
    "therapy_status": "completed",
    "therapy_course": "induction",
    "emd_at_diagnosis": "yes",
    "emd_sites": ["lymph_nodes"],
    "baseline_modality": "ct_with_iv_contrast",
    "severe_contrast_allergy": "no",
    "renal_failure": "no",
    "post_therapy_ct_result": "not_done",
    "post_therapy_pet_ct_done": "no",
}

MakePatient = Callable[..., Patient]

BLOCKER = pytest.StashKey[Any]()


@cache
def document_in(path: Path) -> dict[str, Any]:
    """Return the scenario of a pack; read once, because most tests need it."""
    return packs.read_pack(path.read_bytes())


def load(path: Path) -> ScenarioVersion:
    """Return the published version of a pack."""
    with audit.acting(audit.system("tests")):
        draft = load_pack(document=document_in(path), by=None)
    return publish(version=draft)


def publish(*, version: ScenarioVersion) -> ScenarioVersion:
    """Return the version, submitted by one, approved and published by another."""
    return release(version=version, editor=audit.system("tests"), approver=audit.system("tests-approver"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run a test that asks for the shipped guideline where it is loaded already, and others where nothing is.

    Loading it costs more than most tests do. The first test of a process runs before there is a choice.
    """
    if choose_database(second="leukaemia" in getattr(item, "fixturenames", ())):
        with item.session.stash[BLOCKER].unblock():
            load(SHIPPED)
            connections.close_all()
        with owner_of_test_database() as owner:
            empty_trail(owner)


@pytest.fixture(scope="session", autouse=True)
def database_blocker(request: pytest.FixtureRequest, django_db_blocker: Any) -> None:
    """Keep what opens the database to a hook, which can ask for no fixture."""
    request.session.stash[BLOCKER] = django_db_blocker


@pytest.fixture
def leukaemia(db: None) -> ScenarioVersion:
    """Return the shipped guideline, published."""
    published = ScenarioVersion.objects.filter(scenario__slug=LEUKAEMIA, state=State.PUBLISHED)
    return published.first() or load(SHIPPED)


@pytest.fixture
def bicycle(db: None) -> ScenarioVersion:
    """Return the example that has nothing to do with leukaemia, published."""
    return load(BICYCLE)


@pytest.fixture
def make_patient() -> MakePatient:
    """Return a function that makes a patient, by default 42 years old, of a person's organisation."""
    count = 0

    def make(by: User, **given: Any) -> Patient:
        nonlocal count
        count += 1
        identity = {
            "mrn": f"4002 {count:04d}",
            "family_name": "Martin",
            "given_name": "Alex",
            "birth_date": date(timezone.localdate().year - 42, 1, 1),
            "sex": "male",
        } | given
        assert by.organisation is not None
        with audit.acting(audit.actor_of(by)):
            return create_patient(organisation=by.organisation, identity=PatientIdentity(**identity), by=by)

    return make
