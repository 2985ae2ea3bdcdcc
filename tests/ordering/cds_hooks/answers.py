"""What every answer of the services must hold: the form of CDS Hooks 2.0, and nothing empty."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit
from uuid import UUID

from fhir.resources.R4B.servicerequest import ServiceRequest

CARD = {
    "uuid",
    "summary",
    "detail",
    "indicator",
    "source",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
    "links",
}
ACTIONS = {"create": {"resource"}, "update": {"resource"}, "delete": {"resourceId"}}


def checked(response, status=200):
    """The JSON of a service's answer, after everything that can be checked of it was."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"].startswith("application/json")
    body = response.json()
    assert set(body) <= {"cards", "systemActions", "extension"}
    assert_nothing_empty({name: value for name, value in body.items() if name != "cards"} or "x")
    for card in body["cards"]:
        assert_nothing_empty(card)
        check_card(card)
    for action in body.get("systemActions", []):
        check_action(action)
    assert ("systemActions" in body) == ("extension" in body)
    if "extension" in body:
        assert body["extension"]["systemActions"] == body["systemActions"]
    identifiers = [card["uuid"] for card in body["cards"]]
    identifiers += [row["uuid"] for card in body["cards"] for row in card.get("suggestions", [])]
    assert len(set(identifiers)) == len(identifiers)
    return body


def check_card(card):
    assert set(card) <= CARD
    assert {"uuid", "summary", "detail", "indicator", "source", "links"} <= set(card)
    UUID(card["uuid"])
    assert len(card["summary"]) <= 139
    assert card["indicator"] in {"info", "warning", "critical"}
    assert set(card["source"]) == {"label", "url", "icon", "topic"}
    assert set(card["source"]["topic"]) == {"system", "code", "display"}
    for address in (card["source"]["url"], card["source"]["icon"], *(link["url"] for link in card["links"])):
        assert urlsplit(address).scheme in ("http", "https"), address
    assert all(set(link) == {"label", "url", "type"} and link["type"] == "absolute" for link in card["links"])
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    if "suggestions" in card:
        assert card["selectionBehavior"] == "at-most-one"
        assert sum(row["isRecommended"] for row in card["suggestions"]) <= 1
    for row in card.get("suggestions", []):
        assert set(row) == {"uuid", "label", "isRecommended", "actions"}
        UUID(row["uuid"])
        for action in row["actions"]:
            check_action(action)
    for reason in card.get("overrideReasons", []):
        assert reason["system"] == "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
        assert set(reason) == {"system", "code", "display"}


def check_action(action):
    assert set(action) == {"type", "description"} | ACTIONS[action["type"]]
    if "resource" in action:
        assert action["resource"]["resourceType"] == "ServiceRequest"
        ServiceRequest.model_validate(action["resource"])
        assert action["resource"]["id"]
    else:
        assert action["resourceId"].startswith("ServiceRequest/")


def assert_nothing_empty(value, path=""):
    assert value not in (None, "", [], {}), f"{path} is empty"
    if isinstance(value, dict):
        for name, inner in value.items():
            assert_nothing_empty(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            assert_nothing_empty(inner, f"{path}/{place}")


def rating_of(body):
    """The codes of the rating extension in the only system action, by the system's last part."""
    (action,) = body["systemActions"]
    extension = extensions_of(action["resource"])["pama-rating"]
    return {
        coding["system"].rpartition("/")[2]: coding["code"]
        for coding in extension["valueCodeableConcept"]["coding"]
    }


def extensions_of(resource):
    """The Argonaut extensions of an order by the last part of their address."""
    return {row["url"].rpartition("/")[2]: row for row in resource["extension"]}


def studies_of(card):
    """The names in the table of a card, in its order."""
    rows = [line for line in card["detail"].splitlines() if line.startswith("| ")][2:]
    return [line.split("|")[1].strip() for line in rows]


def born(years):
    """A birth date that gives this age today."""
    today = date.today()  # noqa: DTZ011
    return f"{today.year - years}-01-01"
