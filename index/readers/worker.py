"""The process that reads other people's files: it may hang, explode or crash, and only its file is lost.

It takes pickled ``(path, limits)`` frames on standard input and answers each with a pickled ``Reply``. The parent's
modules are not imported here: torch in the parent costs nothing in a worker.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from index.documents import Document
from index.errors import ArticleError
from index.readers.article import read_article
from index.readers.limits import MB, ReadLimits

LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one file, and whether the worker ends after it."""

    document: Document | None
    error: ArticleError | None
    is_last: bool = False


def write_frame(stream: BinaryIO, value: object) -> None:
    """Write a value that ``read_frame`` reads back."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_frame(stream: BinaryIO) -> object:
    """Return the next value.

    Raises:
        EOFError: The stream ends before it.
    """
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def memory_reason(limits: ReadLimits) -> str:
    """Say that a file was given up for the memory it took."""
    return f"needed more than {limits.memory_mb} MB of memory (limit)"


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Read the files asked for until there are no more, or until one has cost so much that a fresh start is due."""
    idle = _peak()
    while True:
        try:
            path, limits = cast("tuple[Path, ReadLimits]", read_frame(requests))
        except EOFError:
            return
        _limit_memory(idle + limits.memory_mb * MB)
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        try:
            reply = _reply(path, limits)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if _peak() > idle + limits.memory_mb * MB / 2:
            reply = _last(reply, path, limits)
        _limit_memory(None)
        write_frame(replies, reply)
        if reply.is_last:
            return


def _reply(path: Path, limits: ReadLimits) -> Reply:
    try:
        return Reply(read_article(path, limits=limits), None)
    except ArticleError as error:
        return Reply(None, ArticleError(path, error.reason, skipped=error.skipped))
    except MemoryError:
        return Reply(None, ArticleError(path, memory_reason(limits)), is_last=True)


def _last(reply: Reply, path: Path, limits: ReadLimits) -> Reply:
    """Return the reply of a worker that has taken much memory: libraries give all kinds of reasons for want of it."""
    error = reply.error
    if error is not None and memory_reason(limits) not in error.reason:
        error = ArticleError(path, f"{error.reason}, or {memory_reason(limits)}")
    return Reply(reply.document, error, is_last=True)


def _peak() -> int:
    """Return the most address space that this process has had, in bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 0
    match = re.search(r"^VmPeak:\s*(\d+) kB", status, re.MULTILINE)
    return int(match[1]) * 1024 if match else 0


def _limit_memory(size: int | None) -> None:
    """Let this process have so much address space; None lifts the limit."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = resource.RLIM_INFINITY if size is None else size
    if hard != resource.RLIM_INFINITY and (size is None or size > hard):
        wanted = hard
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def main() -> None:
    """Serve the parent, whose pipes are kept apart from what libraries print."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    serve(requests, replies)
