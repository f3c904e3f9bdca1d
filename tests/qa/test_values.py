from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.values import find_dates, find_figures


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", "twelve"),
        ("sixty-three", "63"),
        ("two hundred and fifty", "250"),
        ("a million", "1,000,000"),
        ("$8.4 billion", "8.4 billion dollars"),
        ("$8.4 billion", "US$8,400,000,000"),
        ("about $8 billion", "$8.4bn"),
        ("2.5%", "2.5 per cent"),
        ("£1.2 million", "1,200,000 pounds"),
        ("40 000", "40,000"),
        ("12 km", "12,000 metres"),
        ("90 minutes", "1.5 hours"),
        ("500 hectares", "5 square kilometres"),
        ("between 200 and 300", "250"),
        ("200-300", "280"),
        ("more than 500", "4,000"),
        ("nearly 2,000", "1,950"),
    ],
)
def test_the_same_figure_in_other_words_is_compatible(one, other):
    (a,), (b,) = find_figures(one), find_figures(other)
    assert a.is_compatible(b)
    assert b.is_compatible(a)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", "14"),
        ("$8.4 billion", "$8.6 billion"),
        ("$8", "€8"),
        ("12%", "12"),
        ("3 km", "3 miles"),
        ("less than 500", "700"),
        ("between 200 and 300", "310"),
        ("six years", "six months"),
    ],
)
def test_other_figures_are_not_compatible(one, other):
    (a,), (b,) = find_figures(one), find_figures(other)
    assert not a.is_compatible(b)


@pytest.mark.parametrize(
    "text",
    ["Echelon-2025", "COVID-19", "G20", "the 12th man", "in 1999", "on 4 June 1742", "v1.2.3", "so it is [2, 36]"],
)
def test_dates_ordinals_and_names_are_no_figures(text):
    assert find_figures(text) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("early 2025", "2025"),
        ("3 May 1901", "May 1901"),
        ("May 3, 1901", "1901-05-03"),
        ("the 1890s", "1897"),
        ("19th century", "1856"),
        ("February to July 2024", "spring 2024"),
        ("1939-45", "1943"),
        ("c. 1850", "1853"),
        ("before 1900", "1890"),
    ],
)
def test_the_same_date_in_other_words_is_compatible(one, other):
    (a,), (b,) = find_dates(one), find_dates(other)
    assert a.is_compatible(b)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1897", "1898"), ("March 2019", "October 2019"), ("4 June 1742", "June 14, 1742"), ("the 1820s", "1856")],
)
def test_other_dates_are_not_compatible(one, other):
    (a,), (b,) = find_dates(one), find_dates(other)
    assert not a.is_compatible(b)


@given(st.text(alphabet="0123456789 ,.-–$€%abcdehimnoprstuvwy'’", max_size=60))
def test_any_text_is_read_and_values_lie_where_they_stand(text):
    for value in find_figures(text) + find_dates(text):
        assert 0 <= value.start < value.end <= len(text)
        assert value.low <= value.high
        assert not math.isnan(value.low)
