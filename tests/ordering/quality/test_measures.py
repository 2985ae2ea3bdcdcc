"""Each measure against numbers that were worked out by hand."""

from datetime import timedelta

import pytest
from django.utils import timezone

from guidelines.models import SilentRun
from ordering.actions import cancel_order, enter_in_error, record_progress
from ordering.cds_hooks.actions import Given, record_cards, record_feedback
from ordering.cds_hooks.models import CdsClient
from ordering.choosing import OverrideGiven
from ordering.models import Consultation
from ordering.quality import orders
from ordering.quality.scope import By, Period, first_of_month
from ordering.silent_models import SilentComparison
from ordering.working_models import UnmatchedPhrase
from portal import audit
from portal.ids import uuid7
from tests.content import LEUKAEMIA
from tests.ordering.placing import CT, MRI, PET, ask, patient, place, report
from tests.ordering.quality.numbers import asked, cells, scope, several, table

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]

ADVISED = OverrideGiven("radiologist-advised")
SPECIAL = OverrideGiven("special-circumstances", "bedside")


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets what the actions take for now, from the start of the test's transaction."""
    start = timezone.now()

    def at(**after):
        now = start + timedelta(**after)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    return at


@pytest.fixture
def mixed(clinician, make_patient):
    """Place 6 CT, 5 MRI, 5 orders that no scenario lists, and one that should not exist."""
    several(6, clinician, make_patient)
    several(5, clinician, make_patient, study=MRI, reason=ADVISED)
    for typed in ("Ultrasound of the abdomen",) * 3 + (
        "ultrasound  OF the abdomen",
        " Ultrasound of the Abdomen",
    ):
        several(1, clinician, make_patient, study=None, study_text=typed, reason=SPECIAL)
    (wrong,) = several(1, clinician, make_patient)
    with audit.acting(audit.actor_of(clinician)):
        enter_in_error(order=wrong, by=clinician, via="portal", reason="Wrong patient.")


def test_appropriateness_counts_signed_orders_by_rating_and_why_they_have_none(mixed, clinician):
    found = cells("appropriateness", scope(clinician))

    assert found["Usually appropriate"] == ["38%", "6 of 16"]
    assert found["Usually not appropriate"] == ["31%", "5 of 16"]
    assert found["Not rated: a study that is not in the guideline"] == ["31%", "5 of 16"]
    assert found["May be appropriate"] == ["0%", "0 of 16"]


def test_the_scorable_rate_is_the_share_of_signed_orders_with_a_rating(mixed, clinician):
    found = cells("signals", scope(clinician))

    assert found["The guideline could rate the order"] == ["69%", "11 of 16"]


def test_overrides_are_counted_by_reason(mixed, clinician):
    found = table("overrides", scope(clinician))

    assert {row.heading: row.cells[1].text for row in found.rows} == {
        "A radiologist advised it": "5 of 10",
        "Special circumstances": "5 of 10",
    }
    assert found.note == "10 of 16 signed orders carry a reason."


def test_unlisted_studies_are_counted_by_phrase_whatever_case_and_blanks(mixed, clinician, make_patient):
    several(1, clinician, make_patient, study=None, study_text="PET/MRI for Mrs Winter", reason=SPECIAL)

    assert cells("not-listed", scope(clinician)) == {
        "ultrasound of the abdomen": ["5"],
        "pet/mri for mrs winter": ["fewer than 5"],
    }
    assert cells("not-listed", scope(clinician), may_read_orders=False) == {
        "ultrasound of the abdomen": ["5"]
    }


def test_searches_that_match_nothing_are_counted_by_phrase(clinician, other_clinic):
    with audit.acting(audit.system("tests")):
        for by, phrase, times in (
            (clinician, "Knee pain", 4),
            (clinician, "knee pain", 2),
            (other_clinic, "Gout", 5),
        ):
            for _ in range(times):
                UnmatchedPhrase.objects.create(organisation=by.organisation, asked_by=by, phrase=phrase)
        UnmatchedPhrase.objects.create(
            organisation=clinician.organisation, asked_by=clinician, phrase="Mrs Winter"
        )

    assert cells("unmatched", scope(clinician)) == {"knee pain": ["6"], "mrs winter": ["fewer than 5"]}
    assert cells("unmatched", scope(None), may_read_orders=False) == {"knee pain": ["6"], "gout": ["5"]}


