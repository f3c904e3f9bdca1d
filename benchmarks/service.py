"""What HTTP costs, how the service bears load, and whether it answers while articles come and go.

``python benchmarks/service.py`` serves the shipped articles and measures, each against its limit:

* *overhead*: the same questions over HTTP and by ``Assistant.ask`` in this process, in turn; the medians' difference;
* *load*: many clients on two workers without a pause, except where they are told to come back;
* *changes*: articles added and removed while clients ask; no request may fail, no quote be unproved, and no answer
  cite an article after the call that removed it has returned.

It leaves with 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from machine import describe_machine
from serving import ROOT, serving, shipped_index

QUESTIONS = (
    "what is Caspian Wind-2025",
    "how much foreign investment did Kazakhstan attract in 2023",
    "which countries took part in Unity-2024",
    "who won the chess championship",
    "how many joint R&D projects were launched",
    "what is the capital of France",
)
MOST_OVERHEAD_MS = 3.0
MOST_P95_RATIO = 4.0
MOST_MEMORY_GROWTH = 0.05


@dataclass
class Client:
    """Asks one question after the other over one connection, and keeps what came of it."""

    address: str
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the connection."""
        self._connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)

    def ask(self, question: str) -> dict[str, object] | None:
        """Return the answer, or None, having waited, where the service says to come back."""
        started = time.perf_counter()
        self._connection.request("GET", f"/v1/ask?q={quote(question)}")
        response = self._connection.getresponse()
        body = response.read()
        self.statuses[response.status] += 1
        if response.status == 200:
            self.seconds.append(time.perf_counter() - started)
            answer: dict[str, object] = json.loads(body)
            return answer
        time.sleep(float(response.headers.get("Retry-After", 1)))
        return None


def measure_overhead(index_path: Path, requests: int) -> bool:
    """Ask over HTTP and in this process in turn, and print the difference of the medians."""
    from qa import Assistant, Settings

    local: list[float] = []
    beside: list[float] = []
    with serving(index_path) as (address, _), Assistant.open(index_path, settings=Settings()) as assistant:
        client = Client(address)
        for number in range(-len(QUESTIONS), requests):
            question = QUESTIONS[number % len(QUESTIONS)]
            answer = client.ask(question)
            started = time.perf_counter()
            assistant.ask(question)
            if number >= 0 and answer is not None:
                local.append(time.perf_counter() - started)
                beside.append(client.seconds[-1] - answer["timings_ms"]["total"] / 1000)  # type: ignore[index]
    over_http = statistics.median(client.seconds[len(QUESTIONS) :]) * 1000
    in_process = statistics.median(local) * 1000
    print(
        f"overhead: p50 {over_http:.2f} ms over HTTP, {in_process:.2f} ms here: {over_http - in_process:+.2f} ms; "
        f"p50 of a request's time beside its own work {statistics.median(beside) * 1000:.2f} ms "
        f"(at most {MOST_OVERHEAD_MS:g})"
    )
    return over_http - in_process <= MOST_OVERHEAD_MS


def measure_load(index_path: Path, *, clients: int, workers: int, seconds: float) -> bool:
    """Ask with many clients, and print statuses, percentiles and memory beside a single client's median."""
    with serving(index_path, "--workers", str(workers)) as (address, pid):
        single = Client(address)
        for number in range(40):
            single.ask(QUESTIONS[number % len(QUESTIONS)])
        asking = [Client(address) for _ in range(clients)]
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=_ask_until, args=(client, n, end)) for n, client in enumerate(asking)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 4)
        before = memory_of(pid)
        for thread in threads:
            thread.join()
        after = memory_of(pid)
    statuses = sum((client.statuses for client in asking), Counter())
    times = sorted(second for client in asking for second in client.seconds)
    alone = statistics.median(single.seconds[len(QUESTIONS) :])
    p95 = times[int(len(times) * 0.95)]
    print(
        f"load: {clients} clients, {workers} workers, {seconds:g} s: {dict(statuses)}, "
        f"{len(times) / seconds:.1f} answers a second; p50 {statistics.median(times) * 1000:.0f} ms, p95 "
        f"{p95 * 1000:.0f} ms = {p95 / alone:.2f} x a single client's p50 of {alone * 1000:.0f} ms "
        f"(at most {MOST_P95_RATIO:g}); memory {before:.0f} -> {after:.0f} MB"
    )
    return set(statuses) <= {200, 503} and p95 <= MOST_P95_RATIO * alone and after <= before * (1 + MOST_MEMORY_GROWTH)


