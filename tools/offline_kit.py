"""One archive with all that a room without a network needs: `make offline-kit`.

    python tools/offline_kit.py linux-x86_64 macos-arm64 --python 3.11 3.12

It holds the project's files, the wheels of requirements.lock for each system and Python, the published models that are
on this machine, and START.txt, which says how to install from it. Wheels that are in build/offline-kit/wheels stay
there: after an interrupt the same command goes on.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from segkit import models
from segkit.errors import SegkitError, one_line, whole_file

ROOT = Path(__file__).resolve().parents[1]
AT_A_TIME = 10  # packages in one call of pip, which keeps nothing of a call that was interrupted
# What the markers of requirements.lock ask about, the names of platforms in wheels, and megabytes of wheels for one
# Python (measured with Python 3.11, November 2026; said beforehand, so that nobody is surprised).
GLIBC = ["manylinux1", "manylinux2010", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(5, 35))]
SYSTEMS = {
    "linux-x86_64": (("linux", "Linux", "posix", "x86_64"), [f"{name}_x86_64" for name in GLIBC], 310),
    "linux-aarch64": (("linux", "Linux", "posix", "aarch64"), [f"{name}_aarch64" for name in GLIBC[2:]], 275),
    "macos-arm64": (("darwin", "Darwin", "posix", "arm64"), ["macosx_15_0_arm64"], 240),
    "windows-x86_64": (("win32", "Windows", "nt", "AMD64"), ["win_amd64"], 270),
}
# How the platform of a wheel begins and ends that such a system can use.
ENDS = {"linux-x86_64": ("manylinux", "_x86_64"), "linux-aarch64": ("manylinux", "_aarch64"),
        "macos-arm64": ("macosx", ("_arm64", "_universal2")), "windows-x86_64": ("win", "_amd64")}
START = """Install from this folder; no network is needed. Python {pythons} with venv has to be there.

    make lab PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels

Without make, and on Windows, where .venv/bin/python is called .venv\\Scripts\\python:

    python -m venv .venv
    .venv/bin/python -m pip install --no-index --find-links wheels --no-deps -r requirements.lock
    .venv/bin/python -m pip install --no-index --no-deps --no-build-isolation -e .
    .venv/bin/python -m jupyterlab notebooks/00-start-here.ipynb

{models}This kit is for {systems}.
"""
PUBLISHED = """For the published models, name their folder before the start: export SEGKIT_MODELS=models
(Windows: set SEGKIT_MODELS=models).

"""


def needed(lock, system, python):
    """The entries of a lock, with their hashes and without markers, that a system and a Python take: list of str.

    Where the lock tells 3.11.0 from 3.11.9, both have to be served: two entries of one package.
    """
    (sys_platform, platform_system, os_name, machine), _, _ = SYSTEMS[system]
    environment = {"sys_platform": sys_platform, "platform_system": platform_system, "os_name": os_name,
                   "platform_machine": machine, "python_version": python,
                   "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
    found = []
    for block in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]:
        line, *hashes = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$", "", block, flags=re.MULTILINE)).split(" --hash")
        requirement = Requirement(line.strip())
        if requirement.marker is None or any(requirement.marker.evaluate({**environment, "python_full_version": full})
                                             for full in (f"{python}.0", f"{python}.99")):
            requirement.marker = None
            found.append(" --hash".join([str(requirement), *(part.rstrip() for part in hashes)]))
    return found


def download(lock, system, python, wheels):
    """Bring the wheels of one system and Python into a folder. SegkitError: pip could not; its last line."""
    # "3.11" alone would be 3.11.0 for pip, and some wheels want a later one.
    entries = needed(lock, system, python)
    options = [part for name in SYSTEMS[system][1] for part in ("--platform", name)]
    for start, some in groups(entries):
        with tempfile.TemporaryDirectory(prefix="segkit-") as folder:
            listed = Path(folder, "requirements.txt")
            listed.write_text("\n".join(some) + "\n", encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--python-version",
                 f"{python}.99", "--implementation", "cp", *options, "-d", str(wheels), "-r", str(listed)],
                capture_output=True, text=True)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no reason"]
            raise SegkitError(f"the wheels for {system}, Python {python}, could not be downloaded: {one_line(said[-1])}; "
                              "what is here stays: run the same command again with the network on")
        print(f"segkit: {system}, Python {python}: {start + len(some)} of {len(entries)} packages, {megabytes(wheels)} MB",
              flush=True)


def groups(entries):
    """[(number of the first one, entries)]: few at a time, and never two of one package, which pip refuses."""
    found = []
    for number, entry in enumerate(entries):
        name = entry.partition("==")[0]
        if not found or len(found[-1][1]) == AT_A_TIME or any(other.startswith(f"{name}==") for other in found[-1][1]):
            found.append((number, []))
        found[-1][1].append(entry)
    return found


def fitting(wheels, lock, systems, pythons):
    """The wheels in a folder that belong into this kit: others may lie there from an older lock or for other systems."""
    pinned = {entry.split()[0] for system in systems for python in pythons for entry in needed(lock, system, python)}
    own = {f"cp{python.replace('.', '')}" for python in pythons}

    def fits(file):
        name, version, _, tags = parse_wheel_filename(file.name)
        return f"{name}=={version}" in pinned and any(
            (tag.platform == "any" or any(tag.platform.startswith(start) and tag.platform.endswith(end)
                                          for start, end in map(ENDS.get, systems)))
            and (tag.abi == "abi3" or tag.interpreter.startswith("py") or tag.interpreter in own) for tag in tags)

    return [file for file in sorted(wheels.glob("*.whl")) if fits(file)]


def megabytes(folder):
    """The size of the files in a folder."""
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6)


def project_files():
    """The project's files as paths below its root: those that git knows, or all but what make made; and the phone page."""
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        found = {Path(name) for name in listing.split("\0") if name}
    except (OSError, subprocess.CalledProcessError):
        found = {file.relative_to(ROOT) for file in ROOT.rglob("*")}
    found |= {file.relative_to(ROOT) for file in (ROOT / "phone").rglob("*")}
    made = {"build", "dist", "wheels", "node_modules", "__pycache__", ".git"}
    return sorted(path for path in found if (ROOT / path).is_file()
                  and not any(part in made or part.startswith(".venv") for part in path.parts))


