"""Definitions: does the question ask what something is, and does a sentence open by saying so?"""

from __future__ import annotations

import re
from functools import lru_cache

from index import Span, split_sentences
from qa.terms import split_words

_ASKED = re.compile(
    r"^\W*(?:what(?:['’]s|\s+(?:is|are|was|were|does|do))|define|explain|(?:the\s+)?(?:meaning|definition)\s+of)\s+"
    r"(?:(?:meant|understood)\s+by\s+)?(?:(?:an?|the)\s+)?(?P<term>.+?)(?:\s+(?:mean|means|stand\s+for|refer\s+to))?\W*$",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\W*(?:(?:an?|the)\s+)?", re.IGNORECASE)
_DEFINES = re.compile(r"\W{0,2}\s*(?::|[–—]|-\s|(?:is|are|was|were|means?|refers?\s+to|describes?)\b)", re.IGNORECASE)
_LONGEST_TERM = 6


@lru_cache(maxsize=256)
def asked_term(question: str) -> tuple[str, ...]:
    """Return the keys of the term that a question asks the meaning of; none where it asks something else.

    Example:
        >>> asked_term("What is a dual-stability clause?")
        ('dual', 'stabil', 'claus')
        >>> asked_term("Who signed it?")
        ()
    """
    match = _ASKED.match(question)
    if match is None:
        return ()
    keys = tuple(word.key for word in split_words(match["term"]))
    return keys if len(keys) <= _LONGEST_TERM else ()


def find_definition(text: str, term: tuple[str, ...]) -> Span | None:
    r"""Return the first sentence that opens with the term and goes on to define it, or None.

    Example:
        >>> text = "Glossary\n- Dual-stability clause: Words that guard both sides."
        >>> found = find_definition(text, ("dual", "stabil", "claus"))
        >>> text[found.start : found.end]
        '- Dual-stability clause: Words that guard both sides.'
    """
    if not term:
        return None
    for sentence in split_sentences(text):
        opening = _OPENING.match(text, sentence.start, sentence.end)
        start = opening.end() if opening else sentence.start
        words = split_words(text[start : min(sentence.end, start + 200)])[: len(term)]
        if tuple(word.key for word in words) == term and _DEFINES.match(text, start + words[-1].end, sentence.end):
            return sentence
    return None
