"""The commands ``ask`` and ``qa``: parse, call, print.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.exits import Exit, exit_codes

if TYPE_CHECKING:
    from index import Filters
    from qa.answers import Answer
    from qa.assistant import Assistant

_COMMANDS = ("index", "status", "documents", "remove", "verify", "evaluate", "calibrate", "serve", "mcp")


class _Commands(click.Group):
    """The commands of ``qa``, each loaded from ``qa.commands`` when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"qa.commands.{name}")
        command = getattr(module, f"{name}_command")
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="article-qa")
def qa() -> None:
    """Keep an index of articles, and check it."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", metavar="QUESTION", nargs=-1)
@click.option("--index", "index_path", type=click.Path(path_type=Path), help="Folder of the index to ask.")
@click.option("--in", "folder", type=click.Path(path_type=Path), help="Ask the articles of this folder or file.")
@click.option(
    "--batch", type=click.File(encoding="utf-8"), help="Answer each question of a JSON-lines file (- reads stdin)."
)
@click.option("-k", "k", type=click.IntRange(1, 100), help="Most citations.  [default: 5]")
@click.option(
    "--filter", "filters", multiple=True, metavar="FIELD=VALUE", help="Only from articles such as date>=2024."
)
@click.option("--risk", type=float, help="Largest share of wrong answers among those given.  [default: 0.2]")
@click.option("--reader", help="Reader: default, none, a folder or a model's name.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--explain", is_flag=True, help="Show why each passage was chosen, with every score.")
@click.version_option(package_name="article-qa")
def ask(
    words: tuple[str, ...],
    index_path: Path | None,
    folder: Path | None,
    batch: Any,  # noqa: ANN401  (click's lazily opened file)
    filters: tuple[str, ...],
    as_json: bool,
    explain: bool,
    **settings: Any,  # noqa: ANN401  (flags named as the settings they override)
) -> None:
    """Answer QUESTION with exact quotes from your articles, or say that they do not answer it.

    \b
    ask "what is Caspian Wind-2025"
    ask --in ~/reports "how much did exports grow" --filter "date>=2024"
    ask --batch questions.jsonl > answers.jsonl

    Exit status: 0 answered, 1 not in the articles, 2 wrong use, 3 a problem with the index or a model.
    """  # noqa: D301  (click reads the backspace as "do not wrap")
    question = " ".join(words).encode("utf-8", "replace").decode()
    if bool(words) == (batch is not None):
        raise click.UsageError("Give one QUESTION, or --batch FILE.")
    if index_path is not None and folder is not None:
        raise click.UsageError("Give --index or --in, not both.")
    with exit_codes():
        with _open_assistant(index_path, folder, settings) as assistant:
            chosen = _parsed(filters)
            if batch is not None:
                for line in _batch_lines(assistant, batch, chosen, explain=explain):
                    click.echo(line)
                sys.exit(Exit.ANSWERED)
            answer = assistant.ask(question, filters=chosen)
            threshold = assistant.threshold
        _print(answer, threshold, as_json=as_json, explain=explain)
        sys.exit(Exit.ANSWERED if answer.answered else Exit.NOT_ANSWERED)


def _open_assistant(index_path: Path | None, folder: Path | None, flags: dict[str, Any]) -> Assistant:
    import dataclasses

    from qa.assistant import Assistant
    from qa.locations import index_to_ask
    from qa.settings import Settings

    settings = dataclasses.replace(Settings.from_env(), **{name: v for name, v in flags.items() if v is not None})
    if folder is not None:
        return Assistant.open(_index_of_folder(folder), settings=settings)
    from qa.progress import progress_bar

    with progress_bar() as progress:
        chosen = index_to_ask(index_path or settings.index, say=_say, progress=progress)
    return Assistant.open(chosen, settings=settings)


def _index_of_folder(folder: Path) -> Path:
    """Bring the index of ``--in FOLDER`` up to date and return where it lies."""
    from index import ArticleError, build_index
    from qa.locations import folder_index
    from qa.progress import progress_bar

    if not folder.exists():
        raise ArticleError(folder, "there is no such file or folder")
    where = folder_index(folder)
    with progress_bar() as progress:
        report = build_index([folder], where, progress=progress)
    failed = [f"{file.path}: {file.reason}" for file in report.files if file.status == "failed"]
    for line in failed:
        _say(f"not read: {line}")
    return where


def _parsed(filters: tuple[str, ...]) -> Filters | None:
    from index import Filters

    try:
        return Filters.parse(list(filters)) if filters else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _batch_lines(assistant: Assistant, batch: Any, filters: Filters | None, *, explain: bool) -> Iterator[str]:  # noqa: ANN401
    from qa.batch import answer_lines

    try:
        yield from answer_lines(assistant, batch, filters=filters, explain=explain)
    except ValueError as error:
        raise click.UsageError(f"{batch.name}: {error}") from error


def _print(answer: Answer, threshold: float, *, as_json: bool, explain: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer.to_dict(explain=explain), ensure_ascii=False))
        return
    from qa.terminal import answer_lines

    for line in answer_lines(answer, threshold=0.0 if explain else threshold, explain=explain):
        click.echo(line)


def _say(message: str) -> None:
    click.echo(message, err=True)


if __name__ == "__main__":
    {"ask": ask, "qa": qa}[sys.argv.pop(1)]()
