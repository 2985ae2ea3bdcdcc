"""Every page that has an address of its own: sound for axe, narrow screens and the content security policy.

The table below is checked against the URL configuration, so that a new page is looked at too.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, expect

from guidelines.models import ScenarioVersion
from ordering.actions import record_consultation, record_prior_study
from ordering.advice import advise
from ordering.models import Order, WebhookDelivery, WebhookEndpoint
from ordering.webhooks import actions as webhooks
from ordering.webhooks.lanes import attempt
from ordering.webhooks.queueing import fan_out
from ordering.webhooks.sending import Answer
from portal import audit
from portal.models import OutboxEvent
from portal.tokens import create_token
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import Window, inspect
from tests.browser.test_main_job import button, option
from tests.content import LEUKAEMIA
from tests.ordering.placing import MRI, ask, place, report

pytestmark = pytest.mark.browser

# names of addresses that are no page, or one that another test looks at
NO_PAGE = {
    "healthz": "text for machines",
    "readyz": "text for machines",
    "account_stay": "answers a script",
    "account_continue": "needs work that a session outlived: tests/portal/test_sessions.py",
    "account_inactive": "reached by nobody who can sign in",
    "mfa_index": "leads to the account page",
    "mfa_list_webauthn": "leads to the account page",
    "mfa_authenticate": "the second step of signing in: test_signing_in_with_a_second_factor_is_sound",
    "mfa_reauthenticate": "one of the pages that confirm it is still you: account_reauthenticate",
    "mfa_reauthenticate_webauthn": "needs a key",
    "mfa_deactivate_totp": "test_signing_in_with_a_second_factor_is_sound",
    "mfa_view_recovery_codes": "test_signing_in_with_a_second_factor_is_sound",
    "mfa_generate_recovery_codes": "test_signing_in_with_a_second_factor_is_sound",
    "mfa_download_recovery_codes": "a text file",
    "mfa_remove_webauthn": "needs a key",
    "mfa_edit_webauthn": "needs a key",
    "order_suggestion_fragment": "part of step 1",
    "answers_keep": "part of step 1",
    "answers_forget": "leads back to step 1 or the worklist",
    "scenario_favourite": "leads back to the list of scenarios",
    "order_without_scenario": "leads on to naming a study: 'order_start: no match' offers it",
    "ask_again": "leads on to the suggestion",
    "guideline_preview_so_far": "part of the preview of step 1",
    "webhook_enable": "leads back to the webhook",
    "webhook_test": "leads on to the delivery",
    "webhook_delivery_redeliver": "leads back to the delivery",
    "answer_one": "leads on to the suggestion",
    "finding_acknowledge": "leads back to the order",
    "requisition_pdf": "a PDF: tests/ordering/test_prints.py",
    "leaflet_pdf": "a PDF: tests/ordering/test_prints.py",
    "order_audit_json": "a file: tests/ordering/test_audit_record.py",
    "guideline_fhir": "a file: tests/ordering/test_guideline_use.py",
    "order_audit_csv": "a file: tests/ordering/test_audit_record.py",
    "order_sign": "shows order_review with what is wrong: 'order_review: wrong year of birth'",
    "order_finding": "shows order_detail with what is wrong: 'order_detail: errors'",
    "quality_csv": "a CSV file",
    "requesters_csv": "a CSV file",
    "account_file": "a file",
    "report_file": "a file",
    "api-docs": "Swagger's own page: tests/ordering/api/test_docs_page.py",
}
MACHINES = ("api-", "cds-", "fhir-", "smart-")  # REST, CDS Hooks, FHIR and its sign-in


@dataclass(frozen=True, slots=True)
class Case:
    """A page in one state. `reach` returns its address, or goes there itself and returns nothing."""

    name: str  # of the address in the URL configuration, then the state
    reach: Callable[[Portal, Window], str | None]
    who: str = "clinician"
    dark: bool = False


def at(name: str, *arguments: object, query: str = "") -> Callable[[Portal, Window], str]:
    """Return what reaches an address that needs no row."""
    return lambda portal, window: reverse(name, args=arguments) + query


def order_at(name: str, **wanted: object) -> Callable[[Portal, Window], str]:
    """Return what reaches a page of the first order of the training data like this."""

    def reach(portal: Portal, window: Window) -> str:
        orders = Order.objects.filter(organisation=portal.user("clinician").organisation, **wanted)
        return reverse(name, args=[orders.order_by("placed_at")[0].pk])

    return reach


def sent(reach: Callable[[Portal, Window], str | None], submit: str) -> Callable[[Portal, Window], None]:
    """Return what opens a page and sends its form as it is."""

    def go(portal: Portal, window: Window) -> None:
        window.open(reach(portal, window) or "/")
        button(window.page, submit).first.click()

    return go


def found(typed: str) -> Callable[[Portal, Window], None]:
    """Return what searches for a patient."""

    def go(portal: Portal, window: Window) -> None:
        page = window.open(reverse("patient_search"))
        page.locator("main [name=q]").fill(typed)
        button(page, "Find patient").click()

    return go


def advice(name: str = "suggestion", query: str = "", **answers: object) -> Callable[[Portal, Window], str]:
    """Return what reaches step 2 for these answers."""

    def reach(portal: Portal, window: Window) -> str:
        consultation = ask(portal.patient(), portal.user("clinician"), **answers)
        return reverse(name, args=[consultation.pk]) + query

    return reach


def questions(portal: Portal, window: Window) -> str:
    """Return the address of step 1 for a new patient."""
    return reverse("order_new", args=[portal.patient().pk, LEUKAEMIA])


def refused_questions(portal: Portal, window: Window) -> None:
    """Send step 1 with an answer that is none."""
    page = window.open(questions(portal, window))
    option(page, "diagnosis", "all").check()
    page.locator("[name=egfr]").fill("seventy")
    button(page, "See suggested study").click()


def preview(portal: Portal, window: Window) -> str:
    """Return the address of the preview of a version."""
    version = ScenarioVersion.objects.filter(scenario__slug=LEUKAEMIA).latest("number")
    return reverse("guideline_preview", args=[version.pk])


def previewed(portal: Portal, window: Window) -> None:
    """Answer step 1 of the preview as it stands."""
    sent(preview, "See suggested study")(portal, window)


def refused_preview(portal: Portal, window: Window) -> None:
    """Send the preview of step 1 with an answer and an age that are none."""
    page = window.open(preview(portal, window))
    page.locator("[name=egfr]").fill("seventy")
    page.locator("[name=_age]").fill("old")
    button(page, "See suggested study").click()


def follow_up(portal: Portal, window: Window) -> str:
    """Return the address of step 1 of a linked order."""
    user = portal.user("clinician")
    parent = place(portal.patient(), user)
    report(parent, user, "indeterminate")
    return f"{reverse('order_new', args=[parent.patient_id, LEUKAEMIA])}?parent={parent.pk}"


def review(portal: Portal, window: Window) -> str:
    """Return the address of step 3 for a new draft."""
    return reverse("order_review", args=[place(portal.patient(), portal.user("clinician"), sign=False).pk])


def wrong_year(portal: Portal, window: Window) -> None:
    """Sign with another year of birth."""
    page = window.open(review(portal, window))
    page.get_by_label("Year of birth").fill("1901")
    page.locator("main button[value=sign]").click()


def prior_study(portal: Portal, window: Window) -> str:
    """Return the address that strikes a study which was entered by hand."""
    user = portal.user("clinician")
    with audit.acting(audit.actor_of(user)):
        study = record_prior_study(
            patient=portal.patient(), by=user, name="CT of the chest", done_on=date(2026, 2, 3)
        )
    return reverse("prior_study_strike", args=[study.pk])


def from_a_record(portal: Portal, window: Window) -> str:
    """Return the address at which an EHR's card opens the portal."""
    user = portal.user("clinician")
    with audit.acting(audit.actor_of(user)):
        advised = advise(slug=LEUKAEMIA, answers={"diagnosis": "all"})
        consultation = record_consultation(advised=advised, by=user, via="cds-hooks")
    return reverse("order_from", args=[consultation.pk])


