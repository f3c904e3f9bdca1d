from __future__ import annotations

import pytest

from index.documents import DocumentInfo
from index.filters import FIELDS, Filters, select

TEA = DocumentInfo(
    id="0123456789abcdef",
    source="/articles/hot/Tea.txt",
    title="What NATO drinks",
    author="Jane Doe",
    date="2024-05-17",
    url="https://example.org/tea",
    language="en-GB",
)
CHESS = DocumentInfo(id="fedcba9876543210", source="/articles/chess.pdf", media_type="application/pdf")


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("title=*NATO*", True),
        ("title=*nato*", True),
        ("title=nato", False),
        ("title!=*NATO*", False),
        ("source=tea.txt", True),
        ("source=/articles/*", True),
        ("source=articles", False),
        ("author = jane doe", True),
        ("language=en*", True),
        ("url=https://example.org/*", True),
        ("media_type=text/plain", True),
        ("id=0123456789abcdef", True),
        ("date=2024", True),
        ("date=2024-05", True),
        ("date=2023", False),
        ("date>=2024", True),
        ("date>2024", False),
        ("date>=2024-05-18", False),
        ("date<=2024-05", True),
        ("date<2024-06-01", True),
        ("date=2024-01..2024-05", True),
        ("date=2025..", False),
        ("date=..2025", True),
    ],
)
def test_a_condition_is_held_against_what_is_known(text: str, is_met: bool) -> None:
    assert Filters.parse([text]).matches(TEA) is is_met


@pytest.mark.parametrize("text", ["title=*", "date>=1900", "date<=2100", "author=*", "language=*"])
def test_what_an_article_does_not_tell_meets_no_condition(text: str) -> None:
    assert not Filters.parse([text]).matches(CHESS)
    assert Filters.parse(["title!=anything"]).matches(CHESS)


def test_conditions_on_one_field_are_choices_and_on_several_all_must_hold() -> None:
    assert Filters.parse(["source=chess.pdf", "source=tea.txt"]).matches(TEA)
    assert not Filters.parse(["source=chess.pdf", "source=tea.txt", "date=2020"]).matches(TEA)
    assert Filters.parse(["date>=2024", "date<2025"]).matches(TEA)


def test_no_condition_is_no_filter() -> None:
    assert not Filters.parse([])
    assert Filters().matches(CHESS)


@pytest.mark.parametrize("text", ["colour=red", "page>3", "Pages=3"])
def test_an_unknown_field_is_answered_with_the_list(text: str) -> None:
    with pytest.raises(ValueError, match="the fields are " + ", ".join(FIELDS)):
        Filters.parse([text])


@pytest.mark.parametrize(
    "text", ["", "title", "=x", "title=", "title>=a", "date>=May", "date=may..june", "date~2024", "2024<date"]
)
def test_what_is_no_condition_is_a_mistake_of_the_caller(text: str) -> None:
    with pytest.raises(ValueError, match="not a filter|not a date|cannot be compared|no field"):
        Filters.parse([text])


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (TEA.id, [TEA]),
        ("/articles/chess.pdf", [CHESS]),
        ("/articles", [TEA, CHESS]),
        ("/articles/hot/", [TEA]),
        ("*.pdf", [CHESS]),
        ("/articles/*.txt", [TEA]),
        ("/nowhere", []),
        ("coffee", []),
    ],
)
def test_a_selector_names_articles_by_id_path_folder_or_glob(selector: str, expected: list[DocumentInfo]) -> None:
    assert select([TEA, CHESS], [selector]) == {selector: expected}
