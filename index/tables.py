"""Tables drawn with bars: their rows, and the words that find a row by its column names."""

from __future__ import annotations

import re

_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")
_BAR = re.compile(r"(?<!\\)\|")


def is_row(line: str) -> bool:
    """Return whether a line is a row of a table: it starts with a bar, or has two bars or more between words."""
    bars = len(_BAR.findall(line))
    return bars >= 2 or (bars == 1 and line[0] == "|")


def is_rule(line: str) -> bool:
    """Return whether a row only separates the column names from the rows."""
    return _RULE.fullmatch(line) is not None


def cells(row: str) -> list[str]:
    """Return the cells of a row, without the blanks around them."""
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in _BAR.split(inner)]


def describe_row(columns: list[str], row: str) -> str:
    """Return a row in words that name the column of each cell.

    Example:
        >>> describe_row(["Metric", "China", "Russia"], "| Exports | 40% | 12% |")
        'Exports; China: 40%; Russia: 12%'
    """
    values = cells(row)
    named = [
        f"{name}: {value}" if name else value for name, value in zip(columns[1:], values[1:], strict=False) if value
    ]
    return "; ".join([*values[:1], *named, *values[max(1, len(columns)) :]])
