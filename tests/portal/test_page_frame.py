"""The frame of every page, its components, and pages for when something fails."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings

from portal.choices import Described
from portal.context import nav_items, portal
from portal.models import Organisation
from portal.roles import Role
from portal.templatetags.portal_ui import day, dose, moment
from tests.people import make_user

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
STATIC = Path(settings.BASE_DIR, "static")


class Question(forms.Form):
    """A form with every kind of control that the portal draws."""

    baseline = forms.ChoiceField(
        label="Baseline study",
        help_text="Follow-up should use the same modality",
        choices=[("ct", Described("CT", "With IV contrast")), ("not_documented", "Not documented")],
        widget=forms.RadioSelect,
        error_messages={"required": "Select the baseline study"},
    )
    egfr = forms.IntegerField(
        label="eGFR", help_text="Latest value", error_messages={"invalid": "Enter a number"}
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)


def component(name: str, **given: object) -> str:
    """Return a component rendered with what it is given, its white space closed up."""
    return " ".join(render_to_string(f"_components/{name}.html", given).split())


def words(html: str) -> str:
    """Return the text of some HTML."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("range_msv", "said"),
    [
        ({"min": 10, "max": 30}, "10 to 30 mSv"),
        ({"min": 0.1, "max": 1.0}, "0.1 to 1 mSv"),
        ({"min": 0, "max": 0.1}, "under 0.1 mSv"),
        ({"min": 0, "max": 0}, ""),
        (None, ""),
    ],
)
def test_a_dose_is_said_in_words_without_signs_or_trailing_zeros(
    range_msv: dict[str, float] | None, said: str
) -> None:
    assert dose(range_msv) == said


@pytest.mark.parametrize("value", [date(2026, 6, 12), "2026-06-12", "2026-06-12T10:00:00Z"])
def test_a_date_names_its_month(value: date | str) -> None:
    assert day(value) == '<time datetime="2026-06-12">12-Jun-2026</time>'


@override_settings(TIME_ZONE="Europe/London")
def test_a_moment_is_shown_in_the_zone_of_the_site() -> None:
    shown = moment(datetime(2026, 6, 12, 13, 26, tzinfo=UTC))

    assert shown == '<time datetime="2026-06-12T14:26+01:00">12-Jun-2026 14:26</time>'


def test_no_date_is_nothing_rather_than_a_guess() -> None:
    assert day(None) == ""
    assert moment("") == ""


@pytest.mark.parametrize(
    ("rating", "said"),
    [
        ("usually_appropriate", "Usually appropriate"),
        ("may_be_appropriate", "May be appropriate"),
        ("may_be_appropriate_disagreement", "May be appropriate (disagreement)"),
        ("usually_not_appropriate", "Usually not appropriate"),
        (None, "Not rated"),
    ],
)
@pytest.mark.parametrize("name", ["rating", "rating_line"])
def test_a_rating_is_said_in_words_beside_a_drawing(name: str, rating: str | None, said: str) -> None:
    html = component(name, rating=rating)

    assert words(html) == said
    assert html.count("<svg") == 1
    assert 'aria-hidden="true"' in html


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_radiation_level_is_drawn_and_said(level: int) -> None:
    html = component("radiation", level=level, dose="10 to 30 mSv")

    assert words(html) == f"Radiation level {level} of 5 · 10 to 30 mSv"
    assert html.count('#trefoil"') == level
    assert html.count('#trefoil-outline"') == 5 - level


@pytest.mark.parametrize(
    ("level", "said"), [(0, "No ionising radiation"), (None, "Radiation level not recorded")]
)
def test_no_radiation_and_no_record_of_it_are_different_and_have_no_trefoils(
    level: int | None, said: str
) -> None:
    html = component("radiation", level=level)

    assert words(html) == said
    assert "#trefoil" not in html


def test_the_banner_says_who_the_patient_is_in_full() -> None:
    patient = SimpleNamespace(
        family_name="Martin",
        given_name="Alex",
        birth_date=date(1984, 3, 14),
        age="42 y",
        sex="Male",
        mrn="4002 1877",
    )

    assert words(component("patient_banner", patient=patient)) == (
        "MARTIN, Alex Born 14-Mar-1984 (42 y) Sex Male MRN 4002 1877"
    )