def published():
    """The files of published models that are on this machine."""
    return [found for model in models.catalogue().values() if model.urls for found in [models.find(model.name)[0]] if found]


def pack(archive, wheels, files, others, start):
    """Write the archive, whole or not at all."""
    top = archive.name.removesuffix(".tar.gz")
    with whole_file(archive) as draft, tarfile.open(draft, "w:gz", compresslevel=1) as tar:  # wheels are packed already
        for path in files:
            tar.add(ROOT / path, f"{top}/{path.as_posix()}")
        for file in wheels:
            tar.add(file, f"{top}/wheels/{file.name}")
        for file in others:
            tar.add(file, f"{top}/models/{file.name}")
        with tempfile.TemporaryDirectory(prefix="segkit-") as folder:
            Path(folder, "START.txt").write_text(start, encoding="utf-8")
            tar.add(Path(folder, "START.txt"), f"{top}/START.txt")


def make(systems, pythons, lock, folder):
    """Make the kit. Returns its path. SegkitError: unknown system, no room, a wheel that cannot be had."""
    unknown = [system for system in systems if system not in SYSTEMS]
    if unknown or not systems:
        raise SegkitError(f"no kit for {', '.join(unknown) or 'no system'}; choose of {', '.join(SYSTEMS)}")
    if wrong := [python for python in pythons if not re.fullmatch(r"3\.1[0-4]", python)]:
        raise SegkitError(f"no kit for Python {', '.join(wrong)}; choose of 3.10 to 3.14")
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    files, others = project_files(), published()
    own = sum((ROOT / path).stat().st_size for path in files) + sum(file.stat().st_size for file in others)
    size = round(sum(SYSTEMS[system][2] for system in systems) * len(pythons) + own / 1e6)
    here, free = megabytes(wheels), round(shutil.disk_usage(folder).free / 1e6)
    print(f"segkit: a kit for {', '.join(systems)}, Python {', '.join(pythons)}: about {size} MB, of which {here} MB are here; "
          f"{free} MB are free in {folder}", flush=True)
    if free < 2 * size - here:  # the wheels, and the archive with all of them
        raise SegkitError(f"{folder} needs about {2 * size - here} MB and has {free} MB; make room, or ask for fewer systems")
    for system in systems:
        for python in pythons:
            download(lock, system, python, wheels)
    archive = folder / f"segkit-kit-{'-'.join(systems)}.tar.gz"
    start = START.format(pythons=" or ".join(pythons), models=PUBLISHED if others else "", systems=", ".join(systems))
    pack(archive, fitting(wheels, lock, systems, pythons), files, others, start)
    print(f"segkit: {archive}: {round(archive.stat().st_size / 1e6)} MB; unpack it and follow START.txt")
    return archive


def main(arguments=None):
    """The command line: 0, or 2 with one line that says what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", default=["linux-x86_64"], help=f"of {', '.join(SYSTEMS)}")
    parser.add_argument("--python", nargs="+", default=[".".join(platform.python_version_tuple()[:2])], metavar="3.11")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock", help="another list of packages")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "offline-kit", help="where the kit goes")
    options = parser.parse_args(arguments)
    try:
        make(options.systems, options.python, options.lock.read_text(encoding="utf-8"), options.folder)
    except (SegkitError, OSError) as error:
        print(f"segkit: {one_line(error, 1000)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("segkit: stopped; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    os.environ.pop("PIP_REQUIRE_HASHES", None)
    sys.exit(main())
