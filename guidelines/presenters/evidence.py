"""Where every value of a version comes from: source, day, verifier and status, for the evidence page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from guidelines.conditions_text import in_words, labels_of
from guidelines.engine import RuleSet
from guidelines.engine.provenance import NOT_RECORDED, SECONDARY, SITE_POLICY, VERIFIED, status_of
from guidelines.models import Rating
from guidelines.presenters.words import standing_words
from portal.templatetags.portal_ui import dose

Row = Mapping[str, Any]

STATUS_WORDS = {
    VERIFIED: "Verified",
    SECONDARY: "Secondary source",
    SITE_POLICY: "Site policy",
    NOT_RECORDED: "Not recorded",
}
STATUS_MARKS = {  # icon and its tone: text, symbol and colour say the same
    VERIFIED: ("check-circle-fill", "ok"),
    SECONDARY: ("info-circle-fill", "info"),
    SITE_POLICY: ("info-circle-fill", "info"),
    NOT_RECORDED: ("exclamation-triangle-fill", "caution"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value and who vouches for it. What is not recorded is empty."""

    what: str
    value: str
    status: str
    status_words: str
    icon: str
    tone: str
    standing: str
    source: str
    verified_by: str
    verified_on: str


@dataclass(frozen=True, slots=True)
class Part:
    """Values of one kind."""

    key: str
    title: str
    values: list[Value]

    @property
    def verified(self) -> int:
        """Return how many are verified."""
        return sum(value.status == VERIFIED for value in self.values)


def evidence_of(ruleset: RuleSet) -> list[Part]:
    """Return the values of a version by kind: ratings, levels, criteria, rules and what else is sourced."""
    document = ruleset.document
    parts = [
        Part("ratings", _("Ratings"), list(_ratings(document))),
        Part("levels", _("Radiation levels of the studies"), list(_levels(document))),
        Part("scale", _("Doses of the radiation levels"), list(_scale(document))),
        Part("criteria", _("Criteria"), _rows(document, "criteria", "title", "text")),
        Part("rules", _("Rules for the order of studies"), _rules(document)),
        Part("advisories", _("Advisories"), _rows(document, "advisories", "title", "text")),
        Part("steps", _("Next steps"), _rows(document, "next_steps", "title", "text")),
        Part("pitfalls", _("Pitfalls"), _rows(document, "pitfalls", "title", "text")),
    ]
    return [part for part in parts if part.values]


def _ratings(document: Row) -> Iterator[Value]:
    for row in document["rated_studies"]:
        said = Rating(row["rating"]).label if row["rating"] else _("Not rated")
        yield _value(document, row, _study(document, row), said, "rating_", recorded=bool(row["rating"]))


def _levels(document: Row) -> Iterator[Value]:
    for row in document["rated_studies"]:
        level = row["radiation_level"]
        said = _("Not recorded") if level is None else _("Level %(level)s of 5") % {"level": level}
        yield _value(document, row, _study(document, row), said, "radiation_", recorded=level is not None)


def _scale(document: Row) -> Iterator[Value]:
    for row in document["radiation_levels"]:
        name = _("Level %(level)s") % {"level": row["level"]}
        adult, child = row["adult_msv"], row["paediatric_msv"]
        yield _value(document, row, f"{name}, {_('adults')}", _dose(adult), recorded=adult is not None)
        yield _value(
            document,
            row | {"source": row["paediatric_source"]},
            f"{name}, {_('children')}",
            _dose(child),
            recorded=child is not None,
        )


def _dose(band: Row | None) -> str:
    return dose(band) or (_("Not recorded") if band is None else _("No ionising radiation"))


def _rules(document: Row) -> list[Value]:
    labels = labels_of(document)
    return [
        _value(document, row, in_words(row["condition"], labels), row["text"])
        for row in document["order_rules"]
    ]


def _rows(document: Row, name: str, what: str, said: str) -> list[Value]:
    return [_value(document, row, row[what], row[said]) for row in document[name]]


def _study(document: Row, row: Row) -> str:
    return next(str(study["name"]) for study in document["studies"] if study["code"] == row["study"])


def _value(
    document: Row, row: Row, what: str, value: str, prefix: str = "", *, recorded: bool = True
) -> Value:
    status = status_of(row, prefix, recorded=recorded)
    icon, tone = STATUS_MARKS[status]
    source = row.get(f"{prefix}source")
    titles = {known["key"]: known["title"] for known in document["sources"]}
    return Value(
        what=what,
        value=value,
        status=status,
        status_words=STATUS_WORDS[status],
        icon=icon,
        tone=tone,
        standing=standing_words(row[f"{prefix}standing"]) if recorded else "",
        source=titles.get(source, "") if source else "",
        verified_by=row.get(f"{prefix}verified_by", "") if recorded else "",
        verified_on=row.get(f"{prefix}verified_on", "") if recorded else "",
    )
