"""Which sentences of a passage are the quote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index import Span, split_sentences
from qa.terms import QuestionTerms, Word, cover_words, find_codes


def choose_quote(
    text: str,
    words: Sequence[Word],
    terms: QuestionTerms,
    span: Span | None,
    *,
    rarity: Mapping[str, float] | None = None,
) -> Span:
    """Return the answering sentence or sentences, as a span of the passage's text.

    With a span that a reader marked, these are the sentences it lies in, unless they name another code than the one
    asked for. Without one, the sentence that has most of the question's words; a question repeated in the text
    (``Q: ...?``) gives way to the sentence after it.

    Args:
        text: The passage's text.
        words: Of the passage's text.
        terms: Of the question.
        span: Where the reader found the answer, in code points of ``text``, or None.
        rarity: Weight of each content word, see :func:`qa.terms.cover_words`.
    """
    sentences = split_sentences(text)
    if not sentences:
        return Span(0, len(text))
    if span is not None:
        touched = [s for s in sentences if s.overlaps(span)]
        if touched:
            quote = Span(touched[0].start, touched[-1].end)
            return _with_code(text, quote, sentences, terms) or quote
    shares = [cover_words(terms, words_in(words, s), rarity).share for s in sentences]
    best = max(range(len(sentences)), key=lambda i: (shares[i], -i))
    if text[: sentences[best].end].endswith("?") and best + 1 < len(sentences):
        best += 1
    return sentences[best]


def words_in(words: Sequence[Word], span: Span) -> list[Word]:
    """Return those of a text's words that begin in a span of it."""
    return [word for word in words if span.start <= word.start < span.end]


def _with_code(text: str, quote: Span, sentences: Sequence[Span], terms: QuestionTerms) -> Span | None:
    """Return the sentence that has the code asked for, where the quote is about another code; else None.

    A reader takes "Search-2025" for "Echelon-2025" easily; the words do not.
    """
    asked = {(code.name, code.number) for code in terms.codes}
    if not asked:
        return None
    quoted = {(code.name, code.number) for code in find_codes(text[quote.start : quote.end])}
    if not quoted or quoted & asked:
        return None
    return next((s for s in sentences if {(c.name, c.number) for c in find_codes(text[s.start : s.end])} & asked), None)
