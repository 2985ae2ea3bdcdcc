"""The editors' desk: every page, every kind of row, and what it refuses."""

import json
import re
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guidelines import library, snapshot
from guidelines.admin.places import faults_of
from guidelines.admin.sections import SECTIONS
from guidelines.engine import canonical_json
from guidelines.exceptions import ContentRefused
from guidelines.models import (
    Choice,
    Criterion,
    DataElement,
    Faq,
    NextStepRule,
    Question,
    RadiationLevel,
    RatedStudy,
    Scenario,
    ScenarioVersion,
    Source,
    State,
)
from portal import audit
from portal.models import AuditEvent, User
from tests.guidelines.desk import BICYCLE, SHIPPED, TESTS, copy, document_at, load, pack_bytes, publish
from tests.people import AsUser

pytestmark = pytest.mark.django_db
MODELS = [section.model for section in SECTIONS]


@pytest.fixture
def desk(editor: User, as_user: AsUser) -> Client:
    """Return a client signed in as an editor."""
    return as_user(editor)


def url(name: str, *args: Any) -> str:
    """Return the address of a page of the guideline admin."""
    return reverse(f"admin:guidelines_{name}", args=args)


def change_url(row: Any) -> str:
    """Return the address of a row's page."""
    return url(f"{row._meta.model_name}_change", row.pk)


def fields_of(page: Any) -> dict[str, Any]:
    """Return what a browser would send back from a page of the admin."""
    form = page.context["adminform"].form
    data = {form.add_prefix(name): _shown(form[name]) for name in form.fields}
    for inline in page.context["inline_admin_formsets"]:
        formset = inline.formset
        for inner in [formset.management_form, *formset.forms]:
            data |= {inner.add_prefix(name): _shown(inner[name]) for name in inner.fields}
    return {name: value for name, value in data.items() if value is not None}


def _shown(bound: Any) -> Any:
    value = bound.value()
    return None if value is None or value is False else "on" if value is True else value


def row_of(version: ScenarioVersion, model: type) -> Any:
    """Return the first row of a list."""
    return model._default_manager.filter(version=version).order_by("position").first()


# --- reading -----------------------------------------------------------------------------------------------


def test_the_scenario_list_shows_what_is_in_use_what_is_written_and_when_review_is_due(desk: Client) -> None:
    copy(publish(load(SHIPPED)))
    load(BICYCLE)

    page = desk.get(url("scenario_changelist")).content.decode()

    assert "Version 1" in page
    assert "Version 2" in page
    assert "none yet" in page
    assert "Export version 1" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=published", 1),
        ("state=draft", 1),
        ("state=new", 1),
        ("state=nonsense", 2),
        ("review=later", 1),
        ("review=overdue", 0),
        ("q=bicycle", 1),
        ("q=nothing-like-it", 0),
    ],
)
def test_the_scenario_list_filters_and_searches(desk: Client, query: str, count: int) -> None:
    publish(load(SHIPPED))
    load(BICYCLE)

    page = desk.get(f"{url('scenario_changelist')}?{query}")

    assert len(page.context["cl"].result_list) == count


def test_the_version_page_names_every_list_with_its_count_in_order(desk: Client) -> None:
    version = load(SHIPPED)
    document = document_at(SHIPPED)

    page = desk.get(change_url(version)).content.decode()

    shown = re.findall(r'<h3>([^<]+) <span class="desk-count">\((\d+)\)', page)
    assert shown == [(section.title, str(len(document[section.name]))) for section in SECTIONS]


