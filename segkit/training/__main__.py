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
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on standard error for wrong input."""
    options = vars(parser().parse_args(arguments))
    stage = options.pop("stage")
    try:
        if stage == "label":
            from segkit.training import label

            label.run(**options)
    except SegkitError as error:
        print(f"segkit: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
