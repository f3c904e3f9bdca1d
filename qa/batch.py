"""Many questions at once: JSON lines in, JSON lines out, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from qa.answers import Answer, IndexState
from qa.errors import InvalidQuestionError

if TYPE_CHECKING:
    from index import Filters
    from qa.assistant import Assistant


def answer_lines(
    assistant: Assistant,
    lines: Iterable[str],
    *,
    filters: Filters | None = None,
    explain: bool = False,
    ask: Callable[..., Answer] | None = None,
) -> Iterator[str]:
    """Yield one JSON line for each question, in order, with the question's ``id`` copied through.

    A question that cannot be asked (blank, too long) is abstained from with that reason; the others go on.

    Args:
        assistant: Who answers.
        lines: JSON objects with ``question`` and, where wanted, ``id``; blank lines are passed over.
        filters: Which articles to answer from.
        explain: Whether the scores go with each citation.
        ask: What a question is asked with, such as the assistant's own in a trace; None takes the assistant's own.

    Raises:
        ValueError: A line is no such object; the message names its number.
    """
    ask = ask or assistant.ask
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        item = _question(line, number)
        try:
            answer = ask(item["question"], filters=filters)
        except InvalidQuestionError as error:
            answer = _unasked(assistant, item["question"], str(error))
        identity = {"id": item["id"]} if "id" in item else {}
        yield json.dumps({**identity, **answer.to_dict(explain=explain)}, ensure_ascii=False)


def _question(line: str, number: int) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(item, dict) or not isinstance(item.get("question"), str):
        raise ValueError(f'line {number} is no JSON object with a "question" text')
    return item


def _unasked(assistant: Assistant, question: str, reason: str) -> Answer:
    passages = assistant.passages
    return Answer(
        question=question,
        answered=False,
        confidence=0.0,
        reason=reason,
        citations=(),
        nearest=(),
        conflicts=(),
        index=IndexState(passages.revision, passages.document_count, passages.passage_count),
    )
