"""Small groups: what is hidden, and that nobody can work it out."""

import itertools
from collections.abc import Iterator

import pytest

from ordering.quality.small_groups import (
    ALL_BUT_FEWER,
    FEWER,
    HIDDEN,
    SMALLEST,
    Part,
    part_of,
    partition,
    percent_of,
    shown,
)


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (1, FEWER), (4, FEWER), (5, "5"), (248, "248")])
def test_a_count_of_one_to_four_is_hidden_and_none_is_shown(number, text):
    assert shown(number).text == text
    assert (shown(number).value is None) == (text == FEWER)


@pytest.mark.parametrize(
    ("number", "whole", "text", "share"),
    [
        (221, 248, "221", "89%"),
        (3, 248, FEWER, ""),
        (247, 248, ALL_BUT_FEWER, ""),
        (248, 248, "248", "100%"),
        (0, 248, "0", "0%"),
        (2, 3, FEWER, ""),
        (0, 3, "0", ""),
        (0, 0, "0", ""),
        (5, 9, ALL_BUT_FEWER, ""),
        (5, 10, "5", "50%"),
    ],
)
def test_a_part_is_shown_only_if_neither_it_nor_the_rest_is_small(number, whole, text, share):
    part = part_of(number, whole)

    assert (part.count.text, part.share) == (text, share)


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ((20, 10, 0), ["20", "10", "0"]),
        ((20, 3, 10), ["20", FEWER, HIDDEN]),  # 33 less 20 less 10 would be 3
        ((30, 1, 1), [HIDDEN, FEWER, FEWER]),  # 32 less 30 leaves two for two
        ((30, 2, 1), ["30", FEWER, FEWER]),  # three for two: either may be the 1
        ((50, 2, 5, 5), ["50", FEWER, HIDDEN, HIDDEN]),
        ((4, 4, 0), [HIDDEN, HIDDEN, HIDDEN]),  # eight for two could only be 4 and 4
        ((2, 1, 0), [FEWER, FEWER, "0"]),
        ((0, 0), ["0", "0"]),
    ],
)
def test_rows_hide_small_groups_and_what_would_give_them_away(numbers, texts):
    parts = partition(dict(enumerate(numbers)))

    assert [part.count.text for part in parts.values()] == texts


def test_no_reader_who_knows_the_rule_and_the_total_can_work_out_a_small_group():
    sizes = (0, 1, 2, 3, 4, 5, 6, 9)
    given_away = []

    for rows in (2, 3, 4):
        for numbers in itertools.combinations_with_replacement(sizes, rows):
            if sum(numbers) < SMALLEST:
                continue
            parts = list(partition(dict(enumerate(numbers))).values())
            possible = list(_fitting(parts, sum(numbers)))
            assert numbers in possible
            for place, number in enumerate(numbers):
                if 0 < number < SMALLEST and len({guess[place] for guess in possible}) == 1:
                    given_away.append(numbers)

    assert given_away == []


def _fitting(parts: list[Part], total: int) -> Iterator[tuple[int, ...]]:
    """Yield every table that the reader must think possible."""
    visible = [part.count.value for part in parts if part.count.value]
    all_hidden = all(part.count.text == HIDDEN for part in parts)
    choices = []
    for part in parts:
        if part.count.value is not None:
            choices.append([part.count.value])
        elif part.count.text == FEWER:
            choices.append(list(range(1, SMALLEST)))
        else:
            choices.append(list(range(0 if all_hidden else SMALLEST, min(visible, default=total) + 1)))
    for guess in itertools.product(*choices):
        if sum(guess) == total:
            yield guess


@pytest.mark.parametrize(
    ("number", "whole", "percent"), [(1, 1000, 1), (999, 1000, 99), (0, 7, 0), (7, 7, 100), (1, 0, None)]
)
def test_per_cent_never_say_none_for_some_or_all_for_most(number, whole, percent):
    assert percent_of(number, whole) == percent
