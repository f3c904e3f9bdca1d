"""A progress bar on stderr; plain lines, now and then, where stderr is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tqdm import tqdm

    from index import Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Give a callback for ``build_index`` that shows how far it is, with rate and time left."""
    shown = _Bar() if sys.stderr.isatty() else _PlainLines()
    try:
        yield shown
    finally:
        shown.close()


class _Bar:
    """A bar, drawn from the first call on."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(unit="article", file=sys.stderr, dynamic_ncols=True, leave=False)
        self._bar.total = progress.total
        self._bar.set_description(progress.stage, refresh=False)
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _PlainLines:
    """A line when the stage changes, and one every few seconds."""

    def __init__(self) -> None:
        self._stage = ""
        self._started = self._said = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._said < _SECONDS_BETWEEN_LINES:
            return
        self._stage, self._said = progress.stage, now
        rate = progress.done / (now - self._started) if now > self._started else 0.0
        left = f", {(progress.total - progress.done) / rate:.0f} s left" if progress.done and rate else ""
        click.echo(f"{progress.stage}: {progress.done}/{progress.total} articles ({rate:.1f}/s{left})", err=True)

    def close(self) -> None:
        """Nothing is open."""
