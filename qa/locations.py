"""Where the shipped articles and the user's own indexes lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index import Progress

_APPLICATION = "article-qa"


def shipped_articles() -> list[Path]:
    """Return the articles that ship: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "seeds"
    folder = installed if installed.is_dir() else package.parent / "seeds"
    return sorted(folder.glob("*.txt"))


def default_index() -> Path:
    """Return the folder of the user's own index, used where none is named; it need not exist."""
    return _user_folder("data") / "index"


def shipped_index() -> Path:
    """Return the folder of the index of the shipped articles; it need not exist."""
    return _user_folder("data") / "shipped-index"


def folder_index(articles: Path) -> Path:
    """Return the folder of the index that ``ask --in ARTICLES`` keeps, one for each folder of articles."""
    key = hashlib.sha256(str(articles.resolve()).encode()).hexdigest()[:16]
    return _user_folder("cache") / "folders" / key


def index_to_ask(
    chosen: Path | None,
    *,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Return the folder of the index to ask, building that of the shipped articles where there is none.

    Args:
        chosen: What the caller named, or None for the default.
        say: Told, in a sentence, that an index is being built.
        progress: Told how far the building is.
    """
    if chosen is not None:
        return chosen
    if default_index().exists():
        return default_index()
    if not shipped_index().exists():
        from index import build_index

        say(f"No index yet: building the one of the shipped articles in {shipped_index()}")
        build_index(shipped_articles(), shipped_index(), progress=progress)
    return shipped_index()


def _user_folder(kind: str) -> Path:
    import platformdirs

    folder = platformdirs.user_data_dir if kind == "data" else platformdirs.user_cache_dir
    return Path(folder(_APPLICATION, appauthor=False))
