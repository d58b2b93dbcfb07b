"""What accelerators need, what they lack here, and what their logs say they did.

Graphics cards, and OpenVINO for Intel's processors, both behind LiteRT's compiled model. LiteRT
brings a plugin that was built for one version of OpenVINO (seen: ai-edge-litert 2.3 and openvino
2026.3.1 on Linux); that version must be installed beside it. On some processors OpenVINO
calculates in bfloat16: look at the agreement.
"""

import importlib.util
import os
import re
import sys
from pathlib import Path

OPENVINO = "openvino"
# A Vulkan driver that calculates on the CPU, as Debian's package chromium brings it.
SOFTWARE_DRIVERS = ("/usr/lib/chromium/vk_swiftshader_icd.json",
                    "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
                    "/usr/share/vulkan/icd.d/lvp_icd.json")


def _adapter(log):
    """The device that the accelerator chose, as it names it, or None."""
    found = re.search(r"Selected adapter: (.+)", log)
    return found.group(1).strip() if found else None


def _on_gpu(log):
    """How many operators the GPU calculates of a model that it does not take whole, or None.

    The accelerator writes it where LiteRT may give the rest to the CPU.
    """
    if re.search(r"No operations will run on the GPU", log):
        return 0
    found = re.search(r"(\d+) operations will run on the GPU", log)
    return int(found.group(1)) if found else None


def judge_gpu(applied, log):
    """Complete what was applied from the accelerator's log; a list of notes.

    Args:
        applied: a :class:`segkit.benchmark.Result`'s dictionary, which is changed.
        log: everything that the worker's native code has written.
    """
    applied["adapter"], taken = _adapter(log), _on_gpu(log)
    if taken is not None:
        applied.update(operators_taken=taken, fell_back=taken == 0)
    if applied.get("fell_back"):
        applied["delegate"] = "xnnpack"
        return ["the GPU did not do the work: all operators ran on the CPU"]
    notes = []
    if applied["operators_taken"] is not None and applied["operators_taken"] < applied["operators"]:
        notes.append(f"the GPU took {applied['operators_taken']} of {applied['operators']} "
                     "operators, the CPU the rest")
    if re.search(r"CPU|[Ss]oftware", applied["adapter"] or ""):
        notes.append("no graphics card: software on the CPU stands for it")
    return notes


def software_driver():
    """Variables of the environment that make a software Vulkan driver the one in use.

    Slow, but it lets a machine without a graphics card try the GPU's way.

    Returns:
        a dictionary for ``sweep(environment=...)``, or None where no such driver lies here.
    """
    file = next((name for name in SOFTWARE_DRIVERS if Path(name).is_file()), None)
    return {"VK_DRIVER_FILES": file, "VK_ICD_FILENAMES": file} if file else None


def gpu_lacks(log):
    """("unavailable", one sentence: what is missing and what to install), or None."""
    if "Failed to initialize WebGPU" not in log and "No adapters found" not in log:
        return None
    if sys.platform != "linux":
        return "unavailable", ("LiteRT found no graphics card that it can use: install the newest "
                               "driver of your card")
    if re.search(r"libvulkan\S*: cannot open|[Cc]ouldn.t load [Vv]ulkan", log):
        return "unavailable", ("the Vulkan loader is missing: install libvulkan1 (Debian, Ubuntu) "
                               "or vulkan-loader (Fedora), and the Vulkan driver of your card")
    software = software_driver()
    hint = (f"; or, to try the GPU's way without a card, slowly: set "
            f"VK_DRIVER_FILES={software['VK_DRIVER_FILES']}" if software else "")
    return "unavailable", ("no graphics card with a Vulkan driver was found: install the driver of "
                           "your card (Debian, Ubuntu: mesa-vulkan-drivers for AMD and Intel, "
                           f"nvidia-driver for NVIDIA){hint}")


def environment(setting):
    """Variables with which a worker finds OpenVINO's libraries; {} for other settings."""
    folder = _libraries()
    if setting.delegate != OPENVINO or folder is None:
        return {}
    name = "PATH" if os.name == "nt" else "LD_LIBRARY_PATH"
    return {name: os.pathsep.join(filter(None, [str(folder), os.environ.get(name)]))}


def _libraries():
    """The folder with OpenVINO's libraries, or None."""
    found = importlib.util.find_spec("openvino")
    return Path(next(iter(found.submodule_search_locations))) / "libs" if found else None


def openvino_lacks():
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


def judge_openvino(applied, log):
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