@pytest.mark.parametrize("draw", ["crispy", "component"])
def test_hint_and_error_stand_before_the_control_they_belong_to(draw: str) -> None:
    form = Question({"egfr": "many"})

    source = (
        "{% load crispy_forms_tags %}{{ form.egfr|as_crispy_field }}"
        if draw == "crispy"
        else '{% include "_components/field.html" with field=form.egfr only %}'
    )
    html = Template(source).render(Context({"form": form}))

    places = [html.index(part) for part in ('id="id_egfr_helptext"', 'id="id_egfr_error"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_egfr_helptext id_egfr_error"' in html
    assert 'aria-invalid="true"' in html
    assert "*" not in html


@pytest.mark.parametrize("name", ["field", "criterion_row", "radio_cards"])
def test_a_group_of_choices_is_a_fieldset_that_says_its_error_once(name: str) -> None:
    form = Question({"egfr": "88"})

    html = component(name, field=form["baseline"])

    assert html.count("Select the baseline study") == 1
    assert 'aria-describedby="id_baseline_helptext id_baseline_error"' in html
    assert html.index("<legend>") < html.index("Select the baseline study") < html.index("<input")
    assert "checked" not in html


def test_an_optional_field_says_so() -> None:
    assert "(optional)" in component("field", field=Question()["note"])


def test_a_radio_card_shows_the_explanation_of_its_choice() -> None:
    assert "With IV contrast" in component("radio_cards", field=Question()["baseline"])


def test_the_error_summary_leads_to_each_control() -> None:
    html = component("error_summary", form=Question({"egfr": "many"}))

    assert '<a href="#id_baseline_0">Select the baseline study</a>' in html
    assert '<a href="#id_egfr">Enter a number</a>' in html


def test_a_page_with_errors_says_so_in_its_title() -> None:
    request = RequestFactory().get("/")

    assert "<title>Error: " in render_to_string("base.html", {"form": Question({})}, request)
    assert "<title>Error: " not in render_to_string("base.html", {"form": Question()}, request)


@pytest.mark.parametrize("training", [True, False])
def test_every_page_says_when_its_data_are_invented(training: bool) -> None:
    with override_settings(PORTAL_TRAINING=training):
        html = render_to_string("base.html", {}, RequestFactory().get("/"))

    assert ("Training data" in html) is training


@pytest.mark.parametrize("status", [500, 503])
def test_pages_for_a_failure_need_no_database_no_request_and_no_static_manifest(status: int) -> None:
    with override_settings(
        STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
    ):
        html = render_to_string(f"errors/{status}.html", {"request_id": "0192-abcd"})

    assert "0192-abcd" in html
    for address in re.findall(r'"/static/([^"]+)"', html):
        assert (STATIC / address).is_file()


@pytest.mark.parametrize(
    ("roles", "keys"),
    [
        ([Role.CLINICIAN], ["worklist", "orders", "new-order", "guidelines", "quality"]),
        ([Role.AUDITOR], ["orders", "guidelines", "quality", "administration"]),
        ([Role.EDITOR], ["guidelines", "quality", "administration"]),
        ([Role.ADMINISTRATOR], ["guidelines", "quality", "tokens", "webhooks", "administration"]),
        ([], ["guidelines"]),
    ],
)
def test_each_role_is_shown_the_sections_it_may_open(
    organisation: Organisation, roles: list[Role], keys: list[str]
) -> None:
    request = RequestFactory().get("/")
    request.user = make_user("someone", *roles, organisation=organisation)

    assert [item.key for item in nav_items(request)] == keys


def test_nobody_signed_in_is_shown_no_sections() -> None:
    context = portal(RequestFactory().get("/"))

    assert callable(context["nav_items"])
    assert context["nav_items"]() == []


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_templates_hold_no_inline_style_script_or_foreign_address(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_every_drawing_that_a_template_names_exists(path: Path) -> None:
    drawings = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))

    named = re.findall(r'icon\.html" with name="([^"]+)"', path.read_text())
    named += re.findall(r'icon="([^"]+)"', path.read_text())

    assert set(named) <= drawings


def test_the_scripts_of_any_clinicians_page_stay_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in (STATIC / "js").glob("*.js")}
    everywhere = [sizes.pop(name) for name in ("portal", "shortcuts")]
    scripts = sum(everywhere) + max(size for name, size in sizes.items() if not name.startswith("admin"))

    assert scripts <= 8 * 1024


def test_no_style_sheet_asks_for_a_source_map() -> None:
    assert "sourceMappingURL" not in "".join(path.read_text() for path in STATIC.rglob("*.css"))