def test_not_documented_counts_signed_orders_for_each_question(clinician, make_patient):
    several(5, clinician, make_patient)
    several(6, clinician, make_patient, answers={"egfr": 70})

    found = cells("not-documented", scope(clinician))

    assert found["eGFR"] == ["45%", "5 of 11"]
    assert found["Diagnosis"] == ["0%", "0 of 11"]
    assert found["Pregnancy"] == ["100%", "11 of 11"]


def test_reports_count_the_latest_finding_and_the_linked_orders_that_stand(clinician, make_patient):
    followed = [place(make_patient(clinician), clinician) for _ in range(11)]
    for order in followed:
        report(order, clinician, "negative")
        report(order, clinician, "indeterminate")  # the later one counts
    for order in followed[:6]:
        linked = place(
            order.patient,
            clinician,
            study=PET,
            answers={"post_therapy_ct_result": "indeterminate"},
            parent=order,
        )
        if order == followed[0]:  # a cancelled one follows nothing up
            with audit.acting(audit.actor_of(clinician)):
                cancel_order(order=linked, by=clinician, via="portal", reason="Not needed.")

    found = cells("reports", scope(clinician))

    assert list(found.values()) == [["100%", "11 of 11", "5 of 11"]]
    assert list(found) == ["Indeterminate"]


def test_findings_not_compared_with_the_baseline_are_in_the_rest(clinician, make_patient):
    ordered = several(10, clinician, make_patient)
    for order in ordered[:5]:
        report(order, clinician)
    for order in ordered[5:]:
        report(order, clinician, compared_with_baseline="no_baseline")

    assert cells("signals", scope(clinician))["Compared with the baseline study"] == ["50%", "5 of 10"]


def test_the_time_to_sign_runs_from_the_first_advice_or_the_draft(clinician, make_patient, clock):
    for seconds in (10, 20, 30, 40, 50, 60, 70, 80, 90, 200):
        consultation = ask(make_patient(clinician), clinician)
        clock(seconds=seconds + (consultation.created_at - clock()).total_seconds())
        place(consultation.patient, clinician, consultation=consultation)
        clock()

    found = orders.time_to_sign(scope(clinician))["portal"]

    assert found.count == 10
    assert found.p50 == timedelta(seconds=55)  # between the fifth and the sixth
    assert found.p90 == timedelta(seconds=101)  # a tenth of the way from 90 to 200
    assert cells("times", scope(clinician)) == {
        "From opening to signature, Portal": ["10", "55 s", "1 min 41 s"]
    }


def test_the_time_to_outcome_ends_with_the_first_finding_that_is_not_provisional(
    clinician, make_patient, clock
):
    ordered = several(5, clinician, make_patient)
    for hours, order in enumerate(ordered, start=1):
        signed_at = order.signed_at
        clock(minutes=1)
        report(order, clinician, compared_with_baseline="not_yet")
        clock(seconds=hours * 3600 + (signed_at - clock()).total_seconds())
        report(order, clinician)
        report(order, clinician, "new_sites")
        clock()

    found = orders.time_to_outcome(scope(clinician))

    assert (found.count, found.p50) == (5, timedelta(hours=3))
    assert cells("times", scope(clinician))["From signature to outcome"] == ["5", "3 h", "not shown"]


def test_an_outcome_is_in_time_within_a_week_of_the_report(clinician, make_patient, clock):
    ordered = several(4, clinician, make_patient)
    now = clock()
    with audit.acting(audit.actor_of(clinician)):
        for order, days in zip(ordered, (6, 8, 9, 2), strict=True):
            record_progress(
                order=order, by=clinician, via="api", event="reported", at=now - timedelta(days=days)
            )
    report(ordered[0], clinician)  # 6 days after its report
    report(ordered[1], clinician)  # 8 days after
    # the third has none after 9 days; the week of the fourth is not over

    assert orders.outcomes_in_time(scope(clinician)) == (1, 3)


