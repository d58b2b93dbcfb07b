"""``make bench``: how much time the few-line way adds to the bare model run, what the benchmark itself
costs, and which fit is better.

One thread, LiteRT, the starter model. For each photo the two ways alternate
(A B A B) in one run, and the medians give the ratio, so that a slow moment of
the machine hits both. The bare run is ``invoke`` of the same interpreter.

The benchmark's own cost: the timed loop beside a plain loop, a sweep's time beyond its timed runs, and
its medians beside those of LiteRT's own tool. And how often a setting seems to differ from itself: of 100
intervals of 95 %, about five should say so. SEGKIT_AA says how many are tried (100 take five minutes).

A folder of 200 photos, with masks and overlays, on all cores: its time beside the bare runs of all photos
on one thread, divided by the cores. The loops of MediaPipe's and the Task Library's examples over the same
folder (tests/bench_loops.py), where these libraries are installed.

With SEGKIT_LABELLED set to a folder of photos (``NAME.jpg``) and their true masks
(``NAME.png``, 255 = ignore), the two ways to fit a photo are compared as well.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path
from time import perf_counter

import bench_loops
import numpy as np
from PIL import Image

from segkit import Segmenter, benchmark, open_session, photos
from segkit.benchmark.timing import median_ms, timed
from segkit.errors import SegkitError
from segkit.masks import metrics
from segkit.runtime.settings import allowed_cores

ROUNDS = 40
AA = int(os.environ.get("SEGKIT_AA", 20))
AA_BOUND = max(3, 0.07 * AA)  # of 100 at most 7; of 20 more than 3 in 2 cases of 100
MODEL = "deeplabv3"
SMALL = "head-v1"
# photo (width, height), with overlay?, the most that the ratio may be
CASES = [((257, 257), False, 1.10), ((1200, 600), False, 1.20),
         ((4000, 3000), False, 1.45), ((1200, 600), True, 1.35)]


def photo_of(width, height):
    """A real photo, scaled to the size that is asked for."""
    return np.array(Image.fromarray(photos.sample("astronaut")).resize((width, height)))


def median_ratio(first, second, rounds=ROUNDS):
    """(ratio of medians, median of first, median of second) in milliseconds, alternating."""
    times = ([], [])
    for _ in range(rounds + 5):
        for work, log in zip((first, second), times):
            start = perf_counter()
            work()
            log.append((perf_counter() - start) * 1e3)
    a, b = (statistics.median(log[5:]) for log in times)  # the first five warm up
    return a / b, a, b


def speed():
    """Print a row for each case; the number of cases over their bound."""
    print(f"{'photo':>11}  {'way':<22} {'segkit':>8} {'invoke':>8} {'ratio':>6}  bound")
    over = 0
    for (width, height), overlay, bound in CASES:
        segmenter = Segmenter(MODEL, runtime="litert", threads=1)
        photo = photo_of(width, height)

        def ours(segmenter=segmenter, photo=photo, overlay=overlay):
            result = segmenter.segment(photo)
            return result.overlay() if overlay else result

        ratio, a, b = median_ratio(ours, segmenter.session.interpreter.invoke)
        over += ratio > bound
        way = "segment + overlay" if overlay else "segment"
        print(f"{width:>5} x {height:<4} {way:<22} {a:6.2f}ms {b:6.2f}ms {ratio:6.3f}  {bound}")
    return over


PHOTOS, SIDE = 200, 350
SEGMENT = ["-m", "segkit", "segment"]
FOLDER_BOUND = 1.6


def album_in(place):
    """A folder of photos, made in the folder ``place``."""
    album = Path(place, "album")
    album.mkdir()
    pictures = [photo_of(SIDE, SIDE), np.array(Image.fromarray(photos.sample("cat")).resize((SIDE, 233)))]
    for number in range(PHOTOS):
        Image.fromarray(pictures[number % 2]).save(album / f"{number:03}.jpg", quality=90)
    return album


def seconds(arguments):
    """How long this Python takes for a program, from its start to its end."""
    start = perf_counter()
    done = subprocess.run([sys.executable, *map(str, arguments)], check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    spent = perf_counter() - start
    if done.returncode:
        raise SegkitError(f"{' '.join(map(str, arguments[:3]))} failed: {(done.stderr.splitlines() or ['no words'])[-1]}")
    return spent


def loops():
    """Print how long a folder takes with other libraries' loops: A B B A, new processes, medians."""
    for library, module in bench_loops.MODULES.items():
        if not util.find_spec(module):
            print(f"{module} is not installed, so its loop is not compared")
            continue
        with tempfile.TemporaryDirectory() as place:
            album = album_in(place)
            ways = {"segkit": [*SEGMENT, album, "--model", MODEL, "--mask", Path(place, "m-segkit"), "--overlay",
                               Path(place, "o-segkit"), "--overlay-format", "jpg", "--workers", allowed_cores()],
                    library: [bench_loops.__file__, library, album, Path(place, "m"), Path(place, "o")]}
            spent = {way: [] for way in ways}
            for way in ["segkit", library, library, "segkit"] * 2:
                spent[way].append(seconds(ways[way]))
            masks = ([np.asarray(Image.open(file)) for file in sorted(Path(place, name).iterdir())] for name in ("m-segkit", "m"))
            same = np.mean([np.mean(ours == theirs) for ours, theirs in zip(*masks)])
        ours, theirs = (statistics.median(times) * 1e3 / PHOTOS for times in spent.values())
        print(f"{MODEL} on the same folder, {library}'s loop: {theirs:.1f} ms a photo, segkit segment: {ours:.1f}, "
              f"{ours / theirs:.2f} times the time; {same:.1%} of the pixels have the same class")


