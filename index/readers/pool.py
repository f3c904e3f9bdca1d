"""Many files, in worker processes with limits: one bad file costs one file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from select import select
from typing import BinaryIO, cast

from index.documents import Document
from index.errors import ArticleError
from index.readers.article import read_harmless
from index.readers.find import absolute
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.worker import Reply, memory_reason, read_frame, write_frame

AHEAD = 4
"""How many files a worker are being read or wait to be fetched: the most documents that memory holds."""
GRACE = 5.0
"""Seconds after which a worker that did not end itself is killed."""
BOOTSTRAP = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from index.readers.worker import main; main()"


@dataclass(frozen=True, slots=True)
class ReadOutcome:
    """What became of one file: a document, or the reason why there is none."""

    path: Path
    document: Document | None
    error: ArticleError | None


def read_articles(
    paths: Iterable[Path], *, limits: ReadLimits = DEFAULT_LIMITS, workers: int = 1
) -> Iterator[ReadOutcome]:
    """Read the files, one outcome each in the order given; a file that cannot be read is an outcome, not an error.

    Files are read ahead of the caller in worker processes, each under the limits of time and memory; a small file of
    plain UTF-8 text, which cannot hang or explode, is read in this process. Workers start with the first file that
    needs one and end with the iteration, or when it is given up.

    Raises:
        ValueError: ``workers`` is below 1.
    """
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")
    return _outcomes(paths, limits, workers)


def _outcomes(paths: Iterable[Path], limits: ReadLimits, workers: int) -> Iterator[ReadOutcome]:
    """Keep a window of files ahead of the caller, and hand them out in order."""
    pool = _Workers(workers, limits)
    pending: deque[Future[ReadOutcome] | ReadOutcome] = deque()
    try:
        for path in paths:
            pending.append(_read_here(path, limits) or pool.submit(path))
            while pending and (len(pending) > AHEAD * workers or _is_done(pending[0])):
                yield _outcome(pending.popleft())
        while pending:
            yield _outcome(pending.popleft())
    finally:
        pool.close()


def _is_done(item: Future[ReadOutcome] | ReadOutcome) -> bool:
    return isinstance(item, ReadOutcome) or item.done()


def _outcome(item: Future[ReadOutcome] | ReadOutcome) -> ReadOutcome:
    return item if isinstance(item, ReadOutcome) else item.result()


def _read_here(path: Path, limits: ReadLimits) -> ReadOutcome | None:
    """Read a small plain text in this process; None where the file needs a worker."""
    try:
        document = read_harmless(path, limits)
    except ArticleError as error:
        return ReadOutcome(path, None, error)
    return None if document is None else ReadOutcome(path, document, None)


class _Workers:
    """Worker processes, each driven by a thread of this process; started when first needed."""

    def __init__(self, count: int, limits: ReadLimits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="read")
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._all = [_Worker() for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)

    def submit(self, path: Path) -> Future[ReadOutcome]:
        return self._threads.submit(self._read, path)

    def _read(self, path: Path) -> ReadOutcome:
        worker = self._idle.get()
        try:
            reply = worker.read(path, self._limits)
        finally:
            self._idle.put(worker)
        return ReadOutcome(path, reply.document, reply.error)

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.close()
        self._threads.shutdown(wait=True)
        for worker in self._all:
            worker.close()


class _Worker:
    """One worker process, started again after each file that ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def read(self, path: Path, limits: ReadLimits) -> Reply:
        if self._is_closed:
            return Reply(None, ArticleError(path, "given up: the reading was ended"))
        process = self._process = self._process or self._start()
        try:
            requests, replies = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
            write_frame(requests, (absolute(path), limits))
            ready, _, _ = select([replies], [], [], limits.seconds + GRACE)
            if not ready:
                process.kill()
            reply = cast(Reply, read_frame(replies))
        except (EOFError, BrokenPipeError):
            return Reply(None, ArticleError(path, self._cause(limits)))
        if reply.is_last:
            self._end()
        return reply

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-c", BOOTSTRAP, json.dumps(sys.path)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def _cause(self, limits: ReadLimits) -> str:
        """Say why the worker ended without a reply."""
        code = self._end()
        if code in (-signal.SIGALRM, -signal.SIGKILL) and not self._is_closed:
            killed = "took too long" if code == -signal.SIGALRM else "took too long, or was killed for its memory"
            return f"{killed} (over {limits.seconds:g} s)" if code == -signal.SIGALRM else killed
        if code in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
            return f"its reader crashed ({signal.Signals(-code).name}), or {memory_reason(limits)}"
        return f"its reader ended unexpectedly (exit code {code})"

    def _end(self) -> int:
        """Wait for the end of the process and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        return process.wait()

    def close(self) -> None:
        """End the process; called again when its thread has ended, it is also waited for."""
        was_closed, self._is_closed = self._is_closed, True
        if (process := self._process) is not None:
            process.kill()
        if was_closed:
            self._end()
