"""Train one phase: seeded, resumable from its last checkpoint, its figures logged as JSON lines."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from training.data import Example, Group, build_groups, is_held_out
from training.features import Batch, batches, load_tokenizer
from training.measure import measure
from training.model import ReaderModel, loss
from training.settings import Phase, Settings


class Trainer:
    """A model, its optimiser, the average of its weights, and how far it has come."""

    def __init__(self, folder: str, settings: Settings, phase: Phase, out: Path) -> None:
        """Start from the encoder in ``folder``; checkpoints and log go to ``out``."""
        self.settings, self.phase, self.out = settings, phase, out
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(settings.seed)
        self.model = ReaderModel(folder, phase.dropout)
        self.weights = self.model.trained()
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in self.weights if p.dim() > 1], "weight_decay": settings.weight_decay},
                {"params": [p for p in self.weights if p.dim() == 1], "weight_decay": 0.0},
            ],
            lr=phase.first_rate,
            fused=True,
        )
        self.average = [p.detach().clone() for p in self.weights]
        self.step, self.windows, self.seconds = 0, 0, 0.0

    def rate(self) -> float:
        """Return the learning rate now."""
        done = min(1.0, self.seconds / (60 * self.phase.minutes))
        rate = self.phase.first_rate + (self.phase.last_rate - self.phase.first_rate) * done
        return rate * min(1.0, (self.step + 1) / self.phase.warm_up)

    def train_batch(self, batch: Batch) -> tuple[float, float]:
        """Take one step; return the span and ranking loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        start, end = self.model(batch.ids, batch.mask, batch.types)
        total, span, rank = loss(start, end, batch, self.settings.rank_weight)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, self.settings.clip)
        self.optimiser.step()
        self.step += 1
        self.windows += len(batch.ids)
        decay = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, [p.data for p in self.weights], 1 - decay)
        return span, rank

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "weights": [p.detach() for p in self.weights],
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "progress": [self.step, self.windows, self.seconds],
        }
        torch.save(state, self.out / "checkpoint.part")
        (self.out / "checkpoint.part").rename(self.out / "checkpoint.pt")

    def load(self, path: Path, *, resume: bool) -> None:
        """Take over a checkpoint: all of it to resume, else its averaged weights and the optimiser's moments."""
        state = torch.load(path, weights_only=True)
        for p, saved in zip(self.weights, state["weights" if resume else "average"], strict=True):
            p.data.copy_(saved)
        for a, saved in zip(self.average, state["average"], strict=True):
            a.copy_(saved)
        self.optimiser.load_state_dict(state["optimiser"])
        if resume:
            self.step, self.windows, self.seconds = state["progress"]

    def log(self, **figures: object) -> None:
        """Add a line to the log, and to the terminal."""
        line = json.dumps({"time": time.strftime("%H:%M:%S"), "step": self.step, "windows": self.windows, **figures})
        with (self.out / "log.jsonl").open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)


def stream(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    settings: Settings,
    phase: Phase,
    mined: dict[str, list[tuple[str, str]]] | None,
) -> Iterator[Batch]:
    """Yield batches for ever; each pass cuts and changes the questions anew."""
    for n in range(1000):
        rng = random.Random(settings.seed * 1000 + n + (500 if mined else 0) + phase.order)
        groups = build_groups(examples, settings, rng, mined, phase.near_copies, phase.opposite)
        rng.shuffle(groups)
        yield from batches(groups, tokenizer, settings, rng)


def dev_groups(examples: Sequence[Example], settings: Settings) -> list[Group]:
    """Return the groups that are measured while training, the same each time."""
    rng = random.Random(settings.seed)
    groups = build_groups(examples, settings, rng)
    rng.shuffle(groups)
    return groups[: settings.dev_groups]


def train(
    folder: str,
    examples: Sequence[Example],
    settings: Settings,
    phase: Phase,
    out: Path,
    *,
    start_from: Path | None = None,
    mined: dict[str, list[tuple[str, str]]] | None = None,
) -> None:
    """Train one phase to its end, from its last checkpoint if there is one."""
    torch.set_num_threads(settings.threads)
    tokenizer = load_tokenizer(folder)
    trainer = Trainer(folder, settings, phase, out)
    if (out / "checkpoint.pt").exists():
        trainer.load(out / "checkpoint.pt", resume=True)
    elif start_from is not None:
        trainer.load(start_from, resume=False)
    trainer.log(settings=asdict(settings), phase=asdict(phase))
    dev = dev_groups([e for e in examples if is_held_out(e.doc_id, settings)], settings)
    kept = [e for e in examples if not is_held_out(e.doc_id, settings)]
    feed = stream(kept, tokenizer, settings, phase, mined)
    for _ in range(trainer.step):
        next(feed)
    _run(trainer, feed, lambda: measure(trainer.model, dev, tokenizer, settings))


def _run(trainer: Trainer, feed: Iterator[Batch], figures: object) -> None:
    assert callable(figures)
    settings = trainer.settings
    saved = measured = trainer.seconds
    losses: list[tuple[float, float]] = []
    clock = time.monotonic()
    while trainer.seconds < 60 * trainer.phase.minutes:
        losses.append(trainer.train_batch(next(feed)))
        trainer.seconds += time.monotonic() - clock
        clock = time.monotonic()
        if trainer.step % 20 == 0:
            span, rank = (round(sum(x) / len(losses), 4) for x in zip(*losses, strict=True))
            trainer.log(span=span, rank=rank, rate=round(trainer.rate(), 7), seconds=round(trainer.seconds))
            losses = []
        if trainer.seconds - saved > 60 * settings.checkpoint_minutes:
            trainer.save()
            saved = trainer.seconds
        if trainer.seconds - measured > 60 * settings.dev_minutes:
            trainer.log(dev=_with_average(trainer, figures))
            measured = trainer.seconds
            trainer.seconds += time.monotonic() - clock
            clock = time.monotonic()
    trainer.save()
    trainer.log(dev=_with_average(trainer, figures))


def _with_average(trainer: Trainer, figures: object) -> object:
    assert callable(figures)
    now = [p.detach().clone() for p in trainer.weights]
    for p, a in zip(trainer.weights, trainer.average, strict=True):
        p.data.copy_(a)
    out = figures()
    for p, w in zip(trainer.weights, now, strict=True):
        p.data.copy_(w)
    return out
