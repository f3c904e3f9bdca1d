"""Every choice of the recipe, in one table."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        mined_questions: Questions of a source that get mined negatives.
        mined_candidates: Windows read for each of them.
        mined_kept: Windows kept of those, the ones that score highest.
        mined_score: A window that scores lower than this over no answer teaches nothing any more.
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
    mined_questions: dict[str, int] = field(
        default_factory=lambda: {
            "squad2_dev": 700,
            "squad1_dev_extra13": 700,
            "fairytaleqa": 400,
            "selqa": 450,
            "qed_nq_dev": 100,
            "cmu_qa": 400,
            "covidqa": 400,
        }
    )
    mined_candidates: int = 4
    mined_kept: int = 2
    mined_score: float = -6.0
    batch_windows: int = 16
    rank_weight: float = 0.5
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.995
    checkpoint_minutes: float = 3.0
    dev_minutes: float = 12.0
    dev_groups: int = 160


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training: its learning rate falls linearly from first to last over its minutes.

    Attributes:
        minutes: How long, by the clock; the number of steps depends on the machine and is in the log.
        first_rate: Learning rate after the warm-up.
        last_rate: Learning rate at the end.
        warm_up: Steps to reach the first rate.
    """

    minutes: float
    first_rate: float
    last_rate: float
    warm_up: int


PHASES = {
    "first": Phase(minutes=42, first_rate=1.3e-4, last_rate=5e-5, warm_up=60),
    "mined": Phase(minutes=54, first_rate=8e-5, last_rate=2e-6, warm_up=20),
}
