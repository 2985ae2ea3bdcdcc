"""Requisition and leaflet: what stands on them, on which page, and for whom there are none."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from guidelines import library
from ordering.actions import cancel_order, enter_in_error, hold_order, record_prior_study
from ordering.choosing import OverrideGiven
from ordering.exceptions import Refused
from ordering.models import Order
from ordering.presenters.order import linked_orders
from ordering.printing.barcodes import QUIET_MODULES, code_128
from ordering.printing.fonts import REPLACEMENT, drawable
from ordering.printing.leaflet import leaflet_of
from ordering.printing.pdf import requisition_pdf
from ordering.printing.requisition import requisition_of
from portal import audit
from tests.ordering.placing import CT, MRI, PET, events, patient, place, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
S = Order.Status
STAGED = {"baseline_on": "2026-02-03", "therapy_ended_on": "2026-06-05"}


@pytest.fixture
def order(patient, clinician, leukaemia) -> Order:
    """Return a signed order with a baseline of a known day."""
    return place(patient, clinician, answers=STAGED, note="Ward 7 < bleep & call.")


def printed(client, order: Order, what: str = "requisition") -> str:
    return text_of(client.get(f"/orders/{order.pk}/{what}/"))


def lines(order: Order, ruleset) -> dict[str, str]:
    made = requisition_of(order, ruleset, printed_by="Dr Shah")
    return {line.label: line.value for block in made.blocks for line in block.lines} | {
        line.label: line.value for line in made.facts
    }


def test_the_requisition_holds_what_radiology_needs(as_user, clinician, order, leaflet_ruleset):
    said = lines(order, leaflet_ruleset)
    page = printed(as_user(clinician), order)

    assert said["Rating"] == "Usually appropriate"
    assert said["Radiation"] == "Level 4 of 5, 10 to 30 mSv"
    assert said["Baseline study"] == "CT with IV contrast, 03-Feb-2026"
    assert said["Pregnancy"] == said["Fever or neutropenia"] == "Not documented"
    assert said["Course ended on"] == "05-Jun-2026"
    assert said["Version used"].endswith("version 1")
    assert said["Fingerprint"] == order.consultation.digest
    for text in (order.number, patient_name(order), order.patient.mrn, "Signed electronically by", "<svg"):
        assert text in page
    assert "Ward 7 &lt; bleep &amp; call." in page


def patient_name(order: Order) -> str:
    return f"{order.patient.family_name.upper()}, {order.patient.given_name}"


@pytest.fixture
def leaflet_ruleset(leukaemia):
    """Return the content that the orders were placed under."""
    return library.current("adult-all-emd-post-therapy")[1]


def test_a_study_of_the_day_of_the_baseline_is_named_with_its_accession_number(
    clinician, order, leaflet_ruleset
):
    with audit.acting(audit.actor_of(clinician)):
        record_prior_study(
            patient=order.patient,
            by=clinician,
            name="CT elsewhere",
            done_on=date(2026, 2, 3),
            place="County Hospital",
            accession="26-003911",
        )

    said = lines(order, leaflet_ruleset)

    assert said["On record"] == "CT elsewhere, 03-Feb-2026, County Hospital, accession 26-003911"


@pytest.mark.parametrize(
    ("act", "mark"),
    [
        (hold_order, "ON HOLD: do not perform for now"),
        (cancel_order, "CANCELLED: do not perform"),
        (enter_in_error, "ENTERED IN ERROR: do not perform"),
        (None, ""),
    ],
    ids=lambda value: getattr(value, "__name__", "") or None,
)
@pytest.mark.parametrize("what", ["requisition", "leaflet"])
def test_what_must_not_be_done_is_marked_on_every_sheet(as_user, clinician, order, act, mark, what):
    if act is not None:
        with audit.acting(audit.actor_of(clinician)):
            act(order=order, by=clinician, via="portal", reason="A reason.")

    page = printed(as_user(clinician), order, what)
    head = page[page.index("<thead>") : page.index("</thead>")]

    assert mark in head
    assert ("do not perform" in head) == bool(mark)


@pytest.mark.parametrize("part", ["requisition/", "requisition.pdf", "leaflet/", "leaflet.pdf"])
def test_a_draft_has_nothing_to_print(as_user, clinician, patient, part):
    draft = place(patient, clinician, sign=False)

    response = as_user(clinician).get(f"/orders/{draft.pk}/{part}")

    assert (response.status_code, response.url) == (302, f"/orders/{draft.pk}/")


@pytest.mark.parametrize(("what", "form"), [("requisition", "pdf"), ("leaflet", "pdf"), ("leaflet", "page")])
def test_printing_is_recorded_and_no_patient_is_named_by_the_file(as_user, clinician, order, what, form):
    address = f"/orders/{order.pk}/{what}" + (".pdf" if form == "pdf" else "/")

    response = as_user(clinician).get(address)
    (event,) = events("order.printed", entity_id=str(order.pk))

    assert event.after == {"what": what, "form": form}
    assert response["Cache-Control"] == "no-store"
    if form == "pdf":
        assert response.content.startswith(b"%PDF-")
        assert response["Content-Disposition"] == f'inline; filename="{what}-{order.number}.pdf"'
        assert (
            order.patient.family_name.encode() not in response.content
        )  # titles and such are not compressed


@pytest.mark.parametrize("who", ["auditor", "other_clinic", "editor"])
def test_only_those_who_may_read_the_order_print_it(request, as_user, order, who):
    answer = as_user(request.getfixturevalue(who)).get(f"/orders/{order.pk}/requisition.pdf")

    assert answer.status_code == {"auditor": 200, "other_clinic": 404, "editor": 403}[who]


@pytest.mark.parametrize(
    ("name", "note", "pages"),
    [("Łukasz Ω", "", 2), ("X" * 100, "word " * 790 + "end", 3), ("山田", "a" * 3900, 3)],
    ids=["short", "long", "without spaces"],
)
def test_long_texts_take_more_pages_and_all_pages_are_counted(
    clinician, make_patient, leaflet_ruleset, name, note, pages
):
    somebody = make_patient(clinician, family_name=name, given_name="Anna Maria " * 8 + "Eve")
    order = place(somebody, clinician, answers=STAGED, note=note)

    file = requisition_pdf(requisition_of(order, leaflet_ruleset, printed_by="Dr Shah"))

    assert len(re.findall(rb"/Type /Page\b", file)) == pages


def test_a_character_without_a_drawing_is_never_left_out():
    assert drawable("Łukasz Ωδ Яна") == ("Łukasz Ωδ Яна", False)
    assert drawable("山 Li") == (f"{REPLACEMENT} Li", True)


def test_the_barcode_has_the_widths_of_code_128():
    barcode = code_128("2026-000123")

    ends = [place + width for place, width in barcode.bars]
    assert barcode.bars[0] == (QUIET_MODULES, 2)  # every start character begins with a bar of two modules
    assert ends[-1] + QUIET_MODULES == barcode.width
    assert all(after > end for (after, _), end in zip(barcode.bars[1:], ends, strict=False))
    assert (barcode.width - 2 * QUIET_MODULES - 2) % 11 == 0  # characters of 11 modules, and the stop bar


@pytest.mark.parametrize(
    ("study", "answers", "says", "never"),
    [
        (CT, {}, ["A dye called contrast", "quite a lot", "level 4", "your kidneys"], ["PET/CT scan takes"]),
        (PET, {}, ["A PET/CT scan takes", "level 4"], ["quite a lot", "A dye called contrast goes"]),
        (MRI, {}, ["An MRI scan", "does not use the kind of radiation"], ["level 0"]),
        (CT, {"diagnosis": "aml"}, ["your kidneys"], ["leukaemia, or ALL", "clear scan is"]),
        (CT, {"diagnosis": None}, ["your kidneys"], ["leukaemia, or ALL"]),
    ],
    ids=["ct", "pet", "mri", "does-not-fit", "unknown"],
)
def test_the_leaflet_says_what_is_true_of_this_order(
    clinician, patient, leaflet_ruleset, study, answers, says, never
):
    reason = OverrideGiven("radiologist-advised", "")
    order = place(patient, clinician, study=study, reason=reason, answers=answers)

    leaflet = leaflet_of(order, leaflet_ruleset, printed_by="Dr Shah")
    text = " ".join(text for section in leaflet.sections for text in [*section.texts, *section.items])

    assert [part for part in says if part not in text] == []
    assert [part for part in never if part in text] == []


@pytest.mark.parametrize(
    ("contact", "says"), [("", "your clinic writes them here"), ("Ward 7, 01234", "Ward 7, 01234")]
)
def test_the_leaflet_names_the_sites_contact_or_leaves_room_for_it(
    settings, as_user, clinician, order, contact, says
):
    settings.PORTAL_PATIENT_CONTACT = contact

    assert says in printed(as_user(clinician), order, "leaflet")


def test_the_words_of_the_leaflet_are_plain(leaflet_ruleset):
    text = " ".join(row["text"] for row in leaflet_ruleset.document["leaflet"])

    sentences = [part for part in re.split(r"[.!?](?:\s|$)", text) if part.strip()]
    words = re.findall(r"[A-Za-z']+", text)
    vowels = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * vowels / len(words) - 15.59  # Flesch and Kincaid

    assert grade < 6.5  # a school grade read at the age of 11 to 12
    assert max(len(re.findall(r"\w+", sentence)) for sentence in sentences) <= 25


@pytest.mark.parametrize(("part", "count"), [("requisition/", 8), ("leaflet.pdf", 6)])
def test_the_queries_of_a_print_do_not_grow(
    as_user, clinician, patient, order, django_assert_num_queries, part, count
):
    for _ in range(3):
        report(place(patient, clinician, answers=STAGED, parent=order), clinician)
    client = as_user(clinician)
    client.get(f"/orders/{order.pk}/{part}")

    with django_assert_num_queries(count):
        client.get(f"/orders/{order.pk}/{part}")


def test_linked_orders_are_told_as_one_chain_from_each_of_them(clinician, patient, order):
    child = place(patient, clinician, parent=order)
    grandchild = place(patient, clinician, parent=child)
    place(patient, clinician)

    chains = [[row.pk for row in linked_orders(row)] for row in (order, child, grandchild)]

    assert chains == [[order.pk, child.pk, grandchild.pk]] * 3


def test_a_day_that_is_past_cannot_be_wanted(clinician, patient):
    with pytest.raises(Refused, match="is past"):
        place(patient, clinician, wanted_by=timezone.localdate() - timedelta(days=1))
