"""The catalogue of codes is complete, and the page about it says what it says."""

import ast
import re
from pathlib import Path

from ordering.api import catalogue, errors
from portal import errors as portal_errors

ROOT = Path(__file__).parents[3]
# where faults of a request come from
SOURCES = [
    *sorted(
        path
        for folder in ("ordering", "guidelines/engine")
        for path in (ROOT / folder).rglob("*.py")
        if not {"migrations", "cds_hooks", "fhir", "hl7", "admin"} & set(path.parts)
    ),
    ROOT / "portal" / "strict_json.py",
]
CODE_COMES_SECOND = {"Refusal", "shape", "Fault"}
CODE_COMES_FIRST = {"_refuse", "mark", "StrictJSONError", "ForbiddenDestination"}
# modules that return (code, message), or (place, code, message)
PAIRS = {"elements.py": 0, "filters.py": 1}


def codes_in(path: Path) -> set[str]:
    """Return the codes of faults that a module names."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            found += node.args[1:2] if name in CODE_COMES_SECOND else []
            found += node.args[:1] if name in CODE_COMES_FIRST else []
        elif isinstance(node, ast.Tuple) and path.name in PAIRS and len(node.elts) == PAIRS[path.name] + 2:
            found += [node.elts[PAIRS[path.name]]] if isinstance(node.ctx, ast.Load) else []
    texts = {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text.replace("_", "-") for text in texts if re.fullmatch(r"[a-z]+([-_][a-z0-9]+)*", text)}


def test_every_code_of_a_fault_is_in_the_catalogue_and_none_else():
    named = set().union(*(codes_in(path) for path in SOURCES))
    by_choice = {"nul", "lone-surrogate"}  # strict_json chooses between the two

    assert named | by_choice == set(catalogue.FAULTS)


def test_every_code_of_a_problem_is_in_the_catalogue_with_its_status():
    known = {(problem.status, problem.code) for problem in catalogue.PROBLEMS}
    raised = {(int(cls.status), cls.code) for cls in errors.ApiProblem.__subclasses__()}
    raised |= {(int(status), cls.code) for cls, (status, _) in errors._REFUSALS.items()}
    raised |= {(status, code) for status, (code, _) in errors._TITLES.items()}
    raised |= {(status, code) for status, (code, _, _) in portal_errors._SAYS.items()}
    raised |= {(400, "malformed"), (422, "invalid"), (403, "missing-scope")}

    assert raised == known


def test_the_page_of_errors_is_what_the_catalogue_says():
    page = (ROOT / "docs" / "api-errors.md").read_text(encoding="utf-8")

    assert page == catalogue.to_markdown(), "python -m ordering.api.catalogue > docs/api-errors.md"
