"""``qa evaluate``: how good the answers to a question set are."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.commands.options import index_option, index_to_read, json_option
from qa.exits import exit_codes

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.evaluation import Evaluation
    from qa.judging import TextOf
    from qa.question_sets import Question


@click.command(
    "evaluate",
    short_help="Measure the answers on questions with known answers.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("questions", type=click.Path(path_type=Path, dir_okay=False))
@index_option
@json_option
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with curves and mistakes."
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the answers in this file; where it is there already, score it instead of asking again.",
)
@click.option("--risk", type=float, help="Largest share of wrong answers among those given.  [default: 0.2]")
@click.option("--reader", help="Reader: default, none, a folder or a model's name.")
def evaluate_command(
    questions: Path,
    index_path: Path | None,
    as_json: bool,
    report: Path | None,
    answers: Path | None,
    **settings: Any,  # noqa: ANN401  (flags named as the settings they override)
) -> None:
    """Ask the index every question of QUESTIONS (JSON lines), and print how good the answers are.

    Each line is {"question": ..., "answers": [...], "source": "file.txt"} or {"question": ..., "answerable": false}.
    docs/evaluation.md says what each figure means.

    Exit status: 0 measured, 2 wrong use, 3 a problem with the index or a model.
    """
    with exit_codes():
        from qa.question_sets import QuestionSetError

        try:
            evaluation, facts = _measured(questions, index_path, answers, settings)
        except QuestionSetError as error:
            raise click.UsageError(str(error)) from None
        if report is not None:
            from qa.report import html_report

            page = html_report(evaluation, title=f"Answers to {questions.name}", facts=facts)
            report.write_text(page, encoding="utf-8")
        _print(evaluation, as_json=as_json)


def _measured(
    path: Path, index_path: Path | None, kept: Path | None, flags: Mapping[str, Any]
) -> tuple[Evaluation, dict[str, str]]:
    from qa.assistant import Assistant
    from qa.evaluation import evaluate
    from qa.question_sets import read_questions, read_rows
    from qa.settings import Settings

    questions = read_questions(path)
    folder = index_to_read(index_path)
    settings = dataclasses.replace(Settings.from_env(), **{name: v for name, v in flags.items() if v is not None})
    with Assistant.open(folder, settings=settings) as assistant:
        if kept is not None and kept.exists():
            given: Sequence[Mapping[str, Any]] = [row for _, _, row in read_rows(kept)]
            click.echo(f"scoring the {len(given)} answers in {kept}; nothing is asked", err=True)
        else:
            given = _asked(assistant, questions)
            if kept is not None:
                kept.write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in given), encoding="utf-8")
        evaluation = evaluate(questions, given, text_of=_texts_of(assistant))
        passages = assistant.passages
        size = f"{passages.document_count} articles, {passages.passage_count} passages"
        facts = {
            "Questions": f"{path.name}, {len(questions)} ({len(evaluation.scored)} counted)",
            "Index": f"{size}, revision {passages.revision}",
            "Risk": f"{settings.risk:g}",
            "Date": datetime.now(UTC).date().isoformat(),
        }
        return evaluation, facts


def _asked(assistant: Assistant, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Return the answers, in order; a question that cannot be asked is abstained from, as ``ask --batch`` does."""
    from tqdm import tqdm

    from qa.batch import answer_lines

    lines = (json.dumps({"id": question.id, "question": question.text}) for question in questions)
    progress = tqdm(answer_lines(assistant, lines), total=len(questions), unit="question", leave=False, disable=None)
    return [json.loads(line) for line in progress]


def _texts_of(assistant: Assistant) -> TextOf:
    """Return a function that gives an article's text as the index holds it, or None where it has it no longer."""
    texts: dict[str, str | None] = {}

    def text_of(document: Mapping[str, Any]) -> str | None:
        identity = document["id"]
        if identity not in texts:
            try:
                texts[identity] = assistant.passages.document(identity).text
            except KeyError:
                texts[identity] = None
        return texts[identity]

    return text_of


def _print(evaluation: Evaluation, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(evaluation.to_dict(), ensure_ascii=False))
        return
    from qa.report import figure_rows, kind_rows
    from qa.terminal import table_lines

    for line in table_lines(("figure", "value", "95% interval", "what it says"), figure_rows(evaluation)):
        click.echo(line)
    kinds = kind_rows(evaluation)
    if kinds:
        click.echo()
        for line in table_lines(("kind of question", "first passage right"), kinds):
            click.echo(line)
