"""A JSON Schema compiled into plain functions, which say only whether a value fits.

`jsonschema` names every fault, and takes about ten times as long to find none. Thousands of packs that fit
are therefore asked here first, and only what does not surely fit is asked there. Where the two could differ,
this one raises `Unsure`; a keyword that it does not know is refused when the schema is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from guidelines.engine.shape import is_day

Fits = Callable[[Any], bool]

_SAY_NOTHING = {"$schema", "$id", "$defs", "title", "description", "then", "else"}


class Unsure(Exception):
    """A value of a kind that is rare enough to be left to the whole validator."""


class UnknownKeyword(Exception):
    """The schema says something that the quick test was not taught to look at."""


def compiled(schema: Mapping[str, Any]) -> Fits:
    """Return the test of a schema. Raises UnknownKeyword."""
    return _Compiler(schema).test(schema)


class _Compiler:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.named: dict[str, Fits] = {}

    def test(self, schema: Mapping[str, Any] | bool) -> Fits:
        """Return the test of a schema: every keyword of it."""
        if isinstance(schema, bool):
            return lambda value: schema
        tests = [self._keyword(name, schema) for name in schema if name not in _SAY_NOTHING]
        if len(tests) == 1:
            return tests[0]
        # a value of the wrong type is refused before anything else is asked of it
        tests.sort(key=lambda test: test.__name__ != "of_type")

        def every(value: Any) -> bool:
            for test in tests:  # noqa: SIM110 - a generator would double the time
                if not test(value):
                    return False
            return True

        return every

    def _keyword(self, name: str, schema: Mapping[str, Any]) -> Fits:
        wanted = schema[name]
        if name == "$ref":
            return self._reference(wanted)
        if name in ("allOf", "anyOf"):
            return self._several(name, [self.test(one) for one in wanted])
        if name == "if":
            return self._choice(schema)
        if name == "properties":
            return self._properties({key: self.test(value) for key, value in wanted.items()})
        if name == "additionalProperties" and wanted is False:
            return self._no_others(frozenset(schema.get("properties", ())))
        if name == "propertyNames":
            each = self.test(wanted)
            return lambda value: not isinstance(value, dict) or all(map(each, value))
        if name == "items":
            each = self.test(wanted)
            return lambda value: not isinstance(value, list) or all(map(each, value))
        if name in _SIMPLE:
            return _SIMPLE[name](wanted)
        raise UnknownKeyword(f"the schema keyword {name}")

    def _reference(self, pointer: str) -> Fits:
        if pointer not in self.named:
            # put there first: a condition holds conditions
            self.named[pointer] = lambda value: self.named[pointer](value)
            found: Any = self.root
            for part in pointer.removeprefix("#/").split("/"):
                found = found[part]
            self.named[pointer] = self.test(found)
        return self.named[pointer]

    @staticmethod
    def _several(name: str, tests: list[Fits]) -> Fits:
        if name == "allOf":
            return lambda value: all(test(value) for test in tests)
        return lambda value: any(test(value) for test in tests)

    def _choice(self, schema: Mapping[str, Any]) -> Fits:
        condition = self.test(schema["if"])
        then, otherwise = self.test(schema.get("then", {})), self.test(schema.get("else", {}))
        return lambda value: then(value) if condition(value) else otherwise(value)

    @staticmethod
    def _properties(tests: dict[str, Fits]) -> Fits:
        def properties(value: Any) -> bool:
            if isinstance(value, dict):
                for key, member in value.items():
                    test = tests.get(key)
                    if test is not None and not test(member):
                        return False
            return True

        return properties

    @staticmethod
    def _no_others(known: frozenset[str]) -> Fits:
        return lambda value: not isinstance(value, dict) or value.keys() <= known


def _of_type(wanted: str | list[str]) -> Fits:
    kinds = tuple(_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted))
    types = frozenset(kind for kinds_of_one in kinds for kind in kinds_of_one)
    whole_only = int in types and float not in types

    def of_type(value: Any) -> bool:
        kind = type(value)
        if whole_only and kind is float:
            raise Unsure  # 1.0 is a whole number in JSON Schema
        return kind in types

    return of_type


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def _one_of(wanted: list[Any]) -> Fits:
    texts = frozenset(value for value in wanted if isinstance(value, str))
    plain = texts | {None} >= set(wanted)

    def one_of(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts
        if value is None and None in wanted:
            return True
        if plain:
            return False
        raise Unsure  # whether true is 1, and 1.0 is

    return one_of


def _required(wanted: list[str]) -> Fits:
    keys = frozenset(wanted)
    return lambda value: not isinstance(value, dict) or value.keys() >= keys


def _pattern(wanted: str) -> Fits:
    search = re.compile(wanted).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _format(wanted: str) -> Fits:
    if wanted == "date":
        return lambda value: not isinstance(value, str) or is_day(value)
    if wanted == "uri":  # jsonschema looks at none without a package that we do not have; a pattern does
        return lambda value: True
    raise UnknownKeyword(f"the format {wanted}")


def _unique(wanted: bool) -> Fits:
    def unique(value: Any) -> bool:
        if not isinstance(value, list) or not wanted:
            return True
        if any(type(member) is not str for member in value):
            raise Unsure
        return len(set(value)) == len(value)

    return unique


def _number(value: Any) -> bool:
    return type(value) in (int, float)


_SIMPLE: dict[str, Callable[[Any], Fits]] = {
    "type": _of_type,
    "enum": _one_of,
    "const": lambda wanted: _one_of([wanted]),
    "required": _required,
    "pattern": _pattern,
    "format": _format,
    "uniqueItems": _unique,
    "minLength": lambda wanted: lambda value: not isinstance(value, str) or len(value) >= wanted,
    "maxLength": lambda wanted: lambda value: not isinstance(value, str) or len(value) <= wanted,
    "minItems": lambda wanted: lambda value: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda wanted: lambda value: not isinstance(value, list) or len(value) <= wanted,
    "maxProperties": lambda wanted: lambda value: not isinstance(value, dict) or len(value) <= wanted,
    "minimum": lambda wanted: lambda value: not _number(value) or value >= wanted,
    "maximum": lambda wanted: lambda value: not _number(value) or value <= wanted,
}
