"""``qa remove``: take articles out of an index."""

from __future__ import annotations

from pathlib import Path

import click

from qa.commands.options import index_option, index_to_read
from qa.exits import exit_codes


@click.command(
    "remove", short_help="Take articles out of an index.", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("articles", nargs=-1, required=True)
@index_option
def remove_command(articles: tuple[str, ...], index_path: Path | None) -> None:
    """Take ARTICLES out of the index: ids, files, folders, or globs such as "*draft*". The files stay.

    They come back with the next `qa index` of a folder they are in.
    """
    with exit_codes():
        from index import remove_documents

        try:
            removed = remove_documents(index_to_read(index_path), list(articles))
        except KeyError as error:
            raise click.UsageError(
                f"no article of the index is named by {error.args[0]!r}; see `qa documents`"
            ) from None
        for document in removed:
            click.echo(f"removed {document.source}")
