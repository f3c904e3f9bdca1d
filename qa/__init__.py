"""What is the answer, and where does it say so?"""

from __future__ import annotations
