"""Passwords that are long on paper only: a common one, a name or a few characters over and over."""

from itertools import pairwise

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.models import User

MAX_LOOKED_AT = 256  # characters
SHORT = 4  # characters that repeated make nothing but length


class RepetitionValidator(CommonPasswordValidator):
    """Refuses what is long and still easily guessed; the list of common passwords holds few long ones."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a repetition or a run of neighbouring characters."""
        beginning = password[:MAX_LOOKED_AT]
        text = "".join(character for character in beginning.casefold() if character.isalnum()) or beginning
        unit = _repeated_unit(text)
        names = (
            {name.casefold() for name in (user.username, user.first_name, user.last_name)} if user else set()
        )
        if len(unit) <= SHORT or unit in self.passwords or unit in map(str.casefold, names) or _is_run(unit):
            raise ValidationError(
                _("This password repeats something easily guessed. Use several different words."),
                code="password_repeats",
            )

    def get_help_text(self) -> str:
        """Return the rule in a sentence."""
        return _("Your password can’t be one word or a few characters over and over.")


def _repeated_unit(text: str) -> str:
    """Return the shortest beginning that, written again and again, gives the text; its end may be cut."""
    return next(text[:size] for size in range(1, len(text) + 1) if text.startswith(text[size:]))


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}  # 9 is followed by 0
