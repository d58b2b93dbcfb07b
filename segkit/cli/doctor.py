"""What this machine has, and whether segkit works on it."""

import os
import platform

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.networks.segmenter import Segmenter
from segkit.runtime import settings
from segkit.runtime.opening import open_session

SAMPLE, EXPECTED, AT_LEAST = "astronaut", "person", 0.25


def report():
    """Look at the machine; nothing is downloaded.

    Returns:
        dictionary of plain values, for JSON: "python", "platform",
        "instructions" (see :func:`segkit.runtime.instructions`; None: not known), "cores"
        (all, allowed, free), "runtimes" (name to version), "delegates"
        (runtime to delegate to verdict), "models" (name to path or None),
        "cache" and "self_test" ("ok" and "verdict").
    """
    here = {name: models.find(name)[0] for name in models.catalogue()}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "instructions": settings.instructions(),
        "cores": {"all": os.cpu_count(), "allowed": settings.allowed_cores(),
                  "free": settings.free_cores()},
        "runtimes": settings.runtimes(),
        "delegates": {name: _delegates(name, here) for name in settings.runtimes()},
        "models": {name: str(file) if file else None for name, file in here.items()},
        "cache": str(models.cache_folder()),
        "self_test": self_test(),
    }


def _delegates(runtime, here):
    """For each delegate: how many operators of the default model it took, or why none."""
    if here[models.default()] is None:
        return dict.fromkeys(settings.DELEGATES, say("not tried: the default model is not here"))
    verdicts = {}
    for delegate in settings.DELEGATES:
        try:
            applied = open_session(models.default(), runtime, 1, delegate).applied
        except SegkitError as error:
            verdicts[delegate] = say("does not load: {error}", error=error)
            continue
        verdicts[delegate] = say("loads") if delegate != "xnnpack" else say(
            "loads; takes {taken} of {operators} operators", taken=applied.operators_taken,
            operators=applied.operators)
    return verdicts


def self_test():
    """Segment one sample photo: {"ok": bool, "verdict": one sentence}."""
    name = models.default()
    try:
        models.path(name, download=False)
        result = Segmenter(name).segment(photos.sample(SAMPLE))
    except SegkitError as error:
        return {"ok": False, "verdict": str(error)}
    share = {c.name: c.share for c in result.classes}.get(EXPECTED, 0)
    ok = share >= AT_LEAST
    judged = say("this is right") if ok else say("expected at least {share:.0%}", share=AT_LEAST)
    verdict = say("{name} labels {share:.0%} of the photo {photo!r} as {expected}; {judged}", name=name,
                  share=share, photo=SAMPLE, expected=EXPECTED, judged=judged)
    return {"ok": ok, "verdict": verdict}


def lines(found):
    """A :func:`report` as lines of text for people."""
    cores = found["cores"]
    names = found["instructions"]
    told = say("not known") if names is None else ", ".join(names) or say("none that help with 8 bits")
    rows = [("Python", say("{python} on {platform}", python=found["python"], platform=found["platform"])),
            (say("instructions"), told),
            (say("cores"), say("{allowed} allowed of {all}, {free} free now", allowed=cores["allowed"],
                          all=cores["all"], free=cores["free"]))]
    for runtime, version in found["runtimes"].items():
        rows.append((runtime, version))
        rows += [(f"  {delegate}", verdict)
                 for delegate, verdict in found["delegates"][runtime].items()]
    if not found["runtimes"]:
        rows.append((say("runtimes"), say("none: pip install ai-edge-litert")))
    rows += [(say("models"), "")]
    rows += [(f"  {name}", path or say("not here")) for name, path in found["models"].items()]
    rows += [(say("cache"), found["cache"]),
             (say("self-test"), (say("works: {verdict}", verdict=found["self_test"]["verdict"])
                                 if found["self_test"]["ok"]
                                 else say("FAILED: {verdict}", verdict=found["self_test"]["verdict"])))]
    width = max(len(name) for name, _ in rows) + 2
    return [f"{name:<{width}}{text}".rstrip() for name, text in rows]
