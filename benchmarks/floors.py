"""Floors: what each figure of each set may not fall below.

``floors.json`` holds, for each set (and sample size), the digest of its articles and questions, and for each figure a
floor, how far below it a run may fall, and why. A figure of which less is better has a ceiling, named the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLOORS = Path(__file__).with_name("floors.json")
KEPT = ("evidence@1", "evidence@5", "quote@1", "span_f1", "auroc", "ece", "verbatim", "nDCG@10", "R@100")
"""Figures that have a floor."""
LESS_IS_BETTER = frozenset(("ece",))
TOLERANCE = 0.005
REASON = "int8 kernels of other processors round differently, which turns near ties: 5 questions of 1,000, at least one"


@dataclass(frozen=True)
class Breach:
    """A figure below its floor, or one that cannot be compared."""

    name: str
    message: str


def load_floors(path: Path = FLOORS) -> dict[str, Any]:
    """Return the floors of each set; none where there is no file yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def breaches(floors: Mapping[str, Any], name: str, digest: str, figures: Mapping[str, Any]) -> list[Breach]:
    """Return what a set's figures break; a set without floors breaks nothing."""
    entry = floors.get(name)
    if entry is None:
        return []
    if entry["digest"] != digest:
        text = f"{name}: the floors are of another version of the set ({entry['digest']}, not {digest}); run --update"
        return [Breach(name, text)]
    found = []
    for figure, floor in entry["floors"].items():
        value = figures.get(figure)
        if value is None:
            found.append(Breach(f"{name}:{figure}", f"{name} {figure}: has a floor of {floor} but was not measured"))
        elif _worse(figure, value, floor) > entry["tolerance"]:
            found.append(Breach(f"{name}:{figure}", f"{name} {figure}: {value:.4f}, the floor is {floor:.4f}"))
    return found


def _worse(figure: str, value: float, floor: float) -> float:
    """Return by how much a value is worse than the floor."""
    return value - floor if figure in LESS_IS_BETTER else floor - value


def updated(
    floors: Mapping[str, Any], name: str, digest: str, figures: Mapping[str, Any], *, lower: Collection[str] = ()
) -> dict[str, Any]:
    """Return the floors with those of a set raised to what was measured.

    A floor is never lowered unless ``lower`` has the set, or ``set:figure``; that goes for a changed set as well.
    """
    tolerance = max(TOLERANCE, math.ceil(10_000 / (figures.get("A") or 1000) + 1) / 10_000)
    before = floors.get(name, {"floors": {}, "tolerance": tolerance, "reason": REASON})
    kept = dict(before["floors"])
    for figure in KEPT:
        value = figures.get(figure)
        if value is None:
            continue
        rounded = round(value, 4)
        may_fall = name in lower or f"{name}:{figure}" in lower
        if figure not in kept or _worse(figure, rounded, kept[figure]) < 0 or may_fall:
            kept[figure] = rounded
    return {**floors, name: {**before, "digest": digest, "floors": kept}}


def save_floors(floors: Mapping[str, Any], path: Path = FLOORS) -> None:
    """Write the floors, sets and figures in a fixed order."""
    path.write_text(json.dumps(floors, indent=1, sort_keys=True) + "\n", encoding="utf-8")
