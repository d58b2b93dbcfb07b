"""What the widgets are made of: a view with a picture to fall back on, a panel, an upload button.

Source: https://ipywidgets.readthedocs.io/en/stable/
"""

import io

import ipywidgets
from ipywidgets import HTML, Dropdown, FileUpload, Layout, SelectionSlider
from PIL import Image

from segkit import photos
from segkit.errors import SegkitError
from segkit.languages import language, message, say
from segkit.widgets import markup
from segkit.widgets.markup import ALL

STILL = 400  # longest side of a photo that is stored in a notebook, in pixels
WIDEST = 760  # the same for a figure, which has words in it
# data/jupyter/jupyter_server_config.json lets Jupyter's server take messages of this size.
# It drops larger ones without a word.
UPLOAD_HINT = message("JPEG, PNG, WebP or GIF, up to 200 MB")
# English labels fit one width, so that sliders stand in line; in other languages each is as wide as its words.
_WIDE, _STYLE = Layout(width="auto"), {"description_width": "90px" if language() == "en" else "initial"}


class View:
    """A live widget, with a picture and words for where widgets cannot run.

    Attributes:
        widget: the ipywidgets box.
        alt: the words of the first state.
        still: the picture of the first state, a PIL image, or None.
        still_size: longest side of that picture as a notebook stores it, in pixels.
    """

    def __init__(self, widget, alt, still=None, still_size=STILL):
        self.widget, self.alt, self.still, self.still_size = widget, alt, still, still_size
        widget.add_class("segkit")

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {**self.widget._repr_mimebundle_(), "text/plain": self.alt}
        if self.still is None:
            return data
        # Small, and photos with a palette of 256 colours: a stored notebook should stay light.
        still = self.still.copy()
        still.thumbnail((self.still_size, self.still_size))
        if self.still_size == STILL:
            still = still.convert("RGB").quantize(256)
        data["image/png"] = markup.encoded(still, format="PNG", optimize=True)
        return data, {"image/png": {"alt": self.alt}}


class Panel:
    """Picture and words on the left, legend and times on the right (below, in a narrow window).

    Attributes:
        message, picture, words, legend, facts: ipywidgets.HTML.
        box: all of them.
    """

    def __init__(self):
        self.message, self.picture, self.words, self.legend, self.facts = (
            HTML(layout=Layout(margin="0 0 6px 0")) for _ in range(5))
        left = ipywidgets.VBox([self.picture, self.words],
                               layout=Layout(flex="1 1 320px", max_width=f"{markup.LARGEST}px"))
        right = ipywidgets.VBox([self.legend, self.facts], layout=Layout(flex="0 1 auto"))
        row = Layout(display="flex", flex_flow="row wrap", grid_gap="8px 24px")
        self.box = ipywidgets.VBox([self.message, ipywidgets.Box([left, right], layout=row)])

    def show(self, result, picture, alt, only=ALL):
        """Show the picture of a result, with its words, legend and times."""
        self.message.value = ""
        self.picture.value, self.words.value = markup.picture(picture, alt), markup.text(alt)
        self.legend.value, self.facts.value = markup.legend(result, only), markup.facts(result)

    def fail(self, error, keep=False):
        """Show an error's sentence; what was there goes, unless ``keep``."""
        self.message.value = markup.note(error)
        for part in () if keep else (self.picture, self.words, self.legend, self.facts):
            part.value = ""


def upload_button():
    return FileUpload(accept="image/*", description=say("Upload your photo"),
                      tooltip=say("Pick a picture file of yours: {hint}", hint=say(UPLOAD_HINT)),
                      layout=Layout(width="auto", min_width="170px"))


def uploaded(button):
    """(file name, (H, W, 3) photo) of an upload button that holds a file.

    Raises:
        SegkitError: the file is no picture that can be read; the message names it.
    """
    file = button.value[0]
    try:
        return file["name"], photos.load(file["content"])
    except SegkitError as error:
        raise SegkitError(f"{file['name']}: {error}") from error


def _named(options):
    """The options with their words in the reader's language, where these are known messages; values stay."""
    pairs = [one if isinstance(one, tuple) else (one, one) for one in options]
    named = [(say(words) if isinstance(words, str) else str(words), value) for words, value in pairs]
    return options if [words for words, _ in named] == [str(words) for words, _ in pairs] else named


def pick(label, options, tooltip="", value=None):
    """A drop-down list. ``options``: values, or (words, value) pairs; the first is chosen."""
    return Dropdown(description=label, options=_named(options), tooltip=tooltip, layout=_WIDE, style=_STYLE,
                    **({} if value is None else {"value": value}))


def slide(label, options, tooltip="", value=None):
    """A slider over a short list of values, in their order."""
    return SelectionSlider(description=label, options=_named(options), tooltip=tooltip, layout=_WIDE,
                           style=_STYLE, continuous_update=False,
                           **({} if value is None else {"value": value}))


class Interactive(View):
    """Controls above, a figure with its words below, drawn anew at each change.

    Args:
        draw: a function that takes the values of the controls by name, and returns
            a picture with the attributes ``png`` (bytes) and ``alt`` (words), such
            as :class:`segkit.plots.Picture`. A :class:`SegkitError` that it raises
            is shown as a sentence.
        controls: dictionary from name to an ipywidgets control, see :func:`pick`
            and :func:`slide`, in the order in which they are shown.

    Attributes:
        controls: as given.
        message, picture, words: ipywidgets.HTML.
    """

    def __init__(self, draw, controls):
        self._draw, self.controls = draw, controls
        self.message, self.picture, self.words = (HTML() for _ in range(3))
        grid = Layout(display="grid", grid_gap="6px 16px", margin="0 0 8px 0",
                      grid_template_columns="repeat(auto-fill, minmax(290px, 1fr))")
        box = ipywidgets.Box(list(controls.values()), layout=grid)
        drawn = self._refresh()
        super().__init__(ipywidgets.VBox([box, self.message, self.picture, self.words]),
                         drawn.alt if drawn else self.message.value,
                         Image.open(io.BytesIO(drawn.png)) if drawn else None, still_size=WIDEST)
        for control in controls.values():
            control.observe(self._refresh, "value")

    def _refresh(self, change=None):
        """Draw for the values that the controls have now; the picture, or None after an error."""
        try:
            drawn = self._draw(**{name: control.value for name, control in self.controls.items()})
        except SegkitError as error:
            self.message.value = markup.note(error)
            self.picture.value = self.words.value = ""
            return None
        self.message.value = ""
        self.picture.value = markup.figure(drawn.png, drawn.alt)
        self.words.value = markup.text(drawn.alt)
        return drawn
