"""Export a checkpoint as the reader that ships: ONNX, int8 weights a channel, with its checksums.

The graph is left as torch writes it: the fused operators of onnxruntime's transformers optimiser were 12 to 15 % slower
on one thread (a window of 140 tokens, int8).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from training.features import load_tokenizer
from training.model import ReaderModel, load_model

INPUTS = ("input_ids", "token_type_ids")
OUTPUTS = ("start_logits", "end_logits")


class PlainReader(nn.Module):
    """The same network in plain operations, which trace to a small graph.

    It takes no mask: a window is read by itself, so nothing is padded.
    """

    def __init__(self, model: ReaderModel) -> None:
        """Borrow the trained weights."""
        super().__init__()
        self.bert, self.head = model.bert, model.head
        self.heads = model.bert.config.num_attention_heads

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the start and end logits."""
        emb = self.bert.embeddings
        positions = torch.arange(512)[None, : input_ids.shape[1]]
        x = emb.word_embeddings(input_ids) + emb.token_type_embeddings(token_type_ids)
        x = emb.LayerNorm(x + emb.position_embeddings(positions))
        for layer in self.bert.encoder.layer:
            x = self._layer(layer, x)
        start, end = self.head(x).split(1, dim=-1)
        return start.squeeze(-1), end.squeeze(-1)

    def _layer(self, layer: nn.Module, x: Tensor) -> Tensor:
        attention = layer.attention
        scale = (x.shape[-1] // self.heads) ** -0.5
        q = self._split(attention.self.query(x) * scale)
        k, v = self._split(attention.self.key(x)), self._split(attention.self.value(x))
        weights = torch.softmax(torch.matmul(q, k.transpose(-1, -2)), dim=-1)
        mixed = torch.matmul(weights, v).permute(0, 2, 1, 3).contiguous()
        mixed = mixed.view(*mixed.shape[:2], -1)
        x = attention.output.LayerNorm(attention.output.dense(mixed) + x)
        inner = nn.functional.gelu(layer.intermediate.dense(x))
        return layer.output.LayerNorm(layer.output.dense(inner) + x)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).permute(0, 2, 1, 3)


def export(folder: str, checkpoint: Path, out: Path, *, name: str, int8: bool = True) -> dict[str, object]:
    """Write ``model.onnx``, ``tokenizer.json`` and ``reader.json`` to ``out``; return what reader.json says."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        graph = Path(work) / "graph.onnx"
        write_graph(folder, checkpoint, graph)
        if int8:
            quantise(graph, out / "model.onnx")
        else:
            shutil.copy(graph, out / "model.onnx")
    load_tokenizer(folder).save(str(out / "tokenizer.json"), pretty=False)
    card: dict[str, object] = {
        "format": 1,
        "name": name,
        "max_tokens": 256,
        "question_tokens": 40,
        "title_tokens": 16,
        "files": {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in ("model.onnx", "tokenizer.json")},
        "licence": "CC-BY-SA-4.0; attribution in README.md",
    }
    (out / "reader.json").write_text(json.dumps(card, indent=2) + "\n")
    return card


def write_graph(folder: str, checkpoint: Path, out: Path) -> None:
    """Write the fp32 graph."""
    plain = PlainReader(load_model(folder, checkpoint)).eval()
    ids = torch.randint(1000, 2000, (2, 24))
    axes = {n: {0: "windows", 1: "tokens"} for n in (*INPUTS, *OUTPUTS)}
    torch.onnx.export(
        plain,
        (ids, torch.zeros_like(ids)),
        str(out),
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def quantise(graph: Path, out: Path) -> None:
    """Write the graph with int8 weights: matrices a channel, embeddings too; the two-logit head stays fp32.

    The full int8 range is used, which is exact on processors with VNNI; older ones may saturate
    (``reduce_range=True`` is for them).
    """
    nodes = onnx.load(graph).graph.node
    heads = [n.name for n in nodes if n.op_type == "MatMul" and "head" in n.name]
    quantize_dynamic(
        graph,
        out,
        per_channel=True,
        reduce_range=False,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=heads,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
