from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qa.commands.evaluate import evaluate_command
from tests.shipped import shipped_index

__all__ = ["shipped_index"]

ROWS = [
    {
        "question": "what is Caspian Wind-2025",
        "answers": ["joint naval exercise"],
        "source": "000_6ec5262110583e36.txt",
    },
    {"question": "How many R&D projects were launched?", "answers": ["150 joint R&D projects"]},
    {"question": "How do I reset my router password?", "answerable": False},
    {"question": "   ?", "answerable": False},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(evaluate_command, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.slow
def test_a_users_questions_are_measured_and_reported(questions, shipped_index, tmp_path):
    page, kept = tmp_path / "report.html", tmp_path / "answers.jsonl"
    arguments = (questions, "--index", shipped_index, "--reader", "none", "--answers", kept)
    code, table, _ = run(*arguments, "--report", page)
    assert code == 0
    assert "evidence@1" in table
    assert "first passage holds the answer" in table
    assert page.read_text(encoding="utf-8").count("<svg") == 3
    code, figures, said = run(*arguments, "--json")
    assert code == 0
    assert "nothing is asked" in said
    measured = json.loads(figures)
    assert (measured["A"], measured["U"]) == (2, 2)
    assert measured["evidence@5"] == measured["verbatim"] == 1.0


@pytest.mark.slow
def test_a_wrong_line_is_wrong_use(questions, shipped_index):
    with questions.open("a", encoding="utf-8") as file:
        file.write('\n{"question": "Why?"}\n')
    code, _, said = run(questions, "--index", shipped_index, "--reader", "none")
    assert code == 2
    assert "line 5" in said


@pytest.mark.slow
def test_answers_of_another_set_are_wrong_use(questions, shipped_index, tmp_path):
    (tmp_path / "answers.jsonl").write_text('{"answered": false}\n')
    code, _, said = run(
        questions, "--index", shipped_index, "--reader", "none", "--answers", tmp_path / "answers.jsonl"
    )
    assert code == 2
    assert "4 questions but 1 answers" in said


def test_a_missing_index_is_a_problem_of_the_index(questions, tmp_path):
    code, _, said = run(questions, "--index", tmp_path / "none", "--reader", "none")
    assert code == 3
    assert "none" in said
