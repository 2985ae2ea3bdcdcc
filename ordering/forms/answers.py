"""The form of step 1, made from the data elements of a guideline. It knows no guideline by name.

A form sends text, so text is turned into the answer that it spells, strictly. Text that spells none is handed
on as it is: the engine then says what the answer must be, in the same words on every surface.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict
from django.utils.formats import date_format

from guidelines.engine import DataElement, RuleSet
from ordering.advice import Advised, advise
from ordering.exceptions import Refusal, Refused

DIGEST = "_digest"  # the version that the page showed; no element's key begins with "_"
NOT_DOCUMENTED = ""  # what the answer "Not documented" sends; a row that was left alone sends nothing

# int() and float() take "4_2", "1e3" and other scripts' digits; an answer must look like what it means
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
ISO_DAY = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b", re.ASCII)
Ask = Callable[..., Advised]  # takes answers and birth_date; raises Refused
BLANKS = " \t\r\n"


def answers_from_post(ruleset: RuleSet, posted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that a submitted form spells; what it leaves blank is left out.

    Nothing that was sent is dropped: a name that is no question, and two answers where one belongs, are kept
    for the engine to refuse.
    """
    answers: dict[str, Any] = {}
    for name in posted:
        if name.startswith("_") or name == "csrfmiddlewaretoken":
            continue
        given = posted.getlist(name) if isinstance(posted, QueryDict) else posted[name]
        texts = [text.strip(BLANKS) for text in ([given] if isinstance(given, str) else given)]
        texts = [text for text in texts if text != NOT_DOCUMENTED]
        if not texts:
            continue
        element = ruleset.elements_by_key.get(name)
        if (element is not None and element.kind == "choices") or len(texts) > 1:
            answers[name] = texts
        else:
            answers[name] = texts[0] if element is None else _spelled(element, texts[0])
    return answers


def answers_to_post(ruleset: RuleSet, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the form sends for these answers: the inverse of `answers_from_post`.

    Unanswered elements are left out, as rows that nobody touched.
    """
    sent: dict[str, list[str]] = {}
    for element in ruleset.elements:
        value = answers.get(element.key)
        if value is None or value == []:
            continue
        sent[element.key] = list(value) if isinstance(value, list | tuple) else [_spelling(value)]
    return sent


class AnswerRadios(forms.RadioSelect):
    """Radio buttons of which none is chosen until somebody chooses one."""

    def format_value(self, value: Any) -> list[str]:
        """Return what is chosen; Django would take nothing said for the choice with the empty value."""
        return [] if value is None else super().format_value(value)


class AnswersForm(forms.Form):
    """Every data element of a guideline that a person answers; elements read from the record have no field.

    `ask` judges the answers; without it, the version in use does. Once valid, `advised` holds the advice.
    """

    advised: Advised | None = None

    def __init__(
        self,
        ruleset: RuleSet,
        *,
        birth_date: date,
        data: QueryDict | None = None,
        answers: Mapping[str, Any] | None = None,
        typed: Mapping[str, list[str]] | None = None,
        ask: Ask | None = None,
    ) -> None:
        """Begin with `typed`, rows as somebody left them, else with `answers`; `data` is what was sent."""
        rows = answers_to_post(ruleset, answers or {}) if typed is None else typed
        initial = {
            key: texts if element.kind == "choices" else texts[0]
            for key, texts in rows.items()
            if (element := ruleset.elements_by_key.get(key)) is not None and texts
        }
        super().__init__(data, initial=initial)
        self.ruleset = ruleset
        self.birth_date = birth_date
        self.ask = ask or partial(advise, slug=ruleset.slug)
        self.fields = {
            element.key: _field(element) for element in ruleset.elements if not element.derived_from
        }
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.form_show_errors = True

    @property
    def given(self) -> dict[str, Any]:
        """The answers as submitted, or as the form begins with, before anybody judged them."""
        return answers_from_post(self.ruleset, self.data if self.is_bound else self.initial)

    def clean(self) -> dict[str, Any]:
        """Ask the engine. Every fault it names goes to its row."""
        try:
            self.advised = self.ask(answers=self.given, birth_date=self.birth_date)
        except Refused as refused:
            for refusal in refused.refusals:
                key = refusal.pointer.removeprefix("/answers/")
                self.add_error(key if key in self.fields else None, fault_text(self.ruleset, refusal))
        return self.cleaned_data


def fault_text(ruleset: RuleSet, refusal: Refusal) -> str:
    """Return a fault as a sentence that names the question and writes days as people read them."""
    key = refusal.pointer.removeprefix("/answers/")
    element = ruleset.elements_by_key.get(key)
    message = ISO_DAY.sub(lambda found: date_format(date.fromisoformat(found[0]), "d-M-Y"), refusal.message)
    if not message[:1].islower():
        return message
    return f"{element.short_label if element else key or 'The answers'} {message.rstrip('.')}."


def _field(element: DataElement) -> forms.Field:
    """Return the field of one element. It never judges: `AnswersForm.clean` asks the engine."""
    widget: forms.Widget
    if element.kind == "choice":
        offered = [(choice.value, choice.label) for choice in element.choices]
        widget = AnswerRadios(choices=[*offered, (NOT_DOCUMENTED, "Not documented")])
    elif element.kind == "choices":
        widget = forms.CheckboxSelectMultiple(
            choices=[(choice.value, choice.label) for choice in element.choices]
        )
    elif element.kind == "date":
        widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"})
    else:
        keyboard = "numeric" if element.kind == "integer" else "decimal"
        widget = forms.TextInput(attrs={"inputmode": keyboard, "autocomplete": "off"})
    return forms.Field(required=False, label=element.label, help_text=element.hint, widget=widget)


def _spelled(element: DataElement, text: str) -> Any:
    """Return the number that a text spells, where a number is asked for; otherwise the text itself."""
    if element.kind in ("integer", "decimal") and WHOLE.fullmatch(text):
        return int(text)
    if element.kind == "decimal" and DECIMAL.fullmatch(text):
        return float(text)
    return text


def _spelling(value: Any) -> str:
    """Return the text that spells an answer, in the form's own way: no exponent, no grouping."""
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    return format(Decimal(text), "f") if "e" in text else text
