"""Confidence and thresholds for a user's own articles, from questions with known answers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from qa.assistant import Assistant
from qa.citations import make_citation
from qa.confidence import Calibration, risk_curve
from qa.judging import supports
from qa.question_sets import Question

FEWEST = 20
"""Below so many questions nothing can be said of a share of wrong answers."""
_PRIOR = 4.0
"""How many questions the shipped calibration weighs."""
_STEPS = 50


def recalibrate(assistant: Assistant, questions: Sequence[Question], *, provenance: str) -> Calibration:
    """Return the assistant's calibration, refitted to the questions.

    The log-odds of the calibration are scaled and shifted (Platt 1999) so that the confidence fits the share of
    right first citations, and the thresholds for each risk are taken from these questions alone. The order of
    candidates stays.

    Args:
        assistant: With the index that the questions are about.
        questions: With known answers, and some that the articles do not answer.
        provenance: Where the questions come from, in words.

    Raises:
        ValueError: There are fewer than ``FEWEST`` questions that count.
    """
    scored = [question for question in questions if question.is_scored]
    if len(scored) < FEWEST:
        raise ValueError(f"{len(scored)} questions are too few to calibrate on: give at least {FEWEST}, better 200")
    outcomes = [_outcome(assistant, question) for question in scored]
    slope, shift = _platt([(_logit(confidence), is_right) for confidence, is_right in outcomes])
    shipped = assistant.calibration
    scaled = [(_sigmoid(slope * _logit(confidence) + shift), is_right) for confidence, is_right in outcomes]
    return dataclasses.replace(
        shipped,
        confidence={name: slope * weight for name, weight in shipped.confidence.items()},
        bias=slope * shipped.bias + shift,
        curve=risk_curve(scaled),
        questions=len(scored),
        provenance=provenance,
    )


def _outcome(assistant: Assistant, question: Question) -> tuple[float, bool]:
    """Return the confidence of the first citation and whether it is right."""
    ranked = assistant.consider(question.text)
    if not ranked:
        return 0.0, False
    hit, span = ranked[0].candidate.hit, ranked[0].candidate.whole
    citation = make_citation(hit, span, None, rank=1, confidence=ranked[0].confidence)
    is_right = question.answerable and supports(question, citation.to_dict())
    return ranked[0].confidence, is_right


def _platt(points: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Return slope and shift of the logistic curve through the points, by Newton's method, drawn to 1 and 0."""
    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):
        gradient = [_PRIOR * (slope - 1.0), _PRIOR * shift]
        curvature = [_PRIOR, 0.0, _PRIOR]
        for x, is_right in points:
            p = _sigmoid(slope * x + shift)
            error, weight = p - is_right, p * (1 - p)
            gradient[0] += error * x
            gradient[1] += error
            curvature[0] += weight * x * x
            curvature[1] += weight * x
            curvature[2] += weight
        determinant = curvature[0] * curvature[2] - curvature[1] ** 2
        slope -= (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant
        shift -= (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant
    return max(0.0, slope), shift


def _logit(p: float) -> float:
    p = min(1 - 1e-4, max(1e-4, p))
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))
