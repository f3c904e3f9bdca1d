"""``qa verify``: prove the index against the files, or an answer's quotes against their source files."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from qa.commands.options import index_option, index_to_read, json_option
from qa.exits import Exit, exit_codes


@click.command(
    "verify",
    short_help="Prove an index, or an answer's quotes, from the files.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("answer", required=False, type=click.File(encoding="utf-8"))
@index_option
@json_option
def verify_command(answer: IO[str] | None, index_path: Path | None, as_json: bool) -> None:
    """Check the index: every stored text against its file, every derived file against the database.

    With ANSWER (JSON of `ask --json`, or the JSON lines of `ask --batch`; - reads stdin), prove every quote in it word
    for word from the source files instead.

    Exit status: 0 all is as it should be, 1 something is not, 3 it could not be checked.
    """
    with exit_codes():
        findings = _answer_findings(answer) if answer is not None else _index_findings(index_path)
        is_wrong = False
        for finding in findings:
            is_wrong |= not finding.pop("ok")
            click.echo(json.dumps(finding, ensure_ascii=False) if as_json else finding["message"])
        sys.exit(Exit.NOT_ANSWERED if is_wrong else Exit.ANSWERED)


def _index_findings(index_path: Path | None) -> Iterator[dict[str, Any]]:
    from index import verify_index

    folder = index_to_read(index_path)
    report = verify_index(folder)
    for found in report.findings:
        message = f"{found.subject}: {found.problem}; {found.remedy}"
        yield {"ok": False, "message": message, **dataclasses.asdict(found)}
    checked = f"{report.documents:,} articles, {report.passages:,} passages, revision {report.revision}"
    verdict = "all is as it should be" if report.ok else f"{len(report.findings)} findings"
    yield {
        "ok": True,
        "message": f"{folder}: {checked}: {verdict}",
        "index": str(folder),
        "findings": len(report.findings),
    }


def _answer_findings(answer: IO[str]) -> Iterator[dict[str, Any]]:
    from qa.citations import unproved, verify_answer

    proofs = []
    for number, line in enumerate(_objects(answer.read()), 1):
        try:
            proofs += verify_answer(line)
        except ValueError as error:
            raise click.UsageError(f"{answer.name}, answer {number}: {error}") from error
    for proof in unproved(proofs):
        message = f"not proved: {proof.part} of citation {proof.rank}, {proof.source}: {proof.reason}"
        yield {"ok": False, "message": message, **dataclasses.asdict(proof)}
    failed = len(unproved(proofs))
    message = f"{len(proofs) - failed} of {len(proofs)} texts stand in their source files, word for word"
    yield {"ok": True, "message": message, "texts": len(proofs), "proved": len(proofs) - failed}


def _objects(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a text: one object, or one a line."""
    try:
        try:
            return [json.loads(text)]
        except ValueError:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise click.UsageError(f"not JSON: {error}") from error
