"""The quality benchmark's own parts: floors that do not sink, samples that stay, sets that unpack as they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from floors import breaches, load_floors, save_floors, updated
from question_sets import as_unanswerable, find_sets, qrels_of, sample

from qa.question_sets import Question

FIGURES = {"evidence@1": 0.81234, "ece": 0.05, "auroc": None, "quote_words": 30.0}
QUESTIONS = [Question(id=f"q{i}", text=f"Question {i}?", answers=("a",)) for i in range(50)]


def test_an_update_raises_floors_and_never_lowers_them():
    floors = updated({}, "tea", "d1", FIGURES)
    assert floors["tea"]["floors"] == {"evidence@1": 0.8123, "ece": 0.05}
    better = updated(floors, "tea", "d1", {"evidence@1": 0.9, "ece": 0.02})
    assert better["tea"]["floors"] == {"evidence@1": 0.9, "ece": 0.02}
    assert updated(better, "tea", "d1", FIGURES)["tea"]["floors"] == better["tea"]["floors"]


@pytest.mark.parametrize(
    ("lower", "kept"),
    [
        ("tea", {"evidence@1": 0.8123, "ece": 0.05}),
        ("tea:ece", {"evidence@1": 0.9, "ece": 0.05}),
        ("te", {"evidence@1": 0.9, "ece": 0.02}),
    ],
)
def test_a_floor_is_lowered_only_where_it_is_named(lower, kept):
    floors = updated({}, "tea", "d1", {"evidence@1": 0.9, "ece": 0.02})
    assert updated(floors, "tea", "d1", FIGURES, lower=[lower])["tea"]["floors"] == kept


def test_a_figure_that_is_worse_than_its_floor_is_a_breach():
    floors = updated({}, "tea", "d1", FIGURES)
    assert breaches(floors, "tea", "d1", FIGURES) == []
    assert breaches(floors, "tea", "d1", {"evidence@1": 0.809, "ece": 0.054}) == []  # within the tolerance
    broken = breaches(floors, "tea", "d1", {"evidence@1": 0.80, "ece": 0.06})
    assert [breach.name for breach in broken] == ["tea:evidence@1", "tea:ece"]
    assert "0.8000, the floor is 0.8123" in broken[0].message


def test_floors_of_another_version_or_a_figure_left_out_are_breaches():
    floors = updated({}, "tea", "d1", FIGURES)
    (other,) = breaches(floors, "tea", "d2", FIGURES)
    assert "another version" in other.message
    assert [breach.name for breach in breaches(floors, "tea", "d1", {"ece": 0.01})] == ["tea:evidence@1"]
    assert breaches(floors, "coffee", "d1", FIGURES) == []


def test_one_question_of_a_small_set_may_turn():
    floors = updated({}, "tea", "d1", {"A": 28, "evidence@1": 25 / 28})
    assert breaches(floors, "tea", "d1", {"A": 28, "evidence@1": 24 / 28}) == []
    assert breaches(floors, "tea", "d1", {"A": 28, "evidence@1": 23 / 28})


def test_floors_are_written_and_read_again(tmp_path):
    floors = updated({}, "tea", "d1", FIGURES)
    save_floors(floors, tmp_path / "floors.json")
    assert load_floors(tmp_path / "floors.json") == floors
    assert load_floors(tmp_path / "none.json") == {}


def test_the_committed_floors_name_their_reason():
    for name, entry in load_floors().items():
        assert entry["reason"], name
        assert 0 <= entry["tolerance"] <= 0.05, name
        assert all(0 <= floor <= 1 for floor in entry["floors"].values()), name


def test_a_sample_is_always_the_same_and_holds_every_smaller_one():
    ten, twenty = sample(QUESTIONS, 10), sample(QUESTIONS, 20)
    assert len(ten) == 10
    assert ten == sample(QUESTIONS, 10)
    assert set(ten) < set(twenty)
    assert [q.id for q in twenty] == sorted((q.id for q in twenty), key=lambda i: int(i[1:]))
    assert sample(QUESTIONS, None) == sample(QUESTIONS, 99) == QUESTIONS


def test_questions_from_elsewhere_have_no_answer():
    assert all(not q.answerable and q.is_scored and not q.answers for q in as_unanswerable(QUESTIONS))


def write_set(folder: Path, text: str = "Чай.\r\nTea\u2028is hot.") -> None:
    (folder / "tea").mkdir(parents=True)
    (folder / "tea" / "docs.jsonl").write_text(
        json.dumps({"id": "t/1", "text": text}, ensure_ascii=False) + "\n", "utf-8"
    )
    row = {"id": "q", "question": "Hot?", "qrels": [{"doc_id": "t/1", "rel": 2}], "answerable": True, "gold": None}
    (folder / "tea" / "questions.jsonl").write_text(json.dumps(row) + "\n", "utf-8")


def test_a_set_is_unpacked_word_for_word_and_known_by_its_digest(tmp_path):
    write_set(tmp_path / "one")
    write_set(tmp_path / "other", text="Tea is cold.")
    (one,), (other,) = find_sets(tmp_path / "one"), find_sets(tmp_path / "other")
    assert (one.unpack(tmp_path / "articles") / "t_1.txt").read_bytes().decode() == "Чай.\r\nTea\u2028is hot."
    assert one.digest != other.digest
    assert one.digest == find_sets(tmp_path / "one")[0].digest
    assert list(qrels_of(one)) == [("q", "t_1", 2)]
    assert not one.questions[0].is_scored
