"""From the training file to groups of windows: a question with the passages that do and do not answer it."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from training.settings import Settings

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(\[])|\n+")
_WORD = re.compile(r"\w+")
MINED = "+bm25neg"


@dataclass(frozen=True, slots=True)
class Example:
    """A line of the training file: answers are half-open code points of the context."""

    id: str
    question: str
    context: str
    title: str
    answers: tuple[tuple[int, int], ...]
    source: str
    doc_id: str


@dataclass(frozen=True, slots=True)
class Window:
    """A question and a passage-sized cut of a text; no answers where the cut does not hold one.

    Attributes:
        inside: Any place inside an answer counts as its start or end.
    """

    question: str
    text: str
    title: str = ""
    answers: tuple[tuple[int, int], ...] = ()
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Windows that are read in one batch; where the first one answers, the others compete with it.

    Attributes:
        kind: The source, or how it was made; figures are given by kind.
    """

    windows: tuple[Window, ...]
    kind: str


def read_examples(path: Path) -> list[Example]:
    """Read the training file."""
    with gzip.open(path, "rt", encoding="utf8") as lines:
        return [_example(json.loads(line)) for line in lines]


def _example(row: dict[str, object]) -> Example:
    starts, texts = row["answer_starts"], row["answers"]
    assert isinstance(starts, list) and isinstance(texts, list)
    answers = tuple(sorted({(s, s + len(t)) for s, t in zip(starts, texts, strict=True) if t}))
    names = ("id", "question", "context", "title", "source", "doc_id")
    return Example(**{n: str(row[n]) for n in names}, answers=answers)  # type: ignore[arg-type]


