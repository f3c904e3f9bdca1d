"""Measure sentence splitters: python benchmarks/sentences.py [SHARED].

SHARED holds ``eval/`` and ``train/`` (default: beside the checkout). Counted, over every splitter that is installed
(``pip install pysbd sentencex blingfire`` adds the ones compared with):

  cut     gold answer spans of the question sets that a sentence boundary cuts (fewer is better, at like length);
          chunking_eval is left out, since its spans are excerpts of several sentences
  exact   selqa's gold sentences that come out as exactly one sentence or as a run of whole ones
  one     of these, the ones that come out as exactly one sentence
  words   mean sentence length
  MB/s    speed on one core
"""

from __future__ import annotations

import argparse
import bisect
import gzip
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.sentences import split_sentences

Splitter = Callable[[str], list[tuple[int, int]]]
SENTENCE_SOURCES = ("selqa",)
EXCERPT_SOURCES = ("chunking_eval",)


@dataclass(frozen=True)
class Text:
    """A text with the gold spans in it; ``are_sentences`` where each is one or more whole sentences."""

    text: str
    spans: tuple[tuple[int, int], ...]
    are_sentences: bool


def main() -> None:
    """Print one row for each splitter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", nargs="?", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--show", type=int, default=0, help="print so many spans that our splitter cuts")
    parser.add_argument("--every", type=int, default=1, help="take every n-th text: pysbd needs a second for 60 KB")
    arguments = parser.parse_args()
    texts = [*eval_texts(arguments.shared / "eval"), *train_texts(arguments.shared / "train" / "train.jsonl.gz")]
    texts = texts[:: arguments.every]
    spans = sum(len(text.spans) for text in texts if not text.are_sentences)
    gold = sum(len(text.spans) for text in texts if text.are_sentences)
    print(f"{len(texts)} texts, {spans} spans, {gold} gold sentences")
    print(f"{'splitter':12}{'cut':>7}{'exact':>8}{'one':>8}{'words':>7}{'MB/s':>7}")
    for name, splitter in splitters():
        measure(name, splitter, texts, show=arguments.show if name == "ours" else 0)


def measure(name: str, splitter: Splitter, texts: list[Text], *, show: int) -> None:
    """Print the row of a splitter."""
    cut = exact = one = gold = spans = sentences = words = size = 0
    start = time.process_time()
    results = [splitter(text.text) for text in texts]
    seconds = time.process_time() - start
    for text, found in zip(texts, results, strict=True):
        starts, ends = [s for s, _ in found], [e for _, e in found]
        sentences += len(found)
        words += sum(len(text.text[s:e].split()) for s, e in found)
        size += len(text.text.encode())
        for s, e in text.spans:
            first, last = bisect.bisect_right(starts, s) - 1, bisect.bisect_left(ends, e)
            if text.are_sentences:
                gold += 1
                exact += s in starts and e in ends
                one += s in starts and e in ends and first == last
                if show > 0 and not (s in starts and e in ends):
                    show -= 1
                    print(
                        "    GOLD", repr(text.text[s:e]), "OURS", [text.text[a:b] for a, b in found[first : last + 1]]
                    )
            else:
                spans += 1
                cut += first != last
                if first != last and show > 0:
                    show -= 1
                    print(
                        "   ", repr(text.text[s:e]), "|", repr(text.text[max(0, ends[first] - 40) : ends[first] + 40])
                    )
    rates = f"{cut / spans:7.2%}{exact / gold:8.1%}{one / gold:8.1%}"
    print(f"{name:12}{rates}{words / sentences:7.1f}{size / seconds / 1e6:7.2f}", flush=True)


def eval_texts(folder: Path) -> Iterator[Text]:
    """Yield the articles of the question sets."""
    for questions in sorted(folder.glob("*/questions.jsonl")):
        if questions.parent.name in EXCERPT_SOURCES:
            continue
        spans: dict[str, set[tuple[int, int]]] = {}
        for question in read_json_lines(questions.read_text(encoding="utf-8").splitlines()):
            for span in question.get("spans") or ():
                found = spans.setdefault(question["doc_id"], set())
                found.update(stripped(span["text"], [(0, len(span["text"]))], span["start"]))
        documents = read_json_lines((questions.parent / "docs.jsonl").read_text(encoding="utf-8").split("\n"))
        for document in documents:
            if found := spans.get(document["id"]):
                yield Text(document["text"], tuple(sorted(found)), questions.parent.name in SENTENCE_SOURCES)


def train_texts(path: Path) -> Iterator[Text]:
    """Yield the contexts of the training examples."""
    spans: dict[tuple[str, bool], set[tuple[int, int]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for example in read_json_lines(file):
            if example["answerable"]:
                key = (example["context"], example["source"] in SENTENCE_SOURCES)
                for start, answer in zip(example["answer_starts"], example["answers"], strict=False):
                    spans.setdefault(key, set()).update(stripped(answer, [(0, len(answer))], start))
    for (text, are_sentences), found in spans.items():
        yield Text(text, tuple(sorted(found)), are_sentences)


def read_json_lines(lines: Iterable[str]) -> Iterator[dict]:  # type: ignore[type-arg]
    """Yield the objects of JSON lines."""
    return (json.loads(line) for line in lines if line.strip())


def splitters() -> Iterator[tuple[str, Splitter]]:
    """Yield the splitters that are installed."""
    yield "ours", lambda text: [(s.start, s.end) for s in split_sentences(text)]
    if importlib.util.find_spec("pysbd"):
        import pysbd

        segmenter = pysbd.Segmenter(language="en", clean=False)
        yield "pysbd", lambda text: located(text, segmenter.segment(text))
    if importlib.util.find_spec("sentencex"):
        import sentencex

        yield "sentencex", lambda text: located(text, sentencex.segment("en", text))
    if importlib.util.find_spec("blingfire"):
        import blingfire

        yield "blingfire", lambda text: stripped(text, blingfire.text_to_sentences_and_offsets(text)[1])


def located(text: str, pieces: Iterable[str]) -> list[tuple[int, int]]:
    """Return where the pieces stand in the text, in order."""
    spans, position = [], 0
    for piece in pieces:
        if (bare := piece.strip()) and (start := text.find(bare, position)) >= 0:
            position = start + len(bare)
            spans.append((start, position))
    return spans


def stripped(text: str, spans: Iterable[tuple[int, int]], shift: int = 0) -> list[tuple[int, int]]:
    """Return spans without the blanks around them, moved by ``shift``."""
    bare = [(s + len(w) - len(w.lstrip()), s + len(w.rstrip())) for s, e in spans if (w := text[s:e]).strip()]
    return [(s + shift, e + shift) for s, e in bare]


if __name__ == "__main__":
    main()