def test_the_version_page_stays_cheap(desk: Client, django_assert_max_num_queries: Any) -> None:
    version = load(SHIPPED)
    desk.get(change_url(version))

    with django_assert_max_num_queries(36):
        desk.get(change_url(version))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_of_a_draft_has_a_page_that_saves_what_it_shows(desk: Client, model: type) -> None:
    version = load(SHIPPED)
    row = row_of(version, model)
    before = canonical_json(_document(version))

    page = desk.get(change_url(row))
    saved = desk.post(change_url(row), fields_of(page))

    assert saved.status_code == 302, saved.context["errors"]
    assert saved["Location"].startswith(change_url(version) + "#list-")
    assert canonical_json(_document(version)) == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_of_a_published_version_is_read_only(desk: Client, model: type) -> None:
    version = publish(load(SHIPPED))
    row = row_of(version, model)

    page = desk.get(change_url(row))

    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert desk.post(change_url(row), {"position": 1}).status_code == 409
    assert desk.post(change_url(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert desk.get(f"{url(f'{model._meta.model_name}_add')}?version={version.pk}").status_code == 302  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_has_a_page_for_a_new_row(desk: Client, model: type) -> None:
    version = load(BICYCLE)
    address = f"{url(f'{model._meta.model_name}_add')}?version={version.pk}"  # type: ignore[attr-defined]

    page = desk.get(address)
    refused = desk.post(address, {**fields_of(page), "position": ""})

    assert page.status_code == refused.status_code == 200
    assert refused.context["errors"]


def test_every_field_of_content_has_help_or_is_called_by_a_plain_name() -> None:
    """An editor is told what each field does; only a few names say it all by themselves."""
    plain = {"id", "version", "standing", "source", "section", "severity", "tone", "role", "match", "code"}
    plain |= {"question", "answer", "paediatric_source", "study", "redirect", "element", "criterion", "rule"}
    plain |= {"rating_standing", "radiation_standing"}

    missing = [
        f"{model.__name__}.{field.name}"
        for model in MODELS
        for field in model._meta.fields
        if not field.help_text and field.name not in plain
    ]

    assert missing == []


# --- writing -----------------------------------------------------------------------------------------------


def _document(version: ScenarioVersion) -> dict[str, Any]:
    return snapshot.document_of(ScenarioVersion.objects.get(pk=version.pk))


def test_a_scenario_is_made_from_nothing_and_cannot_be_published_empty(desk: Client) -> None:
    made = desk.post(
        url("scenario_add"),
        {
            "slug": "suspected-appendicitis",
            "title": "Suspected appendicitis",
            "summary": "Adults with pain in the right lower abdomen.",
            "licence": "CC BY 4.0",
            "review_due_on": "2027-05-30",
        },
    )
    draft = ScenarioVersion.objects.get(scenario__slug="suspected-appendicitis")

    review = desk.get(reverse("admin:guideline_review", args=[draft.pk]))

    assert made["Location"] == change_url(draft)
    assert draft.state == State.DRAFT
    assert draft.created_by is not None
    assert review.context["faults"]
    with pytest.raises(ContentRefused):
        publish(draft)


@pytest.mark.parametrize("slug", ["Has Capitals", "under_score", "double--hyphen", "", "a/b", "x" * 81])
def test_a_slug_that_could_never_be_published_is_refused_at_once(desk: Client, slug: str) -> None:
    page = desk.post(url("scenario_add"), {"slug": slug, "title": "T", "summary": "S", "licence": "L"})

    assert page.status_code == 200
    assert "slug" in page.context["adminform"].form.errors
    assert not Scenario.objects.exists()


def test_a_new_row_goes_last_and_a_moved_one_where_it_is_told(desk: Client) -> None:
    version = load(BICYCLE)
    before = list(Question.objects.filter(version=version).values_list("key", flat=True))
    add = f"{url('question_add')}?version={version.pk}"

    desk.post(add, {"key": "new-one", "title": "New?", "text": "Why.", "position": 0})
    new = Question.objects.get(version=version, key="new-one")
    assert new.position == len(before) + 1

    desk.post(change_url(new), {"key": "new-one", "title": "New?", "text": "Why.", "position": 1})

    rows = list(Question.objects.filter(version=version).values_list("key", "position"))
    assert rows == [("new-one", 1), *((key, place) for place, key in enumerate(before, start=2))]


def test_choices_are_added_moved_and_removed_on_the_page_of_their_question(desk: Client) -> None:
    version = load(SHIPPED)
    element = DataElement.objects.get(version=version, key="diagnosis")
    data = fields_of(desk.get(change_url(element)))
    data |= {"choices-0-DELETE": "on", "choices-2-position": "1"}
    data |= {
        "choices-5-value": "mds",
        "choices-5-label": "Myelodysplastic syndrome",
        "choices-5-position": "0",
    }

    desk.post(change_url(element), data)

    rows = Choice.objects.filter(element=element).values_list("value", "position")
    assert list(rows) == [("cml", 1), ("aml", 2), ("cll", 3), ("other", 4), ("mds", 5)]


def test_a_key_that_stands_in_the_version_already_is_said_and_not_a_fault_of_the_server(desk: Client) -> None:
    version = load(SHIPPED)
    first, second = Source.objects.filter(version=version)[:2]
    data = fields_of(desk.get(change_url(second))) | {"key": first.key}

    page = desk.post(change_url(second), data)

    assert page.status_code == 200
    assert "already exists" in page.content.decode()


def test_the_same_choice_twice_is_said_and_not_a_fault_of_the_server(desk: Client) -> None:
    version = load(SHIPPED)
    element = DataElement.objects.get(version=version, key="diagnosis")
    data = fields_of(desk.get(change_url(element))) | {"choices-1-value": "all"}

    page = desk.post(change_url(element), data)

    assert page.status_code == 200
    assert "Please correct the duplicate" in page.content.decode()


def test_foreign_keys_offer_rows_of_the_same_version_only(desk: Client) -> None:
    published = publish(load(SHIPPED))
    draft = copy(published)
    row = RatedStudy.objects.filter(version=draft).first()
    assert row is not None
    page = desk.get(change_url(row))
    theirs = Source.objects.filter(version=published).first()
    assert theirs is not None

    form = page.context["adminform"].form
    refused = desk.post(change_url(row), fields_of(page) | {"rating_source": theirs.pk})

    for name in ("study", "rating_source", "radiation_level", "radiation_source"):
        assert {choice.version_id for choice in form.fields[name].queryset} == {draft.pk}
    assert "rating_source" in refused.context["adminform"].form.errors


def test_half_a_dose_band_is_refused(desk: Client) -> None:
    version = load(SHIPPED)
    level = RadiationLevel.objects.get(version=version, level=2)
    data = fields_of(desk.get(change_url(level))) | {"adult_max_msv": ""}

    page = desk.post(change_url(level), data)

    assert page.context["adminform"].form.errors == {
        "adult_max_msv": ["Give both ends of the band, or neither: not recorded."]
    }


def test_line_ends_of_a_browser_are_stored_as_plain_ones_and_can_be_published(desk: Client) -> None:
    version = load(SHIPPED)
    faq = row_of(version, Faq)
    data = fields_of(desk.get(change_url(faq))) | {"answer": "First.\r\n\r\nSecond."}

    desk.post(change_url(faq), data)
    publish(version)

    faq.refresh_from_db()
    assert faq.answer == "First.\n\nSecond."
    assert ScenarioVersion.objects.get(pk=version.pk).state == State.PUBLISHED


@pytest.mark.parametrize("text", ["eGFR < 30", "<script>alert(1)</script>", "a\ttab", "nul\0"])
def test_markup_and_control_characters_are_refused_at_the_field(desk: Client, text: str) -> None:
    version = load(SHIPPED)
    faq = row_of(version, Faq)
    data = fields_of(desk.get(change_url(faq))) | {"answer": text}

    page = desk.post(change_url(faq), data)

    assert page.status_code == 200
    assert "answer" in page.context["adminform"].form.errors
    assert "<script>alert(1)" not in page.content.decode()


# --- conditions --------------------------------------------------------------------------------------------


def test_a_condition_is_shown_in_words_beside_its_json(desk: Client) -> None:
    version = load(SHIPPED)
    criterion = Criterion.objects.get(version=version, key="diagnosis-all")

    page = desk.get(change_url(criterion)).content.decode()

    assert re.search(r'<pre class="desk-words">Diagnosis is [^<]*lymphoblastic', page)
    assert "severe_contrast_allergy" in page


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("", "required"),
        ("{", "Not JSON"),
        ("[]", "required"),
        ("{}", "required"),
        ("7", "must be a condition"),
        ('{"element": "diagnosys", "op": "equals", "value": "all"}', "is not a data element"),
        ('{"element": "diagnosis", "op": "equals", "value": "lupus"}', "is not one of the choices"),
        ('{"element": "diagnosis", "op": "at_least", "value": "all"}', "does not fit"),
        ('{"element": "age_years", "op": "at_least", "value": "18"}', "is not a whole number"),
        ('{"element": "age_years", "op": "at_least", "value": NaN}', "NaN is no number"),
        ('{"element": "age_years", "element": "egfr", "op": "at_least", "value": 1}', "more than once"),
        ('{"all": []}', "at least one condition"),
        ('{"established": {"element": "diagnosis", "op": "equals", "value": "all"}}', "alone"),
        ('{"element": "diagnosis", "op": "equals"}', "is missing"),
        ('{"any": ' * 40 + "1" + "}" * 40, ""),
        ('{"not":' * 5000 + "1" + "}" * 5000, ""),
        ('{"element": "\\u0000", "op": "equals", "value": "\\ud800"}', ""),
    ],
)
def test_a_wrong_condition_is_refused_with_what_is_wrong_and_stays_as_typed(
    desk: Client, condition: str, said: str
) -> None:
    version = load(SHIPPED)
    criterion = Criterion.objects.get(version=version, key="diagnosis-all")
    data = fields_of(desk.get(change_url(criterion))) | {"condition": condition, "title": "Typed"}

    page = desk.post(change_url(criterion), data)

    form = page.context["adminform"].form
    assert said in " ".join(form.errors["condition"])
    assert form["condition"].value() == condition
    assert form["title"].value() == "Typed"


