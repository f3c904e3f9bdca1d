"""Any question-answering model of transformers, as a reader; imports torch."""

from __future__ import annotations

from typing import Any

from qa.errors import ModelNotFoundError
from qa.reader import WindowLogits

_OVERLAP = 64
_LONGEST = 384


class TransformersSpans:
    """Start and end logits of an ``AutoModelForQuestionAnswering``; no answer is at its first token."""

    def __init__(self, name: str, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - transformers' own classes
        """Take the loaded parts; ``open`` loads them."""
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._max_tokens = min(_LONGEST, int(tokenizer.model_max_length))

    @classmethod
    def open(cls, name: str, *, threads: int | None = None) -> TransformersSpans:
        """Load a model by folder or hub name.

        Args:
            name: Folder or hub name.
            threads: Of torch; None leaves torch's own choice.

        Raises:
            ModelNotFoundError: No such model, or no fast tokenizer for it, or transformers is not installed.
        """
        try:
            import torch
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(name)
            model = AutoModelForQuestionAnswering.from_pretrained(name)
        except (ImportError, OSError, ValueError) as error:
            raise ModelNotFoundError(f"{name}: not a question-answering model that can be loaded: {error}") from error
        if not tokenizer.is_fast:
            raise ModelNotFoundError(f"{name}: its tokenizer gives no offsets; take a model with a fast tokenizer")
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(name, model.eval(), tokenizer)

    def read_windows(self, question: str, passage: str, title: str) -> list[WindowLogits]:
        """Read a passage in overlapping windows; such models know no titles, so the title is left out."""
        import torch

        encoded = self._tokenizer(
            question,
            passage,
            max_length=self._max_tokens,
            truncation="only_second",
            stride=_OVERLAP,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=True,
            return_tensors="pt",
        )
        offsets = encoded.pop("offset_mapping").tolist()
        encoded.pop("overflow_to_sample_mapping")
        with torch.inference_mode():
            output = self._model(**encoded)
        windows = []
        for row, places in enumerate(offsets):
            inside = [i for i, part in enumerate(encoded.sequence_ids(row)) if part == 1]
            start, end = output.start_logits[row].numpy(), output.end_logits[row].numpy()
            spans = [(int(places[i][0]), int(places[i][1])) for i in inside]
            windows.append(WindowLogits(start[inside], end[inside], spans, float(start[0]), float(end[0])))
        return windows