@pytest.mark.parametrize(
    ("withdrawn_after", "again_after", "who", "study", "same_patient", "counted"),
    [
        (9, 9, "clinician", CT, False, (1, 0)),
        (9, 9, "clinician", CT, True, (0, 1)),
        (11, 5, "clinician", CT, False, (0, 0)),  # withdrawn too late
        (5, 11, "clinician", CT, False, (0, 0)),  # ordered again too late
        (5, 5, "colleague", CT, False, (0, 0)),  # by somebody else
        (5, 5, "clinician", PET, False, (0, 0)),  # another study
    ],
)
def test_withdraw_and_reorder_is_the_same_study_by_the_same_signer_within_ten_minutes_each(
    clinician, colleague, make_patient, clock, withdrawn_after, again_after, who, study, same_patient, counted
):
    clock()
    first = place(make_patient(clinician), clinician)
    clock(minutes=withdrawn_after)
    with audit.acting(audit.actor_of(clinician)):
        cancel_order(order=first, by=clinician, via="portal", reason="Wrong patient.")
    other = first.patient if same_patient else make_patient(clinician)
    clock(minutes=withdrawn_after + again_after)
    place(other, {"clinician": clinician, "colleague": colleague}[who], study=study)

    period = Period.ending(first_of_month(), months=12)
    assert orders.ordered_again(scope(clinician, period=Period(period.first, period.last)))[:2] == counted


def test_questions_are_counted_by_fit_and_by_what_came_of_them(clinician, make_patient):
    several(5, clinician, make_patient)
    for _ in range(5):
        asked(clinician)
        asked(clinician, via="api", diagnosis="aml")

    assert cells("consultations", scope(clinician)) == {
        "Fits": ["67%", "10 of 15", "5 of 10"],
        "Does not fit": ["33%", "5 of 15", "0 of 5"],
        "Needs answers": ["0%", "0 of 15", "0"],
    }
    assert [[cell.text for cell in row.cells] for row in table("scenarios", scope(clinician)).rows] == [
        ["Portal", "10 of 15", "5 of 10"],
        ["API", "5 of 15", "0 of 5"],
    ]


def test_what_fires_is_counted_by_month_and_week_and_said_when_it_stops(clinician):
    for _ in range(30):
        asked(clinician, days_ago=60, fever_or_neutropenia="yes")
    for _ in range(30):
        asked(clinician, days_ago=2, pregnancy="yes")

    for by in By:
        period = Period.ending(first_of_month(), months=5)
        found = table("firing", scope(clinician, period=period, by=by))
        fired = {row.heading: row for row in found.rows}
        fever = next(row for heading, row in fired.items() if "infection" in heading.lower())
        pregnancy = next(row for heading, row in fired.items() if heading.startswith("Pregnancy"))

        assert [cell.text for cell in fever.cells[:3]] == ["Advisory", "50%", "30 of 60"]
        assert sorted(cell.text for cell in fever.cells[3:])[-1] == "30"
        assert "30 were to be expected" in fever.flag
        assert pregnancy.flag == ""
        assert found.flagged == (f"{fever.heading}: {fever.flag}",)
        assert any("Not once in 60 consultations" in row.sub for row in found.rows)


def test_a_rule_is_told_apart_by_the_study_that_it_puts_first(clinician):
    for _ in range(5):
        asked(clinician)
        asked(clinician, baseline_modality="fdg_pet_ct")

    rules = [row for row in table("firing", scope(clinician)).rows if row.cells[0].text == "Order rule"]

    assert sorted(row.cells[2].text for row in rules) == ["0 of 10", "0 of 10", "5 of 10", "5 of 10"]


def test_criteria_that_are_not_met_fire_too(clinician):
    for _ in range(5):
        asked(clinician, diagnosis="aml")

    unmet = [row for row in table("firing", scope(clinician)).rows if row.cells[0].text == "Does not fit"]

    assert [row.cells[2].text for row in unmet].count("5 of 5") == 1


