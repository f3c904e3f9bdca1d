"""Which files the named paths stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path


def find_articles(paths: Sequence[Path | str]) -> list[Path]:
    """Return every file that the paths name, folders walked, each file once, as absolute paths.

    Paths keep the order given; inside a folder, names are sorted, files and folders alike. Hidden files and folders
    are left out unless named themselves, and so are links that lead out of the folder or back into it. A path that
    does not exist is returned as it is, so that reading it says so.
    """
    found: dict[Path, None] = {}
    for path in paths:
        start = absolute(path)
        for file in _walk(start, start.resolve(), seen=set()) if start.is_dir() else [start]:
            found.setdefault(file)
    return list(found)


def absolute(path: Path | str) -> Path:
    """Return the path from the root, without ``..`` and without following links."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows links


def _walk(folder: Path, root: Path, *, seen: set[Path]) -> Iterator[Path]:
    resolved = folder.resolve()
    if resolved in seen:
        return
    seen.add(resolved)
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith(".") or (entry.is_symlink() and not _stays_inside(entry, root)):
            continue
        if entry.is_dir():
            yield from _walk(entry, root, seen=seen)
        else:
            yield entry


def _stays_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False
