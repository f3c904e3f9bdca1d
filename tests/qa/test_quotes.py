from index import Span
from qa.quotes import choose_quote
from qa.terms import question_terms, split_words

TEXT = "The pact was signed in 2021. China pledged $8 billion for railways. Nobody objected."


def quoted(question: str, text: str = TEXT, span: Span | None = None) -> str:
    chosen = choose_quote(text, split_words(text), question_terms(question), span)
    return text[chosen.start : chosen.end]


def test_the_sentences_around_the_marked_words_are_quoted():
    start = TEXT.index("$8 billion")
    assert quoted("How much?", span=Span(start, start + 10)) == "China pledged $8 billion for railways."


def test_marked_words_across_two_sentences_quote_both():
    start, end = TEXT.index("railways"), TEXT.index("objected")
    assert quoted("What?", span=Span(start, end)) == "China pledged $8 billion for railways. Nobody objected."


def test_without_marked_words_the_sentence_with_most_words_of_the_question_is_quoted():
    assert quoted("What did China pledge for the railways?") == "China pledged $8 billion for railways."


def test_a_question_in_the_text_gives_way_to_its_answer():
    text = "Q: How does China pay for railways?\nA: By loans."
    assert quoted("How does China pay for railways?", text) == "A: By loans."


def test_a_reader_that_marks_another_code_is_corrected_by_the_words():
    text = "The Echelon-2025 drill was about roads. The Search-2025 drill was about spies."
    start = text.index("spies")
    assert (
        quoted("What was Echelon-2025 about?", text, Span(start, start + 5))
        == "The Echelon-2025 drill was about roads."
    )
    assert quoted("What was Search-2025 about?", text, Span(start, start + 5)).startswith("The Search-2025")
