import pytest

from qa.terms import cover, question_terms, split_words


def keys(text: str) -> list[str]:
    return [word.key for word in split_words(text)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("twelve posts", "12 posts"),
        ("8,000 men", "8000 men"),
        ("Café", "cafe"),
        ("Kazakhstan's", "Kazakhstan"),
        ("exercises", "exercise"),
        ("RUSSIA", "russia"),
    ],
)
def test_words_that_mean_the_same_have_the_same_key(left, right):
    assert keys(left) == keys(right)


def test_words_are_slices_of_their_text():
    text = "“Caspian Wind-2025” cost $8.4 billion, didn't it?"
    assert all(text[word.start : word.end] == word.text for word in split_words(text))
    assert "8.4" in keys(text)


def test_a_question_is_about_its_content_words_names_and_numbers():
    terms = question_terms("What is the Caspian Wind-2025 exercise?")
    assert [word.key for word in terms.content] == ["caspian", "wind", "2025", "exercis"]
    assert [name.text for name in terms.names] == ["Caspian", "Wind"]
    assert [number.text for number in terms.numbers] == ["2025"]
    assert [code.text for code in terms.codes] == ["Caspian Wind-2025"]


def test_a_question_of_stop_words_is_about_all_its_words():
    assert [word.key for word in question_terms("what is it").content] == ["what", "is", "it"]


def test_a_word_asked_twice_counts_once():
    assert [word.text for word in question_terms("Exercises and exercise").content] == ["Exercises"]


def test_shouting_makes_no_names():
    assert question_terms("WHO LED THE NAVAL EXERCISE").names == ()


PASSAGE = (
    "The Caspian Wind-2025 naval exercise brought together Kazakhstan and Azerbaijan. Foreign direct investment rose."
)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is Caspian Wind-2025?", ()),
        ("What is Caspian Wind-2026?", ("Caspian Wind-2026",)),
        ("How much did Japan invest in Kazakhstan?", ("Japan",)),
        ("By how much did FDI rise?", ()),
        ("Were Kazakh ships there?", ()),
        ("What happened there in 2019?", ("2019",)),
        ("Where are the Azerbaijani ships?", ()),
        ("What did Kazahkstan do?", ()),
        ("What did Kazakhsten do?", ()),
        ("What did Kurdistan do?", ("Kurdistan",)),
    ],
)
def test_what_a_passage_lacks_is_named(question, missing):
    assert cover(question_terms(question), PASSAGE).missing == missing


def test_coverage_is_weighted_by_rarity():
    terms = question_terms("naval exercise in Mongolia")
    alike = cover(terms, PASSAGE).share
    rare = cover(terms, PASSAGE, rarity={"mongolia": 8.0, "naval": 1.0, "exercis": 1.0}).share
    assert alike == pytest.approx(2 / 3)
    assert rare == pytest.approx(0.2)


def test_words_of_the_context_count():
    assert cover(question_terms("exercises in Mongolia"), "They began.", "Mongolia › Exercises").share == 1.0
