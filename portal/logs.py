"""Log lines that say what failed and where, and never what was in it."""

import logging
import traceback
from types import TracebackType

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class QuietFormatter(logging.Formatter):
    """One line with time, level and logger; of an exception the type and the place, without its message.

    A database error repeats the values of the failing row, and a form error what was typed: patient data.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the name is logging's
        """Return the chain of exception types, each with the lines of code it came through."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            lines.append(type(error).__qualname__)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)
