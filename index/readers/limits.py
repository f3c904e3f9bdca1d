"""How much one file may cost before it is given up."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What reading a single file may cost; a file that needs more is given up with the reason.

    Attributes:
        max_bytes: Size of the file on disk.
        seconds: Wall-clock time of reading it.
        memory_mb: Memory that reading it may take, in MB of 1,000,000 bytes, beyond that of the idle worker.
    """

    max_bytes: int = 100 * MB
    seconds: float = 60.0
    memory_mb: int = 1500

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could be read."""
        if self.max_bytes < 1 or self.seconds <= 0 or self.memory_mb < 1:
            raise ValueError(f"read limits must be above zero: {self}")


DEFAULT_LIMITS = ReadLimits()
