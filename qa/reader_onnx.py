"""The shipped kind of reader: an int8 ONNX graph and a tokenizer, checked by their checksums; never imports torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import ModelNotFoundError
from qa.reader import WindowLogits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DESCRIPTION = "reader.json"
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
FORMAT = 1
_OVERLAP = 64
_SLOW_FUSIONS = ["SkipLayerNormFusion"]
"""Of onnxruntime: without it, a window of 150 tokens takes 0.88 of the time."""
_REMEDY = "install the package again, or name another reader with --reader (none goes without)"


class OnnxSpans:
    """Start and end logits of an exported reader, one window a run."""

    def __init__(
        self,
        description: dict[str, Any],
        session: Any,  # noqa: ANN401 - onnxruntime has no types
        tokenizer: Tokenizer,
    ) -> None:
        """Take the loaded parts; ``open`` checks and loads them."""
        self.name = str(description["name"])
        self._max_tokens = int(description["max_tokens"])
        self._question_tokens = int(description["question_tokens"])
        self._title_tokens = int(description["title_tokens"])
        self._session = session
        self._tokenizer = tokenizer
        self._cls = [int(tokenizer.token_to_id("[CLS]") or 0)]
        self._sep = [int(tokenizer.token_to_id("[SEP]") or 0)]

    @classmethod
    def open(cls, folder: Path) -> OnnxSpans:
        """Check the files of an exported reader and load them.

        Raises:
            ModelNotFoundError: A file is missing, or is not the one that ``reader.json`` names.
        """
        description = _describe(folder)
        contents = {name: _checked(folder / name, sha256) for name, sha256 in description["files"].items()}

        from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]
        from tokenizers import Tokenizer

        options = SessionOptions()
        options.intra_op_num_threads = 1  # the reader's threads read a passage each
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = InferenceSession(
            contents[GRAPH], options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOW_FUSIONS
        )
        return cls(description, session, Tokenizer.from_str(contents[TOKENIZER].decode("utf-8")))

    def read_windows(self, question: str, passage: str, title: str) -> list[WindowLogits]:
        """Read a passage, in windows that overlap by 64 tokens where it is longer than the limit."""
        asked = self._tokens(question)[: self._question_tokens]
        about = self._tokens(title)[: self._title_tokens] if title else []
        encoded = self._tokenizer.encode(passage, add_special_tokens=False)
        ids, offsets = encoded.ids, encoded.offsets
        opening = [*self._cls, *asked, *self._sep]
        room = self._max_tokens - len(opening) - len(about) - 1
        windows = []
        for at in range(0, max(1, len(ids) - _OVERLAP), room - _OVERLAP):
            second = [*about, *ids[at : at + room], *self._sep]
            start, end = self._run(opening, second)
            first, last = len(opening) + len(about), len(opening) + len(second) - 1
            windows.append(
                WindowLogits(
                    start[first:last], end[first:last], offsets[at : at + room], float(start[0]), float(end[0])
                )
            )
        return windows

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _run(self, opening: list[int], second: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import numpy as np

        tokens = len(opening) + len(second)
        types = np.zeros((1, tokens), dtype=np.int64)
        types[0, len(opening) :] = 1
        feed = {
            "input_ids": np.array([[*opening, *second]], dtype=np.int64),
            "token_type_ids": types,
        }
        start, end = self._session.run(["start_logits", "end_logits"], feed)
        return start[0], end[0]


def _describe(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        complete = found["format"] == FORMAT and {GRAPH, TOKENIZER} <= set(found["files"])
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{folder}: no reader there; {_REMEDY}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelNotFoundError(f"{path}: damaged; {_REMEDY}") from error
    if not complete:
        raise ModelNotFoundError(f"{path}: not a reader of format {FORMAT}; {_REMEDY}")
    return found


def _checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelNotFoundError(f"{path}: missing; {_REMEDY}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelNotFoundError(f"{path}: damaged (checksum differs); {_REMEDY}")
    return content
