"""Two lists of scores -> one: the only place that says how dense and lexical evidence are weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How candidates are found and fused; the defaults were measured (docs/retrieval.md).

    Attributes:
        dense_weight: Weight of the cosine.
        lexical_weight: Weight of the lexical share.
        context_boost: How much a word in a passage's context (title, headings) counts against one in its text.
    """

    dense_weight: float = 0.33
    lexical_weight: float = 0.67
    context_boost: float = 0.25


def fuse(
    cosines: Mapping[int, float], lexical: Mapping[int, float], most: float, settings: RetrievalSettings
) -> list[tuple[int, float]]:
    """Return every passage of either list with its fused score, best first, ties by passage id.

    The score is ``dense_weight * cosine + lexical_weight * BM25 / most``: how near the passage is to the query, and
    what share of the query's words it has, the rare ones counting most. 0 where a list does not have the passage.

    Args:
        cosines: By passage id.
        lexical: BM25 scores by passage id.
        most: The BM25 score that a text would have with all of the query's words, each endlessly often.
        settings: The weights.
    """
    scores = {
        id_: round(
            settings.dense_weight * cosines.get(id_, 0.0)
            + (settings.lexical_weight * lexical.get(id_, 0.0) / most if most > 0 else 0.0),
            7,
        )
        for id_ in {**cosines, **lexical}
    }
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
