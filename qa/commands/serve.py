"""``qa serve``: answer over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from qa.commands.options import index_option
from qa.exits import exit_codes


@click.command(
    "serve",
    short_help="Answer over HTTP, with a page to ask on.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@index_option
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, this machine alone]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
def serve_command(index_path: Path | None, host: str | None, port: int | None, workers: int) -> None:
    """Answer questions over HTTP, and in the browser at http://127.0.0.1:8000/.

    Anyone on this machine may ask, and nobody may change the articles. With QA_API_KEYS=read:KEY,write:KEY a key is
    needed for either. Articles that `qa index` adds or removes while the service runs are seen at once.

    Exit status: 0 stopped, 2 wrong use, 3 a problem with the index or a model.
    """
    with exit_codes():
        import dataclasses

        from qa.settings import Settings

        settings = Settings.from_env()
        settings = dataclasses.replace(
            settings,
            index=index_path or settings.index,
            host=host or settings.host,
            port=settings.port if port is None else port,
        )
        from qa.service.server import serve, warning_of

        if warning := warning_of(settings):
            click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {warning}", err=True)
        if settings.port:
            click.echo(f"Opening the index; then ask at http://{_address(settings.host)}:{settings.port}/", err=True)
        serve(settings, workers=workers)


def _address(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
