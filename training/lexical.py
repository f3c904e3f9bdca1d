"""BM25, and the cosine beside it where asked, over a few thousand windows, in memory."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from index.encoder import Encoder

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75


class WindowSearch:
    """Finds the windows that share the rarest words with a question."""

    def __init__(self, texts: Sequence[str], encoder: Encoder | None = None, dense: float = 0.0) -> None:
        """Count the words of the windows; embed them where the cosine has a weight, ``dense``, beside BM25."""
        self._encoder, self._dense = encoder, dense
        self._vectors = encoder.encode_passages(texts) if encoder is not None and dense else None
        counts = [Counter(self.terms(t)) for t in texts]
        lengths = np.array([sum(c.values()) for c in counts], dtype=float)
        norm = _K1 * (1 - _B + _B * lengths / max(1.0, lengths.mean()))
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for i, c in enumerate(counts):
            for word, n in c.items():
                postings[word].append((i, n))
        self._size = len(texts)
        self._postings: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, found in postings.items():
            at = np.array([i for i, _ in found])
            n = np.array([n for _, n in found], dtype=float)
            rarity = math.log(1 + (len(texts) - len(at) + 0.5) / (len(at) + 0.5))
            self._postings[word] = (at, rarity * n * (_K1 + 1) / (n + norm[at]))

    @staticmethod
    def terms(text: str) -> list[str]:
        """Return the words of a text, plural endings off."""
        return [w[:-1] if len(w) > 3 and w.endswith("s") else w for w in _WORD.findall(text.lower())]

    def search(self, question: str, k: int) -> list[int]:
        """Return the places of the best windows, best first."""
        scores = np.zeros(self._size)
        for word in set(self.terms(question)):
            if word in self._postings:
                at, weight = self._postings[word]
                scores[at] += weight
        if self._vectors is not None and self._encoder is not None:
            lexical = (1 - self._dense) * scores / max(1e-9, scores.max())
            scores = lexical + self._dense * np.maximum(0, self._vectors @ self._encoder.encode_query(question))
        best = np.argsort(-scores, kind="stable")[:k]
        return [int(i) for i in best if scores[i] > 0]