def test_every_fault_of_a_condition_is_named_at_once(desk: Client) -> None:
    version = load(SHIPPED)
    criterion = Criterion.objects.get(version=version, key="diagnosis-all")
    condition = {
        "all": [
            {"element": "diagnosis", "op": "equals", "value": "lupus"},
            {"element": "nothing", "op": "equals", "value": 1},
        ]
    }
    data = fields_of(desk.get(change_url(criterion))) | {"condition": json.dumps(condition)}

    page = desk.post(change_url(criterion), data)

    faults = page.context["adminform"].form.errors["condition"]
    assert len(faults) == 2
    assert faults[0].startswith("At /all/0/value:")
    assert faults[1].startswith("At /all/1/element:")
    assert "Use one of: age_years" in faults[1]


def test_next_step_rules_may_ask_what_the_report_says_and_name_known_steps_only(desk: Client) -> None:
    version = load(SHIPPED)
    rule = row_of(version, NextStepRule)
    data = fields_of(desk.get(change_url(rule)))
    data["condition"] = '{"established": {"element": "finding", "op": "equals", "value": "negative"}}'

    saved = desk.post(change_url(rule), data)
    refused = desk.post(change_url(rule), data | {"adds": "no-such-step"})

    assert saved.status_code == 302
    assert "no-such-step" in str(refused.context["adminform"].form.errors["adds"])


