"""The documentation: its links lead somewhere, and the tests that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("docs", "templates", "bench", "static/vendor")
PAGES = sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))])
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)>\s]+)>?\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
HAZARDS = [f"H{number:02}" for number in range(1, 19)]


def words(page: Path) -> str:
    """Return a page without its blocks of code, whose brackets are no links."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of the page may say, as GitHub makes it."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(words(page))
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(page: Path) -> None:
    broken = []
    for address in LINK.findall(words(page)):
        if re.match(r"[a-z]+:", address):
            continue
        name, _, anchor = address.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(address)

    assert broken == []


def test_every_hazard_has_a_control_that_a_test_shows() -> None:
    log = (ROOT / "docs" / "hazard-log.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", log, flags=re.MULTILINE)[1:]

    assert [section.split("\n")[0] for section in sections] == HAZARDS
    for section in sections:
        assert NAMED_TEST.findall(section), section.split("\n")[0]


def test_every_test_that_the_documentation_names_exists() -> None:
    named = {named for page in PAGES for named in NAMED_TEST.findall(words(page))}

    missing = [
        f"{path}::{name}"
        for path, name in sorted(named)
        if not (ROOT / path).exists()
        or not re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert named
    assert missing == []
