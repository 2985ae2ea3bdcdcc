"""The engine is pure and general: standard library only, no clock, and no word of any one guideline."""

import ast
import re
import sys

import pytest

from tests.engine.documents import PACKS, ROOT, document

SOURCES = sorted((ROOT / "guidelines" / "engine").glob("*.py"))
CLOCKS = re.compile(r"\b(today|now|utcnow|time)\(\)")


def imported(tree):
    """The modules that a source file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_engine_imports_the_standard_library_alone_and_reads_no_clock(path):
    text = path.read_text(encoding="utf-8")

    for module in imported(ast.parse(text)):
        assert module.startswith("guidelines.engine") or module.split(".")[0] in sys.stdlib_module_names
    assert not CLOCKS.search(text)


def words_of(name):
    """The codes that belong to one guideline's subject."""
    rules = document(name)
    for listed, key in (
        ("data_elements", "key"),
        ("criteria", "key"),
        ("redirects", "code"),
        ("studies", "code"),
        ("order_rules", "key"),
        ("advisories", "code"),
        ("next_steps", "code"),
    ):
        yield from (row[key] for row in rules[listed])


@pytest.mark.parametrize("name", sorted(PACKS))
def test_engine_knows_no_code_of_any_guideline(name):
    written = set(re.findall(r"[\w-]+", " ".join(path.read_text(encoding="utf-8") for path in SOURCES)))

    assert not {word for word in words_of(name) if "-" in word or "_" in word} & written
    assert not re.search(r"leuk|chemo|lymph|tumour|contrast", " ".join(written), re.IGNORECASE)
