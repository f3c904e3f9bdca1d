"""Document retrieval on sets with relevance judgements: the fused ranking, beside BM25 alone and dense alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from question_sets import QuestionSet, qrels_of
from tqdm import tqdm

from index import PassageIndex, RetrievalSettings
from qa.question_sets import Question

RANKINGS = {
    "fused": RetrievalSettings(),
    "BM25 alone": RetrievalSettings(dense_weight=0.0),
    "dense alone": RetrievalSettings(lexical_weight=0.0),
}
_DEPTH = 300
"""Passages that are looked at, so that 100 documents come of them."""


def retrieval_figures(chosen: QuestionSet, index: Path, questions: Sequence[Question]) -> dict[str, dict[str, float]]:
    """Return nDCG@10 and R@100 of each ranking.

    A document's score is that of its best passage.
    """
    import ir_measures
    from ir_measures import R, nDCG

    measures = [nDCG @ 10, R @ 100]
    ids = {question.id for question in questions}
    qrels = [ir_measures.Qrel(q, d, r) for q, d, r in qrels_of(chosen) if q in ids]
    figures = {}
    for name, settings in RANKINGS.items():
        with PassageIndex.open(index, settings=settings) as passages:
            run = [
                ir_measures.ScoredDoc(question.id, document, score)
                for question in tqdm(questions, desc=f"{chosen.name}, {name}", unit="question", disable=None)
                for document, score in _documents(passages, question.text).items()
            ]
        scored = ir_measures.calc_aggregate(measures, qrels, run)
        figures[name] = {str(measure): float(scored[measure]) for measure in measures}
    return figures


def _documents(passages: PassageIndex, text: str) -> dict[str, float]:
    best: dict[str, float] = {}
    for hit in passages.search(text, k=_DEPTH, depth=_DEPTH):
        if hit.score > 0:
            best.setdefault(Path(hit.document.source).stem, hit.score)
    return best
