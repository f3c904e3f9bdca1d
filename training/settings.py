"""Every choice of the recipe, in one table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Settings:
    """What the run was made with; written into each checkpoint and log.

    Attributes:
        seed: Of the order of the examples, the windows and the changes made to questions.
        threads: Of torch.
        max_tokens: Longest question, title and window together.
        question_tokens: Longest question; the rest of it is cut off.
        window_words: Fewest and most words a window is cut to, drawn for each group of windows.
        held_out: One article in so many is kept from training, chosen by a hash of its id.
        source_share: Share of a source's questions that one pass uses; 1 where it is not named.
        inside_sources: Sources whose answers are whole sentences: any place inside counts as the right start and end,
            so that they teach which passage answers and not how long an answer is.
        other_window: Share of answerable questions that also get a window of their own text without the answer.
        swap: Share of answerable questions asked once more with a name or number that the window does not hold.
        changed: Share of questions asked in lower case, as keywords or with a typo.
        titled: Share of groups whose windows carry their article's title.
        unmined_share: With mined negatives, share of the other answerable questions that a pass still uses.
        batch_windows: About how many windows make a step.
        rank_weight: Weight of the ranking loss over the windows of a question, beside the span loss.
        weight_decay: Of AdamW.
        clip: Largest norm of a step's gradient.
        average: Decay of the moving average of the weights, a step; the average is what is exported.
        checkpoint_minutes: Between two checkpoints.
        dev_minutes: Between two measurements on the articles held out.
        dev_groups: Groups measured.
    """

    seed: int = 13
    threads: int = 2
    max_tokens: int = 192
    question_tokens: int = 40
    window_words: tuple[int, int] = (40, 110)
    held_out: int = 25
    source_share: dict[str, float] = field(default_factory=lambda: {"policyqa_dev": 0.1, "fairytaleqa": 0.5})
    inside_sources: tuple[str, ...] = ("selqa",)
    other_window: float = 0.3
    swap: float = 0.25
    changed: float = 0.12
    titled: float = 0.4
    unmined_share: float = 0.5
    batch_windows: int = 16
    rank_weight: float = 0.5
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.995
    checkpoint_minutes: float = 3.0
    dev_minutes: float = 12.0
    dev_groups: int = 160


@dataclass(frozen=True, slots=True)
class Mining:
    """One round of mining negatives.

    Attributes:
        questions: Questions of a source that get mined negatives.
        candidates: Windows read for each of them.
        kept: Windows kept of those, the ones that score highest.
        score: A window that scores lower than this over no answer teaches nothing any more.
        dense: Weight of the cosine of all-MiniLM-L6-v2 beside BM25 (as a share of the best), as retrieval in use has
            it; 0 is BM25 alone.
        ceiling: Whether a window that scores higher than the one that answers is left out: the reader has learned
            that one, so the other more often answers too than misleads (RocketQA, arXiv:2010.08191).
    """

    questions: dict[str, int]
    candidates: int
    kept: int
    score: float
    dense: float = 0.0
    ceiling: bool = False


_AGAIN = Mining(
    questions={
        "squad2_dev": 1500,
        "squad1_dev_extra13": 1900,
        "fairytaleqa": 1300,
        "selqa": 1100,
        "qed_nq_dev": 600,
        "cmu_qa": 500,
        "covidqa": 500,
    },
    candidates=6,
    kept=2,
    score=-6.0,
)

MININGS = {
    "once": Mining(
        questions={
            "squad2_dev": 700,
            "squad1_dev_extra13": 700,
            "fairytaleqa": 400,
            "selqa": 450,
            "qed_nq_dev": 100,
            "cmu_qa": 400,
            "covidqa": 400,
        },
        candidates=4,
        kept=2,
        score=-6.0,
    ),
    "again": _AGAIN,
    "beside": replace(_AGAIN, questions={**_AGAIN.questions, "squad2_dev": 3100}, dense=0.33, ceiling=True),
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training: its learning rate falls linearly from first to last over its minutes.

    Attributes:
        minutes: How long, by the clock; the number of steps depends on the machine and is in the log.
        first_rate: Learning rate after the warm-up.
        last_rate: Learning rate at the end.
        warm_up: Steps to reach the first rate.
        near_copies: Windows cut, a pass, for each question that people wrote to have no answer.
        dropout: Of the hidden states; a phase of several passes needs it.
        opposite: Share of answerable questions asked once more for the opposite (the last instead of the first), or
            negated: not answered there.
        order: Added to the seed, so that two phases from one start see other windows in another order.
    """

    minutes: float
    first_rate: float
    last_rate: float
    warm_up: int
    near_copies: int = 1
    dropout: float = 0.0
    opposite: float = 0.0
    order: int = 0


PHASES = {
    "first": Phase(minutes=42, first_rate=1.3e-4, last_rate=5e-5, warm_up=60),
    "mined": Phase(minutes=54, first_rate=8e-5, last_rate=2e-6, warm_up=20),
    "again": Phase(minutes=75, first_rate=6e-5, last_rate=1e-6, warm_up=40, near_copies=2, dropout=0.1),
    "beside": Phase(
        minutes=60, first_rate=6e-5, last_rate=1e-6, warm_up=40, near_copies=2, dropout=0.1, opposite=0.5, order=250
    ),
}
