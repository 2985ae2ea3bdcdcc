"""Searching orders: what each parameter finds, pages, and what a search says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from ordering.fhir.moments import BadMoment, moment_condition
from ordering.fhir.query import split, token
from ordering.models import Order
from portal.models import AuditEvent
from tests.ordering.fhir.conftest import Reader
from tests.ordering.placing import CT, PET, place

pytestmark = pytest.mark.django_db
SITE = "http://testserver/fhir/CodeSystem/imaging-study"


@pytest.fixture
def two(leukaemia, patient, make_patient, clinician) -> tuple[Order, Order]:
    """A signed CT of one patient, and a draft PET/CT of another."""
    other = make_patient(clinician, mrn="A,1|B")
    return place(patient, clinician), place(
        other, clinician, study=PET, sign=False, answers={"severe_contrast_allergy": "yes"}
    )


def test_every_parameter_finds_what_it_names(reader: Reader, two: tuple[Order, Order], clinician):
    signed, draft = two
    both = {str(signed.pk), str(draft.pk)}
    day, year = signed.signed_at.date().isoformat(), signed.signed_at.year
    moment = reader.read(f"ServiceRequest/{signed.pk}")["authoredOn"]
    number = "http://testserver/fhir/identifier/order-number"
    mrns = "http://testserver/fhir/identifier/mrn/north-clinic"
    npi = "http://hl7.org/fhir/sid/us-npi"
    base = "http://testserver/fhir/r4"
    table: list[tuple[str, set[Order]]] = [
        ("", {signed, draft}),
        (f"_id={signed.pk}", {signed}),
        (f"_id={signed.pk},{draft.pk}", {signed, draft}),
        (f"_id={signed.pk}&_id={draft.pk}", set()),
        ("_id=none", set()),
        (f"patient={signed.patient_id}", {signed}),
        (f"patient=Patient/{signed.patient_id}", {signed}),
        (f"patient={base}/Patient/{signed.patient_id}", {signed}),
        (f"patient=https://elsewhere.example.org/Patient/{signed.patient_id}", set()),
        (f"patient:Patient={draft.patient_id}", {draft}),
        (f"subject=Patient/{draft.patient_id}", {draft}),
        (f"subject=Group/{draft.patient_id}", set()),
        (f"patient.identifier={quote(signed.patient.mrn)}", {signed}),
        (f"patient.identifier={mrns}|{quote(signed.patient.mrn)}", {signed}),
        (f"patient.identifier=urn:other|{quote(signed.patient.mrn)}", set()),
        (f"patient.identifier={quote(chr(92))},1", set()),
        (f"patient.identifier={quote('A' + chr(92) + ',1' + chr(92) + '|B')}", {draft}),
        (f"subject:Patient.identifier={mrns}|", {signed, draft}),
        (f"identifier={signed.number}", {signed}),
        (f"identifier={number}|{signed.number}", {signed}),
        (f"identifier=|{signed.number}", set()),
        (f"requisition={draft.number}", {draft}),
        ("status=active", {signed}),
        ("status=active,draft", {signed, draft}),
        ("status=active&status=draft", set()),
        ("status=http://hl7.org/fhir/request-status|draft", {draft}),
        ("status=nonsense", set()),
        ("status=", {signed, draft}),
        ("intent=order", {signed, draft}),
        ("intent=plan", set()),
        (f"code={CT}", {signed}),
        (f"code={SITE}|{PET}", {draft}),
        (f"code={SITE}|", {signed, draft}),
        ("code=http://loinc.org|72254-6", {signed}),
        ("code=72254-6", {signed}),
        ("code=http://loinc.org|", {signed}),
        (f"code=http://loinc.org|{CT}", set()),
        (f"code=http://loinc.org|72254-6,{SITE}|{PET}", {signed, draft}),
        (f"requester=Practitioner/{clinician.pk}", {signed, draft}),
        (f"requester:Practitioner={clinician.pk}", {signed, draft}),
        ("requester=Practitioner/999999999999999999999", set()),
        (f"requester.identifier={npi}|1", set()),
        (f"based-on=ServiceRequest/{signed.pk}", set()),
        (f"authored={moment}", {signed}),
        (f"authored={day}", {signed, draft}),
        (f"authored={year}", {signed, draft}),
        (f"authored=ge{day}&authored=lt{year + 1}", {signed, draft}),
        (f"authored=gt{day}", set()),
        (f"authored=le{day}", {signed, draft}),
        (f"authored=lt{moment}", set()),
        (f"authored=gt{moment}", {draft}),
        (f"authored=ne{year}", set()),
        (f"_lastUpdated=ge{year}", {signed, draft}),
        (f"_lastUpdated=lt{day}T00:00:00%2B00:00", set()),
        (f"_lastUpdated=gt{day}T00:00:00 00:00", {signed, draft}),
        ("_unknown=1&patient-nickname=x", {signed, draft}),
        (f"identifier={signed.number}&status=active&intent=order", {signed}),
    ]
    wrong = [
        (query, found)
        for query, expected in table
        if (found := set(reader.found(f"ServiceRequest?{query}"))) != {str(order.pk) for order in expected}
    ]

    assert wrong == []
    assert set(reader.found("ServiceRequest/")) == both


def test_a_search_can_be_posted_as_a_form(reader: Reader, two: tuple[Order, Order]):
    signed, _ = two
    form = f"patient.identifier={quote(signed.patient.mrn)}&_count=5"

    bundle = reader.posted("ServiceRequest/_search?status=active", form).json()

    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [str(signed.pk)]
    link = bundle["link"][0]["url"]
    assert link.startswith("http://testserver/fhir/r4/ServiceRequest?")
    assert reader.found(link) == [str(signed.pk)]
    assert reader.posted("ServiceRequest/_search", "").json()["total"] == 2
    assert reader.fhir("ServiceRequest/_search", "POST", Content_Type="").json()["total"] == 2
    assert reader.posted("Provenance/_search", f"target={signed.pk}").json()["total"] == 2
    assert reader.posted("AuditEvent/_search", f"entity={signed.pk}").status_code == 200


def test_a_search_says_how_it_was_understood(reader: Reader, two: tuple[Order, Order]):
    bundle = reader.read("ServiceRequest?status=active&_unknown=1&_count=1000&_pretty=true&code=")

    assert bundle["type"] == "searchset"
    assert bundle["link"] == [
        {
            "relation": "self",
            "url": "http://testserver/fhir/r4/ServiceRequest?status=active&_count=200&_pretty=true",
        }
    ]
    entry = bundle["entry"][0]
    assert entry["fullUrl"] == f"http://testserver/fhir/r4/ServiceRequest/{entry['resource']['id']}"
    assert entry["search"] == {"mode": "match"}
    nothing = reader.read("ServiceRequest?status=completed")
    assert nothing["total"] == 0
    assert "entry" not in nothing
    for query in ("_count=0", "_summary=count"):
        total_only = reader.read(f"ServiceRequest?{query}")
        assert total_only["total"] == 2
        assert "entry" not in total_only
        assert [link["relation"] for link in total_only["link"]] == ["self"]


def test_pages_hold_every_order_once_in_either_direction(reader: Reader, patient, clinician):
    placed = [str(place(patient, clinician, sign=place_ % 2 == 0).pk) for place_ in range(5)]
    for sort, expected in (
        ("authored", placed),
        ("-authored", placed[::-1]),
        ("_lastUpdated", placed),
        ("-_lastUpdated", placed[::-1]),
    ):
        seen, url, totals = [], f"ServiceRequest?_count=2&_sort={sort}&intent=order", set()
        while url:
            bundle = reader.read(url)
            totals.add(bundle["total"])
            seen += [entry["resource"]["id"] for entry in bundle["entry"]]
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
            assert not url or url.startswith("http://testserver/fhir/r4/ServiceRequest?")
        assert seen == expected, sort
        assert totals == {5}
    assert AuditEvent.objects.filter(event_type="orders.listed", via="fhir", after={"count": 2}).exists()


def test_a_page_takes_the_same_queries_however_long(reader: Reader, patient, clinician):
    counts = []
    for _ in range(2):
        place(patient, clinician)
        place(patient, clinician)
        reader.read("ServiceRequest")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reader.read("ServiceRequest")
        counts.append(len([query for query in queries if "ordering_" in query["sql"]]))

    assert counts[0] == counts[1] <= 4


UNUSABLE = [
    "authored=yesterday", "authored=2026-13", "authored=ap2026", "authored=2026-02-30", "authored=0000",
    "authored=2026-01-01T25:00:00Z", "authored=٢٠٢٦", "_count=-1", "_count=x", "_count=4_2",
    "_sort=status", "status:not=active", "code:text=CT", "patient:missing=true", "_page=forged",
    f"status={'a' * 6000}", f"status={'a,' * 300}", "&".join(["status=active"] * 300),
]  # fmt: skip


def test_what_cannot_be_searched_is_refused(reader: Reader):
    for query in UNUSABLE:
        answer = reader.fhir(f"ServiceRequest?{query}")

        assert answer.status_code == 400, query[:60]
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_strict_handling_refuses_what_is_not_known(reader: Reader):
    for preferred in ("handling=strict", "return=representation, handling=strict"):
        answer = reader.fhir("ServiceRequest?nonsense=1&_include=x&status=active", Prefer=preferred)
        assert answer.status_code == 400
        assert [issue["diagnostics"].split(":")[0] for issue in answer.json()["issue"]] == [
            "nonsense", "_include",
        ]  # fmt: skip
    assert reader.fhir("ServiceRequest?nonsense=1", Prefer="handling=lenient").status_code == 200
    assert (
        reader.fhir("ServiceRequest?status=active&_format=json", Prefer="handling=strict").status_code == 200
    )


def test_the_trail_is_searched_by_order(reader: Reader, two: tuple[Order, Order]):
    for path in ("Provenance", "AuditEvent", "Provenance?_count=5"):
        assert reader.fhir(path).status_code == 400
    assert len(reader.found(f"Provenance?target=ServiceRequest/{two[0].pk}&_count=1")) == 1
    assert reader.found("Provenance?target=Patient/1") == []


def test_dates_are_as_wide_as_they_are_precise():
    london = ZoneInfo("Europe/London")

    def edges(text: str) -> tuple[datetime, datetime]:
        condition = moment_condition("at", text, zone=london)
        (_, start), (_, end) = condition.children
        return start, end

    assert edges("2026-06-02") == (datetime(2026, 6, 1, 23, tzinfo=UTC), datetime(2026, 6, 2, 23, tzinfo=UTC))
    assert edges("2026-12")[1] == datetime(2027, 1, 1, tzinfo=UTC)
    assert edges("2026-06-02T09:15") == (
        datetime(2026, 6, 2, 8, 15, tzinfo=UTC),
        datetime(2026, 6, 2, 8, 16, tzinfo=UTC),
    )
    start, end = edges("2026-06-02T09:15:00.123Z")
    assert end - start == timedelta(milliseconds=1)
    assert edges("2026-06-02T09:15:00+02:00")[0] == datetime(2026, 6, 2, 7, 15, tzinfo=UTC)
    for text in ("0001", "9999", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59.999999999Z"):
        try:
            assert isinstance(moment_condition("at", text, zone=london), Q)
        except BadMoment:
            assert "T" in text


def test_backslashes_keep_commas_and_bars():
    assert split(r"a\,b,c", ",") == [r"a\,b", "c"]
    assert token(r"a\,b") == (None, "a,b")
    assert token(r"s|a\|b") == ("s", "a|b")
    assert token("|a") == ("", "a")
