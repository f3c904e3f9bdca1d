from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.encoder import DEFAULT_MODEL, EncoderFiles, OnnxEncoder, SentenceTransformersEncoder
from index.encoder_export import export_encoder, find_model
from index.errors import CorruptIndexError, EncoderNotFoundError, IncompatibleIndexError

TEXTS = [
    "What is Caspian Wind-2025?",
    "tea",
    "The exercise brought together the naval forces of two countries. " * 40,
    "Казахстан и Азербайджан, 今日は晴れ。",
    "The GDP grew by 2.5% in 2019.",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    export_encoder(DEFAULT_MODEL, folder, cache=cache)
    return folder


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for path in exported.iterdir():
        (folder / path.name).hardlink_to(path)
    return folder


def replaced(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Write a changed file in the place of a hard link."""
    content = change(path.read_bytes())
    path.unlink()
    path.write_bytes(content)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.slow
def test_the_export_agrees_with_sentence_transformers(exported: Path) -> None:
    ours, theirs = OnnxEncoder.open(exported), SentenceTransformersEncoder(DEFAULT_MODEL, device="cpu")
    assert (ours.encode_passages(TEXTS) * theirs.encode_passages(TEXTS)).sum(axis=1).min() >= 0.999
    assert ours.encode_query(TEXTS[0]) @ theirs.encode_query(TEXTS[0]) >= 0.999
    assert ours.dim == theirs.dim == 384


@pytest.mark.slow
def test_vectors_have_unit_length_and_the_order_of_the_texts(exported: Path) -> None:
    encoder = OnnxEncoder.open(exported, threads=1)
    vectors = encoder.encode_passages(TEXTS * 30)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.stack([encoder.encode_query(text) for text in TEXTS])
    assert np.allclose(vectors.reshape(30, len(TEXTS), 384), alone, atol=1e-5)
    assert encoder.encode_passages([]).shape == (0, 384)
    assert np.isfinite(encoder.encode_query("")).all()


@pytest.mark.slow
def test_the_same_texts_give_the_same_bytes(exported: Path) -> None:
    one, other = OnnxEncoder.open(exported, threads=1), OnnxEncoder.open(exported, threads=1)
    assert one.encode_passages(TEXTS).tobytes() == other.encode_passages(TEXTS).tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.onnx", "model.weights", "tokenizer.json"])
def test_a_flipped_byte_or_a_missing_file_is_named(copied: Path, name: str) -> None:
    replaced(copied / name, flipped)
    with pytest.raises(CorruptIndexError, match=name):
        OnnxEncoder.open(copied)
    (copied / name).unlink()
    with pytest.raises(CorruptIndexError, match=name):
        OnnxEncoder.open(copied)


@pytest.mark.slow
def test_files_that_are_no_model_are_damage_even_when_nobody_checks(copied: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        replaced(copied / name, lambda _: b"not a model")
        with pytest.raises(CorruptIndexError, match=name):
            OnnxEncoder(EncoderFiles.load(copied))


def test_a_description_that_is_missing_damaged_or_newer_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EncoderNotFoundError, match="no encoder there"):
        EncoderFiles.load(tmp_path)
    path = tmp_path / "encoder.json"
    for damaged in ("{", "[]", '{"format": 1, "name": "x"}', '{"dim": 3}'):
        path.write_text(damaged)
        with pytest.raises(CorruptIndexError, match="damaged"):
            EncoderFiles.load(tmp_path)
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(IncompatibleIndexError, match="format 99"):
        EncoderFiles.load(tmp_path)


def test_a_description_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    files = EncoderFiles(
        folder=tmp_path, name="m", dim=2, pooling="mean", max_length=8, inputs=("input_ids",), files={"a": "0"}
    )
    files.save()
    assert EncoderFiles.load(tmp_path) == files


@pytest.mark.slow
@pytest.mark.parametrize("model", ["no/such-model", "no-such-model", "a b/c"])
def test_a_model_that_is_not_there_is_said_with_what_to_do(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderNotFoundError, match=f"{model}.*folder"):
        export_encoder(model, tmp_path / "out", cache=tmp_path / "cache")


@pytest.mark.slow
def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(EncoderNotFoundError, match="not a sentence-transformers model"):
        export_encoder(str(tmp_path / "model"), tmp_path / "out", cache=tmp_path / "cache")


def test_the_default_model_is_the_published_one() -> None:
    assert (find_model(DEFAULT_MODEL) / "model.safetensors").is_file()


@pytest.mark.slow
def test_a_damaged_cache_is_made_again(exported: Path, cache: Path, tmp_path: Path) -> None:
    weights = next(cache.glob("*/model.weights"))
    weights.write_bytes(flipped(weights.read_bytes()))
    export_encoder(DEFAULT_MODEL, tmp_path, cache=cache)
    assert (tmp_path / "model.weights").read_bytes() == (exported / "model.weights").read_bytes()


@pytest.mark.slow
def test_a_second_export_and_asking_import_no_torch(exported: Path, cache: Path, tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from index.encoder import OnnxEncoder
from index.encoder_export import export_encoder
folder = Path({str(tmp_path)!r})
export_encoder({DEFAULT_MODEL!r}, folder, cache=Path({str(cache)!r}))
OnnxEncoder.open(folder).encode_query("what is tea")
print(sorted({{"torch", "transformers", "sentence_transformers", "onnx"}} & set(sys.modules)))
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.slow
def test_prompts_and_length_of_a_model_are_honoured(exported: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu")
    model.prompts = {"query": "query: ", "passage": "passage: "}
    model.max_seq_length = 16
    model.save(str(tmp_path / "model"))
    files = export_encoder(str(tmp_path / "model"), tmp_path / "out", cache=tmp_path / "cache")
    assert (files.query_prompt, files.passage_prompt, files.max_length) == ("query: ", "passage: ", 16)
    ours, theirs = OnnxEncoder.open(tmp_path / "out"), SentenceTransformersEncoder(str(tmp_path / "model"), "cpu")
    expected = model.encode(["passage: " + text for text in TEXTS])
    assert (ours.encode_passages(TEXTS) * expected).sum(axis=1).min() >= 0.999
    assert (theirs.encode_passages(TEXTS) * expected).sum(axis=1).min() >= 0.999
    assert ours.encode_query(TEXTS[2]) @ model.encode("query: " + TEXTS[2]) >= 0.999
    assert ours.encode_query(TEXTS[2]) @ OnnxEncoder.open(exported).encode_query(TEXTS[2]) < 0.999


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "pooling"), [("bert", "cls"), ("bert", "mean"), ("bert", "max"), ("mpnet", "mean")])
def test_models_of_other_shapes_are_exported_too(tmp_path: Path, kind: str, pooling: str) -> None:
    saved_model(tmp_path / "model", kind, pooling)
    files = export_encoder(str(tmp_path / "model"), tmp_path / "out", cache=tmp_path / "cache")
    assert files.pooling == pooling
    ours, theirs = OnnxEncoder.open(tmp_path / "out"), SentenceTransformersEncoder(str(tmp_path / "model"), "cpu")
    assert (ours.encode_passages(TEXTS) * theirs.encode_passages(TEXTS)).sum(axis=1).min() >= 0.999


def saved_model(folder: Path, kind: str, pooling: str) -> None:
    """Write a small model with random weights, without normalisation, over the default model's words."""
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(find_model(DEFAULT_MODEL)))
    config = transformers.AutoConfig.for_model(kind, vocab_size=len(tokenizer), initializer_range=0.3, **sizes)
    transformers.AutoModel.from_config(config).save_pretrained(folder / "plain")
    tokenizer.save_pretrained(folder / "plain")
    transformer = Transformer(str(folder / "plain"), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32, pooling_mode=pooling)]).save(str(folder))
