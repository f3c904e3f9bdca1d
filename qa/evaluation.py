"""How good the answers to a question set are: one function a figure, all over judged answers.

``qa.judging`` compares one answer with its question; every figure is then computed from the judged answers alone, so
that answers kept in a file give the same figures again. A figure is None where there is nothing to compute it from.

In the formulas *A* are the answerable questions that have an answer in the text, *U* the unanswerable ones.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa.judging import Judged, TextOf, judge
from qa.question_sets import Question, QuestionSetError

DEPTHS = (1, 3, 5)
"""How many passages ``evidence@k`` looks at; at most ``judging.DEPTH``."""
RISKS = (0.05, 0.10, 0.20)
"""Error rates that ``coverage@r`` is given for."""
BINS = 10
"""Bins of equal width that confidence is sorted into for the calibration error."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The judged answers of a question set.

    Attributes:
        judged: One for each question, in order, those that count in no figure included.
    """

    judged: tuple[Judged, ...]

    @property
    def scored(self) -> list[Judged]:
        """The judged answers that count."""
        return [one for one in self.judged if one.question.is_scored]

    def to_dict(self) -> dict[str, Any]:
        """Return every figure by its name; None where there is nothing to compute it from."""
        scored = self.scored
        figures: dict[str, Any] = {"A": len(_answerable(scored)), "U": len(_unanswerable(scored))}
        figures |= {f"evidence@{k}": evidence_at(scored, k) for k in DEPTHS}
        figures |= {name: metric(scored) for name, metric in METRICS.items()}
        figures |= {f"coverage@{risk}": coverage_at(scored, risk) for risk in RISKS}
        figures["verbatim"] = verbatim(self.judged)
        kinds = evidence_by_kind(scored)
        if len(kinds) > 1:
            figures["evidence@1 by kind"] = {kind: f"{right}/{asked}" for kind, (right, asked) in kinds.items()}
        return figures


def evaluate(
    questions: Sequence[Question], answers: Sequence[Mapping[str, Any]], *, text_of: TextOf | None = None
) -> Evaluation:
    """Judge the answers of a question set.

    Args:
        questions: The set.
        answers: One for each question, in the same order, as ``Answer.to_dict`` gives them.
        text_of: Gives the text of the article that a citation names, to count ``verbatim``; None leaves it out.

    Raises:
        QuestionSetError: The answers are not those of the questions, or one is not in the answer's shape.
    """
    if len(questions) != len(answers):
        raise QuestionSetError(f"{len(questions)} questions but {len(answers)} answers: one answer for each is needed")
    judged = []
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True), start=1):
        if str(answer.get("id", question.id)) != question.id or answer.get("question", question.text) != question.text:
            raise QuestionSetError(f"answer {number} is not of question {question.id!r}, {question.text!r}")
        try:
            judged.append(judge(question, answer, text_of=text_of))
        except (KeyError, TypeError) as error:
            raise QuestionSetError(f"answer {number} is not in the JSON shape of `ask --json`: {error!r}") from error
    return Evaluation(tuple(judged))


def _answerable(scored: Sequence[Judged]) -> list[Judged]:
    return [one for one in scored if one.question.answerable]


def _unanswerable(scored: Sequence[Judged]) -> list[Judged]:
    return [one for one in scored if not one.question.answerable]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def evidence_at(scored: Sequence[Judged], k: int) -> float | None:
    """Return the share of *A* where one of the first ``k`` passages supports the question.

    ``evidence@k = |{q in A : some passage of rank <= k supports q}| / |A|``
    """
    return _mean([float(any(one.supports[:k])) for one in _answerable(scored)])


def quote_at_1(scored: Sequence[Judged]) -> float | None:
    """Return the share of *A* where the first citation is right and its quote contains a gold answer.

    ``quote@1 = |{q in A : first passage supports q, first quote contains an answer}| / |A|``
    """
    return _mean([float(one.has_quote) for one in _answerable(scored)])


def quote_words(scored: Sequence[Judged]) -> float | None:
    """Return the mean length of the first quote, in words, over *A*: a short quote that still answers is better."""
    return _mean([float(one.quote_words) for one in _answerable(scored)])


def span_f1(scored: Sequence[Judged]) -> float | None:
    """Return the mean over *A* of the first span's token F1 with the closest gold answer.

    See :func:`qa.judging.token_f1`.
    """
    return _mean([one.span_f1 for one in _answerable(scored)])


def exact_match(scored: Sequence[Judged]) -> float | None:
    """Return the share of *A* where the first span is a gold answer, punctuation, case and articles aside."""
    return _mean([float(one.exact_match) for one in _answerable(scored)])


def auroc(scored: Sequence[Judged]) -> float | None:
    """Return the probability that a right first citation has a higher confidence than one that is not.

    ``AUROC = (|{(r, w) : c(r) > c(w)}| + |{(r, w) : c(r) = c(w)}| / 2) / (|R| * |W|)`` with *R* the right first
    citations of *A*, *W* the wrong ones and all of *U*. 0.5 is chance, 1 tells them apart without a mistake.
    """
    right = [one.confidence for one in scored if one.is_right]
    wrong = sorted(one.confidence for one in scored if not one.is_right)
    if not right or not wrong:
        return None
    below = sum(bisect.bisect_left(wrong, c) + bisect.bisect_right(wrong, c) for c in right) / 2
    return below / (len(right) * len(wrong))


def ece(scored: Sequence[Judged]) -> float | None:
    """Return the expected calibration error of confidence as the probability that the first citation is right.

    ``ECE = sum over bins b of |sum of c in b - number right in b| / n`` with ten bins of equal width. 0 is perfect.
    """
    return calibration_error([(one.confidence, one.is_right) for one in scored]) if scored else None


def calibration_error(outcomes: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error of confidences, each with whether it was right: see :func:`ece`."""
    gaps: dict[int, float] = {}
    for confidence, is_right in outcomes:
        number = _bin(confidence, BINS)
        gaps[number] = gaps.get(number, 0.0) + confidence - is_right
    return sum(map(abs, gaps.values())) / len(outcomes)


