"""A button for the reader's own photo, and its mask."""

import io

import ipywidgets
from ipywidgets import HTML, Layout
from PIL import Image

from segkit import photos, plots
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.networks.segmenter import Segmenter
from segkit.widgets import markup, or_sentence
from segkit.widgets.base import UPLOAD_HINT, WIDEST, Panel, View, upload_button, uploaded
from segkit.widgets.choices import model_choices


def your_photo(model=None):
    """A button to upload a photo, and the mask of that photo.

    Until a photo is there, the result for a sample photo stands in its place.

    Args:
        model: a name in the catalogue or a .tflite file; None: the default model
            if it is here, else another segmentation model that is.

    Returns:
        a :class:`YourPhoto`, or a :class:`View` with one sentence.
    """
    return or_sentence(YourPhoto, model)


class YourPhoto(View):
    """An upload button and the mask of the uploaded photo. Made by :func:`your_photo`.

    Attributes:
        upload: the button.
        panel: the :class:`Panel` with the picture.
    """

    SAMPLE = "astronaut"

    def __init__(self, model=None):
        self._model = model_choices(model)[1]
        self._segmenter = Segmenter(self._model)
        self.upload, self.panel = upload_button(), Panel()
        hint = HTML(markup.text(say(UPLOAD_HINT)))
        row = ipywidgets.Box([self.upload, hint], layout=Layout(
            display="flex", flex_flow="row wrap", grid_gap="4px 12px", align_items="center"))
        name = say("the sample photo {sample} (a photo that you upload takes its place)", sample=self.SAMPLE)
        alt, still = self._show(name, photos.sample(self.SAMPLE))
        super().__init__(ipywidgets.VBox([row, self.panel.box]), alt, still, still_size=WIDEST)
        self.upload.observe(self._changed, "value")

    def _show(self, name, photo):
        result = self._segmenter.segment(photo)
        alt = markup.describe(result, name, self._model)
        picture = markup.painted(markup.smaller(result), 0.5)
        self.panel.show(result, picture, alt)
        still = Image.open(io.BytesIO(plots.result(result).png))  # it has the classes' names
        return alt, still.convert("RGB").quantize(256)

    def _changed(self, change):
        if not change["new"]:
            return
        try:
            name, photo = uploaded(self.upload)
            self._show(say("your photo {name}", name=name), photo)
        except SegkitError as error:
            self.panel.fail(error)
