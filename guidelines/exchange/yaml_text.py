"""A pack as YAML that every reader of YAML takes for the same values, whichever version of YAML it knows."""

from __future__ import annotations

from typing import Any

import yaml

from guidelines.exchange.strict_yaml import plain

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDTH = 110


class _Dumper(_BASE):
    """Writes no anchors, and quotes every text that some version of YAML reads as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    if "\n" in text and not any(line != line.rstrip() for line in text.split("\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    try:
        looks_plain = isinstance(plain(text), str)
    except ValueError:
        looks_plain = False
    # PyYAML itself quotes what YAML 1.1 takes for a truth value, a number or a day
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if looks_plain else "'")


_Dumper.add_representer(str, _text)


def to_yaml(value: Any) -> str:
    """Return a value of JSON as a YAML document that begins with `---`; keys keep their order."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=_WIDTH,
        explicit_start=True,
    )
    return text
