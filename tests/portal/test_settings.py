"""A wrong setting is named with a hint, and production has nothing to be warned of."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from portal.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
APP_URL = "postgresql://portal_app:quiet@db.example:5433/hospital?sslmode=verify-full"
PRODUCTION = {
    "PORTAL_TRAINING": "false",
    "PORTAL_ALLOWED_HOSTS": "portal.example",
    "PORTAL_SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "PORTAL_AUDIT_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "DATABASE_URL": APP_URL,
}


def check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PORTAL_", "DATABASE_URL", "DJANGO_"))
    }
    command = [sys.executable, "manage.py", "check", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **variables}, capture_output=True, text=True, check=False
    )


def test_production_settings_give_no_warning() -> None:
    result = check("--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


@pytest.mark.parametrize("missing", ["PORTAL_SECRET_KEY", "PORTAL_AUDIT_KEY", "DATABASE_URL"])
def test_production_without_a_key_or_a_database_is_warned(missing: str, tmp_path: Path) -> None:
    variables = {key: value for key, value in PRODUCTION.items() if key != missing}

    result = check("--deploy", "--fail-level", "WARNING", PORTAL_DATA_DIR=str(tmp_path), **variables)

    assert result.returncode == 1
    assert f"{missing} is not set." in result.stderr


def test_training_data_in_production_is_warned() -> None:
    result = check("--deploy", "--fail-level", "WARNING", **{**PRODUCTION, "PORTAL_TRAINING": "true"})

    assert "PORTAL_TRAINING is on" in result.stderr


def test_wrong_values_fail_the_check_all_at_once_without_a_password() -> None:
    result = check(PORT="eighty", PORTAL_DEBUG="perhaps", DATABASE_URL="postgresql://root:canary@db/hospital")

    assert result.returncode == 1
    assert "PORT: 'eighty' is no number to use here." in result.stderr
    assert "PORTAL_DEBUG: 'perhaps' is neither yes nor no." in result.stderr
    assert "The user of this URL must be portal_app." in result.stderr
    assert "canary" not in result.stderr + result.stdout


@pytest.mark.parametrize(
    ("kind", "arguments", "raw", "value"),
    [
        ("flag", {}, "on", True),
        ("flag", {}, "NO", False),
        ("flag", {"default": True}, "", True),
        ("whole_number", {"default": 5, "at_least": 1, "at_most": 9}, "9", 9),
        ("whole_number", {"default": 5, "at_least": 1, "at_most": 9}, "", 5),
        ("words", {"default": ["localhost"]}, " a.example , b.example ", ["a.example", "b.example"]),
        ("time_zone", {"default": "Europe/London"}, "Europe/Oslo", "Europe/Oslo"),
        ("number", {"above": 0, "at_most": 100}, "2.7", 2.7),
        ("number", {"above": 0, "at_most": 100}, "", None),
        ("choice", {"choices": ("a", "b"), "default": "a"}, "b", "b"),
    ],
)
def test_values_are_read(
    kind: str, arguments: dict[str, Any], raw: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_TRIED", raw)
    environment = Environment()

    assert getattr(environment, kind)("PORTAL_TRIED", **arguments) == value
    assert environment.faults == []


@pytest.mark.parametrize(
    ("kind", "arguments", "raw"),
    [
        ("flag", {}, "maybe"),
        ("whole_number", {"default": 5, "at_least": 1, "at_most": 9}, "10"),
        ("whole_number", {"default": 5, "at_least": 1, "at_most": 9}, "4_2"),
        ("whole_number", {"default": 5, "at_least": 1, "at_most": 9}, "٤"),
        ("time_zone", {"default": "Europe/London"}, "../etc/passwd"),
        ("number", {"above": 0, "at_most": 100}, "nan"),
        ("number", {"above": 0, "at_most": 100}, "0"),
        ("choice", {"choices": ("a", "b"), "default": "a"}, "c"),
    ],
)
def test_values_out_of_bounds_are_faults_with_a_hint(
    kind: str, arguments: dict[str, Any], raw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_TRIED", raw)
    environment = Environment()

    getattr(environment, kind)("PORTAL_TRIED", **arguments)

    assert [fault.variable for fault in environment.faults] == ["PORTAL_TRIED"]
    assert environment.faults[0].hint


def test_a_database_url_keeps_its_options_and_ours() -> None:
    environment = Environment()

    found = environment.database(
        "DATABASE_URL", f"{APP_URL}&options=-c%20jit%3Doff", role="portal_app", options={"options": "-c a=b"}
    )

    assert environment.faults == []
    assert (found["HOST"], found["PORT"], found["NAME"], found["USER"], found["PASSWORD"]) == (
        "db.example", "5433", "hospital", "portal_app", "quiet",
    )  # fmt: skip
    assert found["OPTIONS"] == {"sslmode": "verify-full", "options": "-c a=b -c jit=off"}


def test_the_handbook_names_every_variable() -> None:
    source = (ROOT / "portal" / "settings.py").read_text()
    handbook = (ROOT / "docs" / "operations.md").read_text()

    missing = [
        name
        for name in re.findall(r'"(PORTAL_[A-Z_]+|PORT|DATABASE_URL)"', source)
        if f"`{name}`" not in handbook
    ]

    assert missing == []


def test_nothing_is_loaded_from_elsewhere_and_nothing_inline(client: Client, db: None) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_schema_is_the_owners_business_alone() -> None:
    assert settings.DATABASES["default"]["USER"] == "portal_app"
    assert settings.DATABASES["owner"]["USER"] == "portal_owner"
