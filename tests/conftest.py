"""Three short articles, an encoder that is read by eye, and one index of them a session."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import PassageIndex, PassageSettings, build_index

ARTICLES = {
    "caspian.txt": (
        "Caspian Wind-2025\n\n"
        "Caspian Wind-2025 was an exercise of two navies. It was held in the port of Aktau in June 2025.\n\n"
        "Four ships and 300 sailors took part. The wind was strong on the second day."
    ),
    "chess.txt": (
        "How chess is won\n\n"
        "Chess is won by taking the king. The queen is the strongest piece of chess.\n\n"
        "A game of chess may also end in a draw, when the king cannot move and is not attacked."
    ),
    "tea.txt": (
        "Чай, or tea\n\n"
        "Tea is made of the leaf of a tea bush and hot water. Green tea wants water of 80 °C 🍵.\n\n"
        "Black tea wants boiling water. The leaf of black tea is oxidised before it is dried."
    ),
}


class WordsEncoder:
    """Ten words, one dimension each, counted; the eleventh dimension is 0.1 for every text."""

    WORDS = ("tea", "leaf", "water", "chess", "king", "queen", "caspian", "wind", "navies", "ships")
    name = "ten-words"
    dim = 11

    def __init__(self) -> None:
        self.passages_encoded: list[str] = []

    def encode_query(self, text: str) -> NDArray[np.float32]:
        words = re.findall(r"\w+", text.lower())
        counts = np.array([words.count(word) for word in self.WORDS] + [0.1], dtype=np.float32)
        return counts / np.float32(np.linalg.norm(counts))

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages_encoded += texts
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(len(texts), self.dim)


def write_articles(folder: Path, articles: dict[str, str] | None = None) -> Path:
    """Write the articles into the folder, made where it is missing, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (ARTICLES if articles is None else articles).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def encoder() -> WordsEncoder:
    return WordsEncoder()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with the three articles, to be changed at will."""
    return write_articles(tmp_path / "articles")


@pytest.fixture(scope="session")
def built_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the three articles, not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    short = PassageSettings(max_words=20, min_words=5, tiny_words=3, overlap=0)
    build_index([write_articles(folder / "articles")], folder / "index", encoder=WordsEncoder(), settings=short)
    return folder / "index"


@pytest.fixture
def index_path(built_index: Path, tmp_path: Path) -> Path:
    """A copy of the index, to be changed at will."""
    return Path(shutil.copytree(built_index, tmp_path / "index"))


@pytest.fixture
def passages(built_index: Path, encoder: WordsEncoder) -> Iterator[PassageIndex]:
    """The index, opened."""
    with PassageIndex.open(built_index, encoder=encoder) as opened:
        yield opened


@pytest.fixture(scope="session")
def shipped_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has asked once: the index of the shipped articles is built, by the real model."""
    home = tmp_path_factory.mktemp("home")
    environ = {**os.environ, "HOME": str(home), "HF_HUB_OFFLINE": "1"}
    environ |= {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("DATA", "CACHE")}
    command = [sys.executable, "-m", "qa.cli", "ask", "what is Caspian Wind-2025"]
    subprocess.run(command, env=environ, check=True, capture_output=True, cwd=home)
    return environ
