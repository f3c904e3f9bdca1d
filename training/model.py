"""The reader: MiniLM with a start and an end logit a token, no-answer at [CLS]."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from training.features import Batch


class ReaderModel(nn.Module):
    """A BERT encoder and one linear layer; its embeddings are frozen."""

    def __init__(self, folder: str, dropout: float = 0.0) -> None:
        """Start from the encoder's weights; ``dropout`` is that of the hidden states."""
        super().__init__()
        self.bert = AutoModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            attn_implementation="sdpa",
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=0.0,
        )
        self.head = nn.Linear(self.bert.config.hidden_size, 2)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.bert.embeddings.requires_grad_(False)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Return the start and end logits, (windows, tokens) each."""
        hidden = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        start, end = self.head(hidden).unbind(-1)
        return start, end

    def trained(self) -> list[nn.Parameter]:
        """Return the parameters that training changes."""
        return [p for p in self.parameters() if p.requires_grad]


def load_model(folder: str, checkpoint: Path, *, averaged: bool = True) -> ReaderModel:
    """Load a checkpoint's weights, the moving average of them unless told otherwise."""
    model = ReaderModel(folder)
    state = torch.load(checkpoint, weights_only=True)
    for p, saved in zip(model.trained(), state["average" if averaged else "weights"], strict=True):
        p.data.copy_(saved)
    return model.eval()


def average_checkpoints(checkpoints: Sequence[Path], out: Path) -> None:
    """Write the mean of the averaged weights of runs that had one start (model soups, arXiv:2203.05482)."""
    states = [torch.load(path, weights_only=True)["average"] for path in checkpoints]
    mean = [torch.stack(tensors).mean(0) for tensors in zip(*states, strict=True)]
    torch.save({"average": mean, "weights": mean}, out)


def margins(start: Tensor, end: Tensor, allowed: Tensor) -> Tensor:
    """Return by how much all spans together outweigh no-answer, a window."""
    passage = allowed.clone()
    passage[:, 0] = False
    out = torch.zeros(len(start))
    for logits in (start, end):
        out = out + logits.masked_fill(~passage, -1e4).logsumexp(1) - logits[:, 0]
    return out / 2


def loss(start: Tensor, end: Tensor, batch: Batch, rank_weight: float) -> tuple[Tensor, float, float]:
    """Return the loss, and its span and ranking parts.

    The span part is the negative log-probability of all right starts (ends) together. The ranking part asks, over the
    windows of a question of which the first answers it, that its margin be the largest.
    """
    span = torch.zeros(())
    for logits, right in ((start, batch.starts), (end, batch.ends)):
        logp = functional.log_softmax(logits.masked_fill(~batch.allowed, -1e4), dim=1)
        span = span - logp.masked_fill(~right, -1e4).logsumexp(1).mean() / 2
    margin = margins(start, end, batch.allowed)
    terms = [
        -functional.log_softmax(margin[row : row + n], dim=0)[0] for row, n, right in batch.groups if right and n > 1
    ]
    rank = torch.stack(terms).mean() if terms else torch.zeros(())
    return span + rank_weight * rank, float(span.detach()), float(rank.detach())
