"""Two ranked lists -> one: the only place that says how dense and lexical evidence are weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How candidates are found and fused.

    Attributes:
        rank_constant: The constant of reciprocal rank fusion: the larger, the less the first ranks stand out.
        dense_weight: Weight of the dense list.
        lexical_weight: Weight of the lexical list.
        context_boost: How much a word in a passage's context (title, headings) counts against one in its text.
    """

    rank_constant: float = 60.0
    dense_weight: float = 1.0
    lexical_weight: float = 1.0
    context_boost: float = 0.5


def fuse(dense: Sequence[int], lexical: Sequence[int], settings: RetrievalSettings) -> list[tuple[int, float]]:
    """Return every passage of either list with its fused score, best first, ties by passage id.

    Reciprocal rank fusion: each list gives ``weight / (rank_constant + rank)``.
    """
    scores: dict[int, float] = {}
    for ids, weight in ((dense, settings.dense_weight), (lexical, settings.lexical_weight)):
        for rank, id_ in enumerate(ids, start=1):
            scores[id_] = scores.get(id_, 0.0) + weight / (settings.rank_constant + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
