"""How fast is an index built, and how fast is one article added to it?

    python benchmarks/build.py [--articles 1000] [--words 300] [--texts ../shared/eval]

Builds an index of so many articles, cut from question sets where they are there and from ``seeds/`` where not, then
embeds the same passages with ``SentenceTransformer.encode`` alone (same threads, batch 32), both timed in this process,
one after the other, models loaded before. Then one article is added.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from machine import describe_machine

from index import BuildReport, FileStatus, build_index, find_articles, read_article, split_passages
from index.encoder import DEFAULT_MODEL, available_cores
from index.update import embedding_text

ROOT = Path(__file__).parent.parent


def texts_of(folder: Path) -> Iterator[str]:
    """Yield long texts: those of the question sets, else those that ship."""
    sets = sorted(folder.glob("*/docs.jsonl"))
    for path in sets:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]
    if not sets:
        for path in sorted((ROOT / "seeds").glob("*.txt")):
            yield path.read_text(encoding="utf-8")


def write_articles(folder: Path, texts: Iterator[str], count: int, words: int) -> None:
    """Cut the texts into files of about so many words, after sentences; too few texts are used again."""
    folder.mkdir()
    pieces: list[str] = []
    for text in texts:
        sentences: list[str] = []
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            sentences.append(sentence)
            if sum(len(one.split()) for one in sentences) >= words:
                pieces.append(" ".join(sentences))
                sentences = []
        if len(pieces) >= count:
            break
    for number in range(count):
        text = f"Article {number}\n\n{pieces[number % len(pieces)]}\n\nThis is number {number}.\n"
        (folder / f"{number:05}.txt").write_text(text, encoding="utf-8")


def time_sentence_transformers(articles: Path) -> tuple[int, float]:
    """Return how many passages there are and the seconds that ``SentenceTransformer.encode`` takes for them."""
    import torch

    from index.encoder_export import load_model

    model = load_model(DEFAULT_MODEL, device="cpu")
    torch.set_num_threads(available_cores())
    passages = []
    for path in find_articles([articles]):
        document = read_article(path)
        passages += [embedding_text(document, passage) for passage in split_passages(document)]
    model.encode(passages[:64], batch_size=32, show_progress_bar=False)
    started = time.perf_counter()
    model.encode(passages, batch_size=32, show_progress_bar=False, normalize_embeddings=True)
    return len(passages), time.perf_counter() - started


def report_build(articles: Path, index_path: Path) -> BuildReport:
    """Build, print the rate of both ways, and return the report of the build."""
    report = build_index([articles], index_path)
    ours = report.passages / report.seconds
    print(f"build_index: {report.documents} articles, {report.passages} passages in {report.seconds:.1f} s", end=" ")
    print(f"= {ours:.1f} passages/s, reading, splitting, storing and indexing included")
    count, seconds = time_sentence_transformers(articles)
    print(f"SentenceTransformer.encode alone: {count} passages in {seconds:.1f} s = {count / seconds:.1f} passages/s")
    print(f"ratio: {ours / (count / seconds):.2f} (to be met: >= 1.20)")
    return report


def report_addition(articles: Path, index_path: Path, full: BuildReport) -> None:
    """Add one article and print what that took."""
    (articles / "one-more.txt").write_text("One more\n\nThe new article is about a lighthouse.\n", encoding="utf-8")
    added = build_index([articles], index_path)
    (new,) = [file for file in added.files if file.status == FileStatus.INDEXED]
    print(f"adding {new.path.name}: {added.seconds:.2f} s, {added.count('unchanged')} articles unchanged,", end=" ")
    print(f"{added.embedded} of {added.passages} passages embedded (the article has {new.passages})")
    print(f"share of the full build: {100 * added.seconds / full.seconds:.2f} % (to be met: <= 3 %)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--words", type=int, default=300)
    parser.add_argument("--texts", type=Path, default=ROOT.parent / "shared" / "eval")
    options = parser.parse_args()
    print(f"$ python benchmarks/build.py {' '.join(sys.argv[1:])}")
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        articles, index_path = Path(folder, "articles"), Path(folder, "index")
        write_articles(articles, texts_of(options.texts), options.articles, options.words)
        build_index([articles / "00000.txt"], Path(folder, "warm"))  # the model's export is in the cache now
        full = report_build(articles, index_path)
        report_addition(articles, index_path, full)


if __name__ == "__main__":
    main()
