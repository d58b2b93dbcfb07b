"""OpenVINO behind LiteRT's compiled model, on processors of Intel: an optional extra.

LiteRT brings a plugin that was built for one version of OpenVINO; that version must be installed
beside it. On some processors OpenVINO calculates in bfloat16: look at the agreement.
Seen with ai-edge-litert 2.3 and openvino 2026.3.1 on Linux.
"""

import importlib.util
import os
import re
from pathlib import Path

DELEGATE = "openvino"


def environment(setting):
    """Variables with which a worker finds OpenVINO's libraries; {} for other settings."""
    folder = _libraries()
    if setting.delegate != DELEGATE or folder is None:
        return {}
    name = "PATH" if os.name == "nt" else "LD_LIBRARY_PATH"
    return {name: os.pathsep.join(filter(None, [str(folder), os.environ.get(name)]))}


def _libraries():
    """The folder with OpenVINO's libraries, or None."""
    found = importlib.util.find_spec("openvino")
    return Path(next(iter(found.submodule_search_locations))) / "libs" if found else None


def missing():
    """What this machine lacks, one sentence, or None."""
    litert = importlib.util.find_spec("ai_edge_litert")
    folder = Path(litert.origin).parent / "vendors" / "intel_openvino" / "compiler"
    plugin = next(folder.glob("*CompilerPlugin*"), None) if folder.is_dir() else None
    if plugin is None:
        return "this LiteRT brings no plugin for OpenVINO on this system"
    wanted = re.search(rb"libopenvino\.so\.(\d{2})(\d)(\d)\b", plugin.read_bytes())
    if wanted is None:  # on Windows the plugin does not name a version
        return None if _libraries() else "OpenVINO is missing: pip install openvino"
    year, release, patch = (part.decode() for part in wanted.groups())
    if _libraries() is None or not (_libraries() / wanted.group().decode()).is_file():
        return (f"the version of OpenVINO that this LiteRT works with is missing: pip install "
                f"openvino==20{year}.{release}.{patch}")
    return None


def judge(applied, log):
    """Complete what was applied from LiteRT's log; a list of notes.

    LiteRT gives to the CPU's kernels what OpenVINO does not take, and says nothing.
    """
    parts = re.findall(r"selected (\d+) ops, from a total of (\d+) ops", log)
    taken = sum(int(part) for part, _ in parts)
    applied.update(operators_taken=taken, fell_back=taken == 0)
    if taken == 0:
        applied["delegate"] = "xnnpack"
        return ["OpenVINO did not do the work: all operators ran on LiteRT's own kernels"]
    notes = ["OpenVINO chooses the number of threads itself"]
    if taken < applied["operators"]:
        notes.append(f"OpenVINO took {taken} of {applied['operators']} operators, LiteRT's own "
                     "kernels the rest")
    return notes
