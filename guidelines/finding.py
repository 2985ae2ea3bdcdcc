"""Finding texts by a few words, typos forgiven: fuzzy on the vocabulary, then an inverted index. Pure.

A typed word is compared with each different word once, not with each text; that is what keeps thousands of
scenarios fast.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from heapq import nsmallest

from rapidfuzz import fuzz, process, utils

MATCH = 0.60  # mean likeness of the typed words: below this, a text has too little in common with them
_LIKE = 66.0  # of 100: below this, two words are different words
_MOST_LIKE = 40  # words that a misspelt one may mean
_BEGINNING = 0.9  # likeness of a word to its beginning
_COMMON = 16  # of so many texts, more than one has a common word
_LONGER = 2  # letters that a word may have too many or too few
_SHORT = 2  # letters: so short a word is not guessed at
_ONE = re.compile("1")
_MOST_WORDS, _MOST_LETTERS = 16, 40  # of what is typed


class WordIndex:
    """Texts by their words. Each text comes in parts, the ones that say most first."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self.places: dict[str, dict[int, float]] = {}  # word -> text -> weight of the best part with it
        for number, parts in enumerate(texts):
            for rank, part in enumerate(parts):
                for word in words_of(part):
                    self.places.setdefault(word, {}).setdefault(number, 1.0 / (1 + rank))
        self.vocabulary = sorted(self.places)
        self.by_length: dict[int, list[str]] = {}
        for word in self.vocabulary:
            if not word.isdigit():  # a number is never misspelt
                self.by_length.setdefault(len(word), []).append(word)
        self.rarity = {word: math.log(1 + len(texts) / len(numbers)) for word, numbers in self.places.items()}
        self.everywhere = (1 << len(texts)) - 1
        self.texts = {word: _as_bits(numbers) for word, numbers in self.places.items()}
        # a word that so many texts have tells texts apart; it does not find them
        self.common = {
            word for word, numbers in self.places.items() if len(numbers) * _COMMON > len(texts) > 64
        }

    def find(self, query: str, *, limit: int) -> list[int]:
        """Return the numbers of the texts that fit what was typed, best first."""
        typed = list(dict.fromkeys(words_of(query)))[:_MOST_WORDS]
        meant = [self._like(word[:_MOST_LETTERS]) for word in typed]
        enough = MATCH * len(typed)
        words = [
            [(self.places[word], like**2 * self.rarity[word], like) for word, like in candidates.items()]
            for candidates in meant
        ]
        score: dict[int, float] = {}
        for number in self._candidates(meant, enough, most=limit):
            worth = likeness = 0.0
            for alike in words:
                best = nearest = 0.0
                for held, value, like in alike:
                    if number in held:
                        if best < (given := value * held[number]):
                            best = given
                        if nearest < like:
                            nearest = like
                worth += best
                likeness += nearest
            if likeness >= enough:
                score[number] = worth
        return nsmallest(limit, score, key=lambda number: (-score[number], number))

    def _candidates(self, meant: list[dict[str, float]], enough: float, *, most: int) -> Iterator[int]:
        """Yield the texts with the most of the typed words, `most` of them or a few more.

        Sets of texts are numbers of as many bits: thousands of texts are joined in one step.
        """
        having = [0] * (len(meant) + 1)  # texts that have at least so many of the typed words
        having[0] = self.everywhere
        telling = 0
        for candidates in meant:
            texts = 0
            for word in candidates:
                texts |= self.texts[word]
                if word not in self.common:
                    telling |= self.texts[word]
            for count in range(len(meant), 0, -1):
                having[count] |= having[count - 1] & texts
        among = telling or self.everywhere
        given = above = 0
        for count in range(len(meant), math.ceil(enough) - 1, -1):
            if not count or given >= most:
                return
            for place in _ONE.finditer(bin(having[count] & among & ~above)[:1:-1]):
                given += 1
                yield place.start()
            above = having[count]

    def _like(self, word: str) -> dict[str, float]:
        """Return the words that may be meant by a typed one, with their likeness from 0 to 1."""
        found: dict[str, float] = {}
        # the beginning of a word is typed before its end
        for candidate in self.vocabulary[bisect_left(self.vocabulary, word) :]:
            if not candidate.startswith(word) or len(word) <= _SHORT:
                break
            found[candidate] = _BEGINNING
        if word in self.places:
            found[word] = 1.0
        elif len(word) > _SHORT and not word.isdigit():
            for length in range(len(word) - _LONGER, len(word) + _LONGER + 1):
                near = process.extract(
                    word,
                    self.by_length.get(length, ()),
                    scorer=fuzz.ratio,
                    processor=None,
                    score_cutoff=_LIKE,
                    limit=_MOST_LIKE,
                )
                for candidate, like, _ in near:
                    found[candidate] = max(found.get(candidate, 0.0), like / 100)
        return found


def _as_bits(numbers: Collection[int]) -> int:
    """Return the number whose bits of these places are set."""
    bits = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        bits[number // 8] |= 1 << number % 8
    return int.from_bytes(bits, "little")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without their marks and capitals."""
    return utils.default_process(text).split()
