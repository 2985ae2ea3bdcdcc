"""Finding texts by a few words, typos forgiven: fuzzy on the vocabulary, then an inverted index. Pure.

A typed word is compared with each different word once, not with each text; that is what keeps thousands of
scenarios fast.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice

from rapidfuzz import fuzz, process, utils

MATCH = 0.60  # mean likeness of the typed words: below this, a text has too little in common with them
_LIKE = 66.0  # of 100: below this, two words are different words
_MOST_LIKE = 40  # words that a misspelt one may mean
_BEGINNING = 0.9  # likeness of a word to its beginning
_COMMON = 16  # of so many texts, more than one has a common word
_LONGER = 2  # letters that a word may have too many or too few
_SHORT = 2  # letters: so short a word is not guessed at
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
        # a word that so many texts have tells texts apart; it does not find them
        self.common = {
            word for word, numbers in self.places.items() if len(numbers) * _COMMON > len(texts) > 64
        }

    def find(self, query: str, *, limit: int) -> list[int]:
        """Return the numbers of the texts that fit what was typed, best first."""
        typed = list(dict.fromkeys(words_of(query)))[:_MOST_WORDS]
        meant = [self._like(word[:_MOST_LETTERS]) for word in typed]
        score: dict[int, float] = {}
        for candidates in meant:
            self._count([word for word in candidates if word not in self.common], candidates, score, None)
        found = frozenset(score) if score else None
        for candidates in meant:
            self._count([word for word in candidates if word in self.common], candidates, score, found)
        best = sorted(score, key=lambda number: (-score[number], number))
        enough = MATCH * len(typed)
        fitting = (number for number in best if self._likeness(number, meant) >= enough)
        return list(islice(fitting, limit))

    def _count(
        self,
        words: list[str],
        candidates: dict[str, float],
        score: dict[int, float],
        among: frozenset[int] | None,
    ) -> None:
        """Add to each text, or to those `among` them, what the best of these words in it is worth."""
        worth: dict[int, float] = {}
        for word in words:
            held = self.places[word]
            value = candidates[word] ** 2 * self.rarity[word]
            numbers = held if among is None else held.keys() & among
            if worth:
                for number in numbers:
                    worth[number] = max(worth.get(number, 0.0), value * held[number])
            else:
                worth = {number: value * held[number] for number in numbers}
        for number, value in worth.items():
            score[number] = score.get(number, 0.0) + value

    def _likeness(self, number: int, meant: list[dict[str, float]]) -> float:
        """Return how many of the typed words a text has, each as far as it is alike."""
        return sum(
            max((like for word, like in candidates.items() if number in self.places[word]), default=0.0)
            for candidates in meant
        )

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


def words_of(text: str) -> list[str]:
    """Return the words of a text, without their marks and capitals."""
    return utils.default_process(text).split()
