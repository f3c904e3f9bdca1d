"""Questions asked otherwise: keywords, typos, and near misses (another name or number, the opposite, a negation)."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence

from qa.opposites import OPPOSITES, is_negated
from training.data import Example

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
_NEGATED = 0.15
"""Share of questions without an opposite that are negated: people do ask who did not come."""
_NAME = re.compile(r"(?<=[a-z,'] )[A-Z][\w'-]*(?: (?:of |the )?[A-Z][\w'-]*)*")
_STOP = frozenset(
    "a an the of in on at to for from by with and or is are was were be been do does did has have had what which who "
    "whom whose when where why how that this it its as".split()
)
_NEGATABLE = re.compile(r"\b(did|does|do|is|are|was|were|can|could|has|have|had|would|should)\b", re.IGNORECASE)


class NamePool:
    """Names that the questions of an article, and of a source, ask for."""

    def __init__(self, examples: Sequence[Example]) -> None:
        """Collect them."""
        by_article: dict[str, set[str]] = defaultdict(set)
        by_source: dict[str, set[str]] = defaultdict(set)
        for e in examples:
            names = [m.group().removesuffix("'s") for m in _NAME.finditer(e.question)]
            by_article[e.doc_id].update(names)
            by_source[e.source].update(names)
        self._by_article = {k: sorted(v) for k, v in by_article.items()}
        self._by_source = {k: sorted(v) for k, v in by_source.items()}

    def draw(self, example: Example, rng: random.Random) -> str | None:
        """Draw a name, from the same article half of the time."""
        near = self._by_article.get(example.doc_id) if rng.random() < 0.5 else None
        names = near or self._by_source.get(example.source)
        return rng.choice(names) if names else None


def swap_question(example: Example, window: str, pool: NamePool, rng: random.Random) -> str | None:
    """Ask for a name or number that the window does not hold in place of one that it holds, or return None."""
    question, held = example.question, window.lower()
    numbers = [m for m in _NUMBER.finditer(question) if re.search(rf"\b{m.group()}\b", window)]
    if numbers:
        m = rng.choice(numbers)
        new = _other_number(m.group(), rng)
        return None if re.search(rf"\b{new}\b", window) else question[: m.start()] + new + question[m.end() :]
    names = [m for m in _NAME.finditer(question) if m.group().removesuffix("'s").lower() in held]
    if not names:
        return None
    m = rng.choice(names)
    for _ in range(8):
        other = pool.draw(example, rng)
        if other and not set(other.lower().split()) & set(held.split()) and other.lower() not in held:
            tail = "'s" if m.group().endswith("'s") else ""
            return question[: m.start()] + other + tail + question[m.end() :]
    return None


def ask_opposite(question: str, window: str, rng: random.Random) -> str | None:
    """Put a word's opposite, which the window does not hold, in its place, or else negate; None where neither fits."""
    held = set(_WORD.findall(window.lower()))
    turned = [(m, o) for m in _WORD.finditer(question) for o in OPPOSITES.get(m.group(), ()) if o not in held]
    if turned:
        m, opposite = rng.choice(turned)
        return question[: m.start()] + opposite + question[m.end() :]
    verb = _NEGATABLE.search(question)
    if verb is None or is_negated(question) or is_negated(window) or rng.random() >= _NEGATED:
        return None
    return f"{question[: verb.end()]} not{question[verb.end() :]}"


def _other_number(number: str, rng: random.Random) -> str:
    if len(number) == 4 and number[0] in "12":
        return str(int(number) + rng.choice([-30, -12, -10, -5, -3, -2, -1, 1, 2, 3, 5, 10, 12, 30]))
    while (new := str(rng.randint(10 ** (len(number) - 1), 10 ** len(number) - 1))) == number:
        pass
    return new


def ask_otherwise(question: str, rng: random.Random) -> str:
    """Ask in lower case without the mark, as keywords, or with a typo."""
    way = rng.choice(["lower", "keywords", "typo"])
    bare = question.rstrip("? ")
    if way == "lower":
        return bare.lower()
    words = bare.split()
    if way == "keywords":
        kept = [w for w in words if w.lower() not in _STOP]
        return " ".join(kept).lower() if len(kept) >= 2 else bare.lower()
    places = [i for i, w in enumerate(words) if len(w) > 4 and w.isalpha()]
    if not places:
        return bare
    i = rng.choice(places)
    at = rng.randint(1, len(words[i]) - 2)
    w = words[i]
    typo = [w[:at] + w[at + 1] + w[at] + w[at + 2 :], w[:at] + w[at + 1 :], w[:at] + w[at] + w[at:]]
    words[i] = rng.choice(typo)
    return " ".join(words) + ("?" if question.endswith("?") else "")