def a_token(name: str) -> Callable[[Portal, Window], str]:
    """Return what reaches a page about a new token of the clinician."""

    def reach(portal: Portal, window: Window) -> str:
        with audit.acting(audit.system("tests")):
            made = create_token(user=portal.user("clinician"), name="Ward EHR", scopes=["suggest"])[0]
        return reverse(name, args=[made.pk])

    return reach


def new_token(portal: Portal, window: Window) -> None:
    """Make a token, whose secret is shown."""
    page = window.open(reverse("token_new"))
    page.get_by_label("System that will use it").fill("Radiology system")
    page.get_by_label("Acts for").select_option(index=1)
    page.get_by_label("Read orders").check()
    button(page, "Make the token").click()
    expect(page.locator("#secret")).to_be_visible()


def the_webhook(portal: Portal) -> WebhookEndpoint:
    """Return a webhook of the first organisation that has delivered, failed and waits."""
    user = portal.user("admin")
    with audit.acting(audit.actor_of(user)):
        endpoint = WebhookEndpoint.objects.first()
        if endpoint is None:
            url = "https://localhost:9/imaging/hook"
            endpoint, _ = webhooks.create_endpoint(by=user, url=url, patient_data="full")
            order = place(portal.patient(), portal.user("clinician"))
            fan_out(OutboxEvent.objects.get(type="order.signed", subject=f"order:{order.pk}"))
            webhooks.send_test(endpoint=endpoint, by=user)
            answers = [
                Answer("refused", 503, excerpt="Down for maintenance"),
                Answer("timed-out", error="No answer within 10 seconds."),
                Answer("delivered", 204),
            ]
            for answer in answers:
                attempt(WebhookDelivery.objects.order_by("created_at")[0], send=answered(answer))
    return endpoint


