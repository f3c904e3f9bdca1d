"""Figures and dates in a text, by value: "twelve" is 12, "$8.4 billion" is 8,400,000,000 dollars, "early 2025" is 2025.

Each value is an interval, since texts round: two values are compatible where their intervals meet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_WORDS = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
} | dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9, "mn": 1e6}
_SPELLED = rf"(?:{'|'.join(_WORDS)})(?:[- ](?:{'|'.join(list(_WORDS)[1:10])}))?\b"
_SCALE = rf"(?:\s?(?:{'|'.join(_SCALES)})\b)*"
_DIGITS = r"(?:\d{1,3}(?:[, \u00a0\u202f]\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_AND_MORE = rf"(?:\s(?:hundred|thousand)\s(?:and\s)?{_SPELLED})?"
_NUMBER = rf"(?:{_DIGITS}|\b{_SPELLED}{_AND_MORE}|\ban? (?=hundred|thousand|million|billion)){_SCALE}"
_MONEY_SIGNS = {"US$": "dollar", "$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
YEAR = 365.25 * 86400.0
"""Seconds in a year."""
_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("%", "percent", "per cent", "percentage points", "pc"), ("percent", 1.0)),
    **dict.fromkeys(("dollars", "dollar", "usd", "us dollars"), ("dollar", 1.0)),
    **dict.fromkeys(("euros", "euro", "eur"), ("euro", 1.0)),
    **dict.fromkeys(("pounds", "pound", "gbp"), ("pound", 1.0)),
    **dict.fromkeys(("mm", "millimetres", "millimeters"), ("length", 0.001)),
    **dict.fromkeys(("cm", "centimetres", "centimeters"), ("length", 0.01)),
    **dict.fromkeys(("m", "metres", "meters", "metre", "meter"), ("length", 1.0)),
    **dict.fromkeys(("km", "kilometres", "kilometers", "kilometre", "kilometer"), ("length", 1000.0)),
    **dict.fromkeys(("miles", "mile", "mi"), ("length", 1609.344)),
    **dict.fromkeys(("feet", "foot", "ft"), ("length", 0.3048)),
    **dict.fromkeys(("inches", "inch"), ("length", 0.0254)),
    **dict.fromkeys(("hectares", "hectare", "ha"), ("area", 1e4)),
    **dict.fromkeys(("acres", "acre"), ("area", 4046.86)),
    **dict.fromkeys(("square kilometres", "square kilometers", "km2", "km²", "sq km"), ("area", 1e6)),
    **dict.fromkeys(("square miles", "sq mi"), ("area", 2.589988e6)),
    **dict.fromkeys(("square metres", "square meters", "m2", "m²"), ("area", 1.0)),
    **dict.fromkeys(("square feet", "sq ft"), ("area", 0.092903)),
    **dict.fromkeys(("grams", "gram", "g"), ("mass", 0.001)),
    **dict.fromkeys(("kg", "kilograms", "kilogram"), ("mass", 1.0)),
    **dict.fromkeys(("tonnes", "tonne", "tons", "ton"), ("mass", 1000.0)),
    **dict.fromkeys(("litres", "liters", "litre", "liter"), ("volume", 1.0)),
    **dict.fromkeys(("seconds", "second"), ("time", 1.0)),
    **dict.fromkeys(("minutes", "minute", "min"), ("time", 60.0)),
    **dict.fromkeys(("hours", "hour"), ("time", 3600.0)),
    **dict.fromkeys(("days", "day"), ("time", 86400.0)),
    **dict.fromkeys(("weeks", "week"), ("time", 7 * 86400.0)),
    **dict.fromkeys(("months", "month"), ("time", 30.44 * 86400.0)),
    **dict.fromkeys(("years", "year"), ("time", YEAR)),
    **dict.fromkeys(("km/h", "kph", "kilometres per hour", "kilometers per hour"), ("speed", 1.0)),
    **dict.fromkeys(("mph", "miles per hour"), ("speed", 1.609344)),
    **dict.fromkeys(("°c", "degrees celsius"), ("celsius", 1.0)),
    **dict.fromkeys(("°f", "degrees fahrenheit"), ("fahrenheit", 1.0)),
    **dict.fromkeys(("mw", "megawatts"), ("power", 1e6)),
    **dict.fromkeys(("gw", "gigawatts"), ("power", 1e9)),
}
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_AMOUNT = rf"(?P<sign{{n}}>US\$|[$€£¥])?\s?(?P<value{{n}}>{_NUMBER})(?:[ -]?(?P<unit{{n}}>{_UNIT})(?![\w%]))?"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when it is first needed: the two large ones take as long as a module or two to import."""
    return re.compile(pattern, re.IGNORECASE)


def _nth(pattern: str, n: int) -> str:
    """Return a pattern with its groups named for the ``n``-th time it is used."""
    return pattern.replace("{n}", str(n))


