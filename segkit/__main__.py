"""The command line: ``python -m segkit segment | teach | benchmark | phone | models | doctor``.

The script ``segkit`` is the same.

Wrong input gives one line on standard error that starts with ``segkit: `` and
exit status 2; a batch in which some photos failed ends with 1.
"""

import argparse
import json
import os
import sys

from segkit import __version__
from segkit.errors import SegkitError, one_line


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, as all our errors are."""

    def error(self, message):
        raise SegkitError(f"{one_line(message)}; see '{self.prog} --help'")


def _parser():
    parser = _Parser(prog="segkit", description="Semantic segmentation on a device-sized runtime.")
    parser.add_argument("--version", action="version", version=f"segkit {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    segment = commands.add_parser("segment", help="label the pixels of photos")
    segment.add_argument("photos", nargs="+", metavar="PHOTO",
                         help="a picture, a folder of pictures, or the name of a sample photo")
    segment.add_argument("--model", metavar="NAME|FILE", help="a name in the catalogue or a file")
    segment.add_argument("--runtime", default="auto", help="auto, litert or tflite")
    segment.add_argument("--threads", type=int, metavar="N",
                         help="CPU threads (default: free cores; 1 for each of several workers)")
    segment.add_argument("--workers", type=int, metavar="N",
                         help="processes that share several photos (default: one for each core)")
    segment.add_argument("--resume", action="store_true",
                         help="skip photos whose files are there already and not older")
    segment.add_argument("--delegate", default="xnnpack",
                         help="xnnpack, none, reference, or the path of a delegate library")
    segment.add_argument("--fit", default="stretch", help="stretch or letterbox")
    segment.add_argument("--mask", metavar="OUT.png",
                         help="write the mask: a paletted PNG whose pixel values are class indices "
                              "(for several photos: a folder)")
    segment.add_argument("--overlay", metavar="OUT.png",
                         help="write the photo with the classes painted over it "
                              "(for several photos: a folder)")
    segment.add_argument("--overlay-format", default="png", choices=["jpg", "png", "webp"],
                         help="of the overlays of several photos (default: png)")
    segment.add_argument("--json", action="store_true", help="print JSON, one object a photo")

    _teach_options(commands.add_parser("teach", help="teach a model a class of your own"))
    _benchmark_options(commands.add_parser(
        "benchmark", help="measure how fast models run on this machine"))
    _phone_options(commands.add_parser(
        "phone", help="give out a page that runs the models in a phone's browser"))
    listing = commands.add_parser("models", help="list the models of the catalogue")
    listing.add_argument("--json", action="store_true", help="print JSON")
    doctor = commands.add_parser("doctor", help="say what this machine has and whether it works")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _teach_options(parser):
    add = parser.add_argument
    add("--name", required=True, help="of the new class")
    add("--photo", action="append", required=True, metavar="PHOTO",
        help="a picture or the name of a sample photo; give this option and the next once for each photo, or "
             "once with a folder")
    add("--scribbles", action="append", required=True, metavar="S.png",
        help="a PNG of the photo's size, one byte a pixel: 0 not marked, 1 not the class, 2 the class; for a "
             "folder of photos a folder of such files with the photos' names")
    add("--out", required=True, metavar="MINE.tflite", help="the file to write")
    add("--model", metavar="NAME|FILE", help="the model to begin with (default: deeplab-w8)")
    add("--alone", action="store_true", help="leave out the old classes")
    add("--background", action="append", metavar="PHOTO",
        help="a photo that does not show the class, may be given several times; none: no such photo "
             "(default: the sample photos)")
    add("--seed", type=int, default=0, metavar="N", help="chooses the pixels to learn from (default: 0)")
    add("--resume", action="store_true", help="for a folder: go on after an interrupt")


def _benchmark_options(parser):
    add = parser.add_argument
    add("--model", action="append", metavar="NAME|FILE",
        help="a name in the catalogue or a file; this option and the next three may be given "
             "several times")
    add("--runtime", action="append", help="litert or tflite (default: those installed)")
    add("--delegate", action="append",
        help="xnnpack, none, reference, gpu, gpu+cpu, openvino, or the path of a delegate library "
             "(default: xnnpack and none)")
    add("--api", action="append", help="interpreter or compiled (default: what the delegate needs)")
    add("--threads", default="1,2,4", metavar="N,N", help="CPU threads (default: 1,2,4)")
    add("--size", metavar="HxW", help="height and width of the input, where the model allows it")
    add("--runs", type=int, default=30, metavar="N", help="timed runs of each row (default: 30)")
    add("--seconds", type=float, default=10, metavar="S",
        help="time for the timed runs of one row (default: 10); slow rows then make fewer runs; "
             "0 sets no limit")
    add("--json", metavar="FILE", help="write everything that was measured as JSON")
    add("--csv", metavar="FILE", help="write a table with one line a row")
    add("--resume", metavar="FILE", help="take over the finished rows of such a JSON file")


def _phone_options(parser):
    add = parser.add_argument
    add("--model", action="append", metavar="NAME|FILE",
        help="a model for the page; may be given several times (default: those that ship and segment)")
    add("--host", metavar="ADDRESS", help="listen at this address only (default: at all of this machine)")
    add("--port", type=int, default=8443, metavar="N",
        help="port of the page (default: 8443; 0 takes a free one)")
    add("--write", metavar="FOLDER",
        help="write the page into a folder for a web site, and give out nothing")


def _models(options):
    from segkit import models

    rows = [{"name": m.name, "task": m.task, "bytes": m.bytes, "licence": m.licence,
             "path": str(models.find(m.name)[0] or "") or None}
            for m in models.catalogue().values()]
    if options.json:
        print(json.dumps([{**row, "here": row["path"] is not None} for row in rows], indent=2))
        return 0
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        here = row["path"] or "not here"
        print(f"{row['name']:<{width}}  {row['task']:<8}  {row['bytes']:>9,} bytes  "
              f"{row['licence']}  {here}")
    return 0


def _doctor(options):
    from segkit.cli import doctor

    found = doctor.report()
    print(json.dumps(found, indent=2) if options.json else "\n".join(doctor.lines(found)))
    return 0 if found["self_test"]["ok"] else 1


def _benchmark(options):
    from segkit.cli.benchmark import benchmark

    return benchmark(options)


def _teach(options):
    from segkit.cli.teach import teach

    return teach(options)


def _phone(options):
    from segkit.cli.phone import phone

    return phone(options)


def _segment(options):
    from segkit.cli.segment import segment

    return segment(options)


def main(arguments=None):
    """Run the command line; the exit status (0 good, 1 some photos failed, 2 wrong input)."""
    try:
        for stream in (sys.stdout, sys.stderr):  # a terminal may not know every letter of a file's name
            if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        options = _parser().parse_args(arguments)
        if options.command is None:
            raise SegkitError("choose a command: segment, teach, benchmark, phone, models or doctor; "
                              "see 'segkit --help'")
        work = {"segment": _segment, "teach": _teach, "benchmark": _benchmark, "phone": _phone,
                "models": _models, "doctor": _doctor}
        status = work[options.command](options)
        sys.stdout.flush()
        return status
    except SegkitError as error:
        message = str(error)
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        message = "stopped"
    except Exception as error:
        if os.environ.get("SEGKIT_DEBUG"):
            raise
        message = _unforeseen(error)
    print(f"segkit: {message}", file=sys.stderr)
    return 2


def _unforeseen(error):
    """What an exception that nobody turned into a SegkitError means, and what to do."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; close other programs, use smaller photos, or --workers 1"
    if isinstance(error, ImportError):
        return (f"a package does not import ({one_line(error)}); free some memory, or install anew: "
                "make clean setup")
    if isinstance(error, OSError):
        return (f"the system refused: {one_line(error)}; make room or give permission there, "
                "then run the command again")
    return (f"unexpected {type(error).__name__}: {one_line(error)}; "
            "this is a fault of segkit, set SEGKIT_DEBUG=1 to see where")


if __name__ == "__main__":
    sys.exit(main())
