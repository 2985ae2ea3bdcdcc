"""From answers to advice: the one place where criteria, order rules and advisories are put together."""

from guidelines.engine.advice import Advice, Advisory, Change, CriterionResult, RankedStudy, Redirect, Remark
from guidelines.engine.case import Case
from guidelines.engine.conditions import Answers
from guidelines.engine.outcomes import Outcome, Truths, fit_of, outcome_of
from guidelines.engine.ruleset import Criterion, RuleSet
from guidelines.engine.terms import DOES_NOT_FIT, ENGINE_VERSION, NEEDS_ANSWERS, UNKNOWN

Said = dict[str | None, tuple[Remark, ...]]  # remarks by the code of the study they stand on


def evaluate(ruleset: RuleSet, case: Case) -> Advice:
    """Return what the guideline says about a case: for every legal case one advice, always the same."""
    answers = case.answers
    statuses = [criterion.condition.test(answers) for criterion in ruleset.criteria]
    truths = [rule.condition.test(answers) for rule in ruleset.order_rules]
    fit = fit_of(statuses)
    applies = fit != DOES_NOT_FIT
    return Advice(
        scenario=ruleset.scenario,
        engine=ENGINE_VERSION,
        fit=fit,
        criteria=tuple(
            _result(ruleset, criterion, status, answers)
            for criterion, status in zip(ruleset.criteria, statuses, strict=True)
        ),
        needs=_needs(ruleset, statuses, truths, answers) if applies else (),
        redirects=() if applies else _redirects(ruleset, statuses, answers),
        studies=_studies(ruleset, truths) if applies else (),
        advisories=_advisories(ruleset, answers) if applies else (),
        contradictions=tuple(
            remark for condition, remark in ruleset.contradictions if condition.test(answers)
        ),
        questions=ruleset.questions,
        what_would_change=_changes(ruleset, statuses, truths, answers),
        provisional=fit == NEEDS_ANSWERS,
        source=ruleset.source,
        not_documented=tuple(element.key for element in ruleset.elements if element.key not in answers),
    )


def _result(ruleset: RuleSet, criterion: Criterion, status: bool | None, answers: Answers) -> CriterionResult:
    """Return how a criterion stands; where it is unknown, naming the answers that would decide it."""
    if status is not None:
        return criterion.met if status else criterion.not_met
    missing = criterion.condition.missing(answers)
    labels = ", ".join(element.short_label for element in ruleset.elements if element.key in missing)
    known = criterion.met
    return CriterionResult(known.key, known.title, UNKNOWN, f"Not documented: {labels}", known.standing)


def _needs(ruleset: RuleSet, statuses: Truths, truths: Truths, answers: Answers) -> tuple[str, ...]:
    """Return the unanswered elements that the fit or the order waits for, in table order.

    An unknown order rule counts while no earlier rule is true; behind the first true one it decides nothing.
    """
    waiting: set[str] = set()
    for criterion, status in zip(ruleset.criteria, statuses, strict=True):
        if status is None:
            waiting |= criterion.condition.missing(answers)
    for rule, truth in zip(ruleset.order_rules, truths, strict=True):
        if truth:
            break
        if truth is None:
            waiting |= rule.condition.missing(answers)
    return tuple(element.key for element in ruleset.elements if element.key in waiting) if waiting else ()


def _redirects(ruleset: RuleSet, statuses: Truths, answers: Answers) -> tuple[Redirect, ...]:
    """Return where each criterion that is not met sends the reader, each place once."""
    found: dict[str, Redirect] = {}
    for criterion, status in zip(ruleset.criteria, statuses, strict=True):
        if status is False:
            for condition, redirect in criterion.redirects:
                if condition.test(answers):
                    found.setdefault(redirect.code, redirect)
    return tuple(found.values())


def _studies(ruleset: RuleSet, truths: Truths) -> tuple[RankedStudy, ...]:
    """Return the order of the first true rule, with the reasons and cautions of every true rule."""
    ranking = None
    reasons: Said = {}
    cautions: Said = {}
    for rule, truth in zip(ruleset.order_rules, truths, strict=True):
        if truth:
            if ranking is None:
                ranking = rule.ranking
            _say(reasons, rule.stands_on, rule.reason)
            for code in rule.cautioned:
                _say(cautions, code, rule.caution)
    return ruleset.start if ranking is None else tuple(_spoken(row, reasons, cautions) for row in ranking)


def _say(said: Said, code: str | None, remark: Remark) -> None:
    """Add a remark to those on a study, unless it stands there already."""
    remarks = said.setdefault(code, ())
    if remark not in remarks:
        said[code] = (*remarks, remark)


def _spoken(row: RankedStudy, reasons: Said, cautions: Said) -> RankedStudy:
    """Return a ranked study with what is said of it."""
    code = row.study.code
    if code not in reasons and code not in cautions:
        return row
    return RankedStudy(row.study, row.position, row.role, reasons.get(code, ()), cautions.get(code, ()))


def _advisories(ruleset: RuleSet, answers: Answers) -> tuple[Advisory, ...]:
    """Return the advisories that are true of these answers."""
    return tuple(advisory for condition, advisory in ruleset.advisories if condition.test(answers))


def _changes(
    ruleset: RuleSet, statuses: list[bool | None], truths: list[bool | None], answers: Answers
) -> tuple[Change, ...]:
    """Return every other single-choice answer with which the fit or the first study would differ."""
    now: Outcome = outcome_of(statuses, truths, ruleset.firsts)
    found = []
    for element in ruleset.varied:
        given = answers.get(element.key)
        changed = dict(answers)
        for value, changes in element.values:
            if value == given:
                continue
            changed[element.key] = value
            then_statuses, then_truths = statuses.copy(), truths.copy()
            for index, test in element.criteria:
                then_statuses[index] = test(changed)
            for index, test in element.rules:
                then_truths[index] = test(changed)
            then = outcome_of(then_statuses, then_truths, ruleset.firsts)
            if then != now:
                found.append(changes[then])
    return tuple(found)
