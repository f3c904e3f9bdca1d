"""One writer at a time: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from index.errors import IndexLockedError, PassageIndexError

LOCK = "writer.lock"
OWNER = "writer.json"


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Hold the index for writing, or say at once who does.

    Raises:
        IndexLockedError: Another process is writing; the message names it.
        PassageIndexError: The folder cannot be written to.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise IndexLockedError(f"{folder} is being written by {_owner(folder)}; wait until it is done") from error
    except (OSError, NotImplementedError) as error:
        raise PassageIndexError(f"{folder} cannot be written to ({error}); check its permissions") from error
    try:
        _sign(folder)
        yield
    finally:
        (folder / OWNER).unlink(missing_ok=True)
        lock.release()


def _sign(folder: Path) -> None:
    owner = {
        "pid": os.getpid(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": Path(sys.argv[0]).name,
    }
    try:
        (folder / OWNER).write_text(json.dumps(owner), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise PassageIndexError(
            f"{folder} cannot be written to ({reason}); free some space or choose another"
        ) from error


def _owner(folder: Path) -> str:
    try:
        owner = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        return f"process {owner['pid']} ({owner['command']}) since {owner['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
