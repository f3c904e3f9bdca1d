"""The two linear models of ``qa.confidence``: fitted by gradient descent on cached features."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from qa.confidence import Calibration, compared, risk_curve
from qa.evaluation import calibration_error

RANKING = (
    "reader", "probability", "span_gap", "dense", "lexical", "dense_first", "lexical_first",
    "coverage", "quote_coverage", "quote_gain", "quote_agrees", "defines",
    "missing_name", "missing_number", "other_code", "opposite", "unnegated",
)  # fmt: skip
CONFIDENCE = (*RANKING, "unknown_name", "unknown_word", "gap", "agreement")
AGAINST = ("missing_name", "missing_number", "other_code", "opposite", "unnegated", "unknown_name", "unknown_word")
"""A word of the question that is missing, or reversed, never raises a score, whatever a sample says."""
DEFINES = 2.0
"""Least weight of a definition in the ranking: the sets have next to no glossaries to learn it from."""
WORST = {"answerable": 0.5, "near miss": 0.3, "swapped": 0.1, "off topic": 0.1}
"""Share of each kind among the questions on which the confidence is a probability: half has no answer, mostly by a
hair. On easier questions it is then too low, on near misses alone still too high."""
IN_USE = {"answerable": 0.75, "near miss": 0.05, "swapped": 0.05, "off topic": 0.15}
"""Share of each kind among the questions that the threshold for a risk is taken from."""
BETWEEN = {kind: (WORST[kind] + IN_USE[kind]) / 2 for kind in WORST}
"""Share of each kind among the questions that decide what weighs how much: an order for both."""
DECAY = 3e-3
STEPS = 600


def fit_calibration(rows: Sequence[Mapping[str, Any]], *, provenance: str) -> Calibration:
    """Return the calibration fitted to questions with their candidates."""
    learned = fit_ranking(rows)
    ranking = {**learned, "defines": max(DEFINES, learned["defines"])}
    draft = Calibration(ranking=ranking, confidence={}, bias=0.0, curve=(), questions=len(rows), provenance=provenance)
    firsts = [first for row in rows if (first := first_candidate(draft, row)) is not None]
    confidence, bias = _fit_logistic(firsts)
    fitted = dataclasses.replace(draft, confidence=confidence, bias=bias)
    outcomes = [(fitted.probability(f["features"]), f["right"]) for f in mixed(firsts, IN_USE)]
    return dataclasses.replace(fitted, curve=risk_curve(outcomes), questions=len(outcomes))


def mixed(firsts: Sequence[Mapping[str, Any]], mix: Mapping[str, float]) -> list[Mapping[str, Any]]:
    """Return as many of the questions as can be had with each kind's share, the first of each kind."""
    kinds = [first["kind"] for first in firsts]
    total = min(kinds.count(kind) / share for kind, share in mix.items() if kind in kinds)
    return [
        first
        for kind, share in mix.items()
        for first in [f for f in firsts if f["kind"] == kind][: round(total * share)]
    ]


