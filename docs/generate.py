"""Write the pages of docs/ that are made from the code: ``python docs/generate.py``.

``tests/test_docs.py`` fails where a page is not what this makes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from qa.cli import ask, qa
from qa.settings import PREFIX, Settings

DOCS = Path(__file__).parent


def cli_page() -> str:
    """Return the page of the command line: the help text of every command."""
    commands = [("ask", ask), ("qa", qa)]
    context = click.Context(qa, info_name="qa")
    for name in qa.list_commands(context):
        command = qa.get_command(context, name)
        assert command is not None, "a listed command is there"
        commands.append((f"qa {name}", command))
    parts = ["# The command line", "Made from the programs' own help by `python docs/generate.py`."]
    for name, command in commands:
        width = {"terminal_width": 100, "max_content_width": 100}
        text = command.get_help(click.Context(command, info_name=name, **command.context_settings, **width))
        parts.append(f"## `{name}`\n\n```\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Return the page of the settings: every field of ``Settings``."""
    rows = "\n".join(_setting_rows())
    return (
        "# Settings\n\n"
        "Made from `qa/settings.py` by `python docs/generate.py`. A flag wins over the variable, the variable over the "
        "default.\nAn unknown `QA_*` variable is an error. What shaped an index lies in the index and is not set again."
        "\n\n"
        f"| variable | default | meaning |\n|---|---|---|\n{rows}\n"
        "\nTraces of `qa serve` are set by OpenTelemetry's own `OTEL_*` variables: see [traces](http.md).\n"
    )


def _setting_rows() -> Iterator[str]:
    for field in dataclasses.fields(Settings):
        default = "" if field.default in (None, "", ()) else f"`{field.default}`"
        yield f"| `{PREFIX}{field.name.upper()}` | {default} | {field.metadata['help']} |"


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli_page, "settings.md": settings_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