# --- versions as a whole -----------------------------------------------------------------------------------


def test_a_rating_is_edited_published_and_read_by_the_engine(desk: Client, editor: User) -> None:
    draft = copy(publish(load(SHIPPED)))
    rated = RatedStudy.objects.get(version=draft, study__code="radiography-chest")
    data = fields_of(desk.get(change_url(rated))) | {"rating": "may_be_appropriate"}

    desk.post(change_url(rated), data)
    publish(draft)

    _, ruleset = library.current(draft.scenario.slug)
    assert ruleset.version == 2
    assert ruleset.study("radiography-chest").rating == "may_be_appropriate"
    assert draft.contributors.filter(actor=f"user:{editor.pk}").exists()


def test_check_and_review_name_every_fault_with_a_link_to_its_row(desk: Client) -> None:
    draft = load(SHIPPED)
    rated = RatedStudy.objects.filter(version=draft).first()
    element = DataElement.objects.get(version=draft, key="diagnosis")
    assert rated is not None
    with audit.acting(TESTS):
        RatedStudy.objects.filter(pk=rated.pk).update(rating_source=None)
        DataElement.objects.filter(pk=element.pk).update(key="condition_of_the_patient")

    checked = desk.get(reverse("admin:guideline_check", args=[draft.pk]))
    refused = desk.get(reverse("admin:guideline_review", args=[draft.pk]))

    links = {fault.url for fault in checked.context["faults"]}
    assert change_url(rated) + "#id_rating_source" in links
    assert any(link.startswith(url("criterion_change", _criterion(draft).pk)) for link in links)
    assert [fault.url for fault in refused.context["faults"]] == [
        fault.url for fault in checked.context["faults"]
    ]
    for link in links:
        assert desk.get(link.partition("#")[0]).status_code == 200
    assert ScenarioVersion.objects.get(pk=draft.pk).state == State.DRAFT


