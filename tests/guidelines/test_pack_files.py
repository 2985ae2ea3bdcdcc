"""Packs as files: JSON and YAML say the same, many in one file; hostile files are refused."""

import io
import json
import re
import time
import tracemalloc
from typing import Any

import pytest
import yaml

from guidelines import packs
from guidelines.engine import digest_of
from guidelines.exchange.pieces import objects_of
from guidelines.exchange.reading import ReadPack, form_of, read_packs
from guidelines.exchange.strict_yaml import documents, plain
from guidelines.exchange.yaml_text import to_yaml
from tests.guidelines.desk import BICYCLE, SHIPPED, document_at

DOCUMENT = document_at(BICYCLE)
PACK = packs.envelope(DOCUMENT)
AS_JSON = json.dumps(PACK, indent=2, ensure_ascii=False).encode()
AS_LINE = json.dumps(PACK).encode() + b"\n"
AS_YAML = to_yaml(PACK).encode()


def read(data: bytes, name: str = "pack.json") -> list[ReadPack]:
    return list(read_packs(io.BytesIO(data), form_of(name, data[:64])))


def said(data: bytes, name: str) -> list[str]:
    """Return the faults of a file's only pack."""
    (pack,) = read(data, name)
    assert pack.document is None
    return [str(fault) for fault in pack.faults]


@pytest.mark.parametrize("path", [SHIPPED, BICYCLE], ids=lambda path: path.stem)
def test_json_and_yaml_say_the_same_and_keep_the_digest(path):
    pack = packs.envelope(document_at(path))

    (from_yaml,) = read(to_yaml(pack).encode(), "pack.yaml")
    (from_json,) = read(json.dumps(pack).encode())

    assert digest_of(from_yaml.document) == digest_of(from_json.document) == pack["checksum"]


def test_yaml_written_here_means_the_same_to_readers_of_the_older_yaml():
    assert yaml.safe_load(AS_YAML) == PACK


@pytest.mark.parametrize(
    "text",
    [
        *("no yes on Off y n null ~ true False 1 -1 1e3 1_000 0o17 0x1F 012 1:30 .5 +1 .inf .NaN".split()),  # noqa: SIM905
        *("2026-05-30 2026-05-30T10:00:00Z << = !x &a *a ' % @ ` [ { | > ? ... \"".split()),  # noqa: SIM905
        *("", "- a", "a: b", "a #b", " x", "x ", "x\n", "\nx", "a\n\nb", "a \nb", "--- x", "\tx"),
        *("é", "\u2028", "\u00a0", "\ufeff", "😀"),
    ],
)
def test_every_text_comes_back_from_yaml_as_the_text_it_was(text):
    value = {"value": text, text: ["no", text]}

    written = to_yaml(value).encode()

    (again,) = documents(io.BytesIO(written), max_bytes=1000, max_nodes=100)
    assert (again.faults, again.value) == ([], value)
    assert yaml.safe_load(written) == value


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("no", "no"), ("Yes", "Yes"), ("off", "off"), ("2026-05-30", "2026-05-30"),
        ("1:30", "1:30"),
        ("true", True), ("null", None), ("~", None), ("12", 12),
        ("-1.5", -1.5), ("1e3", 1000.0), ("012", "012"),
    ],
)  # fmt: skip
def test_a_plain_word_of_yaml_means_what_json_would_spell_so(word, meant):
    assert plain(word) == meant


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.json", b"[\n" + AS_JSON + b",\n" + AS_JSON + b"]\n"),
        ("after-each-other.json", AS_JSON + b"\n" + AS_JSON),
        ("lines.jsonl", AS_LINE + b"\n" + AS_LINE),
        ("documents.yaml", AS_YAML + AS_YAML),
        ("no-ending", AS_YAML + AS_YAML),
        ("no-ending-either", AS_LINE + AS_LINE),
    ],
)
def test_a_file_holds_many_packs(name, data):
    found = read(data, name)

    assert [pack.number for pack in found] == [1, 2]
    assert {digest_of(pack.document) for pack in found} == {PACK["checksum"]}


def test_a_broken_line_does_not_spoil_the_lines_after_it():
    first, broken, last = read(AS_LINE + b'{"schema"\n' + AS_LINE, "packs.jsonl")

    assert first.document == last.document == DOCUMENT
    assert [(fault.line, fault.message[:9]) for fault in broken.faults] == [(3, "Not JSON:")]


