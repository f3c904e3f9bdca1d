"""Question sets: what is asked to measure an index, and what would be a right answer.

A set is a JSON Lines file, one question a line. Two shapes are read, and may be mixed:

* a user's: ``{"question": "...", "answers": ["..."], "source": "file.txt"}`` or
  ``{"question": "...", "answerable": false}``;
* a prepared set's, with ``doc_id`` and, where known, ``para`` (``[start, end]`` of the answering paragraph) and
  ``gold``; or ``doc`` and ``evidence`` (sentences of which one must be found).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from index import Span
from qa.errors import QAError


class QuestionSetError(QAError, ValueError):
    """A question set or a file of answers cannot be used; the message names file, line and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and what counts as its answer.

    Attributes:
        id: As the set gives it, else the line number.
        text: The question.
        answers: Accepted answers, word for word as the article has them (case and blanks do not matter).
        evidence: Sentences of which the passage must hold one; empty where the answers alone decide.
        source: The article's file: its name or the end of its path. None where any article may answer.
        stem: The article's file name without its suffix, for sets that name documents by id. None where ``source``
            names it, or any article may answer.
        paragraph: Where in the article the answer stands, if known: the passage must touch it.
        answerable: Whether the articles answer it.
        is_scored: False for questions that have an answer but not one that stands in the text (yes/no); they count in
            no figure.
        kind: A label that figures are broken down by.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    source: str | None = None
    stem: str | None = None
    paragraph: Span | None = None
    answerable: bool = True
    is_scored: bool = True
    kind: str = "answerable"

    def is_about(self, source: str) -> bool:
        """Return whether the article of that path is the one that answers."""
        if self.source is not None:
            wanted = PurePath(self.source).parts
            return PurePath(source).parts[-len(wanted) :] == wanted
        return self.stem is None or document_stem(source) == self.stem


def document_stem(source: str) -> str:
    """Return the file name of a path without its last suffix, by which prepared sets name documents.

    Example:
        >>> document_stem("/articles/sq2_Amazon.rainforest.txt")
        'sq2_Amazon.rainforest'
    """
    name = PurePath(source).name
    return name.rsplit(".", 1)[0] if "." in name else name


def document_slug(document_id: str) -> str:
    """Return the file name that a document of a prepared set is unpacked to, without suffix."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", document_id)


def read_questions(path: Path | str) -> list[Question]:
    """Return the questions of a JSON Lines file, in order; blank lines are passed over.

    Raises:
        QuestionSetError: The file cannot be read, is empty, or a line is no question: names file and line.
    """
    return [_question(row, where, number) for number, where, row in read_rows(path)]


def read_rows(path: Path | str) -> list[tuple[int, str, Mapping[str, Any]]]:
    """Return line number, "file, line N" and object of each line of a JSON Lines file.

    Raises:
        QuestionSetError: The file cannot be read, is empty, or a line is no JSON object.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"{path}, line {number}"
            rows.append((number, where, _object(line, where)))
    if not rows:
        raise QuestionSetError(f"{path}: no line in it; each line is a JSON object such as {_EXAMPLE}")
    return rows


_EXAMPLE = '{"question": "When was it built?", "answers": ["1897"], "source": "tower.txt"}'


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise QuestionSetError(f"{where}: not JSON ({error}); a line is an object such as {_EXAMPLE}") from error
    if not isinstance(row, dict):
        raise QuestionSetError(f"{where}: a {type(row).__name__} where an object such as {_EXAMPLE} should be")
    return row


def _question(row: Mapping[str, Any], where: str, number: int) -> Question:
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise QuestionSetError(f'{where}: "question" must be a text that is not blank')
    answers, evidence = _texts(row, "answers", where), _texts(row, "evidence", where)
    answerable = row.get("answerable", bool(answers or evidence))
    if not isinstance(answerable, bool):
        raise QuestionSetError(f'{where}: "answerable" must be true or false, not {answerable!r}')
    if not ("answerable" in row or answers or evidence):
        raise QuestionSetError(
            f'{where}: give "answers" (words of the article that answer), or "answerable": false where none does'
        )
    has_span = bool(row["gold"]) if "gold" in row else True
    is_scored = not answerable or bool(evidence or (answers and has_span))
    if not is_scored and not {"gold", "qrels"} & row.keys():
        raise QuestionSetError(f'{where}: "answerable" is true, but there are no "answers"')
    return Question(
        id=str(row.get("id", number)),
        text=text,
        answers=answers,
        evidence=evidence if answerable else (),
        source=_text_or_none(row, "source", where),
        stem=_stem(row, where),
        paragraph=_paragraph(row, where),
        answerable=answerable,
        is_scored=is_scored,
        kind=str(row.get("kind", "answerable" if answerable else "unanswerable")),
    )


def _texts(row: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = row.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise QuestionSetError(f'{where}: "{key}" must be a list of texts, not {values!r}')
    return tuple(value for value in values if value.strip())


def _text_or_none(row: Mapping[str, Any], key: str, where: str) -> str | None:
    value = row.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise QuestionSetError(f'{where}: "{key}" must be a file name, not {value!r}')
    return value


def _stem(row: Mapping[str, Any], where: str) -> str | None:
    if row.get("doc_id") is not None and not row.get("evidence"):
        return document_slug(str(row["doc_id"]))
    document = _text_or_none(row, "doc", where)
    return document_stem(document) if document is not None else None


def _paragraph(row: Mapping[str, Any], where: str) -> Span | None:
    para = row.get("para")
    if not para or row.get("evidence"):
        return None
    try:
        start, end = para
        return Span(int(start), int(end))
    except (TypeError, ValueError) as error:
        raise QuestionSetError(f'{where}: "para" must be [start, end] in characters, not {para!r}') from error
