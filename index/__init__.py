"""Which passages could hold the answer? Knows nothing of ``qa``."""

from __future__ import annotations