def test_feedback_counts_the_last_word_on_each_card_and_cards_that_nobody_knows(clinician):
    with audit.acting(audit.actor_of(clinician)):
        client = CdsClient.objects.create(
            name="EHR", organisation=clinician.organisation, user=clinician, issuer="https://ehr.example.org"
        )
        given = [
            Given(uuid7(), asked(clinician, via="cds-hooks"), "info", CT, "", "adheres") for _ in range(16)
        ]
        record_cards(client=client, service="imaging-order-sign", cards=given)
        override = {"reason": {"code": "patient-preference", "display": "The patient prefers it"}}
        for place_, card in enumerate(given[:15]):
            entries = [{"card": str(card.id), "outcome": "accepted"}]
            if place_ < 5:  # changed their mind
                entries.append({"card": str(card.id), "outcome": "overridden", "overrideReason": override})
            for entry in entries:
                record_feedback(client=client, service="imaging-order-sign", entries=[entry])
        record_feedback(
            client=client,
            service="imaging-order-sign",
            entries=[{"card": f"unknown-{number}", "outcome": "accepted"} for number in range(6)],
        )

    found = table("feedback", scope(clinician))

    assert {row.heading: row.cells[1].text for row in found.rows} == {
        "Accepted": "10 of 15",
        "Overridden": "5 of 15",
        "Something else": "0 of 15",
        "Cards that this portal did not give": "6",
    }
    assert "16 cards were given, 26 reports of feedback came back" in found.note
    assert cells("feedback-reasons", scope(clinician)) == {"The patient prefers it": ["5"]}


def test_nothing_of_another_organisation_counts(mixed, other_clinic, make_patient):
    several(5, other_clinic, make_patient)

    assert cells("appropriateness", scope(other_clinic))["Usually appropriate"] == ["100%", "5 of 5"]
    assert cells("not-listed", scope(other_clinic)) == {}
    assert cells("appropriateness", scope(None))["Usually appropriate"] == ["52%", "11 of 21"]


def test_scenario_version_and_period_narrow_every_table(mixed, clinician):
    before = Period.ending(first_of_month() - timedelta(days=1), months=12)
    for given, orders_there in (
        ({"scenario": LEUKAEMIA}, True),
        ({"scenario": LEUKAEMIA, "version": 1}, True),
        ({"scenario": LEUKAEMIA, "version": 2}, False),
        ({"scenario": "which-bicycle"}, False),
        ({"period": before}, False),
    ):
        narrowed = scope(clinician, **given)

        for name in ("appropriateness", "consultations", "not-documented", "scenarios", "times"):
            assert bool(table(name, narrowed).rows) is orders_there


def test_what_fired_is_worked_out_by_the_database_from_the_stored_advice(clinician, patient):
    consultation = ask(patient, clinician, severe_contrast_allergy="yes", fever_or_neutropenia="yes")

    stored = Consultation.objects.get(pk=consultation.pk)

    assert stored.fired == [
        "advisory:infectious-mimic",
        f"rule:contrast-contraindicated@{PET}",
        f"rule:same-modality-as-baseline@{CT}",
    ]
    assert stored.not_documented == sorted(stored.suggestion["not_documented"])


def test_an_order_that_never_was_signed_counts_nowhere(clinician, patient):
    place(patient, clinician, sign=False)

    assert table("appropriateness", scope(clinician)).rows == ()
    assert cells("consultations", scope(clinician))["Fits"] == ["", "fewer than 5", "not shown"]


def test_a_version_in_silence_is_counted_by_what_it_would_change(clinician, other_clinic, leukaemia):
    with audit.acting(audit.system("tests")):
        run = SilentRun.objects.create(
            scenario=leukaemia.scenario, version=leukaemia, snapshot="{}", digest="sha256:0"
        )

        def compared(by, outcome, changes=(), first_silent=CT):
            SilentComparison.objects.create(
                run=run,
                organisation=by.organisation,
                consultation=asked(by),
                outcome=outcome,
                first_given=CT,
                first_silent=first_silent,
                changes=list(changes),
            )

        for _ in range(10):
            compared(clinician, "same")
        for number in range(10):
            first = PET if number < 5 else CT
            compared(
                clinician, "different", ["A reason says more.", *["Another first."] * (number < 5)], first
            )
        for _ in range(5):
            compared(other_clinic, "failed", ["egfr: this may name a value"])

    assert list(cells("silent", scope(clinician)).values()) == [["50%", "10 of 20", "5", "0"]]
    assert cells("silent-changes", scope(clinician)) == {
        "A reason says more.": ["100%", "10 of 10"],
        "Another first.": ["50%", "5 of 10"],
    }
    assert list(cells("silent", scope(None)).values()) == [["40%", "10 of 25", "5", "5"]]
