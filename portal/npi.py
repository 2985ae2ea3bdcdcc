"""The US National Provider Identifier (NPI): ten digits of which the last one checks the others."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

_TEN_DIGITS = re.compile(r"[12][0-9]{9}", re.ASCII)  # the first digit is 1 for people, 2 is in reserve
_PREFIX = "80840"  # CMS: health applications, United States; the check digit is that of the whole card number


def is_npi(text: str) -> bool:
    """Return whether this is an NPI with the right check digit (Luhn, with the prefix 80840)."""
    return _TEN_DIGITS.fullmatch(text) is not None and _luhn(_PREFIX + text)


def valid_npi(text: str) -> None:
    """Refuse what is no NPI, for fields of forms and models."""
    if not is_npi(text):
        raise ValidationError(
            "This is no NPI. It has ten digits, without spaces, and its last digit must fit the others: "
            "please compare it with the source.",
            code="npi",
        )


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)  # the sum of its two digits
    return total % 10 == 0
