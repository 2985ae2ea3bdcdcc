"""The forms of ordering. They read what was typed; what it means is judged once, in advice and actions."""

from ordering.forms.answers import DIGEST, AnswersForm, answers_from_post, answers_to_post
from ordering.forms.choosing import ReasonForm
from ordering.forms.refusals import refuse
from ordering.forms.signing import IdentityCheck, SignForm

__all__ = [
    "DIGEST",
    "AnswersForm",
    "IdentityCheck",
    "ReasonForm",
    "SignForm",
    "answers_from_post",
    "answers_to_post",
    "refuse",
]
