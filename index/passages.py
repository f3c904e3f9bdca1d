"""Articles to passages: whole sentences under their headings, lists, table rows and Q/A pairs kept together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from index.documents import Document, Passage
from index.outline import Part, Unit, count_words, read_parts
from index.tables import cells, describe_row

__all__ = ["PassageSettings", "count_words", "split_passages"]

_CONTEXT_CHARS = 600


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """How articles are cut; kept in the index, since another cut means other passages.

    Attributes:
        max_words: Most words of a passage of several sentences; one longer sentence is a passage of its own.
        min_words: A passage that has so many words ends at the next paragraph.
        overlap: Sentences repeated at the start of the next passage of the same paragraph, where they fit.
        tiny_words: Passages below this are joined with a neighbour where one fits.
        hard_words: A single sentence is cut between words above this.
    """

    max_words: int = 120
    min_words: int = 60
    overlap: int = 1
    tiny_words: int = 15
    hard_words: int = 400

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be met."""
        if self.max_words < 1 or self.overlap < 0 or self.min_words < 0:
            raise ValueError(f"not passage settings: {self}")

    def to_dict(self) -> dict[str, int]:
        """Return the settings by name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> PassageSettings:
        """Return the settings that ``to_dict`` gave; a name it does not know is an error."""
        return cls(**settings)


def split_passages(document: Document, *, settings: PassageSettings | None = None) -> list[Passage]:
    """Cut a document into passages of whole sentences, in reading order.

    Every passage is a slice of the article, and every code point that is neither blank nor boilerplate lies in one.
    A heading lies in the passage of the text below it. Boilerplate lies in none.

    Args:
        document: The article to cut. Blank text yields no passages.
        settings: Sizes; None takes the defaults.

    Example:
        >>> tea = Document(id="tea", title="Tea", text="Steep it. Pour it. Drink it.")
        >>> cut = split_passages(tea, settings=PassageSettings(max_words=4, overlap=0, tiny_words=0))
        >>> [tea.text[p.start : p.end] for p in cut]
        ['Steep it. Pour it.', 'Drink it.']
    """
    settings = settings or PassageSettings()
    parts = read_parts(document, most_words=max(settings.hard_words, settings.max_words), piece=settings.max_words)
    drafts = [draft for part in parts for draft in _pack(part, settings)]
    return [_passage(document, draft) for draft in _join_tiny(drafts, settings)]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage to be: its units, in order, and whether text of its part may be joined to it."""

    path: tuple[str, ...]
    units: tuple[Unit, ...]
    columns: Unit | None = None
    follows: bool = False

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)


def _pack(part: Part, settings: PassageSettings) -> Iterator[_Draft]:
    """Yield the passages of a part: its headings go with what follows, tables and pairs stand alone."""
    follows = part.follows
    for run in _runs(part.units, settings):
        is_table = any(unit.kind == "row" for unit in run)
        cut = _cut_table(run, settings) if is_table else _cut(run, settings)
        columns = next((unit for unit in run if unit.kind == "row"), None) if is_table else None
        for units in cut:
            yield _Draft(part.path, tuple(units), columns, follows)
            follows = True


def _runs(units: Sequence[Unit], settings: PassageSettings) -> Iterator[list[Unit]]:
    """Yield runs of units that may share passages: a table, a pair, or prose up to a paragraph that fills one."""
    run: list[Unit] = []
    size = 0
    for i, unit in enumerate(units):
        above = units[i - 1] if i else None
        if above and unit.group != above.group and above.kind != "heading":
            alone = {unit.kind, above.kind} & {"row", "rule"} or unit.kind == "question" or above.kind == "answer"
            if alone or size >= settings.min_words:
                yield run
                run, size = [], 0
        run.append(unit)
        size += unit.words
    if run:
        yield run


def _cut(run: list[Unit], settings: PassageSettings) -> Iterator[list[Unit]]:
    """Yield passages of about equal size, none above ``max_words`` that has more than one unit."""
    size = sum(unit.words for unit in run)
    repeated = min(settings.overlap * size / len(run), settings.max_words / 3)
    target = size / max(1, math.ceil((size - repeated) / (settings.max_words - repeated)))
    passage: list[Unit] = []
    words = fresh = 0
    for unit in run:
        full = words + unit.words > settings.max_words or fresh + unit.words / 2 > target
        if fresh and full and (passage[-1].kind != "heading" or words > settings.max_words):
            yield passage
            passage = _shared(passage, unit, settings)
            words, fresh = sum(u.words for u in passage), 0
        passage.append(unit)
        words += unit.words
        fresh += unit.words
    if passage:
        yield passage


def _shared(passage: list[Unit], following: Unit, settings: PassageSettings) -> list[Unit]:
    """Return the sentences of a full passage that the next one repeats."""
    room = min(settings.max_words - following.words, settings.max_words // 3)
    shared: list[Unit] = []
    for unit in reversed(passage[1:]):
        room -= unit.words
        if (
            len(shared) == settings.overlap
            or room < 0
            or unit.group != following.group
            or unit.kind not in ("prose", "answer")
        ):
            break
        shared.insert(0, unit)
    return shared


def _cut_table(run: list[Unit], settings: PassageSettings) -> Iterator[list[Unit]]:
    """Yield passages of whole rows; the context counts double, since each row is told again in words."""
    passage: list[Unit] = []
    words = 0
    for unit in run:
        if passage and words + unit.words > settings.max_words // 2 and passage[-1].kind == unit.kind == "row":
            yield passage
            passage, words = [], 0
        passage.append(unit)
        words += unit.words
    yield passage


def _join_tiny(drafts: Sequence[_Draft], settings: PassageSettings) -> list[_Draft]:
    """Join passages of a few words with the one below, else the one above, where nothing lies between."""
    limit = settings.max_words + settings.tiny_words
    joined: list[_Draft] = []
    for draft in drafts:
        above = joined[-1] if joined else None
        if above and draft.follows and not above.columns and not draft.columns:
            is_tiny = min(above.words, draft.words) < settings.tiny_words
            if is_tiny and above.words + draft.words <= limit and above.units[-1].end <= draft.units[0].start:
                path = _common(above.path, draft.path) if above.words >= settings.tiny_words else draft.path
                joined[-1] = replace(above, path=path, units=above.units + draft.units)
                continue
        joined.append(draft)
    return joined


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings that two passages share."""
    shared = [a for a, b in zip(one, other, strict=False) if a == b]
    return tuple(shared) or one


def _passage(document: Document, draft: _Draft) -> Passage:
    words = [document.title or "", *draft.path]
    if draft.columns:
        columns = cells(document.text[draft.columns.start : draft.columns.end])
        rows = [unit for unit in draft.units if unit.kind == "row" and unit is not draft.columns]
        words.extend(describe_row(columns, document.text[row.start : row.end]) for row in rows)
    context = "\n".join(word for word in words if word)
    return Passage(
        document_id=document.id,
        start=draft.units[0].start,
        end=draft.units[-1].end,
        section=draft.path,
        context=context[:_CONTEXT_CHARS],
    )
