"""The strict JSON parser: what it takes means what was sent, everything else is refused with its place."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.strict_json import MAX_DEPTH, StrictJSONError, loads

REFUSED = [
    (b'{"a": 1, "a": 2}', "duplicate_key", "/a"),
    (b'{"x": [{"a": 1, "b": 0, "a": 1}]}', "duplicate_key", "/x/0/a"),
    (b'{"a": 1, "\\u0061": 2}', "duplicate_key", "/a"),
    (b'{"a/b": {"m~n": NaN}}', "not_a_number", "/a~1b/m~0n"),
    (b"[Infinity]", "not_a_number", "/0"),
    (b"[-Infinity]", "not_a_number", "/0"),
    (b'{"a": "x\\u0000y"}', "nul", "/a"),
    (b'{"a\\u0000": 1}', "nul", ""),
    (b'{"a": ["\\ud800"]}', "lone_surrogate", "/a/0"),
    (b'{"a": "\\udc00\\ud800"}', "lone_surrogate", "/a"),
    (b'{"\\udfff": 1}', "lone_surrogate", ""),
    (b'["\xff"]', "invalid_utf8", ""),
    (b'["\xed\xa0\x80"]', "invalid_utf8", ""),
    (b'["\xc0\x80"]', "invalid_utf8", ""),
    (b'\xef\xbb\xbf{"a": 1}', "byte_order_mark", ""),
    ('{"a": 1}'.encode("utf-16"), "invalid_utf8", ""),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep", ""),
    (b"[" * 200_000, "too_deep", ""),
    (b'{"a":' * 100_000, "too_deep", ""),
    (b'{"a": 1e400}', "number_out_of_range", "/a"),
    (b'{"a": -1e400}', "number_out_of_range", "/a"),
    (b'{"a": 1e-400}', "number_out_of_range", "/a"),
    (b"[1, 10000000000000000000]", "number_out_of_range", "/1"),
    (b"[" + b"9" * 5000 + b"]", "number_out_of_range", "/0"),
    (b'"' + b"a" * 1024 * 1024 + b'"', "too_large", ""),
    (b"", "invalid_json", ""),
    (b"  ", "invalid_json", ""),
    (b"{} {}", "invalid_json", ""),
    (b'{"a": 1} x', "invalid_json", ""),
    (b'{"a": 1,}', "invalid_json", ""),
    (b"{'a': 1}", "invalid_json", ""),
    (b'["a\nb"]', "invalid_json", ""),
    (b'["a\x00b"]', "invalid_json", ""),
    (b"[01]", "invalid_json", ""),
    (b"[1.]", "invalid_json", ""),
    (b"[.5]", "invalid_json", ""),
    (b"[+1]", "invalid_json", ""),
    (b"[0x10]", "invalid_json", ""),
    (b"[1_000]", "invalid_json", ""),
    ("[٣]".encode(), "invalid_json", ""),
    (b"[True]", "invalid_json", ""),
    (b"// no\n[]", "invalid_json", ""),
    (b'"\\ud83d', "invalid_json", ""),
    (b'["unfinished', "invalid_json", ""),
    (b'["\\x41"]', "invalid_json", ""),
]


@pytest.mark.parametrize(
    ("raw", "code", "pointer"), REFUSED, ids=[f"{i}-{row[1]}" for i, row in enumerate(REFUSED)]
)
def test_what_is_ambiguous_or_broken_is_refused_with_its_place(raw: bytes, code: str, pointer: str) -> None:
    with pytest.raises(StrictJSONError) as refusal:
        loads(raw)

    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
    refusal.value.message.encode()


TAKEN = [
    (b"null", None),
    (b' {"a": [1, -2, 0.5, true, false, null, "x"]} ', {"a": [1, -2, 0.5, True, False, None, "x"]}),
    (b'"\\ud83d\\ude00"', "\U0001f600"),
    ('"é \\u00e9"'.encode(), "é é"),
    (b'"\\\\u0000"', "\\u0000"),
    (b'"[[[[ \\" ]]"', '[[[[ " ]]'),
    (b"[0.0, 0e10, -0.0]", [0.0, 0.0, -0.0]),
    (b"999999999999999999", 999999999999999999),
]


@pytest.mark.parametrize(("raw", "value"), TAKEN)
def test_what_is_sound_is_taken_as_it_is(raw: bytes, value: object) -> None:
    assert loads(raw) == value


def test_nesting_up_to_the_limit_is_taken_also_with_brackets_in_texts() -> None:
    raw = b'["[{",' * (MAX_DEPTH - 1) + b'["]"]' + b"]" * (MAX_DEPTH - 1)

    assert loads(raw) == json.loads(raw)


def test_limits_are_the_callers_to_choose() -> None:
    assert loads(b"[[1]]", max_depth=2, max_bytes=5) == [[1]]
    with pytest.raises(StrictJSONError, match="2 objects"):
        loads(b"[[[]]]", max_depth=2)
    with pytest.raises(StrictJSONError, match="4 bytes"):
        loads(b"[[1]]", max_bytes=4)


@pytest.mark.parametrize(
    "raw",
    [
        b'["' + b'\\"' * 500_000 + b'"]',
        b'["' + b"\\\\" * 500_000,
        b'["' + b'\\"' * 500_000,
        b"[" + b"[]," * 340_000 + b"[]]",
        b'"' * 1_000_000,
        b"{" + b",".join(b'"%d":0' % i for i in range(90_000)) + b',"0":1}',
        b'["\\u0041",' + b",".join(b"[1]" for _ in range(250_000)) + b"]",
    ],
    ids=["quotes", "backslashes", "unfinished", "lists", "texts", "keys", "walked"],
)
def test_a_mebibyte_takes_linear_time(raw: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(StrictJSONError):
        loads(raw)

    assert time.process_time() - started < 3


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=1)), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_every_sound_value_comes_back_as_it_was_sent(value: object, escaped: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        loads(raw)
    except StrictJSONError as refusal:
        assert refusal.code  # noqa: PT017 - both outcomes are right