_MEASURE = (
    r"(?<![\w.,/])(?<![^\W\d_][-–])"
    + _nth(_AMOUNT, 1)
    + r"(?:\s?(?:-|–|—|\bto\b|\band\b)\s?"
    + _nth(_AMOUNT, 2)
    + r")?(?![\w])(?!-\d)(?!\.\d)"
)
_ABOUT = re.compile(r"\b(?:about|around|some|roughly|approximately|approx\.|circa|ca?\.|estimated|~)\s*$", re.I)
_ALMOST = re.compile(r"\b(?:nearly|almost|just under|close to)\s*$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:over|more than|at least|exceeding|above|upwards of|no fewer than)\s*$", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:under|less than|fewer than|up to|at most|below|no more than)\s*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s*$", re.IGNORECASE)
_REFERENCE = re.compile(r"\[[\d\s,;–-]*$")  # "[36]", "[2, 36]": a source, not a figure
_FREE = 0.1
"""Share of its size by which an approximate figure may be off."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure or a date: the interval that its words allow, its unit, and where it stands in the text.

    Attributes:
        low: Least value: in the base unit (metres, seconds, dollars), or for a date in years.
        high: Greatest value.
        unit: ``count`` where there is no unit, ``date`` for a date.
        start: First code point of the words.
        end: One past the last.
    """

    low: float
    high: float
    unit: str
    start: int
    end: int

    def is_compatible(self, other: Value) -> bool:
        """Return whether both can be true of one thing."""
        if self.unit != other.unit:
            return False
        if self.unit == "date":  # half-open: 1897 ends where 1898 begins
            return self.low < other.high and other.low < self.high
        return self.low <= other.high and other.low <= self.high


def find_figures(text: str) -> list[Value]:
    """Return the figures of a text, in order: counts, amounts, percentages, measures; ranges as one.

    Dates, years, ordinals and numbers that are part of a name ("Echelon-2025") are none.

    Example:
        >>> [(f.low, f.unit) for f in find_figures("Twelve posts and US$2 were lost in 2019.")]
        [(12.0, 'count'), (2.0, 'dollar')]
    """
    dates = find_dates(text)
    found: list[Value] = []
    for match in _compiled(_MEASURE).finditer(text):
        is_date = any(date.start < match.end() and match.start() < date.end for date in dates)
        if not is_date and not _REFERENCE.search(text[: match.end()]):
            found += _figures(match, text)
    return found


def _figures(match: re.Match[str], text: str) -> Iterator[Value]:
    before = text[: match.start()]
    units = [_unit(match, n) for n in (1, 2)]
    if match["value2"] is None:
        yield _figure(match, 1, units[0], before)
        return
    joined = text[match.end("value1") : match.start("value2")]
    if re.search(r"\band\b", joined, re.IGNORECASE) and not _BETWEEN.search(before):  # "12 and 15": two figures
        yield _figure(match, 1, units[0], before)
        yield _figure(match, 2, units[1], "")
        return
    unit = units[1] if units[0][0] == "count" else units[0]
    factor = units[1][1] if match["unit2"] else unit[1]
    low, high = _number(match["value1"]) * unit[1], _number(match["value2"]) * factor
    yield Value(min(low, high), max(low, high), unit[0], match.start(), match.end())


def _unit(match: re.Match[str], n: int) -> tuple[str, float]:
    if match[f"sign{n}"]:
        return _MONEY_SIGNS[match[f"sign{n}"].upper()], 1.0
    return _UNITS[match[f"unit{n}"].casefold()] if match[f"unit{n}"] else ("count", 1.0)


def _figure(match: re.Match[str], n: int, unit: tuple[str, float], before: str) -> Value:
    start = match.start(f"sign{n}") if match[f"sign{n}"] else match.start(f"value{n}")
    end = match.end(f"unit{n}") if match[f"unit{n}"] else match.end(f"value{n}")
    number = _number(match[f"value{n}"])
    loose = _FREE * number
    slack = min(loose, _rounding(match[f"value{n}"], number))
    low, high = number - slack, number + slack
    if _ABOUT.search(before):
        low, high = number - loose, number + loose
    elif _ALMOST.search(before):
        low = number - loose
    elif _OVER.search(before):
        high = math.inf
    elif _UNDER.search(before):
        low = -math.inf
    return Value(low * unit[1], high * unit[1], unit[0], start, end)


def _number(words: str) -> float:
    digits = re.match(_DIGITS, words.strip())
    if digits:
        words = re.sub(r"[,\s]", "", digits.group()) + " " + words.strip()[digits.end() :]
    total = current = 0.0
    for part in re.split(r"[\s-]+", words.strip().casefold()):
        if part == "hundred":
            current = (current or 1.0) * 100
        elif part in _SCALES:
            total, current = total + (current or 1.0) * _SCALES[part], 0.0
        elif part not in ("a", "an", "and", ""):
            current += _WORDS[part] if part in _WORDS else float(part)
    return total + current


