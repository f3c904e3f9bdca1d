"""A BERT encoder's weights straight to an ONNX graph of fused operators: without torch, in a second.

Only what is certain is written: a plain BERT with mean or first-token pooling. Anything else is left to
``encoder_export``, which traces the model with torch. A test holds the graph to sentence-transformers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.encoder import GRAPH, WEIGHTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FUSED = "com.microsoft"
_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_MODULES = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
_PLAIN = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "hidden_act": "gelu",
}
_TEXT = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
_POSITIONS = "max_position_embeddings"
_IGNORED = ("pooler.", "embeddings.position_ids")


@dataclass(frozen=True, slots=True)
class BertModel:
    """What a plain BERT encoder's files say of it."""

    folder: Path
    heads: int
    layers: int
    epsilon: float
    pooling: str
    max_length: int
    pad_id: int
    query_prompt: str
    passage_prompt: str

    @property
    def weights(self) -> Path:
        """The file of weights."""
        return self.folder / "model.safetensors"


def read_bert(folder: Path) -> BertModel | None:
    """Return a model's description where it is a plain BERT, else None."""
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_bert(model: BertModel, folder: Path) -> int | None:
    """Write the graph and, beside it, its weights; return the dimension, or None where the weights are not BERT's."""
    import numpy as np
    import onnx
    from safetensors.numpy import load_file

    if not model.weights.is_file():
        return None
    named = {name: array.astype(np.float32) for name, array in load_file(model.weights).items()}
    graph = _Graph()
    try:
        width = _write_layers(graph, model, named)
    except KeyError:
        return None
    if any(not name.startswith(_IGNORED) for name in named):
        return None
    onnx.save_model(
        graph.finish(width), folder / GRAPH, save_as_external_data=True, location=WEIGHTS, size_threshold=1024
    )
    (folder / WEIGHTS).chmod(0o644)
    return width


def _read(folder: Path) -> BertModel | None:
    config = _json(folder / "config.json")
    modules = _json(folder / "modules.json")
    settings = _json(folder / "sentence_bert_config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    tokenizer = _json(folder / "tokenizer_config.json")
    pooling = _pooling(_json(folder / modules[1]["path"] / "config.json"))
    is_plain = (
        config["model_type"] == "bert"
        and all(config.get(name, value) == value for name, value in _PLAIN.items())
        and [module["type"].rsplit(".", 1)[-1] for module in modules] in _MODULES
        and modules[0]["path"] == ""
        and settings.get("modality_config", _TEXT) == _TEXT
        and not settings.get("do_lower_case")
        and _lowers(folder) == tokenizer.get("do_lower_case", _lowers(folder))
    )
    if not is_plain or pooling is None:
        return None
    return BertModel(
        folder=folder,
        heads=config["num_attention_heads"],
        layers=config["num_hidden_layers"],
        epsilon=config["layer_norm_eps"],
        pooling=pooling,
        max_length=min(settings.get("max_seq_length") or tokenizer["model_max_length"], config[_POSITIONS]),
        pad_id=config["pad_token_id"],
        query_prompt=prompts.get("query") or "",
        passage_prompt=next((p for name in ("document", "passage", "corpus") if (p := prompts.get(name))), ""),
    )


def _lowers(folder: Path) -> bool | None:
    """Return whether the tokenizer itself makes text lower case."""
    normalizer = _json(folder / "tokenizer.json")["normalizer"]
    lowers: bool | None = normalizer.get("lowercase")
    return lowers


def _json(path: Path) -> Any:  # noqa: ANN401
    return json.loads(path.read_text(encoding="utf-8"))


def _pooling(config: dict[str, Any]) -> str | None:
    """Return ``mean`` or ``cls`` where that is all that the pooling does."""
    if config.get("include_prompt") is False:
        return None
    if mode := config.get("pooling_mode"):
        return mode if mode in _POOLINGS.values() else None
    modes = [name for name, value in config.items() if name.startswith("pooling_mode_") and value]
    return _POOLINGS.get(modes[0]) if len(modes) == 1 else None


class _Graph:
    """An ONNX graph that grows at its end."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, array: NDArray[np.generic]) -> str:
        """Add a constant; return its name."""
        import numpy as np
        from onnx import numpy_helper

        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:  # noqa: ANN401
        """Add an operator; return the name of its first output."""
        from onnx import helper

        names = [f"n{len(self.nodes)}.{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0]

    def finish(self, width: int) -> Any:  # noqa: ANN401
        """Return the model, whose output is the last operator's."""
        from onnx import TensorProto, helper

        self.nodes[-1].output[0] = "embedding"
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width])
        graph = helper.make_graph(self.nodes, "bert", inputs, [output], self.weights)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _write_layers(graph: _Graph, model: BertModel, named: dict[str, NDArray[np.float32]]) -> int:
    """Add the layers and the pooling; take each weight out of ``named``; return the width."""
    from onnx import TensorProto

    ids = graph.add("Cast", "input_ids", to=TensorProto.INT32)
    mask = graph.add("Cast", "attention_mask", to=TensorProto.INT32)
    words = named.pop("embeddings.word_embeddings.weight")
    positions = named.pop("embeddings.position_embeddings.weight")
    segments = named.pop("embeddings.token_type_embeddings.weight")  # all tokens are of the first segment
    width = int(words.shape[1])
    tables = [graph.weight(words), graph.weight(positions + segments[0]), ""]
    norm = _norm(graph, named, "embeddings.LayerNorm")
    hidden = graph.add(
        "EmbedLayerNormalization", ids, "", *tables, *norm, outputs=2, domain=_FUSED, epsilon=model.epsilon
    )
    for number in range(model.layers):
        hidden = _write_layer(graph, model, named, f"encoder.layer.{number}", hidden, mask)
    _pool(graph, model.pooling, hidden)
    return width