def answered(answer: Answer) -> Callable[..., Answer]:
    """Return what takes the place of a receiver."""
    return lambda *request: answer


def a_webhook(name: str) -> Callable[[Portal, Window], str]:
    """Return what reaches a page about the webhook, or the list of them."""

    def reach(portal: Portal, window: Window) -> str:
        endpoint = the_webhook(portal)
        return reverse(name, args=[] if name == "webhook_list" else [endpoint.pk])

    return reach


def a_delivery(portal: Portal, window: Window) -> str:
    """Return the address of a delivery that took three attempts."""
    endpoint = the_webhook(portal)
    return reverse("webhook_delivery", args=[endpoint.pk, endpoint.deliveries.order_by("created_at")[0].pk])


def rotated(portal: Portal, window: Window) -> None:
    """Rotate the secret of the webhook, which is shown."""
    page = window.open(reverse("webhook_rotate", args=[the_webhook(portal).pk]))
    button(page, "Rotate and show").click()
    expect(page.locator("#secret")).to_be_visible()


def patient_page(**wanted: object) -> Callable[[Portal, Window], str]:
    """Return what reaches the page of a patient of the training data, or of a new one."""

    def reach(portal: Portal, window: Window) -> str:
        if not wanted:
            return reverse("patient_detail", args=[portal.patient().pk])
        order = Order.objects.filter(**wanted).first()
        assert order is not None
        return reverse("patient_detail", args=[order.patient_id])

    return reach


def report_of(who: str) -> Callable[[Portal, Window], str]:
    """Return what reaches the yearly report of somebody."""
    return lambda portal, window: reverse("feedback_report_of", args=[portal.user(who).pk])


