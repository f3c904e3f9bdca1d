"""Figures on groups of windows: which passage wins, whether no-answer is told, how well spans overlap."""

from __future__ import annotations

import collections
import string
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer

from training.data import Group, Window
from training.features import collate, encode
from training.model import ReaderModel
from training.settings import Settings

LONGEST_SPAN = 40
"""Tokens of the longest span that is considered."""


def best_spans(start: torch.Tensor, end: torch.Tensor, allowed: torch.Tensor) -> list[tuple[float, int, int]]:
    """Return, a window, the best span's score over no-answer and its first and last token."""
    passage = allowed.clone()
    passage[:, 0] = False
    s, e = start.masked_fill(~passage, -1e4), end.masked_fill(~passage, -1e4)
    pairs = (s[:, :, None] + e[:, None, :]).masked_fill(
        ~torch.ones(s.shape[1], s.shape[1], dtype=torch.bool).triu().tril(LONGEST_SPAN), -1e5
    )
    score, at = pairs.flatten(1).max(1)
    null = start[:, 0] + end[:, 0]
    width = s.shape[1]
    return [
        (float(m), int(a) // width, int(a) % width) for m, a in zip((score - null).tolist(), at.tolist(), strict=True)
    ]


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return the probability that a right score is above a wrong one."""
    wins = sum((r > w) + 0.5 * (r == w) for r in right for w in wrong)
    return wins / (len(right) * len(wrong)) if right and wrong else float("nan")


def words(text: str) -> list[str]:
    """Return the words that SQuAD's F1 counts."""
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return [w for w in bare.split() if w not in ("a", "an", "the")]


def token_f1(found: str, gold: str) -> float:
    """Return the F1 of the words of a found and a right answer."""
    f, g = words(found), words(gold)
    if not f or not g:
        return float(f == g)
    n = sum((collections.Counter(f) & collections.Counter(g)).values())
    return 2 * n / (len(f) + len(g))


def score_group(
    model: ReaderModel, group: Group, tokenizer: Tokenizer, settings: Settings
) -> list[tuple[Window, float, str]]:
    """Read the windows of a group: score over no-answer and the best span's text for each."""
    pairs = [(w, f) for w in group.windows if (f := encode(w, tokenizer, settings)) is not None]
    batch = collate([[f for _, f in pairs]])
    with torch.inference_mode():
        start, end = model(batch.ids, batch.mask, batch.types)
    out = []
    for (window, f), (score, a, b) in zip(pairs, best_spans(start, end, batch.allowed), strict=True):
        text = window.text[f.offsets[a - f.passage][0] : f.offsets[b - f.passage][1]]
        out.append((window, score, text))
    return out


def measure(model: ReaderModel, groups: Sequence[Group], tokenizer: Tokenizer, settings: Settings) -> dict[str, float]:
    """Return the figures: share of groups where the answering window wins, AUROCs, span F1 of short answers."""
    model.eval()
    wins, f1, right, near, other = [], [], [], [], []
    for group in groups:
        read = score_group(model, group, tokenizer, settings)
        if not read:
            continue
        window, score, text = read[0]
        if not window.answers:
            near.append(score)
            continue
        right.append(score)
        other += [s for _, s, _ in read[1:]]
        if len(read) > 1:
            wins.append(float(score > max(s for _, s, _ in read[1:])))
        if not window.inside:
            f1.append(max(token_f1(text, window.text[a:b]) for a, b in window.answers))
    model.train()
    figures = {
        "wins": sum(wins) / max(1, len(wins)),
        "span_f1": sum(f1) / max(1, len(f1)),
        "auroc_near": auroc(right, near),
        "auroc_other": auroc(right, other),
    }
    return {k: round(v, 4) for k, v in figures.items()} | {"groups": len(groups)}
