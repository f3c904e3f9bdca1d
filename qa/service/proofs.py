"""The proof of an answer that a stranger sends: against the index's own articles, never a file it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qa.citations import verify_answer
from qa.service.schemas import CitationModel, DocumentModel, ProofModel, QuoteModel, VerifyModel, VerifyRequest

if TYPE_CHECKING:
    from index import PassageIndex


def prove(passages: PassageIndex, answer: VerifyRequest) -> VerifyModel:
    """Prove each text of the answer from the source files of the index.

    A citation whose article, or whose source, is not the index's own is not proved, and no file is read for it.
    """
    sources = {info.id: info.source for info in passages.documents()}
    citations = (*answer.citations, *answer.nearest)
    reasons = [_why_not_ours(citation.document, sources) for citation in citations]
    ours = [citation.model_dump() for citation, reason in zip(citations, reasons, strict=True) if reason is None]
    made = iter(verify_answer({"citations": ours, "nearest": []}))
    proofs = [
        ProofModel.model_validate(next(made), from_attributes=True)
        if reason is None
        else _unproved(citation, part, reason)
        for citation, reason in zip(citations, reasons, strict=True)
        for part in ("quote", "span", "passage")
        if getattr(citation, part) is not None
    ]
    return VerifyModel(proved=all(proof.proved for proof in proofs), proofs=proofs)


def _why_not_ours(document: DocumentModel, sources: Mapping[str, str]) -> str | None:
    if document.id not in sources:
        return "the article is not in the index"
    if sources[document.id] != document.source:
        return "the index has this article from another source"
    return None


def _unproved(citation: CitationModel, part: str, reason: str) -> ProofModel:
    quoted: QuoteModel = getattr(citation, part)
    return ProofModel.model_validate(
        {
            "rank": citation.rank,
            "part": part,
            "text": quoted.text,
            "source": citation.document.source,
            "proved": False,
            "reason": reason,
        }
    )
