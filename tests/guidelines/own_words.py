"""Runs of eight words, hashed: shows whether a text repeats the source article, without keeping the article.

`article_shingles.txt` holds the hashes of every run of the article. To make it anew for another article:
`python -m tests.guidelines.own_words < ARTICLE.txt > tests/guidelines/article_shingles.txt`.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

RUN = 8  # words in a row that count as copied
SHINGLES = Path(__file__).with_name("article_shingles.txt")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, British spellings folded into American ones."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [word.replace("ae", "e").replace("our", "or") for word in words]


def shingles_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield each run of words with its hash."""
    words = words_of(text)
    for start in range(len(words) - RUN + 1):
        run = " ".join(words[start : start + RUN])
        yield run, hashlib.sha256(run.encode()).hexdigest()[:16]


def copied_runs(text: str) -> list[str]:
    """Return the runs of words that the article has too."""
    known = set(SHINGLES.read_text("ascii").split())
    return [run for run, digest in shingles_of(text) if digest in known]


if __name__ == "__main__":
    for digest in sorted({digest for _, digest in shingles_of(sys.stdin.read())}):
        sys.stdout.write(f"{digest}\n")
