"""Texts to unit vectors: an ONNX export that needs no torch, and sentence-transformers itself.

The export is made once (``encoder_export``), lies in the index folder, and embeds every question, and passages where
there is no GPU. sentence-transformers remains for GPUs and for models that cannot be exported.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import CorruptIndexError, EncoderNotFoundError, IncompatibleIndexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DESCRIPTION = "encoder.json"
GRAPH = "model.onnx"
WEIGHTS = "model.weights"
TOKENIZER = "tokenizer.json"
FORMAT = 1
_BATCH_TOKENS = 512  # small batches stay in the processor's cache


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """The model's name, or the folder it was loaded from."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages: one row of unit length each, in the order given."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query: a vector of unit length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFiles:
    """An exported encoder, as its ``encoder.json`` describes it.

    Attributes:
        folder: Where the files lie.
        name: The model's name or folder, as given when it was exported.
        dim: Numbers in a vector.
        pooling: How token vectors become one, as sentence-transformers names it.
        max_length: Most tokens of a text that are read, special tokens included.
        inputs: The graph's inputs, in order.
        pad_id: The token that fills short rows of a batch.
        query_prompt: Put before every query.
        passage_prompt: Put before every passage.
        weights_sha256: Of the model's own weights, before export.
        files: SHA-256 of every file of the export but ``encoder.json``.
    """

    folder: Path
    name: str
    dim: int
    pooling: str
    max_length: int
    inputs: tuple[str, ...]
    pad_id: int = 0
    query_prompt: str = ""
    passage_prompt: str = ""
    weights_sha256: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Write ``encoder.json`` beside the files."""
        description = {"format": FORMAT, **asdict(self)}
        del description["folder"]
        (self.folder / DESCRIPTION).write_text(json.dumps(description, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> EncoderFiles:
        """Read ``encoder.json``.

        Raises:
            EncoderNotFoundError: There is none.
            IncompatibleIndexError: It is of another format than this program writes.
            CorruptIndexError: It cannot be understood.
        """
        path = folder / DESCRIPTION
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if (version := found.pop("format")) != FORMAT:
                raise IncompatibleIndexError(
                    f"{path}: encoder format {version}, this program reads {FORMAT}; build the index again: qa index"
                )
            return cls(folder=folder, **{**found, "inputs": tuple(found["inputs"])})
        except FileNotFoundError as error:
            raise EncoderNotFoundError(f"{folder}: no encoder there; build the index again: qa index") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorruptIndexError(f"{path}: damaged; build the index again: qa index") from error

    def check(self) -> None:
        """Compare every file with its checksum.

        Raises:
            CorruptIndexError: A file is missing or is not what was written.
        """
        for name, expected in self.files.items():
            path = self.folder / name
            try:
                found = sha256_of(path)
            except OSError as error:
                raise CorruptIndexError(f"{path}: missing; build the index again: qa index") from error
            if found != expected:
                raise CorruptIndexError(f"{path}: damaged (checksum differs); build the index again: qa index")


class OnnxEncoder:
    """An exported encoder, run by onnxruntime; never imports torch.

    One instance may be used from several threads.
    """

    def __init__(self, files: EncoderFiles, *, threads: int | None = None) -> None:
        """Load the graph and the tokenizer; ``open`` also checks the files.

        Args:
            files: A checked export.
            threads: Batches that run side by side; None takes the cores this process may use.
        """
        self.files = files
        self._threads = threads or available_cores()
        self._tokenizer = _load_tokenizer(files)
        self._session = _start_session(files.folder / GRAPH)

    @classmethod
    def open(cls, folder: Path, *, threads: int | None = None, check: bool = True) -> OnnxEncoder:
        """Open an exported encoder.

        Args:
            folder: As written by ``export_encoder``.
            threads: Batches that run side by side; None takes the cores this process may use.
            check: Compare the files with their checksums first; False where the caller has done so.

        Raises:
            EncoderNotFoundError: No export in the folder.
            CorruptIndexError: A file is missing or damaged.
            IncompatibleIndexError: Written by another version of this program.
        """
        files = EncoderFiles.load(folder)
        if check:
            files.check()
        return cls(files, threads=threads)

    @property
    def name(self) -> str:
        """The model's name or folder, as given when it was exported."""
        return self.files.name

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.files.dim

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query: a vector of unit length."""
        rows = [self._tokenizer.encode(self.files.query_prompt + text).ids]
        vector: NDArray[np.float32] = self._run(rows)[0]
        return vector

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages: one row of unit length each, in the order given.

        Texts of like length share a batch, so little is padded: the more texts in one call, the faster.
        """
        import numpy as np

        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        if not texts:
            return vectors
        prompted = [self.files.passage_prompt + text for text in texts]
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(prompted)]
        batches = _batches([len(row) for row in rows])

        def embed(batch: list[int]) -> None:
            vectors[batch] = self._run([rows[i] for i in batch])

        if min(self._threads, len(batches)) == 1:
            for batch in batches:
                embed(batch)
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(self._threads, len(batches))) as pool:
                list(pool.map(embed, batches))
        return vectors

    def _run(self, rows: list[list[int]]) -> NDArray[np.float32]:
        """Embed rows of token ids as one batch, padded to the longest."""
        import numpy as np

        shape = (len(rows), max(map(len, rows)))
        feed = {name: np.zeros(shape, dtype=np.int64) for name in self.files.inputs}
        feed["input_ids"].fill(self.files.pad_id)
        for i, row in enumerate(rows):
            feed["input_ids"][i, : len(row)] = row
            feed["attention_mask"][i, : len(row)] = 1
        vectors: NDArray[np.float32] = self._session.run(None, feed)[0]
        return vectors


class SentenceTransformersEncoder:
    """A model run by sentence-transformers, for GPUs and for models that cannot be exported."""

    def __init__(self, model: str = DEFAULT_MODEL, device: str | None = None) -> None:
        """Load the model.

        Args:
            model: A sentence-transformers model name or folder.
            device: As torch names it; None takes a GPU where there is one.

        Raises:
            EncoderNotFoundError: No weights under that name or in that folder.
        """
        from index.encoder_export import load_model

        self._model = load_model(model, device=device)
        self._name = model

    @property
    def name(self) -> str:
        """The model's name or folder, as given."""
        return self._name

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self._model.get_embedding_dimension())

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query with the model's query prompt: a vector of unit length."""
        from index.encoder_export import embed_query

        return embed_query(self._model, text)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages with the model's passage prompt: one row of unit length each, in the order given."""
        import numpy as np

        from index.encoder_export import embed_passages

        return embed_passages(self._model, texts) if texts else np.empty((0, self.dim), dtype=np.float32)


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(lengths: list[int]) -> list[list[int]]:
    """Group positions by like length, longest first, so that a batch holds at most so many tokens."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches: list[list[int]] = []
    start = 0
    while start < len(order):
        size = max(1, _BATCH_TOKENS // max(1, lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches


def _load_tokenizer(files: EncoderFiles) -> Any:  # noqa: ANN401 - tokenizers has no types
    from tokenizers import Tokenizer

    path = files.folder / TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises the bare class
        raise CorruptIndexError(f"{path}: not a tokenizer; build the index again: qa index") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(files.max_length)
    return tokenizer


def _start_session(graph: Path) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Load the graph; its weights are mapped from their file, not copied.

    One run uses one thread: batches side by side scale better than threads that wait for each other in each layer.
    """
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen classes for "cannot be loaded"
        raise CorruptIndexError(f"{graph}: cannot be loaded ({error}); build the index again: qa index") from error