CASES = [
    Case("worklist", at("worklist"), dark=True),
    Case("worklist: empty", at("worklist"), "colleague"),
    Case("worklist: filter without a match", at("worklist", query="?show=drafts"), "other_clinic"),
    Case("patient_search", at("patient_search")),
    Case("patient_search: several", found("martin")),
    Case("patient_search: nobody", found("nobody of this name")),
    Case("patient_search: nothing typed", found("")),
    Case("patient_new", at("patient_new")),
    Case("patient_new: errors", sent(at("patient_new"), "Register patient")),
    Case("patient_detail", patient_page(finding="indeterminate")),
    Case("patient_detail: empty", patient_page()),
    Case("order_start", lambda portal, window: f"{reverse('order_start')}?patient={portal.patient().pk}"),
    Case(
        "order_start: no match",
        lambda portal, window: f"{reverse('order_start')}?patient={portal.patient().pk}&q=zzzz",
    ),
    Case("order_new", questions, dark=True),
    Case("order_new: errors", refused_questions),
    Case("order_new: follow-up", follow_up),
    Case("order_from", from_a_record),
    Case("suggestion", advice(), dark=True),
    Case("suggestion: contraindicated", advice(severe_contrast_allergy="yes", egfr=25, pregnancy="yes")),
    Case("suggestion: does not fit", advice(diagnosis="aml")),
    Case("suggestion: needs answers", advice(diagnosis=None, baseline_modality=None)),
    Case("study_choose", advice("study_choose", f"?study={MRI}")),
    Case("study_choose: errors", sent(advice("study_choose"), "Choose this study")),
    Case("order_review", review, dark=True),
    Case("order_review: wrong year of birth", wrong_year),
    Case("order_signed", order_at("order_signed", status="active")),
    Case("order_list", at("order_list")),
    Case("order_list: nothing fits", at("order_list", query="?status=revoked&finding=new_sites")),
    Case("order_list: errors", at("order_list", query="?placed_from=99-99-2026")),
    Case("order_detail", order_at("order_detail", status="active"), dark=True),
    Case("order_detail: draft", order_at("order_detail", status="draft")),
    Case("order_detail: on hold", order_at("order_detail", status="on-hold")),
    Case("order_detail: withdrawn", order_at("order_detail", status="revoked")),
    Case("order_detail: entered in error", order_at("order_detail", status="entered-in-error")),
    Case("order_detail: indeterminate", order_at("order_detail", finding="indeterminate")),
    Case("order_detail: provisional", order_at("order_detail", finding_provisional=True)),
    Case("order_detail: read by an auditor", order_at("order_detail", status="completed"), "auditor"),
    Case("order_detail: errors", sent(order_at("order_detail", status="active"), "Save outcome")),
    Case("order_advice", order_at("order_advice", status="completed")),
    Case("order_trail", order_at("order_trail", status="completed")),
    Case("order_cancel", order_at("order_cancel", status="active")),
    Case("order_amend", order_at("order_amend", status="active")),
    Case("requisition", order_at("requisition", status="active"), dark=True),
    Case("requisition: withdrawn", order_at("requisition", status="revoked")),
    Case("leaflet", order_at("leaflet", status="active"), dark=True),
    Case(
        "prior_study_new",
        lambda portal, window: reverse("prior_study_new", args=[portal.patient().pk]),
    ),
    Case(
        "prior_study_new: errors",
        sent(
            lambda portal, window: reverse("prior_study_new", args=[portal.patient().pk]), "Save prior study"
        ),
    ),
    Case("prior_study_strike", prior_study),
    Case("order_hold", order_at("order_hold", status="active")),
    Case("order_resume", order_at("order_resume", status="on-hold")),
    Case("order_entered_in_error", order_at("order_entered_in_error", status="completed")),
    Case("guideline_list", at("guideline_list")),
    Case("guideline_list: no match", at("guideline_list", query="?q=zzzz")),
    Case("guideline_detail", at("guideline_detail", LEUKAEMIA), dark=True),
    Case("guideline_evidence", at("guideline_evidence", LEUKAEMIA), dark=True),
    Case("guideline_version_evidence", at("guideline_version_evidence", "which-bicycle", 1), "editor"),
    Case("guideline_version", at("guideline_version", "which-bicycle", 1), "editor"),
    Case("guideline_preview", preview, "editor", dark=True),
    Case("guideline_preview: errors", refused_preview, "editor"),
    Case("guideline_preview_suggestion", previewed, "approver", dark=True),
    Case("token_list", at("token_list"), "admin", dark=True),
    Case("token_new", at("token_new"), "admin"),
    Case("token_new: errors", sent(at("token_new"), "Make the token"), "admin"),
    Case("token_new: secret", new_token, "admin", dark=True),
    Case("token_rotate", a_token("token_rotate"), "admin"),
    Case("token_revoke", a_token("token_revoke"), "admin"),
    Case("token_revoke: errors", sent(a_token("token_revoke"), "Revoke this token"), "admin"),
    Case("quality", at("quality"), dark=True),
    Case("quality: all organisations", at("quality"), "editor"),
    Case("quality: empty", at("quality", query="?scenario=never-asked"), "admin"),
    Case("quality: errors", at("quality", query="?first=2026-02&last=2026-01&version=2")),
    Case("account_of_consultations", at("account_of_consultations"), "auditor"),
    Case("feedback_report", at("feedback_report")),
    Case("feedback_report_of", report_of("clinician"), "auditor"),
    Case("webhook_list", a_webhook("webhook_list"), "admin", dark=True),
    Case("webhook_new", at("webhook_new"), "admin"),
    Case("webhook_new: errors", sent(at("webhook_new"), "Make the webhook"), "admin"),
    Case("webhook_detail", a_webhook("webhook_detail"), "admin", dark=True),
    Case("webhook_delivery", a_delivery, "admin"),
    Case("webhook_change", a_webhook("webhook_change"), "admin"),
    Case("webhook_rotate", a_webhook("webhook_rotate"), "admin"),
    Case("webhook_rotate: secret", rotated, "admin"),
    Case("webhook_disable", a_webhook("webhook_disable"), "admin"),
    Case("webhook_delete", a_webhook("webhook_delete"), "admin"),
    Case("webhook_redeliver", a_webhook("webhook_redeliver"), "admin"),
    Case("help", at("help")),
    Case("account", at("account")),
    Case("account_preferences", at("account_preferences")),
    Case("account_login", at("account_login"), "", dark=True),
    Case("account_login: wrong", sent(at("account_login"), "Sign in"), ""),
    Case("account_logout", at("account_logout")),
    Case("account_change_password", at("account_change_password")),
    Case("account_reauthenticate", at("account_reauthenticate")),
    Case("mfa_activate_totp", at("mfa_activate_totp")),
    Case("mfa_add_webauthn", at("mfa_add_webauthn")),
    Case("404", lambda portal, window: "/no/such/page/"),
    Case("403", at("patient_search"), "editor"),
    Case("400", lambda portal, window: "/guidelines/?q=%00"),
]


