"""What docs/api.md says works: its snippets run against a server, in every language it shows."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ordering.models import Order
from tests.ordering.api.caller import Caller

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


COMMANDS = {
    "sh": ["sh", "-eu", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", COMMANDS)
def test_the_snippets_run(api: Caller, live_server, tmp_path: Path, language: str):
    if language == "js" and not shutil.which("node"):
        pytest.skip("The JavaScript of docs/api.md was not run: it needs Node (apt-get install nodejs)")
    # what `make run` leaves behind
    (tmp_path / ".data").mkdir()
    training = {"url": live_server.url, "api_token": api.secret}
    (tmp_path / ".data" / "training.json").write_text(json.dumps(training))
    environment = {
        **os.environ,
        "PORTAL_URL": live_server.url,
        "PORTAL_TOKEN": api.secret,
        "PYTHONPATH": str(ROOT / "docs" / "examples"),
        "no_proxy": "*",
    }
    assert snippets(language)

    # as somebody does who copies one after the other into the same shell
    whole = ["\n".join(snippets(language))] if language == "sh" else snippets(language)
    for snippet in whole:
        run = subprocess.run(
            [*COMMANDS[language], snippet],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.strip()

    assert Order.objects.filter(status__in=["active", "completed"]).count() == 1


def test_the_guide_lists_every_scope():
    from portal.models import ApiToken

    assert all(f"| `{scope}` |" in GUIDE for scope in ApiToken.Scope.values)
