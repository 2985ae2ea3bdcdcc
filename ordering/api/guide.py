"""The guides of docs/ as pages, for those who have an address of a portal and no copy of its folder.

What is shown is the file whose snippets the tests run; nothing is written twice.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# name in the address -> (file of docs/, title)
GUIDES = {
    "guide": ("api.md", "Guide"),
    "errors": ("api-errors.md", "Errors"),
    "changelog": ("api-changelog.md", "Changelog"),
    "tokens": ("tokens.md", "Tokens"),
    "webhooks": ("webhooks.md", "Webhooks"),
    "cds-hooks": ("cds-hooks.md", "CDS Hooks"),
    "fhir": ("fhir.md", "FHIR R4"),
    "hl7v2": ("hl7v2.md", "HL7 v2"),
}
CLIENT = "examples/portal_client.py"
_BY_FILE = {file: f"/api/v1/docs/{name}/" for name, (file, _) in GUIDES.items()} | {
    CLIENT: "/api/v1/docs/portal_client.py"
}
_QUICKSTART = re.compile(r"^## Quickstart\n(.*?)^### ", re.MULTILINE | re.DOTALL)


def folder() -> Path:
    """Return where the documentation is."""
    return Path(settings.BASE_DIR) / "docs"


def guides() -> dict[str, str]:
    """Return the title of every guide that is there, by the name in its address."""
    return {name: title for name, (file, title) in GUIDES.items() if (folder() / file).is_file()}


@cache
def guide(name: str) -> SafeString:
    """Return a guide as HTML. Raises KeyError when there is none of that name."""
    if name not in guides():
        raise KeyError(name)
    return _html((folder() / GUIDES[name][0]).read_text(encoding="utf-8"))


@cache
def quickstart() -> SafeString:
    """Return the first three calls of the guide as HTML."""
    found = _QUICKSTART.search((folder() / "api.md").read_text(encoding="utf-8"))
    assert found, "docs/api.md begins with a quickstart"
    return _html(found[1])


@cache
def client() -> str:
    """Return the Python client."""
    return (folder() / CLIENT).read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """Return what a link to a heading says, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _html(written: str) -> SafeString:
    """Return Markdown as HTML. Nothing in it is taken as HTML, so that it needs no trust."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(written)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrSet("id", anchor(_plain(following)))
        for child in token.children or ():
            if child.type == "link_open":
                _lead(child)
    made = str(reader.renderer.render(tokens, reader.options, {}))
    # what may be wider than a phone is scrolled by itself, with the keyboard too
    made = made.replace("<pre>", '<pre tabindex="0">')
    made = made.replace("<table>", '<div class="table-scroll" tabindex="0"><table class="guide-table">')
    made = made.replace("</table>", "</table></div>")
    return mark_safe(made)  # noqa: S308 - made above, from a file of ours, with HTML in it escaped


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def _lead(link: Token) -> None:
    """Let a link between files lead to the page of that file, and drop one that no page is made of."""
    address = str(link.attrGet("href") or "")
    if re.match(r"[a-z]+:|#", address):
        return
    name, _, fragment = address.partition("#")
    page = _BY_FILE.get(name)
    if page is not None and (name == CLIENT or name in {GUIDES[key][0] for key in guides()}):
        link.attrSet("href", f"{page}#{fragment}" if fragment else page)
    else:
        link.attrs.pop("href", None)