def _bin(confidence: float, count: int) -> int:
    return min(count - 1, int(confidence * count))


def confidence_bins(scored: Sequence[Judged], count: int = BINS) -> list[list[Judged]]:
    """Sort judged answers into bins of equal width by confidence; 1 falls into the last bin."""
    bins: list[list[Judged]] = [[] for _ in range(count)]
    for one in scored:
        bins[_bin(one.confidence, count)].append(one)
    return bins


def answered_share(scored: Sequence[Judged], *, answerable: bool) -> float | None:
    """Return the share of *A* (or of *U*) that was answered: ``|answered of A| / |A|``; near 1 for *A*, 0 for *U*."""
    return _mean([float(one.answered) for one in (_answerable(scored) if answerable else _unanswerable(scored))])


def precision(scored: Sequence[Judged]) -> float | None:
    """Return the share of answers given that are right: ``|answered and right| / |answered|``."""
    return _mean([float(one.is_right) for one in scored if one.answered])


def coverage_at(scored: Sequence[Judged], risk: float) -> float:
    """Return the largest share of questions that can be answered with at most ``risk`` of the answers wrong.

    Questions are answered most confident first; those of equal confidence together.
    ``coverage@r = max {i / n : wrong among the first i <= r * i}``
    """
    within = [point.coverage for point in risk_coverage(scored) if point.wrong <= risk * point.answered]
    return max(within, default=0.0)


def verbatim(judged: Sequence[Judged]) -> float | None:
    """Return the share of quotes and passages that stand in their article word for word, at their offsets."""
    compared = sum(one.slices for one in judged)
    return sum(one.true_slices for one in judged) / compared if compared else None


def evidence_by_kind(scored: Sequence[Judged]) -> dict[str, tuple[int, int]]:
    """Return for each kind of answerable question how many first citations are right, and how many were asked."""
    kinds: dict[str, list[bool]] = {}
    for one in _answerable(scored):
        kinds.setdefault(one.question.kind, []).append(one.is_right)
    return {kind: (sum(right), len(right)) for kind, right in sorted(kinds.items())}


