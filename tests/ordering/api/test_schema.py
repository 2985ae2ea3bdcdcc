"""The OpenAPI document is valid and complete, and its page works under the portal's own CSP."""

import json
import re
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from ordering.api import urls
from tests.ordering.api.caller import ANSWERS, FINDING, ORDER, PATIENT, QUESTION, Caller

PUBLIC = {"schema/", "docs/", "docs/portal_client.py", "docs/<name>/", "^.*$"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return Client().get("/api/v1/schema/").json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_is_made_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    assert yaml.safe_load((tmp_path / "schema.yaml").read_text())["openapi"] == "3.1.1"


def test_every_address_is_described(document: dict[str, Any]):
    described = {re.sub(r"{(\w+)}", r"<\1>", path.removeprefix("/api/v1/")) for path in document["paths"]}
    routed = {
        re.sub(r"<\w+:(\w+)>", r"<\1>", str(pattern.pattern)).replace("<pk>", "<id>")
        for pattern in urls.urlpatterns
    } - PUBLIC
    assert described == routed


def test_every_operation_says_what_it_refuses_and_how_to_sign_in(document: dict[str, Any]):
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["security"] == [{"bearerToken": []}], path
        refused = {status for status in operation["responses"] if status >= "400"}
        assert {"400", "401", "403", "404", "405", "429", "500", "503"} <= refused, path
        for status in refused:
            content = operation["responses"][status]["content"]
            assert content.keys() == {"application/problem+json"}, (path, status)
            assert content["application/problem+json"]["examples"], (path, status)
        if method in {"post", "patch"}:
            assert {"413", "415", "422"} <= refused, path


def test_every_operation_names_the_codes_of_its_refusals_its_scope_and_its_rate(document: dict[str, Any]):
    known = set(document["components"]["schemas"]["ProblemCode"]["enum"])
    for path, method, operation in operations(document):
        assert operation["x-required-scopes"], path
        for status, answer in operation["responses"].items():
            headers = {"X-Request-ID"} | ({"RateLimit-Limit"} if status < "400" else set())
            headers |= {"Retry-After"} if status in {"429", "503"} else set()
            assert headers <= answer["headers"].keys(), (path, method, status)
            if status >= "400":
                examples = answer["content"]["application/problem+json"]["examples"].values()
                codes = {example["value"]["code"] for example in examples}
                assert codes, (path, status)
                assert codes <= known, (path, status)
                assert {example["value"]["status"] for example in examples} == {int(status)}


def test_every_example_is_what_its_schema_says(document: dict[str, Any]):
    for path, _, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for media in body.get("content", {}).values():
                schema = media["schema"] | {"components": document["components"]}
                for name, example in media.get("examples", {}).items():
                    faults = [
                        error.message for error in Draft202012Validator(schema).iter_errors(example["value"])
                    ]
                    assert faults == [], (path, name)


def test_inputs_are_closed_to_unknown_fields_and_tags_are_explained(document: dict[str, Any]):
    inputs = {
        name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Input")
    }
    assert len(inputs) >= 8
    assert all(schema["additionalProperties"] is False for schema in inputs.values())
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"] if tag["description"]} == used


def test_links_lead_from_a_new_order_to_calls_that_exist(document: dict[str, Any]):
    ids = {operation["operationId"]: operation for _, _, operation in operations(document)}
    links = ids["place_order"]["responses"]["201"]["links"]
    assert {"get_order", "sign_order", "record_finding", "list_events"} <= links.keys()
    for link in links.values():
        assert "id" in {parameter["name"] for parameter in ids[link["operationId"]]["parameters"]}


def test_every_field_and_parameter_is_described(document: dict[str, Any]):
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if not said.get("description") and "$ref" not in said
    ]
    bare += [
        f"{path} {parameter['name']}"
        for path, _, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert bare == []


def test_the_document_is_served_as_json_or_yaml_without_a_token():
    as_json = Client().get("/api/v1/schema/")
    as_yaml = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi"})
    browser = Client().get("/api/v1/schema/", headers={"Accept": "text/html"})

    assert as_json.headers["Content-Type"].startswith("application/json")
    assert yaml.safe_load(as_yaml.content) == as_json.json()
    assert browser.status_code == 200


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere():
    page = Client().get("/api/v1/docs/")
    script = Client().get("/api/v1/docs/?script=")

    assert page.status_code == 200
    text = page.content.decode()
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
    assert not re.search(r"\son\w+=|\sstyle=", text)
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()
    for address in re.findall(r"""(?:src|href)="(/static/[^"]+)""", text):
        from django.contrib.staticfiles import finders

        assert finders.find(address.removeprefix("/static/")), address


@pytest.mark.django_db
def test_answers_are_what_the_document_says(api: Caller, document: dict[str, Any]):
    order = api.placed(sign=False)
    url = f"orders/{order['id']}/"
    answers = {
        "Suggestion": api.post("suggestions/", QUESTION),
        "Consultation": api.post("consultations/", QUESTION | {"answers": ANSWERS, "patient": PATIENT}),
        "Order": api.post(f"{url}sign/"),
        "Progress": api.post(f"{url}progress/", {"event": "received"}),
        "Finding": api.post(f"{url}findings/", FINDING),
        "OrderPage": api.get("orders/"),
        "EventPage": api.get(f"{url}events/"),
        "ScenarioPage": api.get("scenarios/"),
        "Scenario": api.get(f"scenarios/{ORDER['scenario']}/"),
        "Problem": api.post("orders/", ORDER | {"study": "none"}),
    }
    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
        assert errors == [], name


@pytest.mark.django_db
def test_examples_of_the_document_are_accepted(api: Caller, document: dict[str, Any]):
    place = document["paths"]["/api/v1/orders/"]["post"]["requestBody"]["content"]["application/json"][
        "examples"
    ]
    bodies = [example["value"] for example in place.values() if "consultation" not in example["value"]]
    assert len(bodies) == 3
    for body in bodies:
        assert api.post("orders/", body).status_code == 201, json.dumps(body)
    ask = document["paths"]["/api/v1/suggestions/"]["post"]["requestBody"]["content"]["application/json"]
    for example in ask["examples"].values():
        assert api.post("suggestions/", example["value"]).status_code == 200
