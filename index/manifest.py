"""What an index says of itself: format, revision, encoder, settings, and the checksums of its derived files."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
DATABASE = "articles.db"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSum:
    """A file of the index folder, by its path in it, its size and its CRC-32 (1.1 GB/s here; SHA-256 0.7 GB/s)."""

    name: str
    size: int
    crc32: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedFiles:
    """Files made from the database, and by which recipe: another recipe means making them again.

    Attributes:
        recipe: Names the library, the layout and the settings that shaped the files.
        path: Of the file or folder to open, relative to the index.
        files: Every file that must be there, unchanged.
    """

    recipe: str
    path: str
    files: tuple[FileSum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """The encoder that the index was made with.

    Attributes:
        name: The model's name or folder, as given when the index was built.
        dim: Numbers in a vector.
        runtime: ``onnx``: its files lie in the index. ``sentence-transformers``: loaded by name, for models that
            cannot be exported. ``given``: by whoever opens the index.
        sha256: Of the weights; empty where that is not known.
        path: Where its files lie, relative to the index; None where it has none.
        files: Every file that must be there, unchanged.
    """

    name: str
    dim: int
    runtime: str = "onnx"
    sha256: str = ""
    path: str | None = None
    files: tuple[FileSum, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One revision of an index.

    Attributes:
        revision: Increases with every published change; 0 before the first.
        generation: Increases whenever derived files are written, so that their names are never used twice.
        documents: Articles that can be found.
        passages: Passages that can be found.
        settings: The passage settings, by name.
        vectors: The FAISS files.
        lexical: The tantivy files.
        updated: When the revision was published, ISO 8601 in UTC.
        format: Of the folder.
    """

    revision: int
    generation: int
    documents: int
    passages: int
    encoder: EncoderInfo
    settings: dict[str, Any] = field(default_factory=dict)
    vectors: DerivedFiles
    lexical: DerivedFiles
    updated: str
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the manifest as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Return the manifest that ``to_json`` wrote."""
        body = json.loads(text)
        body["encoder"] = EncoderInfo(**_with_files(body["encoder"]))
        for name in ("vectors", "lexical"):
            body[name] = DerivedFiles(**_with_files(body[name]))
        return cls(**body)


def _with_files(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "files": tuple(FileSum(**file) for file in body["files"])}


def sum_file(folder: Path, path: Path) -> FileSum:
    """Return size and checksum of a file that lies in the index folder."""
    crc = size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    return FileSum(name=path.relative_to(folder).as_posix(), size=size, crc32=crc)


def find_damage(folder: Path, files: tuple[FileSum, ...]) -> str | None:
    """Return what is wrong with the first damaged file, or None where all are as they were written."""
    for file in files:
        path = folder / file.name
        try:
            found = sum_file(folder, path)
        except FileNotFoundError:
            return f"{path} is missing"
        except OSError as error:
            return f"{path} cannot be read ({error.strerror or error})"
        if found.size != file.size:
            return f"{path} has {found.size} bytes, {file.size} were written"
        if found != file:
            return f"{path} is damaged (its checksum is not the one written)"
    return None