METRICS: Mapping[str, Callable[[Sequence[Judged]], float | None]] = {
    "quote@1": quote_at_1,
    "quote_words": quote_words,
    "span_f1": span_f1,
    "em": exact_match,
    "auroc": auroc,
    "ece": ece,
    "answered_A": lambda scored: answered_share(scored, answerable=True),
    "answered_U": lambda scored: answered_share(scored, answerable=False),
    "precision": precision,
}
"""Every figure that has no parameter, by its name."""


MEANINGS: Mapping[str, str] = {
    "A": "answerable questions",
    "U": "unanswerable questions",
    "evidence@1": "first passage holds the answer",
    "evidence@3": "one of the first 3 passages holds it",
    "evidence@5": "one of the first 5 passages holds it",
    "quote@1": "first quote contains the answer",
    "quote_words": "mean words in the first quote",
    "span_f1": "overlap of the marked words with the answer",
    "em": "marked words are the answer exactly",
    "auroc": "confidence tells right from wrong (0.5 chance, 1 always)",
    "ece": "distance of confidence from the share that is right",
    "answered_A": "answerable questions that were answered",
    "answered_U": "unanswerable questions that were answered: lower is better",
    "precision": "answers given that are right",
    "coverage@0.05": "questions answerable with at most 5% wrong",
    "coverage@0.1": "questions answerable with at most 10% wrong",
    "coverage@0.2": "questions answerable with at most 20% wrong",
    "verbatim": "quotes and passages that stand in the article word for word",
}
"""What each figure says, in a few words."""


def interval(scored: Sequence[Judged], name: str, share: float | None) -> tuple[float, float] | None:
    """Return the 95 % interval of a figure that is a share of questions, or None for another figure.

    Wilson's score interval: ``(p + z^2/2n -+ z * sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`` with ``z = 1.96``. It says
    how much a figure from so few questions can be off.
    """
    counts = {
        **dict.fromkeys(("evidence@1", "evidence@3", "evidence@5", "quote@1", "em", "answered_A"), _answerable(scored)),
        "answered_U": _unanswerable(scored),
        "precision": [one for one in scored if one.answered],
    }
    n = len(counts.get(name, ()))
    if share is None or not n:
        return None
    z = 1.96
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + z * z / n)), min(1.0, (middle + reach) / (1 + z * z / n))


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering every question of at least some confidence would give.

    Attributes:
        threshold: The least confidence that is answered.
        answered: How many questions that answers.
        wrong: How many of these answers are wrong.
        coverage: ``answered`` as a share of all questions.
    """

    threshold: float
    answered: int
    wrong: int
    coverage: float

    @property
    def risk(self) -> float:
        """The share of the answers that are wrong."""
        return self.wrong / self.answered


def risk_coverage(scored: Sequence[Judged]) -> list[RiskPoint]:
    """Return one point for each confidence that occurs, highest first."""
    ranked = sorted(scored, key=lambda one: -one.confidence)
    points, wrong = [], 0
    for answered, one in enumerate(ranked, start=1):
        wrong += not one.is_right
        if answered == len(ranked) or ranked[answered].confidence != one.confidence:
            points.append(RiskPoint(one.confidence, answered, wrong, answered / len(ranked)))
    return points


def confident_mistakes(scored: Sequence[Judged], count: int = 10) -> list[Judged]:
    """Return the wrong answers that were given with the highest confidence, worst first."""
    wrong = [one for one in scored if one.answered and not one.is_right]
    return sorted(wrong, key=lambda one: -one.confidence)[:count]


def missed_answers(scored: Sequence[Judged], count: int = 10) -> list[Judged]:
    """Return the abstentions whose nearest passage was right, the most needless first."""
    missed = [one for one in scored if one.is_right and not one.answered]
    return sorted(missed, key=lambda one: -one.confidence)[:count]