def _rounding(words: str, number: float) -> float:
    """Return half of the last digit that was written, for figures that look rounded; 0 for whole numbers below 100."""
    digits = re.match(_DIGITS, words)
    if digits is None:
        return 0.0 if number < 100 else number
    written = re.sub(r"[,\s]", "", digits.group())
    scale = number / float(written) if float(written) else 1.0
    if "." in written:
        return 0.5 * scale * 10.0 ** -len(written.partition(".")[2])
    zeros = len(written) - len(written.rstrip("0"))
    if scale == 1.0 and (number < 100 or not zeros):
        return 0.0
    return 0.5 * scale * 10.0**zeros


_MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        """january february march april may june july august september october november december""".split(), start=1
    )
    for length in {3, len(name)}
} | {"sept": 9}
_SEASONS = {"spring": (2, 6), "summer": (5, 9), "autumn": (8, 12), "fall": (8, 12), "winter": (0, 12)}
_MONTH = rf"(?P<month{{n}}>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day{n}>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year{n}>1\d{3}|20\d\d)(?![\d,]\d|\d|%)"
_DATE = "|".join(
    (
        r"(?P<iso>\d{4}-\d\d-\d\d)",
        rf"\b{_nth(_DAY, 1)}(?: of)? {_nth(_MONTH, 1)},? {_nth(_YEAR, 1)}",
        rf"\b{_nth(_MONTH, 2)} {_nth(_DAY, 2)},? {_nth(_YEAR, 2)}",
        rf"\b{_nth(_MONTH, 3)}(?: ?(?:to|and|-|–) ?{_nth(_MONTH, 4)})?,? (?:of )?{_nth(_YEAR, 3)}",
        rf"\b(?P<season>{'|'.join(_SEASONS)})(?: of)? {_nth(_YEAR, 4)}",
        r"\b(?P<decade>1\d\d0|20\d0)['’]?s\b",
        r"\b(?P<century>\d\d?)(?:st|nd|rd|th)[ -]century\b",
        rf"(?<![\w.,$€£-]){_nth(_YEAR, 5)}(?: ?(?:-|–|\bto\b) ?(?P<year6>(?:1\d|20)?\d\d)(?!,?\d))?(?!-\d|\.\d)\b",
    )
)
_CIRCA = re.compile(r"\b(?:about|around|circa|ca?\.)\s*(?:the )?$", re.IGNORECASE)
_OPEN_DATE = re.compile(
    r"\b(?:before|after|since|by|until|till|prior to|as of|as (?:late|early) as)\s+(?:the )?$", re.I
)
_NOT_UNTIL = re.compile(r"\bnot\b.*\buntil\s+(?:the )?$", re.IGNORECASE | re.DOTALL)


def find_dates(text: str) -> list[Value]:
    """Return the dates of a text that name at least a year, a decade or a century, in order.

    A date after "before", "since", "by" and the like has no bounds: it is compatible with every other one.

    Example:
        >>> [(d.low, d.high, d.unit) for d in find_dates("From 1939 to 1945, and in the 1890s.")]
        [(1939.0, 1946.0, 'date'), (1890.0, 1900.0, 'date')]
    """
    found = []
    for match in _compiled(_DATE).finditer(text):
        unit = text[match.end() :].lstrip()
        if match["year5"] and not match["year6"] and re.match(rf"(?:{_UNIT})(?![\w%])", unit, re.IGNORECASE):
            continue
        low, high = _interval(match)
        before = text[: match.start()]
        if _OPEN_DATE.search(before) and not _NOT_UNTIL.search(before):
            low, high = -math.inf, math.inf
        elif _CIRCA.search(before):
            low, high = low - 5, high + 5
        found.append(Value(low, high, "date", match.start(), match.end()))
    return found


def _interval(match: re.Match[str]) -> tuple[float, float]:
    """Return when the date begins and ends, in years; days are 1/372 of a year, so that months are equally long."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return _days(year, month, day), _days(year, month, day + 1)
    if match["decade"]:
        return float(match["decade"]), float(match["decade"]) + 10
    if match["century"]:
        return 100.0 * (int(match["century"]) - 1), 100.0 * int(match["century"]) + 1
    if match["season"]:
        year, (first, last) = int(match["year4"]), _SEASONS[match["season"].casefold()]
        return year + first / 12, year + last / 12
    for n in (1, 2):
        if match[f"month{n}"]:
            date = int(match[f"year{n}"]), _MONTHS[match[f"month{n}"].casefold()], int(match[f"day{n}"])
            return _days(*date), _days(date[0], date[1], date[2] + 1)
    if match["month3"]:
        first = _MONTHS[match["month3"].casefold()]
        last = _MONTHS[match["month4"].casefold()] if match["month4"] else first
        return int(match["year3"]) + (first - 1) / 12, int(match["year3"]) + last / 12
    begin: str = match["year5"]
    end: str = match["year6"] or begin
    return float(begin), float(begin[: 4 - len(end)] + end) + 1


def _days(year: int, month: int, day: int) -> float:
    return year + (month - 1) / 12 + (day - 1) / 372
