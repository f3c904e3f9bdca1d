"""A progress bar on stderr; plain lines, now and then, where stderr is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from index import Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Give a callback for ``build_index`` that shows how far it is, with rate and time left."""
    from tqdm import tqdm

    if not sys.stderr.isatty():
        yield _PlainLines()
        return
    with tqdm(unit="article", file=sys.stderr, dynamic_ncols=True, leave=False, disable=None) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total
            bar.set_description(progress.stage, refresh=False)
            bar.update(max(0, progress.done - bar.n))

        yield show


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
