"""Guidelines as pages to read: found by search, complete, every version, for everybody who may sign in."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guidelines import library
from guidelines.actions import copy_to_draft
from portal import audit
from tests.content import LEUKAEMIA, publish

PINNED = 6  # session, person, version by slug, its ruleset, versions, roles


@pytest.fixture
def client(as_user, clinician):
    return as_user(clinician)


@pytest.fixture
def second_version(leukaemia):
    """Publish the guideline once more under another title."""
    with audit.acting(audit.system("tests")):
        draft = copy_to_draft(version=leukaemia, by=None)
        draft.title = "The second edition"
        draft.save(update_fields=["title"])
        return publish(version=draft)


@pytest.mark.parametrize("role", ["clinician", "editor", "approver", "auditor", "administrator"])
def test_everybody_who_signs_in_reads_guidelines(role, request, as_user, leukaemia):
    person = as_user(request.getfixturevalue(role))

    assert person.get(reverse("guideline_list")).status_code == 200
    assert person.get(reverse("guideline_detail", args=[LEUKAEMIA])).status_code == 200


def test_nobody_reads_without_signing_in(leukaemia):
    assert Client().get(reverse("guideline_list")).status_code == 302


def test_only_clinicians_are_offered_to_start_an_order(client, as_user, editor, leukaemia):
    address = reverse("guideline_detail", args=[LEUKAEMIA])
    start = f"{reverse('order_start')}?scenario={LEUKAEMIA}"

    assert start in client.get(address).content.decode()
    assert start not in as_user(editor).get(address).content.decode()


@pytest.mark.parametrize("typed", ["", "leukemia", "extramedulary", "EMD"])
def test_a_guideline_is_found(client, leukaemia, bicycle, typed):
    html = client.get(reverse("guideline_list"), {"q": typed}).content.decode()

    assert leukaemia.title in html


def test_a_search_without_a_match_offers_a_way_on(client, leukaemia):
    html = client.get(reverse("guideline_list"), {"q": "qqqq"}).content.decode()

    assert "No guideline matches" in html
    assert "Show all guidelines" in html


def test_before_anything_is_published_the_list_says_so(client):
    assert "No guideline is published yet" in client.get(reverse("guideline_list")).content.decode()


def test_the_page_says_everything_that_the_guideline_says(client, leukaemia):
    text = client.get(reverse("guideline_detail", args=[LEUKAEMIA])).content.decode()
    _, ruleset = library.current(LEUKAEMIA)
    document = ruleset.document

    said = [
        document[name]
        for name in ("summary", "audience", "radiation_justification", "scale_note", "escalation")
    ]
    said += [row[name] for row in document["criteria"] for name in ("title", "text", "not_met_text")]
    said += [row["text"] for row in document["redirects"]]
    said += [row["name"] for row in document["studies"]]
    said += [text for row in document["rated_studies"] for text in (*row["rationale"], *row["choose_when"])]
    said += [row["text"] for row in document["order_rules"]]
    said += [row["text"] for row in document["advisories"]]
    said += [row["text"] for row in document["questions"]]
    said += [row["title"] for row in document["next_steps"]]
    said += [row["reminder"] for row in document["findings"]]
    said += [row["text"] for row in document["pitfalls"]]
    said += [text for row in document["faqs"] for text in (row["question"], row["answer"])]
    said += [row["title"] for row in document["sources"]]
    said += [row["reviewer"] for row in document["sources"]]
    for sentence in said:
        assert sentence in text, sentence
    assert "30-May-2026" in text


def test_a_replaced_version_stays_readable_and_points_to_the_one_in_use(client, second_version):
    old = client.get(reverse("guideline_version", args=[LEUKAEMIA, 1])).content.decode()
    new = client.get(reverse("guideline_detail", args=[LEUKAEMIA])).content.decode()

    assert "This version was replaced and no longer advises anybody." in old
    assert "Read version 2, which is in use" in old
    assert "Start an order with this" not in old
    assert "<h1>The second edition</h1>" in new
    assert reverse("guideline_version", args=[LEUKAEMIA, 1]) in new


def test_a_draft_is_no_page(client, leukaemia):
    with audit.acting(audit.system("tests")):
        copy_to_draft(version=leukaemia, by=None)

    assert client.get(reverse("guideline_version", args=[LEUKAEMIA, 2])).status_code == 404


@pytest.mark.parametrize(
    ("name", "args"), [("guideline_detail", ["gout"]), ("guideline_version", [LEUKAEMIA, 9])]
)
def test_what_does_not_exist_is_not_found(client, leukaemia, name, args):
    assert client.get(reverse(name, args=args)).status_code == 404


def test_a_guideline_of_another_kind_is_a_page_too(client, bicycle):
    text = client.get(reverse("guideline_detail", args=["which-bicycle"])).content.decode()

    assert bicycle.title in text
    assert "https://example.org/handbook" in text


def test_the_page_asks_the_database_no_more_than_it_needs(client, leukaemia):
    address = reverse("guideline_detail", args=[LEUKAEMIA])
    client.get(address)

    with CaptureQueriesContext(connection) as queries:
        client.get(address)

    assert len(queries) == PINNED, "\n".join(query["sql"] for query in queries)
