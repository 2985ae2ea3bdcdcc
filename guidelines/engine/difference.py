"""What changed between two pieces of advice for the same case, in sentences that a clinician can read."""

from collections.abc import Iterator, Mapping
from typing import Any

Suggestion = Mapping[str, Any]
Row = Mapping[str, Any]

IDENTITY = ("scenario", "engine")  # which version spoke is known; only what it says counts as a difference
SAME_IN_OTHER_WORDS = "The advice is the same, in different words."
OTHER_ALTERNATIVES = "Which other answers would change this advice is different now."
MINOR = frozenset({SAME_IN_OTHER_WORDS, OTHER_ALTERNATIVES})  # nothing that this patient is advised
FITS = {
    "fits": "the guideline fits this patient",
    "does_not_fit": "the guideline does not fit this patient",
    "needs_answers": "answers are missing before the guideline can be said to fit",
}
LISTS = (  # (key in the suggestion, key of a member, what a member is called)
    ("redirects", "code", "related guidance"),
    ("advisories", "code", "advisory"),
    ("contradictions", "code", "contradiction between answers"),
)


def difference(old: Suggestion, new: Suggestion) -> list[str]:
    """Return one sentence for each change from the old suggestion to the new; none if both say the same."""
    sentences = [
        *_fit(old, new),
        *_criteria(old, new),
        *_first_study(old, new),
        *_studies(old, new),
        *_lists(old, new),
        *_needs(old, new),
        *_what_would_change(old, new),
    ]
    if not sentences and _said(old) != _said(new):
        sentences = [SAME_IN_OTHER_WORDS]
    return sentences


def _said(suggestion: Suggestion) -> dict[str, Any]:
    """Return the suggestion without which version gave it."""
    return {key: value for key, value in suggestion.items() if key not in IDENTITY}


def _words(code: str | None) -> str:
    """Return a code as words; what has none is not rated."""
    return "not rated" if code is None else code.replace("_", " ")


def _by(rows: list[Any], key: str) -> dict[str, Row]:
    """Return rows by their key."""
    return {row[key]: row for row in rows}


def _fit(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say that the fit changed."""
    if old["fit"] != new["fit"]:
        yield f"Fit: {FITS[new['fit']]}; before, {FITS[old['fit']]}."


def _criteria(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say which criteria came, went or stand differently."""
    before, after = _by(old["criteria"], "key"), _by(new["criteria"], "key")
    for key, row in after.items():
        if key not in before:
            yield f"New criterion: {row['title']} ({_words(row['status'])})."
        elif row["status"] != before[key]["status"]:
            yield f"{row['title']}: {_words(row['status'])}; before, {_words(before[key]['status'])}."
    for key, row in before.items():
        if key not in after:
            yield f"No longer a criterion: {row['title']}."


def _first_study(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say that another study comes first."""
    before = old["studies"][0] if old["studies"] else None
    after = new["studies"][0] if new["studies"] else None
    if after and before and after["code"] != before["code"]:
        yield f"{after['name']} now comes first; before, {before['name']}."
    elif after and not before:
        yield f"{after['name']} now comes first; before, no study was suggested."
    elif before and not after:
        yield f"No study is suggested any more; before, {before['name']} came first."


def _studies(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say what changed for each study; nothing where one side has none, as the first study says enough."""
    before, after = _by(old["studies"], "code"), _by(new["studies"], "code")
    if not before or not after:
        return
    for code, row in after.items():
        if code in before:
            yield from _study(before[code], row)
        else:
            yield f"New in the list: {row['name']} ({_words(row['role'])})."
    for code, row in before.items():
        if code not in after:
            yield f"No longer in the list: {row['name']}."


def _study(old: Row, new: Row) -> Iterator[str]:
    """Say what changed for one study."""
    name = new["name"]
    if old["name"] != name:
        yield f"{old['name']} is now called {name}."
    if old["role"] != new["role"]:
        yield f"{name}: now {_words(new['role'])}; before, {_words(old['role'])}."
    elif old["position"] != new["position"]:
        yield f"{name}: now number {new['position']} in the list; before, number {old['position']}."
    if old["rating"] != new["rating"]:
        yield f"{name}: now rated {_words(new['rating'])}; before, {_words(old['rating'])}."
    if _dose(old["radiation"]) != _dose(new["radiation"]):
        yield f"{name}: radiation now {_dose(new['radiation'])}; before, {_dose(old['radiation'])}."
    for kind, word in (("reasons", "reason"), ("cautions", "caution")):
        said = [remark["text"] for remark in old[kind]]
        says = [remark["text"] for remark in new[kind]]
        yield from (f"{name}: new {word}: {text}" for text in says if text not in said)
        yield from (f"{name}: {word} withdrawn: {text}" for text in said if text not in says)


def _dose(radiation: Row | None) -> str:
    """Return a radiation level with its dose bands in words."""
    if radiation is None:
        return "not recorded"
    return (
        f"level {radiation['level']} (adult {_band(radiation['adult_msv'])}, "
        f"paediatric {_band(radiation['paediatric_msv'])})"
    )


def _band(band: Row | None) -> str:
    """Return a band of dose in words."""
    return "not recorded" if band is None else f"{band['min']:.15g} to {band['max']:.15g} mSv"


def _lists(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say which redirects, advisories and contradictions came, went or read differently."""
    for name, key, noun in LISTS:
        before, after = _by(old[name], key), _by(new[name], key)
        for code, row in after.items():
            if code not in before:
                yield f"New {noun}: {_headline(row)}"
            elif dict(row) != dict(before[code]):
                yield f"Changed {noun}: {_headline(row)}"
        for code, row in before.items():
            if code not in after:
                yield f"No longer given, {noun}: {_headline(row)}"


def _headline(row: Row) -> str:
    """Return a remark with its title, where it has one."""
    return f"{row['title']}: {row['text']}" if row.get("title") else row["text"]


def _needs(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say which answers are now asked for, by key: the two versions may label an element differently."""
    asked = [_words(key) for key in new["needs"] if key not in old["needs"]]
    settled = [_words(key) for key in old["needs"] if key not in new["needs"]]
    if asked:
        yield f"Answers now needed as well: {', '.join(asked)}."
    if settled:
        yield f"Answers no longer needed: {', '.join(settled)}."


def _what_would_change(old: Suggestion, new: Suggestion) -> Iterator[str]:
    """Say that other answers now decide, when nothing else differs in that respect."""

    def outcomes(suggestion: Suggestion) -> set[tuple[Any, ...]]:
        return {(c["key"], c["value"], c["fit"], c["first_study"]) for c in suggestion["what_would_change"]}

    if outcomes(old) != outcomes(new) and old["fit"] == new["fit"]:
        yield OTHER_ALTERNATIVES
