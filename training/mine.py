"""Negatives as in use: what retrieval brings for a question, does not hold its answer, and takes the reader in most."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from index.encoder import Encoder
from qa.reader import Reader
from training.data import MINED, Example, cut_around, holds_answer, is_held_out, passage_windows
from training.lexical import WindowSearch
from training.settings import Mining, Settings

_RIGHT_WORDS = 80
_Cut = tuple[str, str, int, int]  # context, title, start, end


def mine(
    examples: Sequence[Example], reader: Reader, settings: Settings, mining: Mining, encoder: Encoder | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Return, by example id, the (title, text) of the hardest windows for the answerable questions of each source.

    Args:
        examples: Lines of the training file; held-out articles are left alone.
        reader: Of the phase before; ranks the candidates.
        settings: Seed, and which articles are held out.
        mining: How many questions a source, candidates and windows kept a question.
        encoder: Of the passages and questions, where the mining weighs the cosine in.
    """
    rng = random.Random(settings.seed)
    kept = [e for e in examples if not is_held_out(e.doc_id, settings)]
    by_pool: dict[str, list[Example]] = defaultdict(list)
    for e in kept:
        by_pool[_pool(e)].append(e)
    out: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(by_pool):
        cuts = _cuts(by_pool[name], rng)
        search = WindowSearch([context[a:b] for context, _, a, b in cuts], encoder, mining.dense)
        for source, share in mining.questions.items():
            asked = [e for e in by_pool[name] if e.source == source and e.answers]
            for e in rng.sample(asked, min(share, len(asked))):
                out[e.id] = _hardest(e, search, cuts, reader, mining)
            if asked:
                print(f"mined {source}: {len(out)} questions so far", flush=True)
    return {k: v for k, v in out.items() if v}


def _pool(example: Example) -> str:
    family = example.doc_id.partition("/")[0]
    return "wikipedia" if family in ("sq1", "sq2") else family


def _cuts(examples: Sequence[Example], rng: random.Random) -> list[_Cut]:
    seen = {e.context: e.title for e in examples if not e.source.endswith(MINED)}
    return [(text, title, a, b) for text, title in seen.items() for a, b in passage_windows(text, rng.randint(60, 110))]


def _hardest(
    example: Example, search: WindowSearch, cuts: Sequence[_Cut], reader: Reader, mining: Mining
) -> list[tuple[str, str]]:
    gold = [example.context[a:b] for a, b in example.answers]
    candidates = []
    for i in search.search(example.question, 3 * mining.candidates):
        context, title, a, b = cuts[i]
        overlaps = context == example.context and any(s < b and a < e for s, e in example.answers)
        if not overlaps and not holds_answer(context[a:b], gold):
            candidates.append((title, context[a:b]))
    candidates = candidates[: mining.candidates]
    readings = reader.read(example.question, [text for _, text in candidates])
    ranked = sorted(zip((r.score for r in readings), candidates, strict=True), key=lambda pair: -pair[0])
    ceiling = _ceiling(example, reader, mining)
    ranked = [(score, c) for score, c in ranked if mining.score < score < ceiling]
    return [c for _, c in ranked[: mining.kept]]


def _ceiling(example: Example, reader: Reader, mining: Mining) -> float:
    if not mining.ceiling:
        return float("inf")
    first, last = example.answers[0]
    a, b = cut_around(example.context, first, last, _RIGHT_WORDS, random.Random(0))
    return reader.read(example.question, [example.context[a:b]])[0].score
