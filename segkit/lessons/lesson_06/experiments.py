"""What only lesson 06 does: several things timed in turns."""

from statistics import median
from time import perf_counter


def in_turns(works, rounds=9, warm=3):
    """How long each of several functions takes, on a machine whose speed may change meanwhile.

    They take turns, and every second turn runs backwards: so what slows the machine down for a
    while slows all of them down, and none is always the first one after another.

    Args:
        works: dictionary from name to a function without arguments.
        rounds: how often each is timed.
        warm: turns before that, which are not counted: a first run allocates and fills caches.

    Returns:
        dictionary from name to milliseconds, the median of the rounds.
    """
    times = {name: [] for name in works}
    for turn in range(-warm, rounds):
        for name in list(works)[::1 if turn % 2 else -1]:
            start = perf_counter()
            works[name]()
            spent = (perf_counter() - start) * 1e3
            if turn >= 0:
                times[name].append(spent)
    return {name: median(spent) for name, spent in times.items()}
