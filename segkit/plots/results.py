"""Results of the benchmark in words and in order, for figures and their alt texts."""


def timed(results):
    """The results that have a time to show."""
    return [result for result in results if result.ok and result.typical]


def times_of(result):
    """(5th percentile, middle, 95th percentile) of a result with times, in milliseconds.

    Some tools print a mean in place of the runs: then it stands for all that they leave out.
    """
    middle, _ = result.typical
    low, high = result.p05_ms, result.p95_ms
    return middle if low is None else low, middle, middle if high is None else high


def names(results):
    """A short name for each result: the words of its setting in which the results differ.

    Args:
        results: list of :class:`segkit.benchmark.Result`.

    Returns:
        list of str; the whole label where there is one result only.
    """
    words = [result.asked.label.split(", ") for result in results]
    common = set.intersection(*map(set, words)) if len(words) > 1 else set()
    return [", ".join(w for w in own if w not in common) or ", ".join(own) for own in words]


def shared_words(results):
    """The words that all settings have in common.

    Args:
        results: list of :class:`segkit.benchmark.Result`.

    Returns:
        "deeplab, litert", or "" for none.
    """
    words = [result.asked.label.split(", ") for result in results]
    return ", ".join(w for w in words[0] if all(w in own for own in words))


def by_threads(results):
    """The results that differ in nothing but their threads, together.

    Args:
        results: list of :class:`segkit.benchmark.Result`; those without times are left out.

    Returns:
        dictionary from the other words of the setting, as far as they differ, to a list of
        results in the order of their threads.
    """
    found = {}
    for result in timed(results):
        words = [w for w in result.asked.label.split(", ") if "thread" not in w]
        found.setdefault(tuple(words), []).append(result)
    common = set.intersection(*map(set, found)) if len(found) > 1 else set()
    return {", ".join(w for w in words if w not in common): sorted(
        points, key=lambda r: r.asked.threads) for words, points in found.items()}


def front(points):
    """The Pareto front: the points that no other one beats.

    One beats another if it is at least as good in both, and better in one.

    Args:
        points: dictionary from name to (cost, quality): less cost and more quality are better.

    Returns:
        list of names, the cheapest first. Source: V. Pareto's optimum; the word in this sense is
        that of multi-objective optimisation.
    """
    def beaten(cost, quality):
        return any(c <= cost and q >= quality and (c < cost or q > quality)
                   for c, q in points.values())

    return [name for name, point in sorted(points.items(), key=lambda item: item[1])
            if not beaten(*point)]
