"""From windows to arrays: tokens, the places an answer may start and end, and the places it does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.data import Group, Window
from training.settings import Settings


@dataclass(frozen=True, slots=True)
class Features:
    """One window as tokens: ``passage`` is where the passage's tokens begin, before the last [SEP]."""

    ids: list[int]
    types: list[int]
    passage: int
    offsets: list[tuple[int, int]]
    starts: list[int]
    ends: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded windows; ``groups`` are (first row, rows, whether the first row answers)."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    allowed: Tensor
    starts: Tensor
    ends: Tensor
    groups: list[tuple[int, int, bool]]


def load_tokenizer(folder: str) -> Tokenizer:
    """Load the tokenizer without the padding and truncation that its file may ask for."""
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode(window: Window, tokenizer: Tokenizer, settings: Settings) -> Features | None:
    """Encode [CLS] question [SEP] title passage [SEP]; None where the cut at the limit loses the answer."""
    question = tokenizer.encode(window.question, add_special_tokens=False).ids[: settings.question_tokens]
    title = tokenizer.encode(window.title, add_special_tokens=False).ids[:16] if window.title else []
    text = tokenizer.encode(window.text, add_special_tokens=False)
    head = [tokenizer.token_to_id("[CLS]"), *question, tokenizer.token_to_id("[SEP]"), *title]
    room = settings.max_tokens - len(head) - 1
    ids, offsets = text.ids[:room], text.offsets[:room]
    passage = len(head)
    starts, ends = _targets(window, offsets, passage)
    if window.answers and not starts:
        return None
    types = [0] * (len(question) + 2) + [1] * (len(title) + len(ids) + 1)
    return Features([*head, *ids, tokenizer.token_to_id("[SEP]")], types, passage, offsets, starts, ends)


def _targets(window: Window, offsets: Sequence[tuple[int, int]], passage: int) -> tuple[list[int], list[int]]:
    if not window.answers:
        return [0], [0]
    starts: set[int] = set()
    ends: set[int] = set()
    for a, b in window.answers:
        within = [i for i, (s, e) in enumerate(offsets) if s < b and e > a]
        if not within or (offsets[within[-1]][1] < b and not window.inside):
            continue
        starts.update(within if window.inside else within[:1])
        ends.update(within if window.inside else within[-1:])
    return [i + passage for i in sorted(starts)], [i + passage for i in sorted(ends)]


def batches(
    groups: Sequence[Group], tokenizer: Tokenizer, settings: Settings, rng: random.Random | None
) -> Iterator[Batch]:
    """Yield batches of whole groups of about the same length, shuffled within pools; in order without ``rng``."""
    size = settings.batch_windows
    for at in range(0, len(groups), 40 * size):
        pool = [[f for w in g.windows if (f := encode(w, tokenizer, settings))] for g in groups[at : at + 40 * size]]
        pool = [p for p in pool if p]
        if rng is not None:
            pool.sort(key=lambda fs: max(len(f.ids) for f in fs))
        cut: list[list[list[Features]]] = [[]]
        for features in pool:
            if cut[-1] and sum(map(len, cut[-1])) + len(features) > size:
                cut.append([])
            cut[-1].append(features)
        if rng is not None:
            rng.shuffle(cut)
        yield from (collate(c) for c in cut if c)


def collate(groups: Sequence[Sequence[Features]]) -> Batch:
    """Pad the windows of some groups to the longest of them."""
    rows = [f for g in groups for f in g]
    shape = (len(rows), max(len(f.ids) for f in rows))
    ids, types, mask = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    allowed, starts, ends = (torch.zeros(shape, dtype=torch.bool) for _ in range(3))
    for i, f in enumerate(rows):
        n = len(f.ids)
        ids[i, :n], types[i, :n], mask[i, :n] = torch.tensor(f.ids), torch.tensor(f.types), 1
        allowed[i, 0] = allowed[i, f.passage : n - 1] = True
        starts[i, f.starts] = True
        ends[i, f.ends] = True
    spans, row = [], 0
    for g in groups:
        spans.append((row, len(g), g[0].starts != [0]))
        row += len(g)
    return Batch(ids, types, mask, allowed, starts, ends, spans)
