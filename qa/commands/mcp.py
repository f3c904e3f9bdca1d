"""``qa mcp``: answer the tools of a language model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qa.commands.options import index_option
from qa.exits import Exit, exit_codes
from qa.extras import missing_extra

if TYPE_CHECKING:
    from qa.settings import Settings


@click.command(
    "mcp", short_help="Answer the tools of language models.", context_settings={"help_option_names": ["-h", "--help"]}
)
@index_option
@click.option("--http", is_flag=True, help="Serve streamable HTTP at /mcp instead of stdin and stdout.")
@click.option("--host", help="With --http, the address to listen on.  [default: 127.0.0.1, this machine alone]")
@click.option("--port", type=click.IntRange(1, 65535), help="With --http, the port.  [default: 8000]")
def mcp_command(index_path: Path | None, http: bool, host: str | None, port: int | None) -> None:
    """Serve the articles to an MCP client: the tools ask, search, read_document and list_documents.

    Without --http the client starts this command itself and speaks to it over stdin and stdout.

    Exit status: 0 stopped, 2 wrong use, 3 a problem with the index or a model.
    """
    if not http and (host is not None or port is not None):
        raise click.UsageError("--host and --port go with --http.")
    with exit_codes():
        import dataclasses

        from qa.settings import Settings

        settings = Settings.from_env()
        settings = dataclasses.replace(
            settings,
            index=index_path or settings.index,
            host=host or settings.host,
            port=port or settings.port,
        )
        _serve(settings, http=http)


def _serve(settings: Settings, *, http: bool) -> None:
    from qa.assistant import Assistant
    from qa.locations import index_to_ask
    from qa.progress import progress_bar

    try:
        from qa.mcp_server import serve_http, serve_stdio
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        _say(f"{click.style('error:', fg='red', bold=True)} {missing_extra('mcp', error)}")
        sys.exit(Exit.PROBLEM)
    with progress_bar() as progress:
        chosen = index_to_ask(settings.index, say=_say, progress=progress)
    with Assistant.open(chosen, settings=settings) as assistant:
        if not http:
            serve_stdio(assistant, settings)
            return
        from qa.service.server import warning_of

        if warning := warning_of(settings):
            _say(f"{click.style('warning:', fg='yellow', bold=True)} {warning}")
        _say(f"Serving MCP at http://{settings.host}:{settings.port}/mcp")
        serve_http(assistant, settings)


def _say(message: str) -> None:
    click.echo(message, err=True)
