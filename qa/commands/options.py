"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

index_option = click.option(
    "--index",
    "index_path",
    type=click.Path(path_type=Path),
    help="Folder of the index.  [default: QA_INDEX, or the one in your data folder]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def index_to_write(index_path: Path | None) -> Path:
    """Return the folder of the index to write to: as named, or the setting's, or the default."""
    from qa.locations import default_index
    from qa.settings import Settings

    return index_path or Settings.from_env().index or default_index()


def index_to_read(index_path: Path | None) -> Path:
    """Return the folder of the index to read: as :func:`index_to_write`, or that of the shipped articles."""
    from qa.locations import shipped_index

    chosen = index_to_write(index_path)
    return chosen if index_path is not None or chosen.exists() else shipped_index()
