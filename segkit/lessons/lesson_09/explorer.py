"""The explorer of lesson 09: one list of times, and the numbers that could be reported for it."""

from segkit.languages import say
from segkit.widgets.base import Interactive, pick, slide


def summary(taken, busy=0):
    """Choose what counts, and by which number it is reported.

    Args:
        taken: milliseconds of each run, in their order.
        busy: how many runs at the end were made while other programs kept the cores busy.
    """
    from segkit.lessons.lesson_09 import figures  # here: Matplotlib takes a while to import

    quiet = len(taken) - busy
    controls = {
        "statistic": pick(say("Number"), list(figures.STATISTICS), say("How the runs are summed up"),
                          "95th percentile"),
        "left_out": slide(say("Warm-up"), [n for n in (0, 1, 2, 3, 5, 10) if n < quiet],
                          say("How many runs at the start do not count")),
        "disturbed": slide(say("Disturbed"), sorted({0, busy // 4, busy // 2, busy}),
                           say("How many runs while other programs worked are counted"), busy)}

    def draw(statistic, left_out, disturbed):
        return figures.runs(taken[:quiet + disturbed], disturbed, left_out, [statistic], times=True)

    return Interactive(draw, controls)
