"""What the service counts of itself, for Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from qa.answers import IndexState

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10.0, 30.0)


class Metrics:
    """Counters of one process; of all worker processes together where they share a folder."""

    def __init__(self, shared: Path | None = None) -> None:
        """Make the counters.

        Args:
            shared: The folder that worker processes share their counts in (``PROMETHEUS_MULTIPROC_DIR``); None where
                there is one process.
        """
        self._shared = shared
        own = self._own = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter("qa_requests", "Requests, by route, method and status.", labels, registry=own)
        self._seconds = Histogram(
            "qa_request_seconds", "Time from request to end of response.", ("route",), registry=own, buckets=_SECONDS
        )
        self._answers = Counter("qa_answers", "Questions, by whether they were answered.", ("outcome",), registry=own)
        self._revision = _gauge("qa_index_revision", "Revision of the index that answers.", "max", own)
        self._documents = _gauge("qa_index_documents", "Articles in the index.", "mostrecent", own)
        self._passages = _gauge("qa_index_passages", "Passages in the index.", "mostrecent", own)
        self._working = _gauge("qa_questions_working", "Questions being worked on.", "livesum", own)
        self._waiting = _gauge("qa_questions_waiting", "Questions waiting for their turn.", "livesum", own)

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_answer(self, answered: bool) -> None:
        """Count an answer or an abstention."""
        self._answers.labels("answered" if answered else "abstained").inc()

    def show_index(self, state: IndexState) -> None:
        """Show which state of the index answers."""
        self._revision.set(state.revision)
        self._documents.set(state.documents)
        self._passages.set(state.passages)

    def show_queue(self, working: int, waiting: int) -> None:
        """Show how many questions are worked on and how many wait."""
        self._working.set(working)
        self._waiting.set(waiting)

    def render(self) -> bytes:
        """Return the counts in Prometheus' text format."""
        if self._shared is None:
            return generate_latest(self._own)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(together)


def _gauge(name: str, help_text: str, mode: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, help_text, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]
