"""No text of a person begins a segment, a field or a component."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordering.hl7.encoding import composite, escaped, formatted, header, moment, parts, repeated, segment


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("a|b^c&d~e\\f", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"),
        ("\\F\\", "\\E\\F\\E\\"),
        ("one\rtwo", "one\\X0D\\two"),
        ("tab\there", "tab\\X09\\here"),
        ("\x0bMSH\x1c\r", "\\X0B\\MSH\\X1C\\\\X0D\\"),
        ("next\u0085line\u2028", "next\\XC285\\line\\XE280A8\\"),
        ("Müller 李", "Müller 李"),
        ('""', "\\X2222\\"),
    ],
)
def test_delimiters_and_controls_are_escaped(text: str, written: str):
    assert escaped(text) == written


def test_line_breaks_of_formatted_text_are_commands():
    assert formatted("one\r\ntwo\nthree|") == "one\\.br\\two\\.br\\three\\F\\"


def test_empty_ends_are_left_out_and_nothing_is_escaped_twice():
    assert segment("OBR", {1: "1", 4: composite("a", "", "b^", ""), 9: ""}) == "OBR|1|||a^^b\\S\\\r"
    assert repeated(composite("a", "b"), "c~") == "a^b~c\\R\\"
    assert composite(parts("a&", "b"), "c") == "a\\T\\&b^c"
    assert header({3: "X", 12: "2.5.1"}) == "MSH|^~\\&|X|||||||||2.5.1\r"
    assert moment(None) == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_texts_stay_the_components_they_are(texts: list[str]):
    line = segment("NTE", {1: "1", 3: composite(*texts, "end")})

    assert line.count("\r") == 1
    assert line.splitlines() == [line[:-1]]
    assert line[:-1].split("|")[3].count("^") == len(texts)
