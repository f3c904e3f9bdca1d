"""Asking without holding up an event loop: the work is done in a thread of the loop's own pool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index import Filters, Hit
    from qa.answers import Answer
    from qa.assistant import Assistant


async def ask_async(
    assistant: Assistant,
    question: str,
    *,
    k: int | None = None,
    risk: float | None = None,
    filters: Filters | None = None,
) -> Answer:
    """Return what :meth:`qa.Assistant.ask` returns, leaving the event loop free meanwhile.

    A task that is cancelled stops waiting at once; its thread ends when the question is done.
    """
    return await asyncio.to_thread(assistant.ask, question, k=k, risk=risk, filters=filters)


async def search_async(
    assistant: Assistant, question: str, *, k: int = 10, filters: Filters | None = None
) -> list[Hit]:
    """Return what :meth:`qa.Assistant.search` returns, leaving the event loop free meanwhile."""
    return await asyncio.to_thread(assistant.search, question, k=k, filters=filters)