def _criterion(version: ScenarioVersion) -> Criterion:
    return Criterion.objects.get(version=version, key="diagnosis-all")


@pytest.mark.parametrize(
    ("pointer", "place", "ends"),
    [
        ("", "This version", "/change/"),
        ("/title", "title", "/change/#id_title"),
        ("/slug", "slug", "/change/"),
        ("/criteria", "Criteria", "#list-criteria"),
        ("/criteria/99", "Criteria", "#list-criteria"),
        ("/criteria/1/condition", "Criteria, Acute lymphoblastic", "#id_condition"),
        ("/criteria/1/redirects/0/when/value", "redirects 1, when", "#id_redirects-0-when"),
        ("/data_elements/1/choices/2", "choices 3", "#choices-2"),
        ("/data_elements/1/choices", "choices", "#choices-heading"),
        ("/radiation_levels/1/adult_msv/max", "adult msv", "#id_adult_min_msv"),
        ("/no~1such~0list/0", "no/such~list", "/change/#id_no/such~list"),
    ],
)
def test_every_place_of_a_document_has_a_page(pointer: str, place: str, ends: str) -> None:
    version = load(SHIPPED)

    (fault,) = faults_of(version, [(pointer, "is wrong")])

    assert place in fault.place
    assert fault.url.endswith(ends)


def test_a_version_is_copied_with_a_note_and_once_only(desk: Client) -> None:
    published = publish(load(BICYCLE))
    address = reverse("admin:guideline_copy", args=[published.pk])

    asked = desk.get(address)
    refused = desk.post(address, {"note": "eGFR < 30"})
    made = desk.post(address, {"note": "New rating.\r\nAgreed."})
    again = desk.post(address, follow=True)

    draft = ScenarioVersion.objects.get(state=State.DRAFT)
    assert asked.status_code == 200
    assert "eGFR &lt; 30" in refused.content.decode()
    assert made["Location"] == change_url(draft)
    assert (draft.number, draft.based_on, draft.note) == (2, published, "New rating.\nAgreed.")
    assert "already has an open draft" in again.content.decode()
    assert ScenarioVersion.objects.count() == 2


def test_a_draft_is_discarded_with_a_reason_and_makes_room_for_another(
    desk: Client, approver: User, as_user: AsUser
) -> None:
    published = publish(load(BICYCLE))
    draft = copy(published)
    address = reverse("admin:guideline_discard", args=[draft.pk])

    linked = desk.get(change_url(draft))
    asked = desk.get(address)
    refused = {said: desk.post(address, {"comment": said}) for said in ("", " ", "eGFR < 30", "x" * 4001)}
    stranger = as_user(approver).post(address, {"comment": "Not mine."})
    assert ScenarioVersion.objects.get(pk=draft.pk).state == State.DRAFT
    done = desk.post(address, {"comment": "Copied by mistake."}, follow=True)
    twice = desk.post(address, {"comment": "Again."})

    assert address in linked.content.decode()
    assert address not in done.content.decode()
    assert "Nothing is deleted" in asked.content.decode()
    assert {page.status_code for page in refused.values()} == {409}
    assert "eGFR &lt; 30" in refused["eGFR < 30"].content.decode()
    assert stranger.status_code == 403
    assert "Copied by mistake." in done.content.decode()
    assert twice.status_code == 409
    assert desk.get(reverse("admin:guideline_export", args=[draft.pk])).status_code == 302
    assert desk.post(reverse("admin:guideline_copy", args=[published.pk])).status_code == 302
    assert ScenarioVersion.objects.get(state=State.DRAFT).number == draft.number + 1


