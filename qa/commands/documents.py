"""``qa documents``: the articles of an index."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from qa.commands.options import index_option, index_to_read, json_option
from qa.exits import exit_codes


@click.command(
    "documents", short_help="List the articles of an index.", context_settings={"help_option_names": ["-h", "--help"]}
)
@index_option
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE", help="Only articles such as date>=2024.")
@json_option
def documents_command(index_path: Path | None, filters: tuple[str, ...], as_json: bool) -> None:
    """List the articles of the index; with --json one object a line."""
    with exit_codes():
        from index import Filters, PassageIndex
        from qa.terminal import table_lines

        try:
            chosen = Filters.parse(filters) if filters else None
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        with PassageIndex.open(index_to_read(index_path)) as passages:
            documents = passages.documents(chosen)
        if as_json:
            for document in documents:
                click.echo(json.dumps(dataclasses.asdict(document), ensure_ascii=False))
            return
        rows = [(d.id, d.date or "", d.author or "", d.title or "", d.source) for d in documents]
        for line in table_lines(("id", "date", "author", "title", "file"), rows):
            click.echo(line)
