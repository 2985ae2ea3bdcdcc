"""Which answer, were it another, would change fit or first study: prepared as far as it can be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guidelines.engine.advice import Change
from guidelines.engine.conditions import Test
from guidelines.engine.elements import Choice, DataElement
from guidelines.engine.ranking import Ranking
from guidelines.engine.terms import DOES_NOT_FIT, FITS, NEEDS_ANSWERS

Truths = Sequence[bool | None]
Outcome = tuple[str, str | None]  # (fit, code of the first study)


def fit_of(statuses: Truths) -> str:
    """Return the fit: one criterion not met decides; else one unknown leaves it open."""
    if False in statuses:
        return DOES_NOT_FIT
    return NEEDS_ANSWERS if None in statuses else FITS


def outcome_of(statuses: Truths, truths: Truths, firsts: Sequence[str | None]) -> Outcome:
    """Return fit and first study, given the truth of every criterion and every order rule.

    `firsts` holds the study that each rule puts first and, last, the one that is first when no rule is true.
    """
    if False in statuses:
        return DOES_NOT_FIT, None
    first = firsts[truths.index(True) if True in truths else -1]
    return NEEDS_ANSWERS if None in statuses else FITS, first


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """A single-choice element whose answer can matter.

    `criteria` and `rules` are the (index, test) pairs that read it: the others need not be asked again.
    `values` pairs each value with what to say for each outcome it can have.
    """

    key: str
    criteria: tuple[tuple[int, Test], ...]
    rules: tuple[tuple[int, Test], ...]
    values: tuple[tuple[str, dict[Outcome, Change]], ...]


def varied(
    element: DataElement,
    criteria: tuple[tuple[int, Test], ...],
    rules: tuple[tuple[int, Test], ...],
    rankings: Iterable[Ranking],
) -> Varied:
    """Return what there is to say about other answers to one element, for every outcome possible."""
    names = {ranking[0].study.code: ranking[0].study.name for ranking in rankings if ranking}
    outcomes: list[Outcome] = [(DOES_NOT_FIT, None)]
    for fit in (FITS, NEEDS_ANSWERS):
        outcomes += [(fit, code) for code in names or (None,)]
    return Varied(
        key=element.key,
        criteria=criteria,
        rules=rules,
        values=tuple(
            (choice.value, {outcome: _change(element, choice, outcome, names) for outcome in outcomes})
            for choice in element.choices
        ),
    )


def _change(element: DataElement, choice: Choice, outcome: Outcome, names: dict[str, str]) -> Change:
    """Return one other answer with its outcome in words."""
    fit, first = outcome
    name = "" if first is None else names[first]
    if fit == DOES_NOT_FIT:
        effect = "this guideline would not apply"
    elif fit == FITS:
        effect = f"{name} would come first" if name else "this guideline would apply"
    else:
        effect = f"{name} would come first, other answers still missing" if name else "other answers missing"
    return Change(
        key=element.key,
        value=choice.value,
        fit=fit,
        first_study=first,
        label=element.short_label,
        value_label=choice.label,
        text=f"{element.short_label}: {choice.label} - {effect}.",
    )
