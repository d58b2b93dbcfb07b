"""Widgets for the lessons: an explorer, a button for the reader's own photo, and a dashboard.

Each returns one object. Where widgets can run it is alive; everywhere else
(GitHub, a notebook turned into a web page, a test) it is a picture with words.
The explorers of single lessons are in modules of their own beside this file.
"""

from ipywidgets import HTML

from segkit import markup
from segkit.errors import SegkitError
from segkit.widgets.base import View
from segkit.widgets.masks import Explorer, YourPhoto, present_models

__all__ = ["explorer", "your_photo", "benchmark_dashboard", "present_models", "View"]


def explorer(photo="astronaut", model=None):
    """Look at masks: pick a photo, a model, how the photo is fitted, the opacity, a class.

    Args:
        photo: a sample's name (see :func:`segkit.photos.names`), or anything that
            :func:`segkit.photos.load` takes.
        model: a name in the catalogue or a .tflite file; None: the default model
            if it is here, else another segmentation model that is.

    Returns:
        an :class:`Explorer`. Where no model can be had, or the photo cannot be
        read, a :class:`View` with one sentence that says why and what to do.
    """
    return _or_sentence(Explorer, photo, model)


def your_photo(model=None):
    """A button to upload a photo, and the mask of that photo.

    Until a photo is there, the result for a sample photo stands in its place.

    Args:
        model: as in :func:`explorer`.

    Returns:
        a :class:`YourPhoto`, or a :class:`View` with one sentence, as in :func:`explorer`.
    """
    return _or_sentence(YourPhoto, model)


def benchmark_dashboard(models=None):
    """Measure models on this machine: choose settings, run, look at plots, download the result.

    Args:
        models: names in the catalogue or .tflite files to choose from; None: the models
            for photos that are on this machine.

    Returns:
        a :class:`segkit.widgets.dashboard.page.Dashboard`, or a :class:`View` with one
        sentence, as in :func:`explorer`.
    """
    from segkit.widgets.dashboard.page import Dashboard

    return _or_sentence(Dashboard, models)


def _or_sentence(kind, *arguments):
    try:
        return kind(*arguments)
    except SegkitError as error:
        return View(HTML(markup.note(error)), str(error))
