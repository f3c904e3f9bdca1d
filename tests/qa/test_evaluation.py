from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qa.evaluation import (
    confident_mistakes,
    coverage_at,
    evaluate,
    missed_answers,
    risk_coverage,
)
from qa.judging import token_f1
from qa.question_sets import QuestionSetError, document_slug, read_questions

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "eval"
TEXT = "The mill was built in 1897. It burned down in 1921.\n\nThe bridge was opened by Ada Lund. It is 40 m long."


def passage(text: str, piece: str) -> dict[str, Any]:
    start = text.index(piece)
    return {"text": piece, "start": start, "end": start + len(piece)}


def citation(text: str, *, source: str, of: str, quote: str, span: str | None) -> dict[str, Any]:
    return {
        "passage": passage(text, of),
        "quote": passage(text, quote),
        "span": passage(text, span) if span else None,
        "document": {"id": source, "source": source},
    }


def answer(*citations: dict[str, Any], answered: bool = True, confidence: float = 0.9) -> dict[str, Any]:
    lists = {"citations": list(citations), "nearest": []} if answered else {"citations": [], "nearest": list(citations)}
    return {"answered": answered, "confidence": confidence, **lists}


def mill(span: str | None = "1897") -> dict[str, Any]:
    first = "The mill was built in 1897."
    return citation(TEXT, source="/articles/town.txt", of=TEXT.partition("\n\n")[0], quote=first, span=span)


def bridge() -> dict[str, Any]:
    last = "It is 40 m long."
    return citation(TEXT, source="/articles/town.txt", of=TEXT.partition("\n\n")[2], quote=last, span=None)


def questions_from(tmp_path: Path, *rows: dict[str, Any]) -> list[Any]:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return read_questions(path)


MILL = {"question": "When was the mill built?", "answers": ["1897"], "source": "town.txt"}
NOTHING = {"question": "Who owns the mill?", "answerable": False}


def test_figures_of_a_hand_worked_set(tmp_path):
    questions = questions_from(tmp_path, MILL, MILL, MILL, NOTHING)
    given = [
        answer(mill(), confidence=0.9),  # right, with its quote and span
        answer(bridge(), mill(), confidence=0.5),  # right passage second
        answer(mill("built in 1897"), answered=False, confidence=0.3),  # right, but abstained
        answer(bridge(), confidence=0.4),  # no article answers
    ]
    figures = evaluate(questions, given, text_of=lambda document: TEXT).to_dict()
    assert figures["A"] == 3
    assert figures["U"] == 1
    assert figures["evidence@1"] == pytest.approx(2 / 3)
    assert figures["evidence@3"] == 1.0
    assert figures["quote@1"] == pytest.approx(2 / 3)
    assert figures["quote_words"] == pytest.approx((6 + 5 + 6) / 3)
    assert figures["span_f1"] == pytest.approx((1 + 0 + 0.5) / 3)
    assert figures["em"] == pytest.approx(1 / 3)
    assert figures["auroc"] == pytest.approx(2 / 4)  # 0.9 above both wrong ones, 0.3 above none
    assert figures["ece"] == pytest.approx((0.1 + 0.5 + 0.7 + 0.4) / 4)
    assert figures["answered_A"] == pytest.approx(2 / 3)
    assert figures["answered_U"] == 1.0
    assert figures["precision"] == pytest.approx(1 / 3)
    assert figures["coverage@0.1"] == 0.25
    assert figures["verbatim"] == 1.0


def test_a_shifted_quote_is_not_verbatim(tmp_path):
    shifted = mill()
    shifted["quote"] = {**shifted["quote"], "start": 1, "end": 28}
    figures = evaluate(questions_from(tmp_path, MILL), [answer(shifted)], text_of=lambda document: TEXT).to_dict()
    assert figures["verbatim"] == 0.5


def test_an_answer_from_another_article_is_wrong(tmp_path):
    elsewhere = {**MILL, "source": "city.txt"}
    same_name = {**MILL, "source": "other/town.txt"}
    any_article = {"question": MILL["question"], "answers": ["1897"]}
    judged = evaluate(questions_from(tmp_path, elsewhere, same_name, any_article), [answer(mill())] * 3).judged
    assert [one.is_right for one in judged] == [False, False, True]


