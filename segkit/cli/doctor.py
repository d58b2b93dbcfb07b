"""What this machine has, and whether segkit works on it."""

import os
import platform

from segkit import models, photos
from segkit.errors import SegkitError
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
        return dict.fromkeys(settings.DELEGATES, "not tried: the default model is not here")
    verdicts = {}
    for delegate in settings.DELEGATES:
        try:
            applied = open_session(models.default(), runtime, 1, delegate).applied
        except SegkitError as error:
            verdicts[delegate] = f"does not load: {error}"
            continue
        verdicts[delegate] = (f"loads; takes {applied.operators_taken} of {applied.operators} "
                              "operators" if delegate == "xnnpack" else "loads")
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
    verdict = (f"{name} labels {share:.0%} of the photo {SAMPLE!r} as {EXPECTED}; "
               f"{'this is right' if ok else f'expected at least {AT_LEAST:.0%}'}")
    return {"ok": ok, "verdict": verdict}


def lines(found):
    """A :func:`report` as lines of text for people."""
    cores = found["cores"]
    names = found["instructions"]
    told = "not known" if names is None else ", ".join(names) or "none that help with 8 bits"
    rows = [("Python", f"{found['python']} on {found['platform']}"),
            ("instructions", told),
            ("cores", f"{cores['allowed']} allowed of {cores['all']}, {cores['free']} free now")]
    for runtime, version in found["runtimes"].items():
        rows.append((runtime, version))
        rows += [(f"  {delegate}", verdict)
                 for delegate, verdict in found["delegates"][runtime].items()]
    if not found["runtimes"]:
        rows.append(("runtimes", "none: pip install ai-edge-litert"))
    rows += [("models", "")]
    rows += [(f"  {name}", path or "not here") for name, path in found["models"].items()]
    rows += [("cache", found["cache"]),
             ("self-test", ("works: " if found["self_test"]["ok"] else "FAILED: ")
              + found["self_test"]["verdict"])]
    width = max(len(name) for name, _ in rows) + 2
    return [f"{name:<{width}}{text}".rstrip() for name, text in rows]