def folders():
    """Print how long a folder takes for each format of the overlays; 1 if the quickest is over its bound."""
    segmenter, ratios = Segmenter(threads=1), []
    segmenter.segment(photo_of(SIDE, SIDE))
    cores = allowed_cores()
    with tempfile.TemporaryDirectory() as place:
        album = album_in(place)
        for ending in ("jpg", "webp", "png"):
            bare = median_ms(segmenter.session.interpreter.invoke, ROUNDS)
            spent = seconds([*SEGMENT, album, "--mask", Path(place, f"m-{ending}"), "--overlay", Path(place, f"o-{ending}"),
                             "--overlay-format", ending, "--workers", cores]) * 1e3
            ratios.append(spent / (PHOTOS * bare / cores))
            print(f"folder of {PHOTOS} photos of {SIDE} pixels, masks and overlays as {ending}: "
                  f"{spent / PHOTOS:.1f} ms a photo on {cores} cores, {ratios[-1]:.2f} times the bare runs (bound {FOLDER_BOUND})")
    return int(min(ratios) > FOLDER_BOUND)


PEAK = """
import resource
from bench import photo_of
from segkit import Segmenter
photo = photo_of(4000, 3000)
Segmenter("deeplabv3", runtime="litert", threads=1).segment(photo).overlay()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peak_memory():
    """Peak memory in MiB of a process that segments a 4000 x 3000 photo and overlays it."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}){PEAK}"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                check=True).stdout)


def timed_loop(batches=300, runs=1000):
    """What the benchmark's timed loop adds to one ``invoke`` of the smallest model, as a share.

    The loop is timed around a function that does nothing, and the shortest batch counts: so
    other programs' load does not, which would hide a number this small.
    """
    session = open_session(SMALL, runtime="litert", threads=1)
    shortest = min(timed(session.interpreter.invoke, batches, 1 << 62))
    empty = []
    for _ in range(batches):
        start = perf_counter()
        timed(lambda: None, runs, 1 << 62)
        empty.append((perf_counter() - start) * 1e9 / runs)
    return min(empty) / shortest


def against_itself(count):
    """How many of ``count`` comparisons of a setting with itself show a difference (A/A runs)."""
    setting = benchmark.Setting(SMALL)
    return sum(benchmark.compare(setting, setting, batches=4, runs=20).different
               for _ in range(count))


def sweep_overhead():
    """Seconds that a sweep takes for each setting beyond its timed runs, everything included."""
    settings = benchmark.combinations([SMALL, MODEL], threads=(1, 2), delegates=("xnnpack", "none"))
    start = perf_counter()
    report = benchmark.sweep(settings)
    taken = perf_counter() - start - sum(sum(row.runs_ms) for row in report.results) / 1e3
    return taken / len(settings)


def harness():
    """Print what the benchmark itself costs; the number of broken bounds."""
    over = 0
    for what, value, bound in (
            ("timed loop, % of an invoke of " + SMALL, 100 * timed_loop(), 1),
            ("sweep, s a setting beyond its timed runs", sweep_overhead(), 2),
            (f"{AA} A/A comparisons that show a difference", against_itself(AA), AA_BOUND),
            (f"{MODEL}, % from litert-benchmark",
             100 * abs(benchmark.crosscheck(MODEL, pairs=15, runs=30).ratio - 1), 3)):
        over += value > bound
        print(f"{what:<45} {value:6.2f}  {bound:.2f}")
    return over


def fits(folder):
    """Print the mean IoU of stretching and of letterboxing, and an interval for the difference."""
    matrices = {}
    for fit in ("stretch", "letterbox"):
        segmenter = Segmenter(MODEL, fit=fit)
        matrices[fit] = np.array([metrics.confusion_matrix(
            np.asarray(Image.open(file.with_suffix(".png"))), segmenter.segment(file).mask)
            for file in sorted(Path(folder).glob("*.jpg"))])
    if not len(matrices["stretch"]):
        raise SegkitError(f"SEGKIT_LABELLED: {folder} holds no .jpg photos")
    for fit, matrix in matrices.items():
        print(f"{fit:<10} mean IoU {metrics.mean_iou(matrix.sum(axis=0)):.3f}")
    draws = np.random.default_rng(0).integers(0, len(matrix), (1000, len(matrix)))
    gaps = [metrics.mean_iou(matrices["letterbox"][draw].sum(axis=0))
            - metrics.mean_iou(matrices["stretch"][draw].sum(axis=0)) for draw in draws]
    low, high = np.percentile(gaps, [2.5, 97.5])
    print(f"letterbox minus stretch on {len(matrix)} photos: 95 % interval {low:+.3f} to {high:+.3f}")


def main():
    """Run everything; 1 if a bound is broken."""
    try:
        over = speed() + folders() + harness()
        loops()
        if os.environ.get("SEGKIT_LABELLED"):
            fits(os.environ["SEGKIT_LABELLED"])
    except SegkitError as error:
        print(f"segkit: {error}", file=sys.stderr)
        return 2
    if sys.platform == "linux":
        peak = peak_memory()
        over += peak > 400
        print(f"peak memory, 4000 x 3000 photo with overlay: {peak:.0f} MiB (bound 400)")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
