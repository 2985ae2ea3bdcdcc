"""What docs/hl7v2.md says works."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from ordering.hl7.omi import CONTROL
from tests.ordering.api.caller import Caller, secret_for
from tests.ordering.placing import place

GUIDE = (Path(__file__).parents[3] / "docs" / "hl7v2.md").read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
def test_the_snippet_runs(leukaemia, make_patient, clinician, live_server):
    place(make_patient(clinician), clinician)
    (snippet,) = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    environment = os.environ | {
        "PORTAL_URL": live_server.url,
        "PORTAL_TOKEN": Caller(secret_for(clinician)).secret,
        "no_proxy": "*",
    }

    run = subprocess.run(
        ["sh", "-eu", "-c", snippet], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert run.returncode == 0, run.stderr
    assert [line[:3] for line in run.stdout.splitlines()][:4] == ["MSH", "PID", "PV1", "ORC"]


def test_the_table_names_what_each_status_becomes():
    rows = re.findall(r"^\| ([\w ]+) \| (\w+) \| (\w*) *\|", GUIDE, re.MULTILINE)
    said = {status.replace(" ", "-").replace("cancelled", "revoked"): (c, s) for status, c, s in rows}

    assert said == CONTROL
