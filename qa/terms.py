"""The words of a question that an answering passage should have: content words, names, numbers, years.

Words are compared by stem, without case and accents; numbers by value, so that "twelve" is "12" and "8,000" is
"8000"; an acronym is found in the words it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import Stemmer

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_CODE = re.compile(r"\b([^\W\d_]{2,})[-–‑](\d+)\b")
_PEOPLE = re.compile(r"(?:stan|ian|ean|ese|ish|ic|an|ey|ia|[aeiny])$")
"""What a country's name and its people's name differ in: Kazakhstan and Kazakh, China and Chinese."""
_LEAST_MISSPELT = 6
_STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being both but by can could define
    describe did do does doing done down during each either else ever every explain few find for from further
    gave get give given gives had has have having he her here hers him his how i if in into is it its itself
    just kind list many may me might mine more most much must my name names no nor not of off on once one ones
    only or other our out over own please same say says shall she should show so some such tell than that the
    their them then there these they thing things this those through to too type types under until up upon us
    very was we were what when where whether which while who whom whose why will with within without would you
    your according article articles mean means meaning called known s t d ll m re ve vs etc""".split()
)
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty""".split()
    )
} | {
    word: str(value)
    for value, word in zip(range(30, 100, 10), "thirty forty fifty sixty seventy eighty ninety".split(), strict=True)
}


class Word(NamedTuple):
    """A word or number in a text: as written, its key for comparing, and where it lies."""

    text: str
    key: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        """Whether the word is a number, in digits or in letters."""
        return self.key[0].isdigit()


@dataclass(frozen=True, slots=True)
class Code:
    """A name with a number, such as "Caspian Wind-2025": as written, and the keys of its last word and number."""

    text: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """What a question asks about.

    Attributes:
        content: The words that carry meaning, in order, each key once.
        names: Capitalised words inside the question, as written.
        numbers: Its numbers and years that are written in digits.
        codes: Its names with a number.
    """

    content: tuple[Word, ...]
    names: tuple[Word, ...]
    numbers: tuple[Word, ...]
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a question a passage has.

    Attributes:
        share: Of the question's content words, weighted by rarity, 0 to 1; 1 for a question without any.
        missing_names: Names of the question that the passage lacks, as written.
        missing_numbers: Numbers and years that it lacks, as written.
        other_codes: Codes of the question whose name the passage has with another number only.
    """

    share: float
    missing_names: tuple[str, ...]
    missing_numbers: tuple[str, ...]
    other_codes: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Everything named that is missing, as written; a number that stands in a missing code not once more."""
        numbers = (number for number in self.missing_numbers if not any(number in code for code in self.other_codes))
        return (*self.other_codes, *self.missing_names, *numbers)


@cache
def _stemmer() -> Stemmer.Stemmer:
    import Stemmer

    return Stemmer.Stemmer("english")


def split_words(text: str) -> list[Word]:
    """Return the words and numbers of a text, in order."""
    return [Word(word := match.group(), _key(word), match.start(), match.end()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=1 << 16)
def _key(word: str) -> str:
    folded = _fold(word)
    return folded if folded[0].isdigit() else _stemmer().stemWord(folded)


def _fold(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", word) else word.replace(",", ".")
    word = word.casefold().replace("’", "'")
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)) or word
    word = word.removesuffix("'s").removesuffix("'") or word
    return _NUMBER_WORDS.get(word, word)


def question_terms(question: str) -> QuestionTerms:
    """Return what the question asks about."""
    words = split_words(question)
    content = [w for w in words if w.is_number or w.text.casefold() not in _STOP_WORDS]
    if not content:
        content = words
    first: dict[str, Word] = {}
    for word in content:
        first.setdefault(word.key, word)
    later = [w.text for w in words[1:] if len(w.text) > 3]
    shouted = len(later) > 1 and all(text[0].isupper() for text in later)
    names = [] if shouted else [w for w in content if not w.is_number and _is_name(w, question)]
    return QuestionTerms(
        content=tuple(first.values()),
        names=tuple(names),
        numbers=tuple(w for w in content if w.is_number and w.text[0].isdigit()),
        codes=tuple(find_codes(question)),
    )


def _is_name(word: Word, question: str) -> bool:
    return word.text[0].isupper() and (
        bool(question[: word.start].strip()) or len(word.text) > 1 and word.text.isupper()
    )


def find_codes(text: str) -> list[Code]:
    """Return the names with a number in a text, in order."""
    matches = list(_CODE.finditer(text))
    words = split_words(text) if matches else []
    return [_code(match, words) for match in matches]


def _code(match: re.Match[str], words: Sequence[Word]) -> Code:
    """Return a code with the capitalised words before it."""
    start = match.start()
    for word in reversed([word for word in words if word.end <= match.start()]):
        if word.end != start - 1 or not word.text[0].isupper() or word.text.casefold() in _STOP_WORDS:
            break
        start = word.start
    name, number = map(_key, match.groups())
    return Code(match.string[start : match.end()], name, number)


def cover(terms: QuestionTerms, text: str, context: str = "", rarity: Mapping[str, float] | None = None) -> Coverage:
    """Return how much of the question the passage has.

    Args:
        terms: Of the question.
        text: The passage.
        context: Words the passage stands under: title, headings, column names.
        rarity: Weight of each content key, such as its inverse document frequency; None weighs all alike.
    """
    return cover_words(terms, split_words(f"{context}\n{text}"), rarity)


def cover_words(terms: QuestionTerms, words: Sequence[Word], rarity: Mapping[str, float] | None = None) -> Coverage:
    """Return how much of the question some words have: see :func:`cover`."""
    keys = {word.key for word in words}
    weights = {word.key: (rarity or {}).get(word.key, 1.0) for word in terms.content}
    found = weights.keys() & keys
    found |= {key for key in weights.keys() - found if not key[0].isdigit() and _is_misspelt(key, keys)}
    names = {name.key: name.key in found or _has_name(name, words, keys) for name in terms.names}
    found |= {key for key, has in names.items() if has}
    total = sum(weights.values())
    numbers_of: dict[str, set[str]] = {}
    for left, right in zip(words, words[1:], strict=False) if terms.codes else ():
        if right.is_number:
            numbers_of.setdefault(left.key, set()).add(right.key)
    return Coverage(
        share=sum(weights[key] for key in weights if key in found) / total if total else 1.0,
        missing_names=tuple(name.text for name in terms.names if not names[name.key]),
        missing_numbers=tuple(number.text for number in terms.numbers if number.key not in keys),
        other_codes=tuple(c.text for c in terms.codes if c.name in numbers_of and c.number not in numbers_of[c.name]),
    )


def _has_name(name: Word, words: Sequence[Word], keys: set[str]) -> bool:
    if name.key in keys:
        return True
    if name.text.isupper() and 3 <= len(name.text) <= 6:
        initials = "".join(word.key[0] for word in words)
        if name.text.casefold() in initials:
            return True
    root = _PEOPLE.sub("", name.key)
    return len(root) >= 4 and any(key.startswith(root) and _PEOPLE.sub("", key) == root for key in keys)


def _is_misspelt(key: str, keys: set[str]) -> bool:
    """Return whether one of the keys is the word but for a letter more, less or other, or two letters swapped."""
    return len(key) >= _LEAST_MISSPELT and any(
        abs(len(key) - len(other)) <= 1 and not other[0].isdigit() and _is_one_edit(key, other) for other in keys
    )


def _is_one_edit(left: str, right: str) -> bool:
    if len(left) < len(right):
        left, right = right, left
    same = 0
    while same < len(right) and left[same] == right[same]:
        same += 1
    if len(left) > len(right):
        return left[same + 1 :] == right[same:]
    swapped = left[same : same + 2] == right[same : same + 2][::-1] and left[same + 2 :] == right[same + 2 :]
    return swapped or left[same + 1 :] == right[same + 1 :]
