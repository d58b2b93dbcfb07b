"""What every widget is made of, the dashboard of the benchmark, and the canvas for scribbles.

A widget is one object. Where widgets can run it is alive; everywhere else
(GitHub, a notebook turned into a web page, a test) it is a picture with words.
The explorers of the lessons are in the folders of the lessons.
"""

from ipywidgets import HTML

from segkit.errors import SegkitError
from segkit.widgets import markup
from segkit.widgets.base import View

__all__ = ["View", "benchmark_dashboard", "or_sentence", "scribble"]


def benchmark_dashboard(models=None):
    """Measure models on this machine: choose settings, run, look at plots, download the result.

    Args:
        models: names in the catalogue or .tflite files to choose from; None: the models
            for photos that are on this machine.

    Returns:
        a :class:`segkit.widgets.dashboard.page.Dashboard`, or a :class:`View` with one
        sentence, that says why.
    """
    from segkit.widgets.dashboard.page import Dashboard

    return or_sentence(Dashboard, models)


def scribble(name, photos, model="deeplab-w8"):
    """Paint on photos which pixels are a class; the mask that is learned follows each stroke.

    Args:
        name: of the new class.
        photos: dictionary from a name to a photo, anything that :func:`segkit.photos.load` takes.
        model: see :func:`segkit.networks.teaching.teach`.

    Returns:
        a :class:`segkit.widgets.scribbles.Scribbles`, or a :class:`View` with one sentence, that
        says why not.
    """
    from segkit.widgets.scribbles import Scribbles

    return or_sentence(Scribbles, name, photos, model)


def or_sentence(kind, *arguments):
    """``kind(*arguments)``, or a :class:`View` of one sentence where a SegkitError says why not."""
    try:
        return kind(*arguments)
    except SegkitError as error:
        return View(HTML(markup.note(error)), str(error))