def is_held_out(doc_id: str, settings: Settings) -> bool:
    """Return whether an article is kept from training."""
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % settings.held_out == 0


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Cut a text at sentence ends and line breaks; blanks at the edges are left out."""
    spans, start = [], 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]:
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, start + len(piece.rstrip())))
        start = end
    return spans


def cut_around(text: str, first: int, last: int, words: int, rng: random.Random) -> tuple[int, int]:
    """Grow a run of whole sentences from the one at ``first`` to the one at ``last`` until it has ``words`` words."""
    spans = sentence_spans(text)
    low = max((i for i, s in enumerate(spans) if s[0] <= first), default=0)
    high = max(low, min((i for i, s in enumerate(spans) if s[1] >= last), default=len(spans) - 1))
    counts = [len(text[a:b].split()) for a, b in spans]
    while True:
        room = words - sum(counts[low : high + 1])
        sides = [s for s in ("left",) if low > 0 and counts[low - 1] <= room]
        sides += [s for s in ("right",) if high + 1 < len(spans) and counts[high + 1] <= room]
        if not sides:
            return spans[low][0], spans[high][1]
        if rng.choice(sides) == "left":
            low -= 1
        else:
            high += 1


def passage_windows(text: str, words: int) -> list[tuple[int, int]]:
    """Cut a whole text into runs of sentences of at most ``words`` words."""
    out: list[tuple[int, int]] = []
    count = 0
    for a, b in sentence_spans(text):
        n = len(text[a:b].split())
        if out and count + n <= words:
            out[-1] = (out[-1][0], b)
            count += n
        else:
            out.append((a, b))
            count = n
    return out


def positive(example: Example, words: int, settings: Settings, rng: random.Random) -> Window:
    """Cut a window around an answer; other answers that lie in it count too."""
    first, last = example.answers[0] if len(example.answers) == 1 else rng.choice(example.answers)
    a, b = cut_around(example.context, first, last, words, rng)
    answers = tuple((s - a, e - a) for s, e in example.answers if a <= s and e <= b)
    inside = example.source in settings.inside_sources
    return Window(example.question, example.context[a:b], example.title, answers, inside)


def negative(question: str, example: Example, words: int) -> Window:
    """Cut the window that shares most words with the question: the one that retrieval would bring."""
    asked = set(_WORD.findall(question.lower()))
    cuts = passage_windows(example.context, words)
    a, b = max(cuts, key=lambda c: len(asked & set(_WORD.findall(example.context[c[0] : c[1]].lower()))))
    return Window(question, example.context[a:b], example.title)


def other_part(example: Example, window: Window, words: int) -> Window | None:
    """Cut a window of the same text that does not hold the answer, where there is one of 20 words or more."""
    texts = [example.context[a:b] for a, b in passage_windows(example.context, words)]
    gold = [example.context[a:b].lower() for a, b in example.answers]
    free = [t for t in texts if len(t.split()) >= 20 and not any(g in t.lower() for g in gold)]
    free = [t for t in free if t not in window.text and window.text not in t]
    if not free:
        return None
    asked = set(_WORD.findall(example.question.lower()))
    return Window(example.question, max(free, key=lambda t: len(asked & set(_WORD.findall(t.lower())))), example.title)


def holds_answer(text: str, answers: Iterable[str]) -> bool:
    """Return whether a passage has one of the answers in it, whatever its case and blanks."""
    flat = " ".join(text.lower().split())
    return any(" ".join(a.lower().split()) in flat for a in answers)


def build_groups(
    examples: Sequence[Example],
    settings: Settings,
    rng: random.Random,
    mined: dict[str, list[tuple[str, str]]] | None = None,
    near_copies: int = 1,
    opposite: float = 0.0,
) -> list[Group]:
    """Pair each question with its negatives, in windows of about the same length.

    Args:
        examples: Lines of the training file.
        settings: The recipe.
        rng: Draws the windows.
        mined: By example id, (title, text) of passages that our own retrieval brings and that do not answer; they
            take the place of the file's mined ones.
        near_copies: Windows cut for each question without an answer.
        opposite: Share of answerable questions asked once more for the opposite.
    """
    from training.augment import NamePool, ask_opposite, ask_otherwise, swap_question

    given = {e.id.removesuffix("-neg"): e for e in examples if e.source.endswith(MINED)}
    pool = NamePool(examples)
    groups: list[Group] = []
    for e in examples:
        if e.source.endswith(MINED) or rng.random() >= _share(e, settings, mined):
            continue
        words = rng.randint(*settings.window_words)
        if not e.answers:
            for _ in range(near_copies):
                near = negative(e.question, e, max(rng.randint(*settings.window_words), 80))
                groups.append(_group((near,), e.source + "/near", settings, rng))
            continue
        right = positive(e, words, settings, rng)
        windows = [right]
        gold = [e.context[a:b] for a, b in e.answers]
        if mined is not None and e.id in mined:
            windows += [Window(e.question, text, title) for title, text in mined[e.id]]
        elif e.id in given and e.source != "policyqa_dev":
            wrong = negative(e.question, given[e.id], words)
            if not holds_answer(wrong.text, gold):
                windows.append(wrong)
        if rng.random() < settings.other_window and (rest := other_part(e, right, words)) is not None:
            windows.append(rest)
        groups.append(_group(tuple(windows), e.source, settings, rng))
        swap, reverse = (
            partial(swap_question, e, right.text, pool, rng),
            partial(ask_opposite, e.question, right.text, rng),
        )
        groups += _near_miss("swap", settings.swap, swap, right, settings, rng)
        groups += _near_miss("opposite", opposite, reverse, right, settings, rng)
    return [_changed(g, ask_otherwise, settings, rng) for g in groups]


def _near_miss(
    kind: str, share: float, ask: Callable[[], str | None], right: Window, settings: Settings, rng: random.Random
) -> list[Group]:
    if not share or rng.random() >= share or (question := ask()) is None:
        return []
    return [_group((replace(right, question=question, answers=()),), kind, settings, rng)]


def _share(example: Example, settings: Settings, mined: Mapping[str, object] | None) -> float:
    if mined is not None and example.id in mined:
        return 1.0
    share = settings.source_share.get(example.source, 1.0)
    return share * settings.unmined_share if mined is not None and example.answers else share


def _group(windows: tuple[Window, ...], kind: str, settings: Settings, rng: random.Random) -> Group:
    if rng.random() >= settings.titled:
        windows = tuple(replace(w, title="") for w in windows)
    return Group(windows, kind)


def _changed(
    group: Group, change: Callable[[str, random.Random], str], settings: Settings, rng: random.Random
) -> Group:
    if rng.random() >= settings.changed:
        return group
    question = change(group.windows[0].question, rng)
    return Group(tuple(replace(w, question=question) for w in group.windows), group.kind)
