"""Which articles a search may look at: conditions on what is known of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from index.documents import DocumentInfo

FIELDS = ("id", "source", "title", "author", "date", "url", "language", "media_type")
_OPERATORS = ("<=", ">=", "!=", "=", "<", ">")
_CONDITION = re.compile(rf"\s*([A-Za-z_]+)\s*({'|'.join(_OPERATORS)})\s*(.*?)\s*", re.DOTALL)
_ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a field, an operator and the value it is held against."""

    field: str
    operator: str
    value: str

    def matches(self, document: DocumentInfo) -> bool:
        """Return whether the article meets the condition; what an article does not tell meets none but ``!=``."""
        found: str | None = getattr(document, self.field)
        if self.operator == "!=":
            return not self._equals(found)
        if self.operator == "=":
            return self._equals(found)
        return found is not None and self._compares(found)

    def _equals(self, found: str | None) -> bool:
        if found is None:
            return False
        if self.field == "date" and (parts := self.value.split("..")) and len(parts) == 2:
            return all(
                Condition("date", operator, part).matches(DocumentInfo(id="", date=found))
                for operator, part in zip((">=", "<="), parts, strict=True)
                if part
            )
        if self.field == "date" and _ISO_DATE.fullmatch(self.value):
            return found.startswith(self.value)
        candidates = [found]
        if self.field == "source":
            candidates.append(PurePosixPath(found).name)
        pattern = self.value.casefold()
        return any(fnmatchcase(candidate.casefold(), pattern) for candidate in candidates)

    def _compares(self, found: str) -> bool:
        value = self.value
        if self.field == "date":
            found = found[: len(value)]  # "2024" stands for all of that year
        return {"<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}[self.operator]


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that an article must meet: those on different fields all, of several ``=`` on one field any.

    Example:
        >>> filters = Filters.parse(["date>=2024", "title=*NATO*"])
        >>> filters.matches(DocumentInfo(id="1", title="What NATO is", date="2024-05-01"))
        True
    """

    conditions: tuple[Condition, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Filters:
        """Return the filters that the texts state, each ``FIELD OPERATOR VALUE``.

        Fields: id, source, title, author, date, url, language, media_type. ``=`` and ``!=`` take ``*`` and ``?`` and
        ignore case; ``source`` also matches the file name alone. ``date`` compares with ``<``, ``<=``, ``>``, ``>=``,
        matches a year or month as a prefix (``date=2024``), and takes a range (``date=2023..2024-06``).

        Raises:
            ValueError: A text is no condition; the message lists the fields.
        """
        return cls(tuple(_parse(text) for text in texts))

    def __bool__(self) -> bool:
        """Return whether there is any condition."""
        return bool(self.conditions)

    def matches(self, document: DocumentInfo) -> bool:
        """Return whether the article meets the conditions."""
        choices: dict[str, list[Condition]] = {}
        for condition in self.conditions:
            if condition.operator == "=":
                choices.setdefault(condition.field, []).append(condition)
            elif not condition.matches(document):
                return False
        return all(any(condition.matches(document) for condition in some) for some in choices.values())


def select(documents: Iterable[DocumentInfo], selectors: Sequence[str]) -> dict[str, list[DocumentInfo]]:
    """Return, for each selector, the articles that it names: an id, a path, a folder, or a glob of paths or names."""
    known = list(documents)
    return {selector: [document for document in known if _names(selector, document)] for selector in selectors}


def _names(selector: str, document: DocumentInfo) -> bool:
    from index.readers.find import absolute

    if selector == document.id:
        return True
    path = absolute(selector).as_posix()
    if document.source == path or document.source.startswith(path.rstrip("/") + "/"):
        return True
    name = PurePosixPath(document.source).name
    return fnmatchcase(document.source, path) or fnmatchcase(name, selector)


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    fields = ", ".join(FIELDS)
    if match is None or not match[3]:
        raise ValueError(f"not a filter: {text!r}; write FIELD=VALUE or FIELD>=VALUE, where FIELD is one of {fields}")
    field, operator, value = match[1].lower(), match[2], match[3]
    if field not in FIELDS:
        raise ValueError(f"no field {match[1]!r} to filter by; the fields are {fields}")
    if operator not in ("=", "!=") and field != "date":
        raise ValueError(f"{field} cannot be compared with {operator}; only date can, the others take = and !=")
    dates = [] if field != "date" else value.split("..") if ".." in value else [value] if operator[0] in "<>" else []
    if any(date and not _ISO_DATE.fullmatch(date) for date in dates):
        raise ValueError(f"not a date: {value!r}; write 2024, 2024-05 or 2024-05-31")
    return Condition(field, operator, value)