def test_evidence_must_stand_in_the_passage(tmp_path):
    evidence = {"question": "Mill?", "answers": ["1897"], "doc": "town.txt", "answerable": True}
    rows = [{**evidence, "evidence": [sentence]} for sentence in ("The mill  was built in 1897.", "It is 40 m long.")]
    judged = evaluate(questions_from(tmp_path, *rows), [answer(mill())] * 2).judged
    assert [one.is_right for one in judged] == [True, False]


def test_the_gold_paragraph_must_be_touched(tmp_path):
    row = {
        "id": "q",
        "question": "Mill?",
        "answers": ["1897"],
        "doc_id": "town",
        "answerable": True,
        "gold": {"start": 0},
    }
    judged = evaluate(
        questions_from(tmp_path, {**row, "para": [0, 50]}, {**row, "para": [60, 90]}), [answer(mill())] * 2
    ).judged
    assert [one.is_right for one in judged] == [True, False]


def test_questions_without_an_answer_in_the_text_count_in_no_figure(tmp_path):
    yes_no = {"question": "Was it built?", "answers": ["yes"], "doc_id": "town", "gold": None, "answerable": True}
    figures = evaluate(questions_from(tmp_path, yes_no), [answer(mill())]).to_dict()
    assert figures["A"] == figures["U"] == 0
    assert figures["evidence@1"] is figures["precision"] is figures["ece"] is None


def test_mistakes_are_sorted_by_how_sure_they_were(tmp_path):
    questions = questions_from(tmp_path, NOTHING, NOTHING, MILL)
    given = [
        answer(bridge(), confidence=0.6),
        answer(bridge(), confidence=0.8),
        answer(mill(), answered=False, confidence=0.4),
    ]
    scored = evaluate(questions, given).scored
    assert [one.confidence for one in confident_mistakes(scored)] == [0.8, 0.6]
    assert [one.quote for one in missed_answers(scored)] == ["The mill was built in 1897."]
    assert confident_mistakes(scored, 1)[0].quote == "It is 40 m long."


def test_equal_confidences_are_answered_together(tmp_path):
    questions = questions_from(tmp_path, MILL, MILL, NOTHING)
    scored = evaluate(questions, [answer(mill(), confidence=c) for c in (0.9, 0.5, 0.5)]).scored
    assert [(p.threshold, p.answered, p.wrong) for p in risk_coverage(scored)] == [(0.9, 1, 0), (0.5, 3, 1)]
    assert coverage_at(scored, 0.10) == pytest.approx(1 / 3)
    assert coverage_at(scored, 0.34) == 1.0


def test_f1_counts_words_without_case_articles_and_punctuation():
    assert token_f1("The Mill!", "mill") == 1.0
    assert token_f1("old mill house", "mill") == pytest.approx(0.5)
    assert token_f1("bridge", "mill") == 0.0
    assert token_f1("the", "a") == 1.0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: a list where an object"),
        ('{"answers": ["1"]}', 'line 2: "question" must be'),
        ('{"question": "  ", "answers": ["1"]}', 'line 2: "question" must be'),
        ('{"question": "q"}', 'line 2: give "answers"'),
        ('{"question": "q", "answers": "1897"}', 'line 2: "answers" must be a list'),
        ('{"question": "q", "answerable": "no"}', 'line 2: "answerable" must be true or false'),
        ('{"question": "q", "answerable": true}', 'line 2: "answerable" is true, but'),
        ('{"question": "q", "answers": ["1"], "source": 3}', 'line 2: "source" must be a file name'),
        ('{"question": "q", "answers": ["1"], "doc_id": "d", "para": [9, 3]}', 'line 2: "para" must be'),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path, line, complaint):
    path = tmp_path / "questions.jsonl"
    path.write_text(f"{json.dumps(MILL)}\n{line}\n", encoding="utf-8")
    with pytest.raises(QuestionSetError) as caught:
        read_questions(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_hold_no_questions_are_refused(tmp_path):
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.write_text("\n\n")
    binary.write_bytes(b"\xff\xfe\x00")
    for path, complaint in ((empty, "no line"), (binary, "UTF-8"), (tmp_path / "missing.jsonl", "cannot be read")):
        with pytest.raises(QuestionSetError, match=complaint):
            read_questions(path)


def test_line_separators_inside_a_text_do_not_end_the_line(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps({**MILL, "question": "Mill\u2028or\x85bridge?"}, ensure_ascii=False), encoding="utf-8")
    assert [question.text for question in read_questions(path)] == ["Mill\u2028or\x85bridge?"]


def test_answers_of_other_questions_are_refused(tmp_path):
    questions = questions_from(tmp_path, {**MILL, "id": "a"})
    for wrong in ([], [{**answer(mill()), "id": "b"}], [{**answer(mill()), "question": "Who?"}], [{"answered": True}]):
        with pytest.raises(QuestionSetError):
            evaluate(questions, wrong)


# The same figures as the reference scorer, on answers drawn at random.

SETS = ("seeds", "squad2", "cmu_qa", "fairytaleqa")


@pytest.fixture(params=SETS)
def question_set(request) -> Path:
    path = SHARED / "seeds_questions.jsonl" if request.param == "seeds" else SHARED / request.param / "questions.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not there: the figures are not compared with the reference scorer")
    return path


