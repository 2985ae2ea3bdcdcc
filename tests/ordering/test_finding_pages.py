"""Recording what a report showed: next steps, linked orders, one finding for one form."""

import pytest

from ordering.models import Finding, Order
from tests.ordering.placing import CT, PET, events, patient, place, progress, report, text_of

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
S = Order.Status


@pytest.fixture
def order(patient, clinician, leukaemia) -> Order:
    """Return a signed CT order that radiology reported."""
    order = place(patient, clinician)
    progress(order, clinician, "received", "reported")
    return order


def typed(order: Order, finding: str = "negative", **given) -> dict:
    """Return what the form sends."""
    return {
        "finding": finding,
        "compared_with_baseline": "yes",
        "revision": order.revision,
        "action": "save",
    } | given


def send(client, order: Order, data: dict):
    return client.post(f"/orders/{order.pk}/findings/", data)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (
            {"finding": "negative"},
            [
                "continue-planned-therapy",
                "clinical-and-haematologic-monitoring",
                "no-further-imaging-unless-new-signs",
            ],
        ),
        (
            {"finding": "negative", "complications": ["infection"]},
            ["continue-planned-therapy", "clinical-and-haematologic-monitoring", "exclude-infection"],
        ),
        ({"finding": "indeterminate"}, ["order-fdg-pet-ct", "exclude-infection"]),
        (
            {"finding": "indeterminate", "discordant": "on"},
            ["order-fdg-pet-ct", "exclude-infection", "tumour-board"],
        ),
        (
            {"finding": "new_sites"},
            [
                "immediate-re-evaluation",
                "multidisciplinary-discussion",
                "consider-biopsy",
                "exclude-infection",
            ],
        ),
    ],
)
def test_a_finding_is_recorded_and_its_next_steps_are_listed(
    as_user, clinician, order, leukaemia, given, codes
):
    client = as_user(clinician)

    response = send(client, order, typed(order, **given))

    assert response.url == f"/orders/{order.pk}/#finding"
    order.refresh_from_db()
    assert order.status == S.COMPLETED
    finding = order.findings.get()
    assert [step["code"] for step in finding.next_steps] == codes
    page = text_of(client.get(response.url))
    for step in finding.next_steps:
        assert f"<b>{step['title']}.</b> {step['text']}" in page
    assert events("finding.recorded", entity_id=str(order.pk))


def test_everything_that_was_typed_is_kept_with_the_finding(as_user, clinician, order):
    send(
        as_user(clinician),
        order,
        typed(
            order,
            compared_with_baseline="no_baseline",
            complications=["avascular_necrosis", "other"],
            discordant="on",
            comment="Node 10 mm, was 31 mm.",
            reported_at="17-Jun-2026 09:10",
        ),
    )

    finding = order.findings.get()
    assert finding.compared_with_baseline == "no_baseline"
    assert finding.complications == ["avascular_necrosis", "other"]
    assert (finding.discordant, finding.comment) == (True, "Node 10 mm, was 31 mm.")
    assert finding.reported_at.isoformat() == "2026-06-17T08:10:00+00:00"
    assert (finding.recorded_by, finding.via) == (clinician, "portal")


def test_a_negative_finding_reminds_that_it_is_no_cure(as_user, clinician, order):
    client = as_user(clinician)

    page = text_of(client.get(send(client, order, typed(order)).url))

    assert "not a cure" in page


@pytest.mark.parametrize(
    ("beside", "tone"),
    [({}, "ok"), ({"discordant": "on"}, "caution"), ({"complications": ["infection"]}, "caution")],
)
def test_nothing_looks_simply_well_beside_discordance_or_a_complication(
    as_user, clinician, order, beside, tone
):
    client = as_user(clinician)

    page = client.get(send(client, order, typed(order) | beside).url).content.decode()

    found = page[page.index('id="finding"') :]
    assert f'class="note {tone}" aria-labelledby="next-title' in found[: found.index("Next steps")]


def test_a_finding_that_was_not_compared_is_provisional_until_a_later_one_was(as_user, clinician, order):
    client = as_user(clinician)
    response = send(client, order, typed(order, compared_with_baseline="not_yet"))
    order.refresh_from_db()
    assert order.status == S.ACTIVE
    assert "Not yet compared with the baseline" in text_of(client.get(response.url))

    response = send(client, order, typed(order))

    order.refresh_from_db()
    assert (order.status, order.finding_provisional) == (S.COMPLETED, False)
    page = client.get(response.url)
    assert page.context["page"].latest.provisional is False
    assert [finding.provisional for finding in page.context["page"].earlier] == [True]


def test_an_indeterminate_ct_starts_a_linked_pet_ct_order(as_user, clinician, order, leukaemia):
    client = as_user(clinician)
    address = f"/orders/new/{order.patient_id}/{leukaemia.scenario.slug}/?parent={order.pk}"

    response = send(client, order, typed(order, "indeterminate", action=f"order:{PET}"))

    assert response.url == address
    page = text_of(client.get(f"/orders/{order.pk}/"))
    assert f'href="{address}"' in page
    assert "Start linked PET/CT order" in page


@pytest.mark.parametrize(
    ("finding", "action"),
    [
        ("negative", f"order:{PET}"),
        ("indeterminate", f"order:{CT}"),
        ("indeterminate", "order:"),
        ("indeterminate", "order:nothing"),
    ],
)
def test_a_button_that_the_finding_does_not_offer_only_saves(as_user, clinician, order, finding, action):
    response = send(as_user(clinician), order, typed(order, finding, action=action))

    assert response.url == f"/orders/{order.pk}/#finding"
    assert order.findings.count() == 1


