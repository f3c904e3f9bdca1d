"""The one place that reads the environment.

Each setting is a field of ``Settings`` with a default and a help text. A flag of the command line wins over
the variable ``QA_<NAME>``, which wins over the default. An unknown ``QA_*`` variable is an error, since it is
most often a misspelt one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from qa.errors import SettingsError

PREFIX = "QA_"


def _setting(default: Any, help_text: str) -> Any:  # noqa: ANN401  (dataclasses.field is typed so)
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside; what shaped an index lies in the index and is not set again."""

    index: Path | None = _setting(
        None, "Folder of the index. Unset: `index` in the user's data folder, and before that exists the shipped articles."
    )
    k: int = _setting(5, "Most citations in an answer.")
    risk: float = _setting(
        0.10, "Largest share of wrong answers among the answers given, between 0 and 1; smaller abstains more often."
    )
    reader: str = _setting(
        "default",
        "The reader: `default` is the shipped one, `none` goes without, anything else is a folder or the name of a "
        "transformers question-answering model.",
    )
    threads: int = _setting(0, "Processor threads for one question; 0 takes all, at most 4.")
    max_question: int = _setting(2000, "Longest question, in characters.")

    def __post_init__(self) -> None:
        """Refuse values that no setting can have."""
        _require(self.k >= 1, "k", self.k, "at least 1")
        _require(0 < self.risk < 1, "risk", self.risk, "between 0 and 1")
        _require(self.threads >= 0, "threads", self.threads, "0 or more")
        _require(self.max_question >= 1, "max_question", self.max_question, "at least 1")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings that the ``QA_*`` variables give.

        Raises:
            SettingsError: A variable is unknown, or its value cannot be what the setting needs.
        """
        casts = {f"{PREFIX}{f.name.upper()}": (f.name, _CASTS[str(f.type)]) for f in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in environ.items():
            if not variable.startswith(PREFIX):
                continue
            if variable not in casts:
                raise SettingsError(f"{variable}: there is no such setting; known are {', '.join(sorted(casts))}")
            name, cast = casts[variable]
            try:
                values[name] = cast(text)
            except ValueError:
                raise SettingsError(f"{variable}={text!r}: not a valid {cast.__name__}") from None
        return cls(**values)

    @property
    def thread_count(self) -> int:
        """The threads to use: as set, or the processors this process may run on, at most 4."""
        return self.threads or min(4, len(os.sched_getaffinity(0)))


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise SettingsError(f"{PREFIX}{name.upper()}={value!r}: must be {wanted}")


_CASTS: dict[str, Any] = {"int": int, "float": float, "str": str, "Path | None": Path}
