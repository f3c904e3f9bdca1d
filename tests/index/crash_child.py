"""Builds without end, to be killed: run as a program it forks a builder for each line ``START NUMBER`` on stdin.

Forking spares each builder the import of numpy, FAISS and tantivy, so that hundreds can be killed in a minute.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

from tests.conftest import WordsEncoder

NAMES = tuple(f"{letter}.txt" for letter in "abcdefgh")


def article(name: str, version: int) -> str:
    """Return an article of several passages, each of which tells its name and version."""
    paragraphs = [f"Article {name} version {version} paragraph {number} on tea and chess." for number in range(4)]
    return f"The article {name}\n\n" + "\n\n".join(paragraphs) + "\n"


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def build_without_end(folder: Path, seed: int) -> None:
    """Write a random state of the articles into the log, then to disk, then index it; again and again."""
    from index import PassageSettings, build_index

    choose = random.Random(seed)
    short = PassageSettings(max_words=12, min_words=3, tiny_words=2, overlap=0)
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
        build_index([folder / "articles"], folder / "index", encoder=WordsEncoder(), settings=short)
        say("built")


def main() -> None:
    """Fork a builder for each line on stdin and print its process id."""
    import faiss  # noqa: F401 - loaded once, for all builders
    import filelock  # noqa: F401
    import tantivy  # noqa: F401

    import index.build
    import index.passages
    import index.readers.pool  # noqa: F401

    for line in sys.stdin:
        seed = int(line.split()[1])
        child = os.fork()
        if child == 0:
            build_without_end(Path(sys.argv[1]), seed)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
