"""The one place that reads the environment.

Each setting is a field of ``Settings`` with a default and a help text. A flag of the command line wins over
the variable ``QA_<NAME>``, which wins over the default. An unknown ``QA_*`` variable is an error, since it is
most often a misspelt one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from qa.errors import SettingsError

PREFIX = "QA_"


def _setting(default: Any, help_text: str, *, is_secret: bool = False) -> Any:  # noqa: ANN401  (dataclasses.field is typed so)
    return field(default=default, repr=not is_secret, metadata={"help": help_text, "secret": is_secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside; what shaped an index lies in the index and is not set again."""

    index: Path | None = _setting(
        None,
        "Folder of the index. Unset: `index` in the user's data folder, and before that exists the shipped articles.",
    )
    k: int = _setting(5, "Most citations in an answer.")
    risk: float = _setting(
        0.2, "Largest share of wrong answers among the answers given, between 0 and 1; smaller abstains more often."
    )
    reader: str = _setting(
        "default",
        "The reader: `default` is the shipped one, `none` goes without, anything else is a folder or the name of a "
        "transformers question-answering model.",
    )
    threads: int = _setting(0, "Processor threads for one question; 0 takes all, at most 4.")
    max_question: int = _setting(2000, "Longest question, in characters.")
    host: str = _setting("127.0.0.1", "Address that `qa serve` listens on; the default is this machine alone.")
    port: int = _setting(8000, "Port that `qa serve` listens on; 0 takes a free one.")
    api_keys: tuple[str, ...] = _setting(
        (),
        "Keys of the service, such as `read:KEY,write:KEY`; a key that may write may read. Unset: everyone may read "
        "and nobody may write.",
        is_secret=True,
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Names that the service answers to besides `localhost` and addresses, such as `qa.example.org,*.example.org`; "
        "`*` answers to any.",
    )
    cors_origins: tuple[str, ...] = _setting(
        (), "Sites whose pages may ask the service, such as `https://www.example.org`; `*` lets any."
    )
    uploads: Path | None = _setting(
        None, "Folder that uploaded articles are kept in. Unset: `uploads` in the index's folder."
    )
    max_body: int = _setting(1_048_576, "Largest request that is no upload, in bytes.")
    max_upload: int = _setting(52_428_800, "Largest upload, in bytes.")
    max_concurrency: int = _setting(
        0, "Questions that one process of the service works on at once; 0 takes what its processors can."
    )
    max_waiting: int = _setting(1, "Questions that wait in one process for their turn; more are told to come back.")
    rate_limit: int = _setting(
        0,
        "Most requests a minute for one key, or one address where no key is set, over all workers together; 0 sets no "
        "limit.",
    )
    request_timeout: float = _setting(30.0, "Longest time that a question may take, in seconds.")
    log_questions: bool = _setting(
        False, "Whether the service's log, and its traces where there are any, hold the questions."
    )

    def __post_init__(self) -> None:
        """Refuse values that no setting can have."""
        _require(self.k >= 1, "k", self.k, "at least 1")
        _require(0 < self.risk < 1, "risk", self.risk, "between 0 and 1")
        _require(self.threads >= 0, "threads", self.threads, "0 or more")
        _require(self.max_question >= 1, "max_question", self.max_question, "at least 1")
        _require(0 <= self.port <= 65535, "port", self.port, "between 0 and 65535")
        for name in ("max_body", "max_upload"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("max_concurrency", "max_waiting", "rate_limit"):
            _require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        _require(0 < self.request_timeout < float("inf"), "request_timeout", self.request_timeout, "above 0")
        if not all(_API_KEY.fullmatch(key) for key in self.api_keys):
            raise SettingsError(
                f"{PREFIX}API_KEYS: each key is written `read:KEY` or `write:KEY`, and KEY has 16 or more of the "
                "characters A-Z a-z 0-9 . _ ~ + / = -"
            )

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
                raise SettingsError(f"{variable}={text!r}: not a valid {cast.__name__.strip('_')}") from None
        return cls(**values)

    @property
    def thread_count(self) -> int:
        """The threads to use: as set, or the processors this process may run on, at most 4."""
        return self.threads or min(4, len(os.sched_getaffinity(0)))


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise SettingsError(f"{PREFIX}{name.upper()}={value!r}: must be {wanted}")


def _bool(text: str) -> bool:
    word = text.strip().casefold()
    if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ValueError(text)
    return word in ("1", "true", "yes", "on")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_API_KEY = re.compile(r"(?:read|write):[A-Za-z0-9._~+/=-]{16,}")
_CASTS: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": _bool,
    "Path | None": Path,
    "tuple[str, ...]": _list,
}