def texts_of(question_set: Path) -> dict[str, str]:
    if question_set.name == "seeds_questions.jsonl":
        seeds = Path(__file__).resolve().parents[2] / "seeds"
        return {path.stem: path.read_text(encoding="utf-8") for path in seeds.glob("*.txt")}
    rows = map(json.loads, (question_set.parent / "docs.jsonl").read_text(encoding="utf-8").splitlines())
    return {document_slug(row["id"]): row["text"] for row in rows}


def random_citation(draw: random.Random, row: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    stem = draw.choice(sorted(texts))
    wanted = row.get("doc_id") or row.get("doc")
    if wanted and draw.random() < 0.8:
        stem = document_slug(wanted).removesuffix(".txt")
    text = texts[stem]
    start = draw.randrange(len(text))
    gold = row.get("gold") or {}
    if draw.random() < 0.7:
        sought = (row.get("evidence") or row.get("answers") or [""])[0]
        start = max(0, (gold.get("start") or text.find(sought)) - draw.randrange(60))
    end = min(len(text), start + draw.randrange(1, 400))
    inner = sorted(draw.sample(range(start, end + 1), 2)) if end > start else [start, end]
    shift = draw.random() < 0.1
    quote = {"text": text[inner[0] : inner[1]], "start": inner[0] + shift, "end": inner[1] + shift}
    span = {"text": draw.choice(row.get("answers") or ["x"]), "start": 0, "end": 1} if draw.random() < 0.5 else None
    return {
        "passage": {"text": text[start:end], "start": start, "end": end},
        "quote": quote,
        "span": span,
        "document": {"source": f"/articles/{stem}.txt"},
    }


def random_answer(draw: random.Random, row: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    ranked = [random_citation(draw, row, texts) for _ in range(draw.choice((0, 1, 3, 5, 7)))]
    given = answer(*ranked, answered=draw.random() < 0.6, confidence=draw.choice((draw.random(), 0.5, 1.0, 0.0)))
    return {"id": row["id"], **given}


@pytest.mark.slow
def test_figures_equal_those_of_the_reference_scorer(question_set, tmp_path):
    draw = random.Random(7)
    texts = texts_of(question_set)
    rows = list(map(json.loads, question_set.read_text(encoding="utf-8").splitlines()))
    given = [random_answer(draw, row, texts) for row in rows]
    answers, docs = tmp_path / "answers.jsonl", tmp_path / "docs.jsonl"
    answers.write_text("\n".join(map(json.dumps, given)), encoding="utf-8")
    docs.write_text("\n".join(json.dumps({"id": stem, "text": text}) for stem, text in texts.items()), encoding="utf-8")
    command = [sys.executable, SHARED / "score.py", question_set, answers, "--docs", docs, "--json"]
    wanted = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    figures = evaluate(
        read_questions(question_set), given, text_of=lambda document: texts.get(Path(document["source"]).stem)
    ).to_dict()
    assert figures.keys() == wanted.keys()
    assert 0 < figures["evidence@1"] < 1
    for name, value in wanted.items():
        if isinstance(value, float):
            assert math.isclose(figures[name], value, rel_tol=1e-9, abs_tol=1e-12), name
        else:
            assert figures[name] == value, name
