"""What is the answer, and where does it say so?

Everything is loaded when it is first used, so that ``import qa`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing it from typing takes longer than all the rest of this file
if TYPE_CHECKING:
    from qa.answers import Answer, Citation, CitedPassage, Conflict, ConflictSide, Explanation, IndexState, Quote
    from qa.assistant import Assistant
    from qa.asynchronous import ask_async, search_async
    from qa.citations import Proof, verify_answer
    from qa.errors import InvalidQuestionError, ModelNotFoundError, QAError, SettingsError
    from qa.from_texts import TextAssistant, cite_texts
    from qa.settings import Settings

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "CitedPassage",
    "Conflict",
    "ConflictSide",
    "Explanation",
    "IndexState",
    "InvalidQuestionError",
    "ModelNotFoundError",
    "Proof",
    "QAError",
    "Quote",
    "Settings",
    "SettingsError",
    "TextAssistant",
    "ask_async",
    "cite_texts",
    "search_async",
    "verify_answer",
]

_MODULES = {
    "answers": (
        "Answer", "Citation", "CitedPassage", "Conflict", "ConflictSide", "Explanation", "IndexState", "Quote",
    ),
    "assistant": ("Assistant",),
    "asynchronous": ("ask_async", "search_async"),
    "citations": ("Proof", "verify_answer"),
    "errors": ("InvalidQuestionError", "ModelNotFoundError", "QAError", "SettingsError"),
    "from_texts": ("TextAssistant", "cite_texts"),
    "settings": ("Settings",),
}  # fmt: skip
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load what ``__all__`` names when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names that are exported."""
    return list(__all__)
