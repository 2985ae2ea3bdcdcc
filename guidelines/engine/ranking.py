"""Order rules worked out in advance: for each rule, the whole list of studies it would make."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guidelines.engine.advice import RankedStudy, Remark, Study
from guidelines.engine.conditions import Condition
from guidelines.engine.terms import ROLES

Ranking = tuple[RankedStudy, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OrderRule:
    """Gives reason and cautions when true, and decides the order if it is the first true one."""

    key: str
    condition: Condition
    ranking: Ranking
    reason: Remark
    stands_on: str | None
    caution: Remark
    cautioned: tuple[str, ...]


def rank(studies: Iterable[tuple[Study, str]], placements: Iterable[Mapping[str, Any]] = ()) -> Ranking:
    """Return the studies in order: by role, then as the placements name them, then as the table does.

    `studies` pairs each study with its default role, in table order; without a placement it keeps that role.
    """
    placed = {placement["study"]: (place, placement["role"]) for place, placement in enumerate(placements)}
    unplaced = len(placed)
    keyed = []
    for study, default in studies:
        place, role = placed.get(study.code, (unplaced, default))
        keyed.append((ROLES.index(role), place, role, study))
    keyed.sort(key=lambda entry: entry[:2])  # stable: equal places stay in table order
    return tuple(
        RankedStudy(study, position, role) for position, (_, _, role, study) in enumerate(keyed, start=1)
    )


def order_rule(
    row: Mapping[str, Any], condition: Condition, studies: Iterable[tuple[Study, str]]
) -> OrderRule:
    """Return the rule of a checked document row."""
    ranking = rank(studies, row["placements"])
    favoured = {placement["study"] for placement in row["placements"] if not placement["caution"]}
    # The reason stands on the study that the placements put first; after a mere warning, on what comes first.
    stands_on = next((ranked.study.code for ranked in ranking if ranked.study.code in favoured), None)
    if stands_on is None and ranking:
        stands_on = ranking[0].study.code
    return OrderRule(
        key=row["key"],
        condition=condition,
        ranking=ranking,
        reason=Remark(row["reason"], row["text"]),
        stands_on=stands_on,
        caution=Remark(row["reason"], row["caution_text"] or row["text"]),
        cautioned=tuple(placement["study"] for placement in row["placements"] if placement["caution"]),
    )
