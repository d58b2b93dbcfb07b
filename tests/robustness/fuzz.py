"""Coverage-guided fuzzing of the two readers of foreign files: `make fuzz`, or this file with the seconds for all of it.

atheris (https://github.com/google/atheris, libFuzzer for Python) changes the seeds so that new lines of the readers'
code run. Whatever comes must become a photo or a graph, or one line in a SegkitError. An input for which that does not
hold is kept in build/fuzz; `python tests/robustness/fuzz.py FILE` tries it again, without atheris.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve()
FOUND = HERE.parents[2] / "build" / "fuzz"
MOST_PIXELS = 1_000_000  # more of them take time and find nothing new
LIMITS = {"photo": ["-max_len=100000", "-timeout=20"], "model": ["-max_len=8000", "-timeout=20"]}


def readers():
    """{name: (function of bytes, seeds as a list of bytes)}; imported late, so that atheris sees the imports."""
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]
    from benchmark.conftest import tiny_content
    from PIL import Image
    from robustness.test_damaged_graphs import outcome
    from robustness.test_damaged_photos import pictures

    from segkit import photos
    from segkit.errors import SegkitError

    Image.init()  # Pillow imports most of its readers when it first meets a file
    file = Path(tempfile.mkdtemp(prefix="segkit-fuzz-"), "copy.tflite")

    def photo(content):
        try:
            found = photos.load(content, max_pixels=MOST_PIXELS)
        except SegkitError as error:
            assert str(error) and len(str(error).splitlines()) == 1
        else:
            assert found.dtype == "uint8" and found.ndim == 3 and found.shape[2] == 3, found.shape

    def model(content):
        file.write_bytes(content)
        try:
            outcome(file)
        finally:
            file.unlink()

    return {"photo": (photo, [content for _, content in pictures()]), "model": (model, [tiny_content()])}


def fuzz(name, seconds):
    """Fuzz one reader; ends the process, with 0 where nothing was found."""
    import atheris

    with atheris.instrument_imports(include=["segkit.photos", "segkit.graph", "PIL", "flatbuffers"]):
        read, seeds = readers()[name]
    with tempfile.TemporaryDirectory(prefix="segkit-fuzz-") as folder:
        for number, seed in enumerate(seeds):
            Path(folder, str(number)).write_bytes(seed)
        atheris.Setup([name, *LIMITS[name], f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-print_final_stats=1",
                       f"-artifact_prefix={FOUND}/{name}-", folder], read)
        atheris.Fuzz()


def main(arguments):
    """Fuzz each reader for half of the seconds, or try files again; the exit status."""
    if arguments and not arguments[0].isdigit():
        if arguments[0] in LIMITS:
            return fuzz(arguments[0], int(arguments[1]))
        for file in map(Path, arguments):
            readers()[file.name.partition("-")[0]][0](file.read_bytes())
            print(f"{file}: read, or refused with one line")
        return 0
    seconds = max(1, int(arguments[0] if arguments else 600) // len(LIMITS))
    FOUND.mkdir(parents=True, exist_ok=True)
    status = 0
    for name in LIMITS:
        done = subprocess.run([sys.executable, str(HERE), name, str(seconds)], capture_output=True, text=True, errors="replace",
                              env={**os.environ, "PYTHONWARNINGS": "ignore"})
        facts = dict(line.split("::")[1].split(":") for line in done.stderr.splitlines() if line.startswith("stat::"))
        runs = facts.get("number_of_executed_units", "?").strip()
        print(f"fuzz: {name}: {runs} inputs in {seconds} s, {'nothing found' if not done.returncode else 'a fault'}")
        if done.returncode:
            print(done.stderr[-3000:], file=sys.stderr)
            print(f"fuzz: the input lies in {FOUND}; try it again: python tests/robustness/fuzz.py FILE", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
