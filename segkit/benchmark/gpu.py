"""What the log of LiteRT's GPU accelerator says: which device it took, or what it lacks."""

import re
import sys
from pathlib import Path

# A Vulkan driver that calculates on the CPU, as Debian's package chromium brings it.
SOFTWARE_DRIVERS = ("/usr/lib/chromium/vk_swiftshader_icd.json",
                    "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
                    "/usr/share/vulkan/icd.d/lvp_icd.json")


def adapter(log):
    """The device that the accelerator chose, as it names it, or None."""
    found = re.search(r"Selected adapter: (.+)", log)
    return found.group(1).strip() if found else None


def operators_taken(log):
    """How many operators the GPU calculates of a model that it does not take whole, or None.

    The accelerator writes it where LiteRT may give the rest to the CPU.
    """
    if re.search(r"No operations will run on the GPU", log):
        return 0
    found = re.search(r"(\d+) operations will run on the GPU", log)
    return int(found.group(1)) if found else None


def judge(applied, log):
    """Complete what was applied from the accelerator's log; a list of notes.

    Args:
        applied: a :class:`segkit.benchmark.Result`'s dictionary, which is changed.
        log: everything that the worker's native code has written.
    """
    applied["adapter"], taken = adapter(log), operators_taken(log)
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


def missing(log):
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
