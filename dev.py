#!/usr/bin/env python3
"""Set up this checkout and run one of its tasks: ``python3 dev.py ask "what is Caspian Wind-2025"``.

Needs Python 3.11 or later and a package index, nothing else. The virtual environment ``.venv`` is made on first use
and brought up to date when the dependencies change; otherwise setting up costs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
DEPENDENCIES = (ROOT / "pyproject.toml", ROOT / "constraints.txt")


def set_up(extras: str = "") -> None:
    """Install the project, editable, with the versions of constraints.txt; do nothing where that has been done."""
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in DEPENDENCIES)).hexdigest()
    stamp = VENV / f"installed{extras.replace(',', '-')}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists():
        venv.create(VENV, with_pip=True)
    print(f"Installing article-qa{extras} into {VENV} (about two minutes, once)", file=sys.stderr)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}{extras}"])
    stamp.write_text(wanted)


def run(command: Sequence[str], **environment: str) -> None:
    """Run a command in the checkout; leave with its exit code where it fails."""
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode
    if code:
        sys.exit(code)


def installed(name: str) -> str:
    """Return the path of a program of the virtual environment."""
    return str(BIN / name)


def ask(arguments: Sequence[str]) -> None:
    """Ask a question, by default of the shipped articles."""
    set_up()
    sys.exit(subprocess.run([installed("ask"), *arguments]).returncode)


def qa(arguments: Sequence[str]) -> None:
    """Run a command of `qa`, such as `qa index FOLDER`."""
    set_up()
    sys.exit(subprocess.run([installed("qa"), *arguments]).returncode)


def test(arguments: Sequence[str]) -> None:
    """Check format, lint and types, then run all tests with their coverage (arguments go to pytest instead)."""
    set_up("[dev]")
    if arguments:
        run([installed("python"), "-m", "pytest", *arguments], HF_HUB_OFFLINE="1")
        return
    check([])
    coverage = ["--cov", "--cov-report=term:skip-covered", "--cov-fail-under=90"]
    run([installed("python"), "-m", "pytest", "-q", *coverage], HF_HUB_OFFLINE="1")


def check(_: Sequence[str]) -> None:
    """Check format, lint and types."""
    set_up("[dev]")
    run([installed("ruff"), "format", "--check", "."])
    run([installed("ruff"), "check", "."])
    run([installed("mypy")])


def fix(_: Sequence[str]) -> None:
    """Format the code and mend what the linter can."""
    set_up("[dev]")
    run([installed("ruff"), "check", "--fix", "."])
    run([installed("ruff"), "format", "."])


TASKS: dict[str, Callable[[Sequence[str]], None]] = {"ask": ask, "qa": qa, "test": test, "check": check, "fix": fix}


def main() -> None:
    """Run the task that the command line names."""
    tasks = "\n".join(f"  {name:6} {(task.__doc__ or '').splitlines()[0]}" for name, task in TASKS.items())
    parser = argparse.ArgumentParser(
        description=f"Set up this checkout and run a task:\n\n{tasks}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parsed = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  (this file also runs where the project cannot)
        parser.error(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}")
    TASKS[parsed.task](parsed.arguments)


if __name__ == "__main__":
    main()