def _ask_until(client: Client, number: int, end: float) -> None:
    while time.monotonic() < end:
        number += 1
        client.ask(QUESTIONS[number % len(QUESTIONS)])


def memory_of(pid: int) -> float:
    """Return the megabytes of a process and its children, shared pages counted once (PSS)."""
    pids = [pid]
    for known in pids:
        pids += [
            int(child) for path in Path(f"/proc/{known}/task").glob("*/children") for child in path.read_text().split()
        ]
    rollups = "".join(Path(f"/proc/{known}/smaps_rollup").read_text() for known in pids)
    return sum(int(line.split()[1]) for line in rollups.splitlines() if line.startswith("Pss:")) / 1024


def measure_changes(index_path: Path, *, clients: int, changes: int) -> bool:
    """Add and remove articles while clients ask, and print what failed."""
    from index import build_index, remove_documents

    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder, serving(index_path, "--workers", "2") as (address, _):
        articles = [Path(folder) / f"{number}.txt" for number in range(changes)]
        for number, article in enumerate(articles):
            article.write_text(
                f"Caspian Wind-{3000 + number} took place at sea. Its {number + 2} ships came from Aktau."
            )
        texts = {str(path): path.read_text() for path in (*articles, *(ROOT / "seeds").glob("*.txt"))}
        removed: dict[str, float] = {}
        stop = threading.Event()
        arguments = (address, texts, removed, stop, failed)
        threads = [threading.Thread(target=_ask_and_prove, args=(n, *arguments)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for article in articles:
            build_index([article], index_path)
            remove_documents(index_path, [str(article)])
            removed[str(article)] = time.monotonic()
        stop.set()
        for thread in threads:
            thread.join()
    print(f"changes: {changes} articles added and removed under {clients} clients: {len(failed)} failed {failed[:3]}")
    return not failed


def _ask_and_prove(
    number: int,
    address: str,
    texts: dict[str, str],
    removed: dict[str, float],
    stop: threading.Event,
    failed: list[str],
) -> None:
    client = Client(address)
    while not stop.is_set():
        number += 1
        started = time.monotonic()
        try:
            answer = client.ask(f"how many ships took part in Caspian Wind-{3000 + number % len(texts)}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed.append(repr(error))
            continue
        for citation in [*answer["citations"], *answer["nearest"]] if answer else []:  # type: ignore[misc]
            source, cited = citation["document"]["source"], citation["quote"]
            if texts[source][cited["start"] : cited["end"]] != cited["text"]:
                failed.append(f"unproved: {source} {cited}")
            if removed.get(source, started) < started:
                failed.append(f"removed before it was asked: {source}")
    failed += [f"status {status}" for status in client.statuses if status not in (200, 503)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and leave with 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", nargs="*", default=["overhead", "load", "changes"])
    parser.add_argument("--requests", type=int, default=300, help="for the overhead")
    parser.add_argument("--clients", type=int, default=16, help="under load")
    parser.add_argument("--workers", type=int, default=2, help="under load")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load")
    parser.add_argument("--changes", type=int, default=50, help="articles added and removed")
    options = parser.parse_args(arguments)
    print(describe_machine())
    held = True
    with shipped_index() as index_path:
        if "overhead" in options.measure:
            held &= measure_overhead(index_path, options.requests)
        if "load" in options.measure:
            held &= measure_load(index_path, clients=options.clients, workers=options.workers, seconds=options.seconds)
        if "changes" in options.measure:
            held &= measure_changes(index_path, clients=8, changes=options.changes)
    raise SystemExit(not held)


if __name__ == "__main__":
    main()
