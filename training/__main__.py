"""Command line of the training: ``python -m training STAGE [options]``."""

from __future__ import annotations

import argparse
import sys

from segkit.errors import SegkitError


def parser() -> argparse.ArgumentParser:
    """The stages and their options."""
    top = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    top.add_argument("--smoke", action="store_true", help="all stages on generated pictures, in under two minutes")
    top.add_argument("--converter", help="with --smoke: the Python of the converter's environment")
    top.add_argument("--keep", help="with --smoke: a folder for the results, kept")
    stages = top.add_subparsers(dest="stage")

    def stage(name: str, text: str, photos: str = "folders of photos") -> argparse.ArgumentParser:
        command = stages.add_parser(name, help=text, description=text)
        command.add_argument("--photos", nargs="+", required=True, help=photos)
        command.add_argument("--work", required=True, help="the working folder: everything that a stage leaves")
        return command

    def optional(command: argparse.ArgumentParser, kind: type, *names: str) -> None:
        for name in names:
            command.add_argument(f"--{name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS)

    label = stage("label", "ask the published models about every photo")
    label.add_argument("--teacher", required=True, help="the published DeepLab, a .tflite file")
    label.add_argument("--boxer", help="the published SSD, a .tflite file")
    label.add_argument("--masks", help="a folder with NAME.png for the photos whose mask a person drew")
    label.add_argument("--threads", type=int, default=2)
    begin = stage("begin", "make the published network's weights into the beginning of ours")
    begin.add_argument("--published", required=True, help="the published DeepLab, a .tflite file, or an .npz")
    optional(begin, int, "side", "count", "seed")
    train = stage("train", "train trunk and head together; goes on where it was stopped", "the labelled folders of photos")
    train.add_argument("--masks", help="a folder with NAME.png for the photos whose mask a person drew")
    train.add_argument("--validate", help="a folder of NAME.jpg with masks NAME.png, for the log")
    train.add_argument("--processes", type=int, default=1, help="one for each free core; each with --threads threads")
    train.add_argument("--steps", type=int, required=True, help="steps in all, the cool-down included")
    optional(train, str, "name", "start")
    optional(train, int, "side", "cooldown", "warm", "batch", "threads", "seed", "validate_every")
    optional(train, float, "head_rate", "trunk_rate", "average")
    mean = stages.add_parser("mean", help="average the weights of several runs; what is exported as deeplab then")
    mean.add_argument("--work", required=True)
    mean.add_argument("--runs", nargs="+", required=True, help="the runs' names in the work folder")
    features = stage("features", "what the trained trunk sees, stored for the heads", "the labelled folders of photos")
    heads = stage("heads", "train one head on the stored features", "the labelled folders of photos")
    heads.add_argument("--head", required=True, help="v1, v2, v3, v3plus, classify or detect")
    heads.add_argument("--steps", type=int, required=True)
    for command in (features, heads):
        command.add_argument("--masks", help="a folder with NAME.png for the photos whose mask a person drew")
    optional(features, int, "views", "plain_photos", "side", "threads", "seed")
    optional(heads, int, "cooldown", "warm", "batch", "threads", "seed")
    optional(heads, float, "head_rate", "average")
    export = stage("export", "write .tflite files; runs in the converter's environment", "folders to calibrate on")
    export.add_argument("--out", required=True, help="the folder for the files")
    export.add_argument("--only", nargs="+", help="a few of the models, by name")
    optional(export, int, "side", "light_side", "samples")
    seeds = stages.add_parser("seeds", help="how much the results of several seeds differ")
    seeds.add_argument("--work", required=True)
    seeds.add_argument("--labelled", nargs="+", required=True, help="folders of NAME.jpg with NAME.png")
    split = stages.add_parser("split", help="deal the labelled photos into two halves, before the training")
    split.add_argument("--labelled", nargs="+", required=True, help="folders of NAME.jpg with NAME.png")
    optional(split, str, "out")
    for name, text in (("evaluate", "measure the files against masks, PyTorch and the clock"),
                       ("card", "write README.md and the catalogue's entries from what was measured")):
        command = stages.add_parser(name, help=text, description=text)
        command.add_argument("--work", required=True)
        command.add_argument("--out", required=True, help="the folder of the files")
        if name == "evaluate":
            command.add_argument("--labelled", nargs="+", required=True, help="folders of NAME.jpg with NAME.png")
            command.add_argument("--starter", help="the published model to compare with")
            optional(command, int, "processes")
        else:
            command.add_argument("--catalogue", help="the catalogue.json to put the entries into")
            command.add_argument("--default", help="the model that becomes the catalogue's default")
    return top


def run(stage: str, options: dict) -> None:
    """One stage with its options; imports only what it needs."""
    if stage == "mean":
        from training.train import mean

        mean(**options)
        return
    stage = {"begin": "beginning", "split": "halves", "heads": "frozen"}.get(stage, stage)
    from importlib import import_module

    import_module(f"training.{stage}").run(**options)


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 2 and one line on standard error for wrong input."""
    known = parser()
    options = vars(known.parse_args(arguments))
    smoke, converter, keep = (options.pop(name) for name in ("smoke", "converter", "keep"))
    if not smoke and not options["stage"]:
        known.error("name a stage, or --smoke")
    try:
        if smoke:
            from training.smoke import run as run_smoke

            run_smoke(converter, keep)
        else:
            run(options.pop("stage"), options)
    except SegkitError as error:
        print(f"segkit: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
