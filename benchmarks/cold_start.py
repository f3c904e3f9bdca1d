"""How long a question takes from cold, beside importing sentence_transformers: ``python benchmarks/cold_start.py``.

Each command is a new process, run in turn with the baseline, so that the ratio holds on a noisy machine. The index of
the shipped articles is built first where it is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import describe_machine

QUESTION = "what is Caspian Wind-2025"
BASELINE = [sys.executable, "-c", "import sentence_transformers"]
LIMITS = {"ask": (0.10, 250.0), "ask --help": (0.03, 250.0)}
"""Most of the baseline's wall time, and most megabytes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of a process took: seconds on the clock and megabytes at most."""

    seconds: float
    megabytes: float


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end and return what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def main() -> None:
    """Time the commands, print the figures, leave with 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=9, help="runs of each command")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    ask = str(Path(sys.executable).with_name("ask"))
    commands = {"ask": [ask, QUESTION], "ask --help": [ask, "--help"]}
    for command in (*commands.values(), BASELINE):
        run(command)
    costs: dict[str, list[Cost]] = {name: [] for name in ("baseline", *commands)}
    for _ in range(options.runs):
        for name, command in {"baseline": BASELINE, **commands}.items():
            costs[name].append(run(command))
    figures = {name: _median(some) for name, some in costs.items()}
    print(describe_machine())
    print(f"medians of {options.runs} runs, each a new process; baseline: {' '.join(BASELINE[1:])}")
    held = all([_said(name, figures[name], figures["baseline"]) for name in commands])
    print(f"baseline    {figures['baseline'].seconds:6.3f} s  {figures['baseline'].megabytes:6.0f} MB")
    if options.json:
        options.json.write_text(json.dumps({name: [c.seconds, c.megabytes] for name, c in figures.items()}))
    sys.exit(0 if held else 1)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(c.seconds for c in costs), statistics.median(c.megabytes for c in costs))


def _said(name: str, cost: Cost, baseline: Cost) -> bool:
    """Print a command's figures beside its limits, and return whether they hold."""
    ratio = cost.seconds / baseline.seconds
    most_ratio, most_megabytes = LIMITS[name]
    holds = ratio <= most_ratio and cost.megabytes <= most_megabytes
    verdict = "holds" if holds else "BROKEN"
    print(
        f"{name:11} {cost.seconds:6.3f} s  {cost.megabytes:6.0f} MB  {ratio:.3f} of the baseline "
        f"(at most {most_ratio:.2f} and {most_megabytes:.0f} MB: {verdict})"
    )
    return holds


if __name__ == "__main__":
    main()