def test_versions_and_scenarios_are_never_deleted(desk: Client, as_user: AsUser) -> None:
    draft = load(BICYCLE)
    with audit.acting(TESTS):
        root = User.objects.create_superuser("root", password="a long password for root")

    for row in (draft, draft.scenario):
        for client in (desk, as_user(root)):
            assert (
                client.post(change_url(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
            )
    assert ScenarioVersion.objects.filter(pk=draft.pk).exists()


def test_a_row_of_a_draft_is_deleted_and_the_gap_closes(desk: Client) -> None:
    version = load(SHIPPED)
    first = row_of(version, Question)

    gone = desk.post(change_url(first).replace("change", "delete"), {"post": "yes"})

    rows = Question.objects.filter(version=version).values_list("position", flat=True)
    assert gone["Location"] == f"{change_url(version)}#list-questions"
    assert list(rows) == [1, 2, 3]


def test_what_an_editor_does_is_recorded_under_the_editors_name(desk: Client, editor: User) -> None:
    version = load(BICYCLE)
    question = row_of(version, Question)
    data = fields_of(desk.get(change_url(question))) | {"title": "Changed by the editor"}

    desk.post(change_url(question), data)

    events = AuditEvent.objects.filter(actor=f"user:{editor.pk}:editor", via="admin")
    assert events.filter(entity__contains="question").exists()


# --- packs -------------------------------------------------------------------------------------------------


def upload(data: bytes) -> dict[str, Any]:
    """Return the fields that upload a file."""
    return {"pack": SimpleUploadedFile("pack.json", data, "application/json")}


def test_a_pack_is_checked_first_and_loaded_as_a_draft_when_asked(desk: Client) -> None:
    address = reverse("admin:guideline_load_pack")

    checked = desk.post(address, upload(BICYCLE.read_bytes()))
    assert not Scenario.objects.exists()
    loaded = desk.post(address, {"checked": checked.context["checked"]})

    draft = ScenarioVersion.objects.get()
    assert "Nothing is stored yet" in checked.content.decode()
    assert loaded["Location"] == change_url(draft)
    assert draft.state == State.DRAFT


def test_a_pack_with_faults_names_their_places_and_stores_nothing(desk: Client) -> None:
    document = document_at(BICYCLE)
    document["criteria"][0]["condition"]["element"] = "nothing"

    page = desk.post(reverse("admin:guideline_load_pack"), upload(pack_bytes(document)))
    forced = desk.post(reverse("admin:guideline_load_pack"), {"checked": pack_bytes(document).decode()})

    for answer in (page, forced):
        assert "/scenario/criteria/0/condition/element" in answer.content.decode()
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"a": 1, "a": 2}', b"[" * 5000, b'{"schema": "\\ud800"}'],
)
def test_a_file_that_is_no_pack_is_said_to_be_none(desk: Client, data: bytes) -> None:
    page = desk.post(reverse("admin:guideline_load_pack"), upload(data))

    assert page.status_code == 200
    assert not Scenario.objects.exists()


def test_a_published_version_is_exported_as_a_pack_that_loads_again(desk: Client) -> None:
    published = publish(load(SHIPPED))

    export = desk.get(reverse("admin:guideline_export", args=[published.pk]))

    pack = json.loads(export.content)
    assert export["Content-Disposition"] == 'attachment; filename="adult-all-emd-post-therapy-v1.json"'
    assert pack["checksum"] == published.digest
    assert canonical_json(pack["scenario"]) == published.snapshot
    assert desk.post(reverse("admin:guideline_load_pack"), upload(export.content)).context["document"]


def test_a_draft_is_not_exported(desk: Client) -> None:
    draft = load(BICYCLE)

    page = desk.get(reverse("admin:guideline_export", args=[draft.pk]), follow=True)

    assert "Only what is or was in use is exported" in page.content.decode()


# --- who, and what nobody may send -------------------------------------------------------------------------

PAGES = ["guideline_check", "guideline_review", "guideline_copy", "guideline_export"]


