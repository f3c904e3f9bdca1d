"""Killed at any instant, the index is the revision before or the one after, never between."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index import IndexNotFoundError, PassageIndex, build_index, verify_index
from tests.conftest import WordsEncoder, write_articles
from tests.index.crash_child import NAMES, SHORT, article

KILLS = 200
"""At random times; as many and more are at each call that changes something on disk."""
ROOT = Path(__file__).parents[2]

State = dict[str, int]


class Builders:
    """The process that forks builders, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._started = 0

    def start(self, point: int | None = None) -> int:
        """Start a builder, which kills itself at the point where one is given, and return its process id."""
        self._started += 1
        assert self._process.stdin is not None
        self._process.stdin.write(f"START {self._started}\n" if point is None else f"START 2025 {point}\n")
        self._process.stdin.flush()
        return int(self.read("pid").split()[1])

    def read(self, *kinds: str) -> str:
        """Return the next line of one of the kinds."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            assert not line.startswith("failed"), line
            if line.split()[0] in kinds:
                return line
        raise AssertionError("the builders have ended")


@contextmanager
def builders(folder: Path) -> Iterator[Builders]:
    command = [sys.executable, "-m", "tests.index.crash_child", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        yield Builders(process)
        assert process.stdin is not None
        process.stdin.close()


def logged(folder: Path) -> list[State]:
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def published(folder: Path) -> tuple[int, State]:
    """Open the index as a reader does, and return its revision and the versions of its articles."""
    try:
        opened = PassageIndex.open(folder / "index", encoder=WordsEncoder())
    except IndexNotFoundError:
        return 0, {}
    with opened as passages:
        state = {}
        for info in passages.documents():
            text, name = passages.document(info.id).text, Path(info.source).name
            state[name] = int(text.split("version ")[1].split()[0])
            assert text == article(name, state[name])
        for hit in passages.search("tea and chess, version of the article", k=100):
            name = Path(hit.document.source).name
            assert hit.text in article(name, state[name])
            assert hit.text == passages.document(hit.document.id).text[hit.passage.start : hit.passage.end]
        assert passages.mended == ()
        return passages.revision, state


class Watcher:
    """Looks at the index after each kill."""

    def __init__(self, folder: Path, now: tuple[int, State] = (0, {})) -> None:
        (folder / "articles").mkdir(exist_ok=True)
        self._folder = folder
        self._known = 0
        self.now = now
        self.revisions: set[int] = set()
        self.behind = 0

    def look(self) -> None:
        """Find the revision seen last, or a later one that is a state which was to be published since."""
        states = logged(self._folder)
        now = published(self._folder)
        assert now == self.now or (now[0] > self.now[0] and now[1] in states[self._known :])
        if now[0]:
            assert verify_index(self._folder / "index", sources=False).ok
        self._known, self.now = len(states), now
        self.revisions.add(now[0])
        self.behind += bool(states) and now[1] != states[-1]

    def finish(self) -> None:
        """Find that the next build, let through, publishes what is on disk."""
        build_index([self._folder / "articles"], self._folder / "index", encoder=WordsEncoder())
        on_disk = {path.name: path.read_text() for path in (self._folder / "articles").glob("*.txt")}
        assert published(self._folder)[1] == {
            name: int(text.split("version ")[1].split()[0]) for name, text in on_disk.items()
        }


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_build_killed_at_any_instant_leaves_a_whole_revision(tmp_path: Path) -> None:
    choose = random.Random(2025)
    watcher = Watcher(tmp_path)
    with builders(tmp_path) as forked:
        for _ in range(KILLS):
            pid = forked.start()
            if choose.random() < 0.3:  # let one build through, so that kills fall on later ones too
                forked.read("built")
            time.sleep(choose.uniform(0, 0.12))
            os.kill(pid, signal.SIGKILL)
            forked.read("ended")
            watcher.look()
    assert len(watcher.revisions) > KILLS / 5, "many kills should fall into a build that comes after another"
    assert watcher.behind > KILLS / 5, "many kills should fall before the revision was published"
    watcher.finish()


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.parametrize("is_first", [True, False], ids=["first build", "later build"])
def test_a_build_killed_before_any_write_leaves_a_whole_revision(tmp_path: Path, is_first: bool) -> None:
    before, folder = tmp_path / "before", tmp_path / "now"
    write_articles(folder / "articles", {name: article(name, 1) for name in NAMES[:3]})
    if not is_first:
        build_index([folder / "articles"], folder / "index", encoder=WordsEncoder(), settings=SHORT)
    expected = published(folder)
    folder.rename(before)
    kills, seen = 0, set()
    with builders(folder) as forked:
        while True:  # the same change each time, killed one write later
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(before, folder)
            watcher = Watcher(folder, now=expected)
            forked.start(point=kills)
            through = forked.read("built", "ended").startswith("built")
            if through:
                forked.read("ended")
            watcher.look()
            seen.add(watcher.now[0])
            if through:
                break
            kills += 1
    assert kills > 50
    assert seen == {expected[0], expected[0] + 1}
    watcher.finish()
