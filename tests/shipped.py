"""The index of the articles that ship, made once in a test run with the real encoder."""

import functools
import tempfile
from pathlib import Path

import pytest

from index import build_index
from qa.locations import shipped_articles

_FOLDER = tempfile.TemporaryDirectory(prefix="article-qa-tests-")


@functools.cache
def _built() -> Path:
    index_path = Path(_FOLDER.name) / "index"
    build_index(shipped_articles(), index_path)
    return index_path


@pytest.fixture(scope="session")
def shipped_index() -> Path:
    """The folder of the index, not to be changed."""
    return _built()