@pytest.mark.parametrize(
    ("name", "before", "after", "line_of", "message"),
    [
        ("p.json", b"Grown rider", b"<b>Grown rider", b"<b>Grown", "without markup"),
        ("p.yaml", b"Grown rider", b"<b>Grown rider", b"<b>Grown", "without markup"),
        ("p.json", b'"slug": "which-bicycle"', b'"slug": "Which Bicycle"', b'"Which Bicycle"', "slug"),
        ("p.yaml", b"slug: which-bicycle", b"slug: Which Bicycle", b"Which Bicycle", "slug"),
        ("p.json", b'"kind": "integer"', b'"kind": "song"', b'"song"', "must be one of"),
        ("p.yaml", b"kind: integer", b"kind: song", b"song", "must be one of"),
        ("p.yaml", b"review_due_on: ", b"review_due_on: !!timestamp ", b"!!timestamp", "Tags are not taken"),
        ("p.yaml", b"  audience: ", b"  audience: &anchor ", b"&anchor", "Anchors and aliases are not taken"),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_path(name, before, after, line_of, message):
    clean = re.sub(rb'\n? *"?checksum"?:[^\n]*', b"", AS_YAML if name.endswith("yaml") else AS_JSON)
    data = clean.replace(before, after, 1)
    line = data[: data.index(line_of)].count(b"\n") + 1

    faults = said(data, name)

    assert any(fault.startswith(f"line {line}, /scenario/") and message in fault for fault in faults), faults


def test_every_fault_is_named_at_once_in_json_and_in_yaml():
    as_json = AS_JSON.replace(b'"slug":', b'"slug": "x",\n"slug":', 1)
    as_json = as_json.replace(
        b'"search_terms": [', b'"search_terms": [NaN, -Infinity, "\\u0000", "\\ud800", ', 1
    )
    as_yaml = AS_YAML.replace(b"  slug:", b"  slug: x\n  slug:", 1)
    as_yaml = as_yaml.replace(
        b"  audience:", b"  one: !!python/object/apply:os.getcwd []\n  two: .nan\n  audience:", 1
    )

    assert [re.sub(r"^line \d+, ", "", fault) for fault in said(as_json, "p.json")] == [
        "/scenario/slug: This key is there more than once.",
        "/scenario/search_terms/0: NaN is no number in JSON.",
        "/scenario/search_terms/1: -Infinity is no number in JSON.",
        "/scenario/search_terms/2: This text holds NUL or half of a surrogate pair, which is no character.",
        "/scenario/search_terms/3: This text holds NUL or half of a surrogate pair, which is no character.",
    ]
    assert [re.sub(r"^line \d+, ", "", fault) for fault in said(as_yaml, "p.yaml")] == [
        "/scenario/slug: This key is there more than once.",
        "/scenario/one: Tags are not taken: write plain text, numbers, lists and objects.",
        "/scenario/two: .nan is no number in JSON.",
    ]


BOMB = b"a: &a [x]\n" + b"\n".join(
    b"%c: &%c [%s]" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 10)) for i in range(20)
)
FOREIGN = packs.FORMAT.encode(), b"other/9"
READS = f"this portal reads {packs.FORMAT}"
ROWS = b"".join(b'{"key":"a%d"},' % number for number in range(1500))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bomb.yaml", BOMB, "Anchors and aliases are not taken"),
        ("deep.yaml", b"[" * 1_000_000, "inside each other"),
        ("deep.json", b"[" * 1_000_000, "inside each other"),
        ("deeper.json", b'{"a":' * 500_000, "inside each other"),
        ("long.json", b'{"a": "' + b"x" * 50_000_000 + b'"}', "larger than"),
        ("long.yaml", b"a: " + b"x" * 50_000_000, "larger than"),
        ("no-object.json", b"x" * 50_000_000, "larger than"),
        ("many.yaml", b"- a\n" * 100_000, "no scenario"),
        ("many.json", b'{"a": [' + b"1," * 100_000 + b"1]}", "no scenario"),
        ("rows.json", b'{"schema":"%s","scenario":{"faqs":[%s]}}' % (FOREIGN[0], ROWS[:-1]), "is missing"),
        ("nul.json", b'{"a": "\x00"}', "control character"),
        ("nul.yaml", b'a: "\\0"', "NUL"),
        ("surrogate.yaml", b'a: "\\ud800"', "Unicode"),
        ("bytes.yaml", bytes(range(128, 256)), "UTF-8"),
        ("bytes.json", b'{"a": "\xff"}', "UTF-8"),
        ("utf16.yaml", "a: b".encode("utf-16"), "UTF-8"),
        ("directive.yaml", b"%TAG ! tag:example.org,2026:\n---\na: b\n", "Tags are not taken"),
        ("keys.yaml", b"1: a\n", "put the key into quotation marks"),
        ("keys.yaml", b"? [a]\n: b\n", "cannot be a key"),
        ("merge.yaml", b"<<: {a: b}\n", "'<<'"),
        ("tab.yaml", b"a:\n\t- b\n", "Not YAML"),
        ("empty.yaml", b"", "holds no pack"),
        ("empty.json", b" \n", "holds no pack"),
        ("list.json", b"[]", "holds no pack"),
        ("foreign.json", AS_JSON.replace(*FOREIGN), READS),
        ("foreign.yaml", AS_YAML.replace(*FOREIGN), READS),
        ("changed.json", AS_JSON.replace(b"which bicycle", b"what bicycle", 1), "changed or cut"),
        ("licence.json", AS_JSON.replace(b'"licence": "', b'"licence": "Not ', 1), "says other than"),
        ("source.yaml", AS_YAML.replace(b"reviewed_on:", b"reviewed_on: '2020-02-02' #", 1), "says other"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_quickly_and_in_little_memory(name, data, message):
    tracemalloc.start()
    begun = time.process_time()

    faults = said(data, name)

    spent, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert any(message in fault for fault in faults), faults
    assert len(faults) <= 101
    assert spent < 20
    assert peak < 120_000_000


def test_cutting_a_long_file_into_packs_needs_memory_for_one_of_them():
    class Repeated(io.RawIOBase):
        """A file of many packs that is never in memory as a whole."""

        def __init__(self, count: int) -> None:
            self.left = count

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return AS_LINE if self.left >= 0 else b""

    def peak_of(count: int) -> int:
        tracemalloc.start()
        file: Any = Repeated(count)
        assert sum(1 for piece in objects_of(file, max_bytes=packs.MAX_BYTES) if piece.data) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_of(1)

    assert peak_of(40) < 1.5 * peak_of(5)
