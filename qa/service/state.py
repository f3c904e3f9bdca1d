"""What the routes of one service share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import Depends, Request

from index import Filters
from qa.answers import IndexState
from qa.service.errors import ServiceError, locked
from qa.service.limits import WorkPool
from qa.service.metrics import Metrics
from qa.service.uploads import Uploads
from qa.settings import Settings

if TYPE_CHECKING:
    from index import Encoder
    from qa.answers import Answer
    from qa.assistant import Assistant
    from qa.service.spans import Tracing

_READERS = 4
_READS_WAITING = 64
_WRITE_SECONDS = 600.0


class Ask(Protocol):
    """What answers a question, as the assistant does."""

    def __call__(
        self, question: str, *, k: int | None = None, risk: float | None = None, filters: Filters | None = None
    ) -> Answer:
        """Return the answer."""
        ...


@dataclass(slots=True)
class Service:
    """An assistant and what bounds its use.

    Attributes:
        assistant: Who answers.
        settings: Of the service.
        metrics: What is counted.
        questions: Where questions are worked on.
        reads: Where articles are read and listed, so that a long list holds up no question.
        writes: Where the index is changed, one change at a time.
        uploads: Where articles go that come over HTTP.
        tracing: What makes spans of answers; None where there are no traces.
        is_ready: Whether the index is open and the encoder warm.
    """

    assistant: Assistant
    settings: Settings
    metrics: Metrics
    questions: WorkPool
    reads: WorkPool
    writes: WorkPool
    uploads: Uploads
    tracing: Tracing | None = None
    is_ready: bool = False

    @classmethod
    def of(
        cls,
        assistant: Assistant,
        settings: Settings,
        metrics: Metrics,
        encoder: Encoder | None,
        tracing: Tracing | None,
    ) -> Service:
        """Return the service of an assistant, bounded as the settings say."""
        seconds = settings.request_timeout
        workers = settings.max_concurrency or max(1, len(os.sched_getaffinity(0)) // settings.thread_count)
        questions = WorkPool(workers, settings.max_waiting, timeout=seconds, name="question", watch=metrics.show_queue)
        uploads = Uploads(assistant.passages.path, settings.uploads, most_bytes=settings.max_upload, encoder=encoder)
        return cls(
            assistant=assistant,
            settings=settings,
            metrics=metrics,
            questions=questions,
            reads=WorkPool(_READERS, _READS_WAITING, timeout=seconds),
            writes=WorkPool(1, 0, timeout=_WRITE_SECONDS, refusal=locked),
            uploads=uploads,
            tracing=tracing,
        )

    def asking(self) -> Ask:
        """Return what answers the questions of the request that is at hand, to be called in any thread."""
        return self.assistant.ask if self.tracing is None else self.tracing.asking(self.assistant.ask)

    def index_state(self) -> IndexState:
        """Return the state of the index as it is now."""
        passages = self.assistant.passages
        return IndexState(passages.revision, passages.document_count, passages.passage_count)

    def close(self) -> None:
        """End the threads."""
        self.questions.close()
        self.reads.close()
        self.writes.close()


def parse_filters(written: Sequence[str]) -> Filters | None:
    """Return the filters, or None for none.

    Raises:
        ServiceError: One of them is no filter.
    """
    if not written:
        return None
    try:
        return Filters.parse(list(written))
    except ValueError as error:
        raise ServiceError(422, "invalid_filter", str(error)) from None


async def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


ServiceOf = Annotated[Service, Depends(_service)]
"""Type of a route's parameter that receives the service."""
