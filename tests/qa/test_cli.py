"""The programs as a user runs them: new processes, the real encoder and reader, the shipped articles."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
QUESTION = "what is Caspian Wind-2025"


@pytest.fixture
def run(shipped_home, tmp_path):
    def run(*arguments, **environ):
        command = [sys.executable, "-m", "qa.cli", *map(str, arguments)]
        return subprocess.run(
            command, env={**shipped_home, **environ}, capture_output=True, text=True, cwd=tmp_path, timeout=120
        )

    return run


def test_a_question_is_answered_from_the_shipped_articles_with_a_citation(run):
    done = run("ask", QUESTION)
    assert done.returncode == 0
    assert "joint naval exercise" in " ".join(done.stdout.split())
    assert "000_6ec5262110583e36.txt, characters" in done.stdout
    assert done.stderr == ""


def test_what_the_articles_do_not_say_is_exit_1(run):
    done = run("ask", "What is Caspian Wind-2026?")
    assert done.returncode == 1
    assert "The articles do not answer this. The closest passage does not mention Caspian Wind-2026." in done.stdout
    assert "not an answer" in done.stdout


def test_the_first_question_says_that_an_index_is_built(run, tmp_path):
    done = run("ask", QUESTION, XDG_DATA_HOME=str(tmp_path / "data"))
    assert done.returncode == 0
    assert "building the one of the shipped articles" in done.stderr


def test_json_is_one_object_that_verifies(run, tmp_path):
    done = run("ask", "--json", QUESTION)
    answer = json.loads(done.stdout)
    assert answer["answered"]
    (tmp_path / "answer.json").write_text(done.stdout)
    checked = run("qa", "verify", "answer.json")
    assert checked.returncode == 0
    assert "word for word" in checked.stdout


def test_a_changed_quote_does_not_verify(run, tmp_path):
    answer = json.loads(run("ask", "--json", QUESTION).stdout)
    quote = answer["citations"][0]["quote"]
    quote["text"] = quote["text"].replace("2025", "2024")
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    checked = run("qa", "verify", "answer.json")
    assert checked.returncode == 1
    assert "not proved: quote of citation 1" in checked.stdout


def test_explain_shows_every_score(run):
    shown = run("ask", "--explain", QUESTION).stdout
    for name in ("rank score", "reader", "cosine", "BM25", "fused", "question words"):
        assert name in shown


def test_a_batch_is_answered_line_by_line(run, tmp_path):
    questions = [{"id": "a", "question": QUESTION}, {"id": "b", "question": "Who won the 2022 FIFA World Cup?"}]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    done = run("ask", "--batch", "questions.jsonl")
    assert done.returncode == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(answer["id"], answer["answered"]) for answer in answers] == [("a", True), ("b", False)]


def test_a_folder_is_indexed_on_the_fly_and_kept_up_to_date(run, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "tower.txt").write_text("The tower of Arlen was finished in 1897 by Mary Holt. It has nine bells.")
    question = "When was the tower of Arlen finished?"
    assert "1897" in run("ask", "--in", "articles", question).stdout
    (folder / "tower.txt").write_text("The tower of Arlen was finished in 1901 by Mary Holt. It has nine bells.")
    shown = run("ask", "--in", "articles", question).stdout
    assert "1901" in shown
    assert "1897" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ask"], 2, "Give one QUESTION"),
        (["ask", ""], 2, "blank"),
        (["ask", "x" * 10_000], 2, "10,000 characters"),
        (["ask", "--risk", "2", "tea?"], 2, "QA_RISK=2.0: must be between 0 and 1"),
        (["ask", "--filter", "colour=red", "tea?"], 2, "colour"),
        (["ask", "--index", "nowhere", "tea?"], 3, "nowhere"),
        (["ask", "--reader", "nowhere", "tea?"], 3, "nowhere"),
        (["ask", "--in", "nowhere", "tea?"], 3, "no such file or folder"),
        (["ask", "--batch", "nowhere.jsonl"], 2, "nowhere.jsonl"),
        (["qa", "status", "--index", "nowhere"], 3, "nowhere"),
        (["qa", "remove", "nothing.txt"], 2, "nothing.txt"),
        (["qa", "index", "nowhere", "--index", "new"], 3, "nowhere"),
    ],
)
def test_wrong_use_is_one_clear_line(run, arguments, code, said):
    done = run(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == "" or arguments[1] == "index"


def test_an_unknown_variable_is_named(run):
    done = run("ask", QUESTION, QA_RISKS="0.1")
    assert (done.returncode, "QA_RISKS" in done.stderr) == (2, True)


def test_an_index_is_kept_from_the_command_line(run, tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "tea.txt").write_text("Green tea wants water of eighty degrees. Black tea wants boiling water.")
    (folder / "chess.txt").write_text("Chess is won by taking the king. The queen is the strongest piece of chess.")
    (folder / "empty.txt").write_text("")
    made = run("qa", "index", "articles", "--index", "mine")
    assert (made.returncode, "2 indexed, 1 skipped" in made.stdout) == (0, True)
    assert "empty.txt: empty" in made.stderr
    again = json.loads(run("qa", "index", "articles", "--index", "mine", "--json").stdout)
    assert (again["embedded"], again["documents"], again["revision"]) == (0, 2, 1)
    status = json.loads(run("qa", "status", "--index", "mine", "--json").stdout)
    assert (status["documents"], status["encoder"]) == (2, "all-MiniLM-L6-v2")
    assert "chess.txt" in run("qa", "documents", "--index", "mine").stdout
    assert "removed" in run("qa", "remove", "chess*", "--index", "mine").stdout
    assert "chess.txt" not in run("qa", "documents", "--index", "mine").stdout
    assert "all is as it should be" in run("qa", "verify", "--index", "mine").stdout
    (folder / "tea.txt").write_text("Tea.")
    checked = run("qa", "verify", "--index", "mine")
    assert (checked.returncode, "tea.txt" in checked.stdout) == (1, True)


def test_a_question_loads_neither_torch_nor_transformers(shipped_home, tmp_path):
    code = (
        "import sys\nfrom qa.cli import ask\n"
        f"try: ask([{QUESTION!r}])\n"
        "except SystemExit as done: code = done.code\n"
        "print(code, *({'torch', 'transformers', 'sentence_transformers', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=shipped_home, capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"
