"""A service of the shipped articles in a process of its own, for the benchmarks that ask one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_QA = [sys.executable, "-c", "from qa.cli import qa; qa()"]
_START_SECONDS = 120


@contextmanager
def shipped_index() -> Iterator[Path]:
    """Build an index of the shipped articles, and delete it in the end."""
    articles = sorted(str(path) for path in (ROOT / "seeds").glob("*.txt"))
    with tempfile.TemporaryDirectory() as folder:
        index_path = Path(folder) / "index"
        subprocess.run([*_QA, "index", *articles, "--index", str(index_path)], check=True, cwd=ROOT)
        yield index_path


@contextmanager
def serving(index_path: Path, *arguments: str, **environment: str) -> Iterator[tuple[str, int]]:
    """Run ``qa serve`` on a free port until the end; give its address and process id once it is ready."""
    command = [*_QA, "serve", "--index", str(index_path), "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    assert process.stderr is not None
    reading = threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True)
    reading.start()
    try:
        yield _wait_until_ready(process, lines), process.pid
    finally:
        process.terminate()
        process.wait(60)
        reading.join(10)
        process.stderr.close()


def _wait_until_ready(process: subprocess.Popen[str], lines: list[str]) -> str:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"running on (http://[\d.:]+)", "".join(lines))
        if found and _is_ready(found[1]):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"the service did not start: {''.join(lines)}")


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as response:
            return bool(response.status == 200)
    except OSError:
        return False