def named_addresses() -> set[str]:
    """Return the names of all addresses outside the admin, which Django names itself."""
    names: set[str] = set()

    def walk(patterns: list[URLPattern | URLResolver]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.app_name != "admin":
                    walk(pattern.url_patterns)
            elif pattern.name:
                names.add(pattern.name)

    walk(get_resolver().url_patterns)
    return names


def test_every_address_is_looked_at_or_said_to_be_no_page() -> None:
    looked_at = {case.name.split(":")[0] for case in CASES} - {"400", "403", "404"}

    pages = {name for name in named_addresses() if not name.startswith(MACHINES)} | {"api-docs"}

    assert looked_at | set(NO_PAGE) == pages
    assert looked_at & set(NO_PAGE) == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_page_is_sound(
    case: Case, portal: Portal, open_window: OpenWindow, screenshots: Path | None
) -> None:
    window = open_window(case.who)

    address = case.reach(portal, window)
    if address is not None:
        window.open(address)

    landed_on(window.page, case)
    assert inspect(window.page, case.name, screenshots=screenshots, dark=case.dark) == []


def test_signing_in_with_a_second_factor_is_sound(
    portal: Portal, open_window: OpenWindow, screenshots: Path | None
) -> None:
    window = open_window()
    wrong: list[str] = []

    def look(name: str) -> None:
        wrong.extend(inspect(window.page, name, screenshots=screenshots))

    _sign_in(portal, window, "approver")
    window.open(reverse("mfa_activate_totp"))
    secret = window.page.locator(".key").inner_text().replace(" ", "")
    look("mfa_activate_totp: fresh")
    window.page.locator("main [name=code]").fill(_code(secret))
    window.page.locator("main .b-1").click()
    expect(window.page).to_have_url(re.compile("recovery-codes"))
    look("mfa_view_recovery_codes")
    for name in ("mfa_generate_recovery_codes", "mfa_deactivate_totp", "account"):
        window.open(reverse(name))
        expect(window.page).to_have_url(re.compile(reverse(name)))
        look(f"{name}: with an app")
    window = open_window()
    _sign_in(portal, window, "approver")
    expect(window.page).to_have_url(re.compile(reverse("mfa_authenticate")))
    look("mfa_authenticate")
    window.page.locator("main [name=code]").fill("000000")
    window.page.locator("main .b-1").click()
    expect(window.page.locator("#error-summary")).to_be_visible()
    look("mfa_authenticate: errors")

    assert wrong == []


def _sign_in(portal: Portal, window: Window, who: str) -> None:
    page = window.open(reverse("account_login"))
    page.locator("main [name=login]").fill(portal.sign_ins[who]["username"])
    page.locator("main [name=password]").fill(portal.sign_ins[who]["password"])
    with page.expect_navigation():
        button(page, "Sign in").click()


def _code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def landed_on(page: Page, case: Case) -> None:
    """Refuse to take another page for the one that is meant: the sign-in, or a failure."""
    page.wait_for_load_state()
    heading = page.locator("h1").first.inner_text()
    if case.who and case.name not in ("404", "403", "400"):
        assert heading not in ("Sign in", "Page not found", "You may not do this", "Something went wrong")
    if ": errors" in case.name or ": wrong" in case.name:
        assert page.title().startswith("Error:")
