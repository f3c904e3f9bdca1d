"""``qa status``: what an index holds and what made it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qa.commands.options import index_option, index_to_read, json_option
from qa.exits import exit_codes


@click.command(
    "status", short_help="Say what an index holds.", context_settings={"help_option_names": ["-h", "--help"]}
)
@index_option
@json_option
def status_command(index_path: Path | None, as_json: bool) -> None:
    """Say what the index holds and what made it."""
    with exit_codes():
        from index import PassageIndex

        folder = index_to_read(index_path)
        with PassageIndex.open(folder) as passages:
            manifest = passages.manifest
            state = {
                "index": str(folder),
                "documents": manifest.documents,
                "passages": manifest.passages,
                "revision": manifest.revision,
                "updated": manifest.updated,
                "format": manifest.format,
                "encoder": manifest.encoder.name,
                "dim": manifest.encoder.dim,
                "passage_settings": manifest.settings,
                "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
                "mended": list(passages.mended),
            }
        if as_json:
            click.echo(json.dumps(state, ensure_ascii=False))
            return
        for name, value in state.items():
            if name == "bytes":
                click.echo(f"{'size':17} {int(str(value)) / 1e6:,.1f} MB")
            elif value != []:
                click.echo(f"{name.replace('_', ' '):17} {value}")
