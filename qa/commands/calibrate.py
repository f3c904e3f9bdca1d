"""``qa calibrate``: fit the confidence to questions on the user's own articles."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from qa.commands.options import index_option, index_to_read
from qa.exits import exit_codes

_RISKS = (0.01, 0.05, 0.10, 0.20)


@click.command(
    "calibrate",
    short_help="Fit confidence and thresholds to your own questions.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("questions", type=click.Path(path_type=Path, dir_okay=False))
@index_option
@click.option("--reader", help="Reader: default, none, a folder or a model's name.")
@click.option("--reset", is_flag=True, help="Go back to the shipped calibration.")
def calibrate_command(questions: Path, index_path: Path | None, reader: str | None, reset: bool) -> None:
    """Fit confidence and thresholds to QUESTIONS (JSON lines) on the articles of the index, and keep them with it.

    Each line is {"question": ..., "answers": [...], "source": "file.txt"} or {"question": ..., "answerable": false}.
    Ask what your users ask, unanswerable questions too.
    """
    with exit_codes():
        from qa.assistant import Assistant
        from qa.confidence import CALIBRATION_FILE
        from qa.question_sets import read_questions
        from qa.recalibration import recalibrate
        from qa.settings import Settings

        folder = index_to_read(index_path)
        kept = folder / CALIBRATION_FILE
        if reset:
            kept.unlink(missing_ok=True)
            click.echo("The shipped calibration is in use again.")
            return
        environment = Settings.from_env()
        settings = dataclasses.replace(environment, reader=reader or environment.reader)
        with Assistant.open(folder, settings=settings) as assistant:
            try:
                fitted = recalibrate(assistant, read_questions(questions), provenance=str(questions))
            except ValueError as error:
                raise click.UsageError(str(error)) from None
        fitted.save(kept, reader=settings.reader)
        click.echo(f"Fitted to {fitted.questions} questions; kept in {kept}")
        for risk in _RISKS:
            threshold = fitted.threshold(risk)
            says = f"answers at a confidence of {threshold:.2f} or more" if threshold <= 1 else "cannot be promised"
            click.echo(f"risk {risk:.0%}: {says}")
        click.echo(f"The smallest risk that {fitted.questions} questions support here is {fitted.smallest_risk():.1%}.")
