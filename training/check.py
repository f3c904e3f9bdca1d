"""What a reader does on a folder of articles and questions: BM25 brings ten passages, the reader ranks them.

The articles of ``--questions`` folders are never trained on; nothing is chosen by single questions of them.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

from qa.reader import Reader, Reading
from training.data import passage_windows
from training.lexical import WindowSearch
from training.measure import auroc, token_f1

_PASSAGE_WORDS = 100
_DEPTH = 10


def check(folder: Path, reader: Reader | None, limit: int, seed: int = 13) -> dict[str, float]:
    """Return evidence@1, span F1 and AUROC of at most ``limit`` questions, drawn by the seed.

    Args:
        folder: Holds ``docs.jsonl`` and ``questions.jsonl``.
        reader: Ranks the passages; None leaves them as BM25 has them.
        limit: Questions asked.
        seed: Draws them.
    """
    docs = [json.loads(line) for line in (folder / "docs.jsonl").read_text("utf8").splitlines()]
    cuts = [(d["id"], a, b, d["text"][a:b]) for d in docs for a, b in passage_windows(d["text"], _PASSAGE_WORDS)]
    search = WindowSearch([text for *_, text in cuts])
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf8").splitlines()]
    questions = [q for q in questions if not q["answerable"] or (q.get("gold") and q.get("answers"))]
    random.Random(seed).shuffle(questions)
    wins, f1, found, right, wrong = [], [], [], [], []
    for q in questions[:limit]:
        hits = search.search(q["question"], _DEPTH)
        readings = _read(q["question"], [cuts[i][3] for i in hits], reader)
        ranked = sorted(zip(readings, hits, strict=True), key=lambda pair: -pair[0].score)
        if not q["answerable"]:
            wrong += [ranked[0][0].score] if ranked else []
            continue
        found.append(any(_supports(q, cuts[i]) for i in hits))
        won = bool(ranked) and _supports(q, cuts[ranked[0][1]])
        wins.append(won)
        if ranked:
            best, i = ranked[0]
            f1.append(max(token_f1(cuts[i][3][best.start : best.end], a) for a in q["answers"]))
            (right if won else wrong).append(best.score)
    return {
        "questions": len(questions[:limit]),
        "evidence@1": round(sum(wins) / max(1, len(wins)), 4),
        "evidence@10": round(sum(found) / max(1, len(found)), 4),
        "span_f1": round(sum(f1) / max(1, len(f1)), 4),
        "auroc": round(auroc(right, wrong), 4),
    }


def _read(question: str, passages: list[str], reader: Reader | None) -> list[Reading]:
    if reader is not None:
        return reader.read(question, passages)
    return [Reading(0, len(p), -float(i), 0.0) for i, p in enumerate(passages)]


def _supports(question: dict[str, object], cut: tuple[str, int, int, str]) -> bool:
    doc_id, a, b, text = cut
    para, answers = question.get("para"), question["answers"]
    assert isinstance(answers, list)
    if doc_id != question["doc_id"]:
        return False
    if isinstance(para, list) and not (a < para[1] and para[0] < b):
        return False
    flat = _flat(text)
    return any(_flat(x) in flat for x in answers if x)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()
