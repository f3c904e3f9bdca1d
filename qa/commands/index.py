"""``qa index``: bring an index up to date with folders of articles."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.commands.options import index_option, index_to_write, json_option
from qa.exits import Exit, exit_codes

if TYPE_CHECKING:
    from index import BuildReport

_NAMED = 20


@click.command(
    "index",
    short_help="Bring an index up to date with folders of articles.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_option
@click.option("--model", help="A sentence-transformers model, by name or folder.  [default: all-MiniLM-L6-v2]")
@click.option("--device", help="Where to embed: cpu, cuda, ...  [default: a GPU where there is one]")
@click.option("--keep-missing", is_flag=True, help="Keep articles whose files are gone.")
@click.option("--rebuild", is_flag=True, help="Start anew, with these paths only.")
@json_option
def index_command(
    paths: tuple[Path, ...],
    index_path: Path | None,
    model: str | None,
    device: str | None,
    keep_missing: bool,
    rebuild: bool,
    as_json: bool,
) -> None:
    """Index the articles at PATHS (txt, md, html, pdf, docx): files, or folders with all below them.

    Only what is new or changed is read and embedded; what is gone leaves the index. A file that cannot be read is
    named with the reason and stops nothing.

    Exit status: 0 done, 3 when a file failed or the index could not be written.
    """
    with exit_codes():
        from index import build_index
        from qa.progress import progress_bar

        folder = index_to_write(index_path)
        with progress_bar() as progress:
            report = build_index(
                list(paths),
                folder,
                model=model,
                device=device,
                keep_missing=keep_missing,
                rebuild=rebuild,
                progress=progress,
            )
        click.echo(json.dumps(_plain(report, folder), ensure_ascii=False) if as_json else _summary(report, folder))
        if not as_json:
            _name_failures(report)
        sys.exit(Exit.PROBLEM if report.count("failed") else Exit.ANSWERED)


def _plain(report: BuildReport, folder: Path) -> dict[str, object]:
    files = [
        {"path": str(f.path), "status": f.status, "reason": f.reason, "passages": f.passages} for f in report.files
    ]
    return {
        "index": str(folder),
        "revision": report.revision,
        "documents": report.documents,
        "passages": report.passages,
        "embedded": report.embedded,
        "seconds": round(report.seconds, 3),
        "mended": list(report.mended),
        "files": files,
    }


def _summary(report: BuildReport, folder: Path) -> str:
    counts = ", ".join(
        f"{report.count(status)} {status}"
        for status in ("indexed", "unchanged", "removed", "skipped", "failed")
        if report.count(status)
    )
    held = f"{report.documents:,} articles, {report.passages:,} passages"
    return f"{counts or 'nothing to do'} in {report.seconds:.1f} s\n{folder}: {held}, revision {report.revision}"


def _name_failures(report: BuildReport) -> None:
    named = [file for file in report.files if file.status in ("failed", "skipped")]
    named.sort(key=lambda file: file.status != "failed")
    for file in named[:_NAMED]:
        click.echo(f"{file.status}: {file.path}: {file.reason}", err=True)
    if len(named) > _NAMED:
        click.echo(f"... and {len(named) - _NAMED} more; --json names them all", err=True)
    for sentence in report.mended:
        click.echo(f"mended: {sentence}", err=True)
