"""Command line of the training: ``python -m segkit.training STAGE [options]``."""

from __future__ import annotations

import argparse
import sys

from segkit.errors import SegkitError


def parser() -> argparse.ArgumentParser:
    """The stages and their options."""
    top = argparse.ArgumentParser(prog="python -m segkit.training", description=__doc__)
    stages = top.add_subparsers(dest="stage", required=True)
    label = stages.add_parser("label", help="ask the published models about every photo")
    label.add_argument("--photos", nargs="+", required=True, help="folders of photos")
    label.add_argument("--work", required=True, help="the working folder")
    label.add_argument("--teacher", required=True, help="the published DeepLab, a .tflite file")
    label.add_argument("--boxer", help="the published SSD, a .tflite file")
    label.add_argument("--threads", type=int, default=2)
    train = stages.add_parser("train", help="train trunk and head; goes on where it was stopped")
    train.add_argument("--photos", nargs="+", required=True, help="the labelled folders of photos")
    train.add_argument("--work", required=True)
    train.add_argument("--head", default="v3plus", help="v1, v2, v3 or v3plus")
    train.add_argument("--validate", help="a folder of NAME.jpg with masks NAME.png, for the log")
    train.add_argument("--side", type=int, default=257, help="input side in pixels, 16 n + 1")
    train.add_argument("--steps", type=int, required=True, help="steps in all, the cool-down included")
    train.add_argument("--processes", type=int, default=1, help="one for each free core; each with --threads threads")
    for name, kind in (("cooldown", int), ("batch", int), ("threads", int), ("seed", int), ("head_rate", float),
                       ("trunk_rate", float), ("pull", float), ("validate_every", int)):
        train.add_argument(f"--{name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on standard error for wrong input."""
    options = vars(parser().parse_args(arguments))
    stage = options.pop("stage")
    try:
        if stage == "label":
            from segkit.training import label

            label.run(**options)
        elif stage == "train":
            from segkit.training import train

            train.run(**options)
    except SegkitError as error:
        print(f"segkit: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