def fit_ranking(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the weights that put a right candidate first: softmax over the candidates of each question."""
    asked = [row["candidates"] for row in rows if any(c["right"] for c in row["candidates"])]
    widest = max(map(len, asked))
    table = torch.zeros(len(asked), widest, len(RANKING))
    is_right = torch.zeros(len(asked), widest)
    absent = torch.zeros(len(asked), widest)
    for i, candidates in enumerate(asked):
        absent[i, len(candidates) :] = -1e9
        for j, candidate in enumerate(candidates):
            table[i, j] = torch.tensor([candidate["features"][name] for name in RANKING])
            is_right[i, j] = candidate["right"]
    scale = table.flatten(0, 1).std(0).clamp_min(1e-6)
    weights = torch.zeros(len(RANKING), requires_grad=True)

    def loss() -> torch.Tensor:
        logits = (table / scale) @ weights + absent
        chosen = torch.logsumexp(logits + (is_right - 1) * 1e9, 1) - torch.logsumexp(logits, 1)
        return -chosen.mean() + DECAY * weights.square().sum()

    _descend(loss, weights, RANKING)
    return _named(RANKING, weights.detach() / scale)


def first_candidate(calibration: Calibration, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return features and rightness of the candidate that would be cited first, with the question's kind and set."""
    candidates = row["candidates"]
    if not candidates:
        return None
    scores = [calibration.rank_score(c["features"]) for c in candidates]
    best = max(range(len(scores)), key=lambda i: scores[i])
    features = compared([c["features"] for c in candidates], [c["answer"] for c in candidates], scores)[best]
    return {"features": features, "right": candidates[best]["right"], "kind": row["kind"], "set": row["set"]}


def _fit_logistic(firsts: Sequence[Mapping[str, Any]]) -> tuple[dict[str, float], float]:
    """Return weights and bias of the log-odds that the first candidate is right.

    The weights are fitted to the mix between use and the worst; scale and bias then to the worst (Platt scaling), which
    leaves the order as it is.
    """
    table = torch.tensor([[first["features"][name] for name in CONFIDENCE] for first in firsts])
    target = torch.tensor([float(first["right"]) for first in firsts])
    between = _shares(firsts, BETWEEN)
    scale = table.std(0).clamp_min(1e-6)
    beta = torch.zeros(len(CONFIDENCE) + 1, requires_grad=True)

    def loss() -> torch.Tensor:
        logits = (table / scale) @ beta[:-1] + beta[-1]
        return (
            torch.nn.functional.binary_cross_entropy_with_logits(logits, target, between)
            + DECAY * beta[:-1].square().sum()
        )

    _descend(loss, beta, CONFIDENCE)
    weights = beta.detach()[:-1] / scale
    platt = LogisticRegression(C=1e4).fit((table @ weights)[:, None], target, _shares(firsts, WORST))
    return _named(CONFIDENCE, weights * float(platt.coef_[0, 0])), round(float(platt.intercept_[0]), 5)


def _shares(firsts: Sequence[Mapping[str, Any]], mix: Mapping[str, float]) -> torch.Tensor:
    """Return a weight for each question by which every kind has its share of the mix."""
    kinds = [first["kind"] for first in firsts]
    each = {kind: share * len(kinds) / kinds.count(kind) for kind, share in mix.items() if kind in kinds}
    return torch.tensor([each[kind] for kind in kinds])


def _descend(loss: Any, weights: torch.Tensor, names: Sequence[str]) -> None:  # noqa: ANN401
    """Minimise, keeping the weight of what speaks against at most 0 and that of a definition at least 0."""
    optimizer = torch.optim.Adam([weights], lr=0.05)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        with torch.no_grad():
            for name in set(AGAINST) & set(names):
                weights[names.index(name)].clamp_(max=0.0)
            weights[names.index("defines")].clamp_(min=0.0)


def _named(names: Sequence[str], weights: torch.Tensor) -> dict[str, float]:
    return {name: round(float(weight), 5) for name, weight in zip(names, weights, strict=True)}


def report(calibration: Calibration, rows: Sequence[Mapping[str, Any]], *, risk: float = 0.20) -> list[str]:
    """Return the lines of a table: how the calibration does on questions it was not fitted to, set by set."""
    lines = [
        "| set | questions | right first | AUROC | ECE | answered | wrong of answered |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in [*dict.fromkeys(row["set"] for row in rows), "all"]:
        chosen = [row for row in rows if name in (row["set"], "all")]
        lines.append(f"| {name} | " + " | ".join(_figures(calibration, chosen, risk)) + " |")
    for kind in dict.fromkeys(row["kind"] for row in rows):
        chosen = [row for row in rows if row["kind"] == kind]
        lines.append(f"| *{kind}* | " + " | ".join(_figures(calibration, chosen, risk)) + " |")
    return lines


def _figures(calibration: Calibration, rows: Sequence[Mapping[str, Any]], risk: float) -> list[str]:
    firsts = [first for row in rows if (first := first_candidate(calibration, row)) is not None]
    confidence = [calibration.probability(first["features"]) for first in firsts]
    is_right = [bool(first["right"]) for first in firsts]
    asked = [row for row in rows if row["kind"] == "answerable"]
    right = sum(f["right"] for f in firsts) / len(asked) if asked else 0.0
    given = [r for c, r in zip(confidence, is_right, strict=True) if c >= calibration.threshold(risk)]
    auroc = roc_auc_score(is_right, confidence) if len(set(is_right)) == 2 else float("nan")
    wrong = 1 - sum(given) / len(given) if given else 0.0
    figures = (
        right,
        auroc,
        calibration_error(list(zip(confidence, is_right, strict=True))),
        len(given) / len(firsts),
        wrong,
    )
    return [str(len(rows)), *(f"{figure:.3f}" for figure in figures)]
