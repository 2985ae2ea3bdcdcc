"""What docs/api.md says works: its snippets run against a server, its codes are the API's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ordering.api import errors, schema
from ordering.models import Order
from tests.ordering.api.caller import Caller

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "command"), [("sh", ["sh", "-eu", "-c"]), ("python", [sys.executable, "-c"])]
)
def test_the_snippets_run(api: Caller, live_server, language: str, command: list[str]):
    environment = {**os.environ, "PORTAL_URL": live_server.url, "PORTAL_TOKEN": api.secret, "no_proxy": "*"}
    assert snippets(language)

    for snippet in snippets(language):
        run = subprocess.run(
            [*command, snippet], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.strip()

    assert Order.objects.filter(status__in=["active", "completed"]).count() == 1


def test_the_catalogue_lists_every_code():
    listed = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`", GUIDE))
    codes = {cls.code for cls in errors.ApiProblem.__subclasses__()}
    codes |= {cls.code for cls in errors._REFUSALS}
    codes |= {code for code, _ in errors._TITLES.values()} | {code for code, _, _ in schema.PROBLEMS.values()}
    assert codes <= listed
    statuses = {int(status) for status in re.findall(r"^\| (\d{3}) \|", GUIDE, re.MULTILINE)}
    assert statuses == set(schema.PROBLEMS)


def test_the_guide_lists_every_scope():
    from portal.models import ApiToken

    later = {ApiToken.Scope.WEBHOOKS.value}
    assert all(f"| `{scope}` |" in GUIDE for scope in set(ApiToken.Scope.values) - later)
