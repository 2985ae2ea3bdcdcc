"""What docs/fhir.md says works: its snippets run against a server, its tables are the service's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ordering.fhir.capability import RESOURCES
from ordering.fhir.query import SORTS
from tests.ordering.api.caller import PATIENT
from tests.ordering.fhir.conftest import Reader
from tests.ordering.placing import place

GUIDE = (Path(__file__).parents[3] / "docs" / "fhir.md").read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
def test_the_snippets_run(reader: Reader, make_patient, clinician, live_server):
    place(make_patient(clinician, mrn=PATIENT["mrn"]), clinician)
    environment = {
        **os.environ,
        "PORTAL_URL": live_server.url,
        "PORTAL_TOKEN": reader.secret,
        "no_proxy": "*",
    }
    snippets = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(snippets) == 4

    said = []
    for snippet in snippets:
        run = subprocess.run(
            ["sh", "-eu", "-c", snippet],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        decoder, rest = json.JSONDecoder(), run.stdout.strip()
        while rest:
            resource, end = decoder.raw_decode(rest)
            said.append((resource["resourceType"], resource.get("total")))
            rest = rest[end:].strip()

    assert [kind for kind, _ in said] == [
        "CapabilityStatement", "Bundle", "Bundle", "GuidanceResponse", "Bundle", "Bundle",
    ]  # fmt: skip
    assert all(total for kind, total in said if kind == "Bundle")


def test_the_guide_names_every_resource_and_parameter():
    named = set(re.findall(r"[\w.:-]+", GUIDE))
    assert RESOURCES.keys() <= named
    assert {name for parameters in RESOURCES.values() for name in parameters} <= named
    assert {sort.removeprefix("-") for sort in SORTS} <= named
