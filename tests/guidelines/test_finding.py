"""Finding scenarios by a few words, typos forgiven, among thousands."""

import random
import time
from collections.abc import Callable

import pytest
from rapidfuzz import fuzz, process, utils

from guidelines.finding import WordIndex

PARTS = [
    "abdomen",
    "chest",
    "pelvis",
    "knee",
    "shoulder",
    "spine",
    "brain",
    "neck",
    "hip",
    "ankle",
    "liver",
    "kidney",
    "pancreas",
    "breast",
    "lung",
]
ASKED = [
    "pain",
    "trauma",
    "mass",
    "infection",
    "fracture",
    "haemorrhage",
    "obstruction",
    "ischaemia",
    "lymphoma",
    "carcinoma",
    "fever",
]
WHO = "adult child pregnant elderly newborn immunocompromised postoperative athlete".split()  # noqa: SIM905
THOUSANDS = [
    f"{who.title()} with {part} {asked}, {stage}"
    for who in WHO
    for part in PARTS
    for asked in ASKED
    for stage in ("initial imaging", "follow-up", "before surgery", "after surgery")
]


@pytest.fixture(scope="module")
def index() -> WordIndex:
    return WordIndex([(title,) for title in THOUSANDS])


def misspelt(word: str, chance: random.Random) -> str:
    if len(word) < 5:
        return word
    place = chance.randrange(1, len(word) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    ways = [
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    ]
    return chance.choice(ways)


def test_misspelt_titles_are_among_the_first_ten_of_thousands(index: WordIndex):
    chance = random.Random(20261123)
    asked = [chance.randrange(len(THOUSANDS)) for _ in range(200)]

    found = [
        number in index.find(" ".join(misspelt(word, chance) for word in THOUSANDS[number].split()), limit=10)
        for number in asked
    ]

    assert len(THOUSANDS) > 4000
    assert sum(found) >= 0.95 * len(found)


def test_finding_takes_an_eighth_of_a_scan_of_all_titles_at_most(index: WordIndex):
    chance = random.Random(7)
    asked = [" ".join(misspelt(word, chance) for word in chance.choice(THOUSANDS).split()) for _ in range(40)]

    def seconds(look: Callable[[str], object]) -> float:
        begun = time.process_time()
        for typed in asked:
            look(typed)
        return time.process_time() - begun

    scan = seconds(
        lambda typed: process.extract(
            typed, THOUSANDS, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=10
        )
    )

    assert seconds(lambda typed: index.find(typed, limit=10)) <= scan / 8


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("abdomen pain adult initial imaging", "Adult with abdomen pain, initial imaging"),
        ("pancr lymphoma child follow up", "Child with pancreas lymphoma, follow-up"),
        ("NECK, TRAUMA; athlete: before surgery!", "Athlete with neck trauma, before surgery"),
    ],
)
def test_the_best_fit_comes_first(index: WordIndex, typed: str, first: str):
    assert THOUSANDS[index.find(typed, limit=1)[0]] == first


@pytest.mark.parametrize("typed", ["", " ", "?!", "zzzzzzzz", "qq", "12345", "\x00", "\ud800", "x" * 100_000])
def test_what_resembles_nothing_finds_nothing(index: WordIndex, typed: str):
    assert index.find(typed, limit=10) == []
