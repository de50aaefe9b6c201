"""The phrases by which Chinese characters are read (重庆: chóng qìng), in a third of pypinyin's memory.

pypinyin holds each phrase as lists of lists, and every beginning of one besides: 43 MB in each process, asked
for a reading or not. Here its file is read at the first question, into one string for each phrase.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import NamedTuple

os.environ["PYPINYIN_NO_PHRASES"] = "1"  # pypinyin looks at this when it is imported, and nowhere else

from pypinyin import Style, lazy_pinyin
from pypinyin.style import convert

#: an entry of pypinyin's file, `"重庆": [["chóng"], ["qìng"]]`; one by one, because all at once take 40 MB
_ENTRY = re.compile(r'"([^"]+)":\s*(\[[^:]*\])')


#: names of places that pypinyin reads otherwise: people look for the district, not for the morning sun
_PLACES = {"朝阳": "cháo yáng", "单县": "shàn xiàn"}


class Phrases(NamedTuple):
    """Each phrase's syllables with their tones; the length of the longest by its first two characters."""

    readings: dict[str, str]
    longest: dict[str, int]


@lru_cache(maxsize=1)
def _phrases() -> Phrases:
    known = Phrases({}, {})
    entries = ((phrase, " ".join([readings[0] for readings in each])) for phrase, each in _entries())
    for phrase, reading in chain(entries, _PLACES.items()):
        known.readings[phrase] = reading
        beginning = phrase[:2]
        if known.longest.get(beginning, 0) < len(phrase):
            known.longest[beginning] = len(phrase)
    return known


def _entries() -> Iterator[tuple[str, list[list[str]]]]:
    file = resources.files("pypinyin") / "phrases_dict.json"
    for entry in _ENTRY.finditer(file.read_text(encoding="utf-8")):
        yield entry[1], json.loads(entry[2])


def learn() -> None:
    """Read the phrases now: once for all processes that will be forked, and in nobody's first search."""
    _phrases()


def cut(text: str) -> list[str]:
    """Phrases, the longest from the left, and each character between them by itself; as pypinyin cuts."""
    readings, longest = _phrases()
    words, start, length = [], 0, len(text)
    while start < length:
        end = start + 1
        for far in range(start + longest.get(text[start : start + 2], 0), end, -1):
            if text[start:far] in readings:
                end = far
                break
        words.append(text[start:end])
        start = end
    return words


@lru_cache(maxsize=65536)
def syllables(word: str) -> tuple[str, ...]:
    """How a word of `cut` is read, without tones; a character without a reading stands for itself."""
    # company names are made of few words: remembering each makes a registry six times faster
    if reading := _phrases().readings.get(word):
        return tuple(convert(one, Style.NORMAL, strict=True) for one in reading.split(" "))
    return tuple(lazy_pinyin(word, errors=_as_it_is))  # type: ignore[arg-type]


def _as_it_is(run: str) -> list[str]:
    """What pypinyin makes of a run that has no reading: each letter by itself, so that it has initials."""
    return list(run)
