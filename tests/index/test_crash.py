"""Killed at any instant, the index is the revision before or the one after, never between."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index import IndexNotFoundError, PassageIndex, build_index, verify_index
from tests.conftest import WordsEncoder
from tests.index.crash_child import article

KILLS = 220
ROOT = Path(__file__).parents[2]

State = dict[str, int]


class Builders:
    """The process that forks builders, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._started = 0

    def start(self) -> int:
        self._started += 1
        assert self._process.stdin is not None
        self._process.stdin.write(f"START {self._started}\n")
        self._process.stdin.flush()
        return int(self.read("pid").split()[1])

    def read(self, *kinds: str) -> str:
        """Return the next line of one of the kinds."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
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


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_build_killed_at_any_instant_leaves_a_whole_revision(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    choose = random.Random(2025)
    before: tuple[int, State] = (0, {})
    known, revisions, behind = 0, set(), 0
    with builders(tmp_path) as forked:
        for _ in range(KILLS):
            pid = forked.start()
            if choose.random() < 0.3:  # let one build through, so that kills fall on later ones too
                forked.read("built")
            time.sleep(choose.uniform(0, 0.12))
            os.kill(pid, signal.SIGKILL)
            forked.read("ended")
            states = logged(tmp_path)
            now = published(tmp_path)
            assert now[0] >= before[0]
            assert now == before or (now[0] > before[0] and now[1] in states[known:])
            assert verify_index(tmp_path / "index", sources=False).ok if now[0] else True
            known, before = len(states), now
            revisions.add(now[0])
            behind += bool(states) and now[1] != states[-1]
    assert len(revisions) > KILLS / 5, "most kills should fall into a build that had something to publish"
    assert behind > KILLS / 5, "most kills should fall before the revision was published"
    build_index([tmp_path / "articles"], tmp_path / "index", encoder=WordsEncoder())
    assert published(tmp_path)[1] == {
        path.name: int(path.read_text().split("version ")[1].split()[0])
        for path in (tmp_path / "articles").glob("*.txt")
    }
