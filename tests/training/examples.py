"""A few lines as the training file has them."""

from __future__ import annotations

from training.data import Example

HARBOUR = (
    "The harbour of Aktau was opened in 1897 by Ada Lund. It is the largest port of the coast. Coal was shipped to "
    "Baku until the war began. After the war a second pier was built for oil."
)
MILL = "The mill on the hill was sold in 1921. Its last owner, Per Holm, kept forty sheep there and wrote about tea."


def example(question: str, answer: str | None, *, context: str = HARBOUR, source: str = "squad2_dev") -> Example:
    """Return a line whose answer is the first place of some words in the context; None has no answer."""
    answers = () if answer is None else ((context.index(answer), context.index(answer) + len(answer)),)
    return Example(question, question, context, "Aktau", answers, source, f"sq2/{context[:12]}")