@pytest.mark.parametrize("role", ["clinician", "auditor", "administrator"])
def test_nobody_but_editors_and_approvers_gets_in(
    role: str, request: pytest.FixtureRequest, as_user: AsUser
) -> None:
    draft = load(BICYCLE)
    client = as_user(request.getfixturevalue(role))
    wanted = {302} if role == "clinician" else {403}  # clinicians do not work in the admin: its sign-in page

    addresses = [url("scenario_changelist"), url("scenarioversion_changelist"), change_url(draft)]
    addresses += [change_url(row_of(draft, Question)), reverse("admin:guideline_load_pack")]
    addresses += [reverse(f"admin:{name}", args=[draft.pk]) for name in PAGES]
    addresses += [url(f"{model._meta.model_name}_changelist") for model in MODELS]

    assert {client.get(address).status_code for address in addresses} == wanted
    review = reverse("admin:guideline_review", args=[draft.pk])
    assert client.post(review, {"action": "submit", "comment": "c"}).status_code in wanted
    assert ScenarioVersion.objects.get(pk=draft.pk).state == State.DRAFT


def test_an_editor_writes_and_an_approver_only_reads(editor: User, approver: User, as_user: AsUser) -> None:
    draft = load(BICYCLE)
    question = row_of(draft, Question)
    writing, reading = as_user(editor), as_user(approver)

    data = fields_of(writing.get(change_url(question))) | {"title": "New"}

    assert reading.get(change_url(question)).status_code == 200
    assert reading.get(change_url(draft)).status_code == 200
    assert reading.post(change_url(question), data).status_code == 403
    assert reading.post(change_url(draft), {"title": "Other"}).status_code == 403
    assert reading.get(url("question_add") + f"?version={draft.pk}").status_code == 403
    assert reading.post(url("question_delete", question.pk), {"post": "yes"}).status_code == 403
    assert reading.post(reverse("admin:guideline_copy", args=[draft.pk])).status_code == 403
    assert reading.get(reverse("admin:guideline_load_pack")).status_code == 403
    assert writing.post(change_url(question), data).status_code == 302
    assert Question.objects.get(pk=question.pk).title == "New"


HOSTILE = [
    "title__exact=%00",
    "title__regex=(",
    "slug__regex=(",
    "snapshot__regex=(",
    "scenario__id__exact=1.5",
    "scenario__id__exact=x",
    "scenario__id__exact=99999999999999999999999",
    "state__exact=%00",
    "state=%00",
    "state__exact=%F0%9F%98%80",
    "review=%00",
    "published_by__password__startswith=a",
    "versions__snapshot__contains=a",
    "q=%00",
    "q=%C3%28",
    "q=" + "x" * 3000,
    "p=x",
    "p=999999999999999999999999",
    "p=-1",
    "o=99",
    "o=x.y.-",
    "all=1",
    "e=1",
    "_popup=1&_to_field=digest",
    "_facets=%00",
]


@pytest.mark.parametrize("query", HOSTILE)
@pytest.mark.parametrize("name", ["scenario_changelist", "scenarioversion_changelist"])
def test_no_filter_that_somebody_makes_up_is_a_fault_of_the_server(
    desk: Client, name: str, query: str
) -> None:
    load(BICYCLE)

    answer = desk.get(f"{url(name)}?{query}", follow=True)

    assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    "key", ["x", "0", "-1", "1.5", "99999999999999999999999", "_00", "%00", "1_3D1", "٣"]
)
def test_no_key_that_somebody_makes_up_is_a_fault_of_the_server(desk: Client, key: str) -> None:
    draft = load(BICYCLE)
    del draft

    for name in ("scenario", "scenarioversion", "question", "criterion"):
        for page in ("change", "delete", "history"):
            answer = desk.get(f"/admin/guidelines/{name}/{key}/{page}/", follow=True)
            assert answer.status_code in (200, 400, 403, 404)
    assert desk.get(f"{url('question_add')}?version={key}", follow=True).status_code in (200, 400)


def test_the_start_page_shows_scenarios_and_versions_and_none_of_the_rows(desk: Client) -> None:
    page = desk.get(reverse("admin:index")).content.decode()

    shown = set(re.findall(r'class="model-(\w+)', page))
    assert shown == {"scenario", "scenarioversion"}


def test_every_list_of_content_is_registered() -> None:
    assert all(admin.site.is_registered(model) for model in [*MODELS, Scenario, ScenarioVersion])
