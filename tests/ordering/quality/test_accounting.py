"""The account of consultations: every one with criterion and adherence, kept, exported, reported."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from ordering.adherence import Adherence, adherence
from ordering.cds_hooks.actions import Given, record_cards
from ordering.cds_hooks.models import CdsClient
from ordering.choosing import OverrideGiven
from ordering.models import Consultation
from ordering.quality.accounting import COLUMNS, accounts
from portal import audit
from portal.ids import uuid7
from portal.models import User
from portal.npi import is_npi
from portal.roles import Role
from tests.content import LEUKAEMIA
from tests.ordering.placing import CT, MRI, ask, events, patient, place, text_of
from tests.ordering.quality.numbers import asked, several
from tests.people import make_user

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]

NPI = "1234567893"  # the example of the check digit that CMS gives
ADVISED = OverrideGiven("radiologist-advised")
YEAR = timezone.localdate().year


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def exported(tmp_path, **options):
    target = tmp_path / "out.jsonl"
    call_command("export_consultations", year=YEAR, output=str(target), stderr=io.StringIO(), **options)
    return lines_of(target.read_text(encoding="utf-8"))


def body_of(response):
    return b"".join(response.streaming_content).decode()


@pytest.fixture
def everything(clinician, colleague, patient, make_patient):
    """Ask through every surface, with and without an order; returns how often."""
    set_npi(clinician, NPI)
    place(patient, clinician)
    place(make_patient(clinician), clinician, study=MRI, reason=ADVISED)
    place(make_patient(clinician), clinician, sign=False)
    asked(clinician, via="api", diagnosis="aml")
    asked(colleague, via="command", diagnosis=None)
    with audit.acting(audit.actor_of(clinician)):
        client = CdsClient.objects.create(
            name="EHR", organisation=clinician.organisation, user=clinician, issuer="https://ehr.example.org"
        )
        card = Given(
            uuid7(),
            asked(clinician, via="cds-hooks"),
            "warning",
            MRI,
            "usually_not_appropriate",
            "does_not_adhere",
        )
        record_cards(client=client, service="imaging-order-sign", cards=[card])
    return 6


def set_npi(user, npi):
    with audit.acting(audit.system("tests")):
        user.npi = npi
        user.full_clean(exclude=["password"])
        user.save(update_fields=["npi"])


def test_every_consultation_is_exported_with_criterion_adherence_and_requester(
    everything, clinician, tmp_path
):
    rows = exported(tmp_path)

    assert len(rows) == everything == Consultation.objects.count()
    assert {row["via"] for row in rows} == {"portal", "api", "cds-hooks", "command"}
    assert {row["fit"] for row in rows} == {"fits", "does_not_fit", "needs_answers"}
    for row in rows:
        assert tuple(row) == COLUMNS
        assert row["criterion"] == f"/guidelines/{LEUKAEMIA}/versions/1/"
        assert row["digest"].startswith("sha256:")
        assert row["adherence"] in Adherence.values
        assert row["requester_name"]
    by_study = {(row["via"], row["study"], row["order_status"]): row["adherence"] for row in rows}
    assert by_study[("portal", CT, "active")] == "adheres"
    assert by_study[("portal", MRI, "active")] == "does_not_adhere"
    assert by_study[("portal", CT, "draft")] == "not_applicable"  # no order came of it yet
    assert by_study[("cds-hooks", MRI, None)] == "does_not_adhere"
    assert by_study[("api", None, None)] == "not_applicable"
    assert {row["requester_npi"] for row in rows if row["requester"] == clinician.pk} == {NPI}
    assert {row["requester_npi"] for row in rows if row["requester"] != clinician.pk} == {None}


def test_a_consultation_is_accounted_to_who_signed_the_order(clinician, colleague, patient):
    consultation = ask(patient, clinician)
    place(patient, colleague, consultation=consultation)

    (account,) = accounts(YEAR, organisation_id=clinician.organisation_id)

    assert account.person == colleague
    assert (account.consultations, account.ordered, account.by_adherence["adheres"]) == (1, 1, 1)


def test_the_export_is_of_one_year_and_one_organisation_if_asked(
    everything, other_clinic, make_patient, tmp_path
):
    place(make_patient(other_clinic), other_clinic)
    asked(other_clinic, days_ago=400)

    assert len(exported(tmp_path)) == everything + 1
    assert len(exported(tmp_path, organisation="south-hospital")) == 1
    assert events("consultations.exported")[-1].after["count"] == 1


@pytest.mark.parametrize(
    "options",
    [{"year": 99}, {"year": 2026, "organisation": "nowhere"}, {"year": 2026, "output": "/no/such/folder/x"}],
)
def test_the_command_says_what_it_cannot_do(options):
    with pytest.raises(CommandError):
        call_command("export_consultations", **options)


def test_the_command_writes_csv_to_standard_output_too(everything):
    out = io.StringIO()

    call_command("export_consultations", year=YEAR, format="csv", stdout=out, stderr=io.StringIO())

    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert len([row for row in rows if row["consultation"]]) == everything


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id"])
@pytest.mark.parametrize("table", ["ordering_consultation", "ordering_cdscard", "ordering_orderstatus"])
def test_nothing_of_the_account_can_be_deleted_or_changed(everything, acting_system, statement, table):
    from django.db import connection

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    ("may_be", "rating", "role", "expected"),
    [
        ("not_applicable", "may_be_appropriate", "alternative", "not_applicable"),
        ("adheres", "may_be_appropriate", "alternative", "adheres"),
        ("does_not_adhere", "may_be_appropriate_disagreement", "alternative", "does_not_adhere"),
        ("does_not_adhere", "usually_appropriate", "suggested", "adheres"),
        ("adheres", "usually_not_appropriate", "not_recommended", "does_not_adhere"),
        ("adheres", None, "not_rated", "not_applicable"),
    ],
)
def test_adherence_follows_the_rating_and_the_site_says_what_may_be_counts_as(may_be, rating, role, expected):
    studies = [{"code": "it", "rating": rating, "role": role}]

    assert adherence(studies, "it", may_be=may_be) == expected
    assert adherence(studies, "another", may_be=may_be) == "not_applicable"


@pytest.mark.parametrize("role", ["suggested", "fallback"])
def test_what_takes_the_place_of_a_contraindicated_study_adheres(role):
    studies = [
        {"code": "it", "rating": None, "role": role},
        {"code": "other", "rating": "usually_appropriate", "role": "contraindicated"},
    ]

    assert adherence(studies, "it", may_be="not_applicable") == "adheres"


@pytest.mark.parametrize(
    ("npi", "right"),
    [
        (NPI, True),
        ("1245319599", True),
        ("1234567890", False),  # check digit
        ("123456789", False),
        ("12345678930", False),
        ("3234567890", False),  # begins otherwise
        ("1234 567893", False),
        ("\uff11234567893", False),  # a wide digit
        ("", False),
    ],
)
def test_an_npi_has_ten_digits_and_the_right_check_digit(npi, right):
    assert is_npi(npi) is right


def test_a_wrong_npi_is_refused_by_the_form_and_by_the_database(clinician, acting_system):
    with pytest.raises(ValidationError, match="NPI"):
        set_npi(clinician, "1234567890")

    with pytest.raises(IntegrityError, match="portal_npi_is_ten_digits"), transaction.atomic():
        User.objects.filter(pk=clinician.pk).update(npi="12")


def test_an_administrator_enters_an_npi_in_the_admin(as_user, administrator, clinician):
    client = as_user(administrator)
    address = f"/admin/portal/user/{clinician.pk}/change/"
    given = {
        "username": "clinician",
        "title": "Dr",
        "first_name": "A",
        "last_name": "B",
        "email": "",
        "is_active": "on",
        "roles": ["clinician"],
    }

    refused = client.post(address, given | {"npi": "1234567890"})
    taken = client.post(address, given | {"npi": NPI})

    assert "no NPI" in text_of(refused)
    assert taken.status_code == 302
    assert User.objects.get(pk=clinician.pk).npi == NPI


# --- pages --------------------------------------------------------------------------------------------------

ACCOUNT, FILE = "/quality/account/", f"/quality/account/{YEAR}/consultations.csv"
REQUESTERS, OWN = f"/quality/account/{YEAR}/requesters.csv", "/quality/report/"


@pytest.mark.parametrize(
    ("person", "statuses"),
    [
        ("clinician", {ACCOUNT: 403, REQUESTERS: 403, FILE: 403, OWN: 200}),
        ("auditor", {ACCOUNT: 200, REQUESTERS: 200, FILE: 200, OWN: 200}),
        ("administrator", {ACCOUNT: 200, REQUESTERS: 200, FILE: 403, OWN: 200}),
        ("editor", {ACCOUNT: 403, REQUESTERS: 403, FILE: 403, OWN: 403}),
        ("approver", {ACCOUNT: 403, REQUESTERS: 403, FILE: 403, OWN: 403}),
    ],
)
def test_who_sees_which_account(as_user, request, organisation, person, statuses):
    client = as_user(request.getfixturevalue(person))

    assert {path: client.get(path).status_code for path in statuses} == statuses


@pytest.mark.parametrize(
    ("viewer", "about", "page", "file"),
    [
        ("clinician", "clinician", 200, 200),
        ("clinician", "colleague", 404, 404),
        ("auditor", "clinician", 200, 200),
        ("administrator", "clinician", 200, 403),
        ("auditor", "other_clinic", 404, 404),
        ("administrator", "other_clinic", 404, 403),
        ("clinician", "other_clinic", 404, 404),
    ],
)
def test_a_report_is_seen_by_its_person_and_by_the_organisations_auditor_and_administrator(
    as_user, request, everything, viewer, about, page, file
):
    about = request.getfixturevalue(about)
    client = as_user(request.getfixturevalue(viewer))

    assert client.get(f"/quality/report/{about.pk}/").status_code == page
    for form in ("csv", "jsonl"):
        assert client.get(f"/quality/report/{about.pk}/{YEAR}.{form}").status_code == file
    if page == 404:
        assert events("access.denied")


def test_the_own_report_is_exact_and_the_administrators_view_hides_small_groups(
    as_user, everything, clinician, administrator
):
    own = text_of(as_user(clinician).get(OWN))
    theirs = text_of(as_user(administrator).get(f"/quality/report/{clinician.pk}/"))

    assert NPI in own
    assert re.findall(r'data-l="(\w[\w ]*)">(\d+)<', own) == [
        ("Version", "1"),
        ("Consultations", "5"),
        ("Led to an order", "2"),
        ("Adheres", "1"),
        ("Does not adhere", "2"),
        ("Not applicable", "2"),
    ]
    assert re.findall(r'data-l="Adheres">([^<]*)<', theirs) == ["fewer than 5"]


def test_the_organisations_account_names_requesters_and_no_patient(
    as_user, everything, auditor, administrator
):
    for who in (auditor, administrator):
        page = text_of(as_user(who).get(ACCOUNT))

        assert "Dr Clinician Example" in page
        assert NPI in page
        assert "Martin" not in page
        assert "4002" not in page


def test_files_of_the_account_hold_every_consultation_and_no_patient(as_user, everything, auditor):
    client = as_user(auditor)

    table = body_of(client.get(FILE))
    lines = lines_of(body_of(client.get(FILE.replace("csv", "jsonl"))))

    assert len(list(csv.DictReader(io.StringIO(table, newline="")))) == len(lines) == everything
    for canary in ("Martin", "4002", "lymph_nodes", "birth"):
        assert canary not in table
    assert [event.after["format"] for event in events("consultations.exported")] == ["csv", "jsonl"]


@pytest.mark.parametrize(
    "path",
    [
        "/quality/account/0000/consultations.csv",
        "/quality/account/20260/requesters.csv",
        "/quality/report/999999999999999999/",
        "/quality/report/999999999999999999999999/",
        "/quality/report/x/",
        f"/quality/report/1/{YEAR}.xml",
    ],
)
def test_an_address_of_nothing_is_not_found(as_user, auditor, path):
    assert as_user(auditor).get(path).status_code == 404


@pytest.mark.parametrize("year", ["", "1999", "soon", "99999999999999999999", "%00"])
def test_a_year_that_is_not_offered_is_this_year(as_user, clinician, year):
    page = as_user(clinician).get(f"{OWN}?year={year}")

    assert page.status_code == (400 if year == "%00" else 200)
    if page.status_code == 200:
        assert f'<option value="{YEAR}" selected>' in text_of(page)


@pytest.mark.parametrize(("path", "count"), [(ACCOUNT, 7), (OWN, 7)])
def test_the_pages_take_the_same_queries_however_many_consultations(
    as_user, clinician, make_patient, django_assert_num_queries, path, count
):
    both = make_user("both", Role.CLINICIAN, Role.AUDITOR, organisation=clinician.organisation)
    client = as_user(both)
    client.get(path)

    for by in (both, clinician):
        several(2, by, make_patient)
        with django_assert_num_queries(count):
            client.get(path)


# --- what is not claimed ------------------------------------------------------------------------------------

ROOT = Path(settings.BASE_DIR)
TEXTS = [
    path
    for folder, kinds in (
        ("portal", ("py",)),
        ("guidelines", ("py", "json")),
        ("ordering", ("py",)),
        ("templates", ("html", "txt")),
        ("docs", ("md",)),
    )
    for kind in kinds
    for path in sorted((ROOT / folder).rglob(f"*.{kind}"))
] + [ROOT / "README.md"]
# HCPCS: modifiers of claims and the codes of mechanisms; a claim is not ours to write
CLAIM = re.compile(r"\b(?:G10[01]\d|G102[0-4])\b|\bmodifiers? (?:M[A-H]|QQ)\b")
MECHANISM = re.compile(r"qualified (?:clinical decision support )?mechanism|qCDSM|QCDSM\b", re.IGNORECASE)
DENIED = re.compile(r"\bno(?:t|ne)?\b|\bunless\b|\bonly when\b|contracted|qcdsm", re.IGNORECASE)


def test_no_text_names_a_claim_code_and_none_says_that_this_is_a_qualified_mechanism():
    assert len(TEXTS) > 200
    claims, boasts = [], []
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        claims += [f"{path.relative_to(ROOT)}: {found[0]}" for found in CLAIM.finditer(text)]
        for found in MECHANISM.finditer(text):
            around = text[max(0, found.start() - 200) : found.end() + 200]
            if not DENIED.search(around):
                boasts.append(f"{path.relative_to(ROOT)}: {around}")

    assert claims == []
    assert boasts == []


def test_an_export_holds_no_claim_modifier_and_names_no_mechanism(everything, tmp_path):
    for row in exported(tmp_path):
        assert not {"modifier", "qcdsm", "mechanism", "g_code"} & set(row)
