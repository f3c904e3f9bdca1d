"""Builds without end, to be killed: run as a program it forks a builder for each line ``START SEED [POINT]`` on stdin.

Without a point the builder goes on until it is killed. With one it kills itself there: points are the calls that reach
the database or the file system, counted from the start of the build. Forking spares each builder the import of numpy,
FAISS and tantivy, so that hundreds can be killed in a minute or two.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from index import PassageSettings
from tests.conftest import WordsEncoder, write_articles

CHANGING = {
    "execute", "executemany", "replace", "rename", "unlink", "rmdir", "link", "mkdir", "chmod", "fsync", "write",
    "write_index", "commit", "wait_merging_threads", "writer",
}  # fmt: skip
SHORT = PassageSettings(max_words=12, min_words=3, tiny_words=2, overlap=0)
NAMES = tuple(f"{letter}.txt" for letter in "abcdefgh")


def article(name: str, version: int) -> str:
    """Return an article of several passages, each of which tells its name and version."""
    paragraphs = [f"Article {name} version {version} paragraph {number} on tea and chess." for number in range(4)]
    return f"The article {name}\n\n" + "\n\n".join(paragraphs) + "\n"


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kill_at(point: int) -> None:
    """Let this process kill itself before a call that changes something on disk."""
    passed = 0

    def count(_frame: FrameType, event: str, called: object) -> None:
        nonlocal passed
        name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
        if event == "c_call" and name in CHANGING and not isinstance(owner, str):
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1

    sys.setprofile(count)


def build_without_end(folder: Path, seed: int, point: int | None) -> None:
    """Write a random state of the articles into the log, then to disk, then index it; again and again."""
    from index import build_index

    choose = random.Random(seed)
    for turn in range(10_000):
        state = {name: seed * 10_000 + turn for name in NAMES if choose.random() < 0.7}
        kept = sorted((folder / "articles").iterdir())
        for path in kept:
            if path.name in state and choose.random() < 0.5:
                state[path.name] = int(path.read_text().split("version ")[1].split()[0])
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(state) + "\n")
        for path in kept:
            if path.name not in state:
                path.unlink()
        for name, version in state.items():
            fresh = folder / "articles" / f".{name}"
            fresh.write_text(article(name, version))
            fresh.replace(folder / "articles" / name)
        if point is not None:
            kill_at(point)
        build_index([folder / "articles"], folder / "index", encoder=WordsEncoder(), settings=SHORT)
        sys.setprofile(None)
        say("built")
        if point is not None:
            os._exit(0)


def main() -> None:
    """Fork a builder for each line on stdin and print its process id."""
    from index import build_index

    with TemporaryDirectory() as folder:  # loads all that a build needs, once for all builders
        write_articles(Path(folder, "articles"), {"warm.txt": article("warm.txt", 0)})
        build_index([Path(folder, "articles")], Path(folder, "index"), encoder=WordsEncoder(), settings=SHORT)
    for line in sys.stdin:
        seed, *point = (int(number) for number in line.split()[1:])
        child = os.fork()
        if child == 0:
            try:
                build_without_end(Path(sys.argv[1]), seed, point[0] if point else None)
            except BaseException as error:
                say(f"failed {error!r}")
                os._exit(1)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
