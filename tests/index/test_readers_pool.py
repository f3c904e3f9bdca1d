from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.readers import ReadLimits, ReadOutcome, read_articles
from index.readers.worker import Reply, read_frame, serve, write_frame
from tests.index.odd_files import CASES, FAILED, PROSE, READ, SKIPPED, docx, pdf, slow_pdf, write_all


def children(parent: int | str = "self") -> set[int]:
    """The processes that one has started and not yet waited for."""
    found: set[int] = set()
    for task in Path(f"/proc/{parent}/task").iterdir():
        # a thread may end between the listing and the reading
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.update(map(int, (task / "children").read_text().split()))
    return found


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def status(outcome: ReadOutcome) -> str:
    if outcome.document is not None:
        return READ
    assert outcome.error is not None
    return SKIPPED if outcome.error.skipped else FAILED


@pytest.mark.slow
def test_plain_text_is_read_without_a_worker_or_heavy_imports(tmp_path: Path):
    (tmp_path / "tea.txt").write_text(PROSE)
    (tmp_path / "tea.md").write_text(f"# Tea\n{PROSE}")
    program = (
        "import sys, subprocess, pathlib\n"
        "subprocess.Popen = None\n"
        "from index.readers import find_articles, read_articles\n"
        f"found = find_articles([pathlib.Path({str(tmp_path)!r})])\n"
        "assert len([o for o in read_articles(found) if o.document]) == 2\n"
        "heavy = {'torch', 'numpy', 'lxml', 'trafilatura', 'pypdf', 'docx', 'charset_normalizer', 'yaml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
def test_outcomes_come_in_the_order_given(tmp_path: Path):
    paths = []
    for number in range(12):
        path = tmp_path / f"{number}{('.txt', '.pdf', '.docx')[number % 3]}"
        path.write_bytes((f"Article {number}. {PROSE}".encode(), pdf(number), docx())[number % 3])
        paths.append(path)
    outcomes = list(read_articles(paths, workers=2))
    assert [outcome.path for outcome in outcomes] == paths
    assert [len(outcome.document.pages) for outcome in outcomes if outcome.path.suffix == ".pdf"] == [1, 4, 7, 10]


def test_no_files_give_no_outcomes():
    assert list(read_articles([])) == []


def test_no_workers_are_refused():
    with pytest.raises(ValueError, match="1 or more"):
        read_articles([], workers=0)


def test_a_missing_file_is_an_outcome(tmp_path: Path):
    (outcome,) = read_articles([tmp_path / "missing.pdf"])
    assert outcome.document is None
    assert outcome.error.reason == "no such file or folder"


@pytest.mark.slow
def test_files_are_read_only_a_little_ahead_of_the_caller(tmp_path: Path):
    (tmp_path / "tea.pdf").write_bytes(pdf())
    taken = []

    def paths() -> Iterator[Path]:
        for number in range(1000):
            taken.append(number)
            yield tmp_path / "tea.pdf"

    outcomes = read_articles(paths())
    next(outcomes)
    assert len(taken) < 20
    outcomes.close()


def test_a_worker_answers_until_it_is_asked_no_more(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    requests, replies = io.BytesIO(), io.BytesIO()
    for name in ("tea.txt", "missing.txt"):
        write_frame(requests, (tmp_path / name, ReadLimits()))
    requests.seek(0)
    serve(requests, replies)
    replies.seek(0)
    first, second = read_frame(replies), read_frame(replies)
    assert isinstance(first, Reply)
    assert first.document.text == PROSE
    assert second.error.reason == "no such file or folder"
    with pytest.raises(EOFError):
        read_frame(replies)


def test_a_cut_frame_is_an_end(tmp_path: Path):
    stream = io.BytesIO()
    write_frame(stream, "tea")
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(stream.getvalue()[:-1]))


@pytest.mark.slow
def test_every_odd_file_ends_in_a_batch_as_it_does_alone(tmp_path: Path):
    write_all(tmp_path)
    paths = [tmp_path / name for name in CASES]
    outcomes = list(read_articles(paths, workers=2))
    assert [(outcome.path.name, status(outcome)) for outcome in outcomes] == [
        (name, odd.status) for name, odd in CASES.items()
    ]


@pytest.mark.slow
def test_a_file_that_takes_too_long_costs_only_itself(tmp_path: Path):
    (tmp_path / "1.pdf").write_bytes(pdf())
    (tmp_path / "2.pdf").write_bytes(slow_pdf())
    (tmp_path / "3.pdf").write_bytes(pdf())
    start = time.monotonic()
    first, second, third = read_articles(sorted(tmp_path.iterdir()), limits=ReadLimits(seconds=3))
    assert second.error.reason == "took too long (over 3 s)"
    assert not second.error.skipped
    assert first.document.text == third.document.text
    assert time.monotonic() - start < 30


@pytest.mark.slow
def test_a_file_that_needs_too_much_memory_costs_only_itself(tmp_path: Path):
    (tmp_path / "1.pdf").write_bytes(pdf())
    (tmp_path / "2.html").write_bytes(b"<p>" + b"<b>tea</b> " * 1_500_000)
    (tmp_path / "3.pdf").write_bytes(pdf())
    first, second, third = read_articles(sorted(tmp_path.iterdir()), limits=ReadLimits(memory_mb=150))
    assert "needed more than 150 MB of memory (limit)" in second.error.reason
    assert first.document.text == third.document.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGSEGV, "crashed"), (signal.SIGKILL, "killed"), (signal.SIGTERM, "unexpectedly")]
)
def test_a_worker_that_dies_costs_only_its_file(number: int, reason: str, tmp_path: Path):
    (tmp_path / "1.pdf").write_bytes(slow_pdf())
    (tmp_path / "2.pdf").write_bytes(pdf())
    before = children()

    def kill() -> None:
        while not (started := children() - before):
            time.sleep(0.05)
        time.sleep(1)
        os.kill(started.pop(), number)

    killer = threading.Thread(target=kill)
    killer.start()
    first, second = read_articles(sorted(tmp_path.iterdir()))
    killer.join()
    assert isinstance(first.error, ArticleError)
    assert reason in first.error.reason
    assert second.document is not None


@pytest.mark.slow
def test_giving_up_the_iteration_ends_the_workers_at_once(tmp_path: Path):
    (tmp_path / "1.pdf").write_bytes(pdf())
    (tmp_path / "2.pdf").write_bytes(slow_pdf())
    outcomes = read_articles(sorted(tmp_path.iterdir()), workers=2)
    assert next(outcomes).document is not None
    start = time.monotonic()
    outcomes.close()
    assert time.monotonic() - start < 5


@pytest.mark.slow
def test_a_worker_whose_parent_was_killed_ends_by_itself(tmp_path: Path):
    (tmp_path / "1.pdf").write_bytes(slow_pdf())
    program = (
        "import pathlib\n"
        "from index.readers import ReadLimits, read_articles\n"
        f"list(read_articles([pathlib.Path({str(tmp_path / '1.pdf')!r})], limits=ReadLimits(seconds=2)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    worker = None
    while worker is None:
        time.sleep(0.05)
        worker = next(iter(children(parent.pid)), None)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while time.monotonic() < deadline:
            if Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
            time.sleep(0.1)
    assert time.monotonic() < deadline


@pytest.mark.slow
def test_fifty_megabytes_on_one_line_are_read_within_the_limits(tmp_path: Path):
    (tmp_path / "line.txt").write_bytes(b"the tea road " * 4_000_000)
    (outcome,) = read_articles([tmp_path / "line.txt"])
    assert outcome.document is not None
    assert len(outcome.document.text) == 52_000_000
