"""The explorer of lesson 07: what each operator of a model makes of a photo."""

from segkit.languages import message, say
from segkit.widgets.base import Interactive, pick, slide

FIRST = {message("all operators"): lambda operator: True,
         message("atrous convolutions"): lambda operator: operator.is_atrous,
         message("residual sums (ADD)"): lambda operator: operator.name == "ADD"}


def operators(graph, values, photo, start=0):
    """Look between two operators: choose one, and see some channels of the map that it makes.

    Args:
        graph: a :class:`segkit.graph.Graph`; all that it computes is kept in memory.
        values: its input, with the batch axis.
        photo: (H, W, 3) uint8 RGB, shown beside the maps.
        start: index of the operator that is shown first.
    """
    from segkit.lessons.lesson_07 import figures  # here: Matplotlib takes a while to import

    traced = {operator.index: (operator, made) for operator, made in graph.trace(values)
              if made.ndim == 4}

    def choices(kind):
        # No name beside the slider: there is no room for it, and the words below say it.
        return [(str(index), index) for index, (operator, _) in traced.items()
                if FIRST[kind](operator)]

    kinds = [kind for kind in FIRST if choices(kind)]
    controls = {
        "kind": pick(say("Among"), kinds, say("Which operators the slider goes through")),
        "operator": slide(say("Operator"), choices(kinds[0]), say("In the order of execution"), start)}

    def draw(kind, operator):
        return figures.between(photo, *traced[operator])

    def narrow(change):
        chosen, now = choices(change["new"]), controls["operator"].value
        # The nearest one that is left, so that the view does not jump far.
        controls["operator"].options = chosen
        controls["operator"].value = min((index for _, index in chosen), key=lambda i: abs(i - now))

    view = Interactive(draw, controls)
    controls["kind"].observe(narrow, "value")
    return view
