"""Which files the named paths stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class _Found:
    """A file as it was named or met, and where it really lies."""

    path: Path
    real: Path

    @property
    def is_link(self) -> bool:
        return self.path.name != self.real.name or self.path.is_symlink()


def find_articles(paths: Sequence[Path | str]) -> list[Path]:
    """Return every file that the paths name, folders walked, each file once, as absolute paths.

    Paths keep the order given; inside a folder, names are sorted, files and folders alike. Hidden files and folders
    are left out unless named themselves, and so are links that lead out of the folder or to what is found anyway. A
    path that does not exist is returned as it is, so that reading it says so.
    """
    found: dict[Path, _Found] = {}
    for path in paths:
        start = absolute(path)
        for file in _walk(start, start.resolve(), seen=set()) if start.is_dir() else [_Found(start, _real(start))]:
            if file.real not in found or (found[file.real].is_link and not file.is_link):
                found.pop(file.real, None)
                found[file.real] = file
    return [file.path for file in found.values()]


def absolute(path: Path | str) -> Path:
    """Return the path from the root, without ``..`` and without following links."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows links


def _walk(folder: Path, root: Path, *, seen: set[Path]) -> Iterator[_Found]:
    resolved = folder.resolve()
    if resolved in seen:
        return
    seen.add(resolved)
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        yield _Found(folder, resolved)
        return
    for entry in entries:
        real = _real(entry) if entry.is_symlink() else resolved / entry.name
        if entry.name.startswith(".") or not real.is_relative_to(root) or (entry.is_symlink() and not real.exists()):
            continue
        if entry.is_dir():
            yield from _walk(entry, root, seen=seen)
        else:
            yield _Found(entry, real)


def _real(path: Path) -> Path:
    """Return where a path leads, or the path itself where that cannot be told."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
