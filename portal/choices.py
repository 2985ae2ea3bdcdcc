"""Labels of choices that carry an explanation."""

from typing import Self


class Described(str):
    """The label of a choice, with a sentence that explains it, shown on radio cards.

    A form gives it as an ordinary label: `("negative", Described("No disease", "All sites resolved"))`.
    """

    description: str

    def __new__(cls, label: str, description: str = "") -> Self:
        """Return the label, remembering its explanation."""
        made = super().__new__(cls, label)
        made.description = description
        return made