def test_a_linked_order_that_stands_is_shown_instead_of_the_button(as_user, clinician, patient, order):
    client = as_user(clinician)
    report(order, clinician, "indeterminate")
    follow_up = place(patient, clinician, study=PET, parent=order)

    page = text_of(client.get(f"/orders/{order.pk}/"))

    assert "Start linked" not in page
    assert f"Linked order {follow_up.number}" in page


def test_the_button_returns_when_the_linked_order_is_cancelled(as_user, clinician, patient, order):
    client = as_user(clinician)
    report(order, clinician, "indeterminate")
    follow_up = place(patient, clinician, study=PET, parent=order)
    client.post(f"/orders/{follow_up.pk}/cancel/", {"reason": "Mistake.", "revision": follow_up.revision})

    assert "Start linked PET/CT order" in text_of(client.get(f"/orders/{order.pk}/"))


def test_after_a_pet_ct_the_form_offers_no_second_one(as_user, clinician, patient, leukaemia):
    order = place(patient, clinician, study=PET)

    panels = as_user(clinician).get(f"/orders/{order.pk}/").context["page"].panels

    assert not any(panel.action for panel in panels)
    assert "Imaging again after a short interval" in [step.title for panel in panels for step in panel.steps]


def test_the_form_shows_findings_baseline_and_steps_from_the_content(as_user, clinician, order, leukaemia):
    page = text_of(as_user(clinician).get(f"/orders/{order.pk}/"))

    for said in (
        "Baseline: CT with IV contrast.",
        "No extramedullary disease",
        "Disease is seen at a site that was free of it at diagnosis.",
        "Avascular necrosis",
        "Save and start linked PET/CT order",
    ):
        assert said in page, said
    assert page.count('class="rc"') == 4
    assert "checked" not in page


def test_every_fault_is_named_at_once_and_what_was_typed_is_kept(as_user, clinician, order):
    response = send(
        as_user(clinician),
        order,
        {"comment": "A node.", "reported_at": "yesterday", "revision": order.revision},
    )

    page = text_of(response)
    assert set(response.context["form"].errors) == {"compared_with_baseline", "finding", "reported_at"}
    assert "A node." in page
    assert 'value="yesterday"' in page
    assert "<title>Error:" in page
    assert not Finding.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"finding": "cured"}, "finding"),
        ({"compared_with_baseline": "maybe"}, "compared_with_baseline"),
        ({"complications": ["none"]}, "complications"),
        ({"reported_at": "17-Jun-2126 09:10"}, "reported_at"),
        ({"comment": "x" * 4001}, "comment"),
        ({"comment": "\x00"}, "comment"),
        ({"revision": ""}, "revision"),
    ],
)
def test_what_the_content_does_not_know_is_refused(as_user, clinician, order, given, field):
    response = send(as_user(clinician), order, typed(order) | given)

    assert list(response.context["form"].errors) == [field]
    assert not Finding.objects.exists()


@pytest.mark.parametrize("compared", ["yes", "not_yet"])
def test_the_same_form_sent_twice_records_one_finding(as_user, clinician, order, compared):
    client = as_user(clinician)
    data = typed(order, "indeterminate", compared_with_baseline=compared, comment="A node.")

    first = send(client, order, data)
    again = send(client, order, data)

    assert again.url == first.url
    assert order.findings.count() == 1
    assert len(events("finding.recorded", entity_id=str(order.pk))) == 1


def test_the_second_click_still_starts_the_linked_order(as_user, clinician, order):
    client = as_user(clinician)
    data = typed(order, "indeterminate", action=f"order:{PET}")

    first = send(client, order, data)
    again = send(client, order, data)

    assert again.url == first.url
    assert order.findings.count() == 1


def test_a_form_from_before_somebody_elses_finding_comes_back_with_the_text(
    as_user, clinician, colleague, order
):
    data = typed(order, "indeterminate", comment="My own words.")
    report(order, colleague, "negative")

    response = send(as_user(clinician), order, data)

    assert response.status_code == 409
    page = text_of(response)
    assert "Your finding is not saved yet" in page
    assert "My own words." in page
    assert f'name="revision" value="{order.revision}"' in page
    assert order.findings.count() == 1


def test_the_kept_form_can_be_sent_for_the_order_as_it_is_now(as_user, clinician, colleague, order):
    data = typed(order, "indeterminate")
    report(order, colleague, "negative")
    client = as_user(clinician)
    conflict = send(client, order, data)

    response = send(client, order, data | {"revision": conflict.context["form"]["revision"].value()})

    assert response.status_code == 303
    assert [finding.finding for finding in order.findings.all()] == ["negative", "indeterminate"]


def test_a_finding_of_an_order_that_was_cancelled_meanwhile_is_refused(as_user, clinician, order):
    data = typed(order)
    client = as_user(clinician)
    client.post(f"/orders/{order.pk}/cancel/", {"reason": "Not needed.", "revision": order.revision})

    response = send(client, order, data)

    assert response.status_code == 409
    assert not Finding.objects.exists()


def test_later_findings_are_kept_beside_the_earlier_ones(as_user, clinician, colleague, order):
    report(order, clinician, "indeterminate", comment="First look.")
    report(order, colleague, "residual_or_progressive", comment="Second look.")

    page = as_user(clinician).get(f"/orders/{order.pk}/").context["page"]

    assert page.latest.comment == "Second look."
    assert [finding.comment for finding in page.earlier] == ["First look."]
