"""Training data: every branch and status is there, and loading again changes nothing."""

import pytest
from django.core.management import CommandError, call_command

from ordering import training
from ordering.models import Consultation, Finding, Order, Patient
from portal import audit
from portal.models import Organisation, User
from portal.roles import Role, has_role

# committed, as in production: the checks of an open transaction would seal the trail anew for every event
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loaded(leukaemia):
    with audit.acting(audit.system("tests")):
        return training.load({})


def test_training_data_reaches_every_status_finding_and_fit(loaded):
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status.values)
    assert set(Consultation.objects.values_list("fit", flat=True)) == set(Consultation.Fit.values)
    assert set(Finding.objects.values_list("finding", flat=True)) == {
        "negative",
        "residual_or_progressive",
        "new_sites",
        "indeterminate",
    }
    assert Order.objects.filter(parent__isnull=False).exists()
    assert Order.objects.filter(finding_provisional=True).exists()
    assert Patient.objects.count() >= 12
    assert Organisation.objects.count() == 2


def test_training_data_reaches_every_redirect_rule_advisory_and_finding_of_the_guideline(loaded):
    said = [consultation.suggestion for consultation in Consultation.objects.all()]

    assert {row["code"] for advice in said for row in advice["redirects"]} == {
        "other-leukaemia",
        "initial-staging",
        "no-emd-at-diagnosis",
        "cns-disease",
    }
    assert {
        reason["code"] for advice in said for study in advice["studies"] for reason in study["reasons"]
    } == {
        "contrast-contraindicated",
        "indeterminate-ct",
        "same-modality-as-baseline",
    }
    assert {row["code"] for advice in said for row in advice["advisories"]} == {
        "baseline-missing",
        "cns-evaluated-separately",
        "egfr-below-30",
        "equivocal-after-pet-ct",
        "fibrosis-or-active-disease",
        "infectious-mimic",
        "marrow-remission-does-not-exclude-emd",
        "post-therapy-ct-already-reported",
        "pregnancy",
    }


def test_loading_again_keeps_people_passwords_tokens_and_orders(loaded):
    orders = Order.objects.count()

    with audit.acting(audit.system("tests")):
        again = training.load(loaded)

    assert again == loaded
    assert Order.objects.count() == orders


def test_the_sign_ins_work_and_hold_one_role(loaded):
    roles = {
        "clinician": Role.CLINICIAN,
        "colleague": Role.CLINICIAN,
        "other_clinic": Role.CLINICIAN,
        "editor": Role.EDITOR,
        "approver": Role.APPROVER,
        "auditor": Role.AUDITOR,
        "admin": Role.ADMINISTRATOR,
    }

    held = {}
    for who, account in loaded["users"].items():
        user = User.objects.get(username=account["username"])
        assert user.check_password(account["password"]), who
        held[who] = [role for role in Role if has_role(user, role)]

    assert held == {who: [role] for who, role in roles.items()}


def test_production_never_gets_training_data(settings):
    settings.PORTAL_TRAINING = False

    with pytest.raises(CommandError, match="PORTAL_TRAINING"):
        call_command("load_training_data")

    assert not Patient.objects.exists()
