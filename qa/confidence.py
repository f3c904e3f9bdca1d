"""From features to a calibrated probability, and from a risk to the threshold of answering.

Two small linear models, each a handful of weights in ``calibration.json`` that a person can read:

* *ranking* orders the candidates of one question;
* *confidence* is a logistic regression: the probability that a candidate answers the question.

``training/fit_confidence.py`` fits both and says on which questions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import ModelNotFoundError

SHIPPED = Path(__file__).with_name("calibration.json")
CALIBRATION_FILE = "calibration.json"
"""Name of the user's own calibrations, in the folder of an index."""


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """At this threshold, so many calibration questions were answered, and so many of these wrongly."""

    threshold: float
    answered: int
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Weights and thresholds, with where they come from.

    Attributes:
        ranking: Weight of each feature in the order of candidates.
        confidence: Weight of each feature in the log-odds that a candidate answers.
        bias: Constant term of these log-odds.
        curve: Outcomes on the calibration questions, by falling threshold.
        questions: How many calibration questions there were.
        provenance: What they were, in words.
    """

    ranking: Mapping[str, float]
    confidence: Mapping[str, float]
    bias: float
    curve: tuple[RiskPoint, ...]
    questions: int
    provenance: str

    @classmethod
    def load(cls, path: Path = SHIPPED, *, reader: str = "default") -> Calibration | None:
        """Return the calibration of a reader that a file holds, or None where it holds none for it.

        Args:
            path: A JSON file: a calibration for each reader.
            reader: The reader's name as in the settings; ``none`` for going without.

        Raises:
            ModelNotFoundError: The file is missing or damaged.
        """
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return cls.from_dict(plain[reader]) if reader in plain else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            remedy = "install article-qa anew" if path == SHIPPED else "make it anew with `qa calibrate`, or delete it"
            raise ModelNotFoundError(f"{path}: the calibration cannot be read ({error!r}); {remedy}") from error

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Calibration:
        """Return the calibration that :meth:`to_dict` wrote."""
        curve = tuple(RiskPoint(float(t), int(a), int(w)) for t, a, w in plain["curve"])
        return cls(
            ranking=dict(plain["ranking"]),
            confidence=dict(plain["confidence"]),
            bias=float(plain["bias"]),
            curve=curve,
            questions=int(plain["questions"]),
            provenance=str(plain["provenance"]),
        )

    def save(self, path: Path, *, reader: str) -> None:
        """Put the calibration of a reader into a file, beside those of others; the file is replaced at once."""
        others = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        new = path.with_suffix(".new")
        new.write_text(json.dumps({**others, reader: self.to_dict()}, indent=1) + "\n", encoding="utf-8")
        new.replace(path)

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as plain data."""
        return {
            "provenance": self.provenance,
            "questions": self.questions,
            "ranking": dict(self.ranking),
            "bias": self.bias,
            "confidence": dict(self.confidence),
            "curve": [[p.threshold, p.answered, p.wrong] for p in self.curve],
        }

    def rank_score(self, features: Mapping[str, float]) -> float:
        """Return what candidates are ordered by; higher is better."""
        return math.fsum(weight * features[name] for name, weight in self.ranking.items())

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that a candidate with these features answers, 0 to 1."""
        logit = self.bias + math.fsum(weight * features[name] for name, weight in self.confidence.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def threshold(self, risk: float) -> float:
        """Return the least confidence at which an answer is given so that at most ``risk`` of the answers are wrong.

        Conformal risk control (Angelopoulos et al. 2022, arXiv:2208.02814) with the loss "answered and wrong, less
        ``risk`` for each answer": the lowest threshold with ``(wrong + 1) <= risk * (answered + 1)`` on the
        calibration questions, the ones being its finite-sample correction. Where no threshold holds, nothing is
        answered: the threshold is above 1.
        """
        holds = [p.threshold for p in self.curve if p.wrong + 1 <= risk * (p.answered + 1)]
        return min(holds, default=math.inf)

    def smallest_risk(self) -> float:
        """Return the smallest risk that the calibration questions can support."""
        return min(((p.wrong + 1) / (p.answered + 1) for p in self.curve), default=1.0)


def risk_curve(outcomes: Sequence[tuple[float, bool]], *, points: int = 400) -> tuple[RiskPoint, ...]:
    """Return how many answers were given and how many were wrong at each threshold, by falling threshold.

    Args:
        outcomes: For each calibration question the confidence of its first citation and whether that was right.
        points: Most points kept; evenly thinned by number of answers.
    """
    ranked = sorted(outcomes, key=lambda outcome: -outcome[0])
    curve, wrong = [], 0
    for i, (confidence, is_right) in enumerate(ranked, 1):
        wrong += not is_right
        if i == len(ranked) or ranked[i][0] != confidence:
            curve.append(RiskPoint(confidence, i, wrong))
    step = max(1, math.ceil(len(curve) / points))
    return tuple(curve[step - 1 :: step])


def compared(
    features: Sequence[Mapping[str, float]], answers: Sequence[str], scores: Sequence[float]
) -> list[dict[str, float]]:
    """Return the features of each candidate of a question, with those that compare it to the others.

    * ``gap``: its rank score less that of the best candidate with another answer, at most 10 either way;
    * ``agreement``: how many of the others give the same answer, at most 3.

    Args:
        features: Of each candidate.
        answers: What each would answer, in a form that is equal where the answers are.
        scores: The rank score of each.
    """
    rows = []
    for i, own in enumerate(features):
        others = [score for score, answer in zip(scores, answers, strict=True) if answer != answers[i]]
        gap = scores[i] - max(others, default=scores[i] - 10.0)
        agreement = float(min(3, answers.count(answers[i]) - 1))
        rows.append({**own, "gap": max(-10.0, min(10.0, gap)), "agreement": agreement})
    return rows
