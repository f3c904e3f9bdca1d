"""How often a caller may ask: one count, which all worker processes of a service keep together."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = 8
_SETS = 2048
_SET = struct.Struct(f"={2 * _PLACES}Q")
_PLACE = struct.Struct("=QQ")
_MINUTE = 60_000_000_000


class RateLimit:
    """A bucket of tokens for each caller, filled evenly over a minute.

    The buckets lie in a table of fixed size: for each caller 8 bytes of its hash, and the time at which its bucket is
    full again, which says how full it is now. A hash leads to a set of eight places; where all are taken, the bucket
    that is full first is forgotten, and only what was not yet full is lost by that.

    Processes share the table as a mapped file. They take turns by a lock that the system takes back from a process
    that dies, and a table left half-written makes one caller wait for a minute at most.

    Example:
        >>> limit = RateLimit(2)
        >>> [limit.wait("a") > 0 for _ in range(3)], limit.wait("b")
        ([False, False, True], 0.0)
    """

    def __init__(
        self, per_minute: int, *, shared: Path | None = None, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Make the buckets.

        Args:
            per_minute: Requests a minute, as a burst or evenly; 0 allows any number.
            shared: The file that processes of this machine count in together, made where it is missing; None counts
                in this process alone.
            clock: Nanoseconds, the same in every process.
        """
        self._token = max(1, _MINUTE // per_minute) if per_minute else 0
        self._bucket = self._token * per_minute
        self._clock = clock
        self._file: int | None = None
        size = _SET.size * _SETS
        if shared is not None and per_minute:
            self._file = os.open(shared, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            weakref.finalize(self, os.close, self._file)
            os.ftruncate(self._file, size)
        self._table = mmap.mmap(-1 if self._file is None else self._file, size)

    def wait(self, caller: str) -> float:
        """Take a token and return 0, or return the seconds until there is one; for one thread of a process."""
        if not self._token:
            return 0.0
        hashed = hashlib.blake2b(caller.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        name = int.from_bytes(hashed) or 1  # 0 is a place that nobody has taken
        with self._turn():
            return self._take(name) / 1e9

    def _take(self, name: int) -> int:
        """Take a token and return 0, or return the nanoseconds until there is one."""
        start = name % _SETS * _SET.size
        row = _SET.unpack_from(self._table, start)
        names, full_times = row[::2], row[1::2]
        is_known = name in names
        place = names.index(name) if is_known else full_times.index(min(full_times))
        now = self._clock()
        full_at = min(max(full_times[place], now), now + self._bucket) if is_known else now
        missing = full_at + self._token - now - self._bucket
        if missing > 0:
            return missing
        _PLACE.pack_into(self._table, start + place * _PLACE.size, name, full_at + self._token)
        return 0

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