def _norm(graph: _Graph, named: dict[str, NDArray[np.float32]], name: str) -> list[str]:
    return [graph.weight(named.pop(f"{name}.{part}")) for part in ("weight", "bias")]


def _write_layer(
    graph: _Graph, model: BertModel, named: dict[str, NDArray[np.float32]], layer: str, hidden: str, mask: str
) -> str:
    """Add one transformer layer; return its output."""
    import numpy as np

    parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    weights = graph.weight(np.concatenate([named.pop(f"{part}.weight").T for part in parts], axis=1))
    biases = graph.weight(np.concatenate([named.pop(f"{part}.bias") for part in parts]))
    attended = graph.add("Attention", hidden, weights, biases, mask, domain=_FUSED, num_heads=model.heads)
    projected = graph.add("MatMul", attended, graph.weight(named.pop(f"{layer}.attention.output.dense.weight").T))
    bias = graph.weight(named.pop(f"{layer}.attention.output.dense.bias"))
    norm = _norm(graph, named, f"{layer}.attention.output.LayerNorm")
    skip: dict[str, Any] = {"domain": _FUSED, "epsilon": model.epsilon}
    hidden = graph.add("SkipLayerNormalization", projected, hidden, *norm, bias, **skip)
    wide = graph.add("MatMul", hidden, graph.weight(named.pop(f"{layer}.intermediate.dense.weight").T))
    wide = graph.add("BiasGelu", wide, graph.weight(named.pop(f"{layer}.intermediate.dense.bias")), domain=_FUSED)
    narrow = graph.add("MatMul", wide, graph.weight(named.pop(f"{layer}.output.dense.weight").T))
    bias = graph.weight(named.pop(f"{layer}.output.dense.bias"))
    norm = _norm(graph, named, f"{layer}.output.LayerNorm")
    return graph.add("SkipLayerNormalization", narrow, hidden, *norm, bias, **skip)


def _pool(graph: _Graph, pooling: str, hidden: str) -> None:
    """Add what makes one unit vector of the token vectors; the sum serves as the mean, since its length is lost."""
    import numpy as np
    from onnx import TensorProto

    first = graph.weight(np.array([1]))
    if pooling == "mean":
        mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
        summed = graph.add("MatMul", graph.add("Unsqueeze", mask, first), hidden)
        pooled = graph.add("Squeeze", summed, first)
    else:
        pooled = graph.add("Gather", hidden, graph.weight(np.array(0)), axis=1)
    length = graph.add("ReduceL2", pooled, axes=[-1], keepdims=1)
    graph.add("Div", pooled, graph.add("Clip", length, graph.weight(np.array(1e-12, dtype=np.float32))))
