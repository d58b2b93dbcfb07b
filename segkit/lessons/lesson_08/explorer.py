"""An explorer of masks: photo, model, fit, opacity, one class or all."""

import ipywidgets
from ipywidgets import Dropdown, FloatSlider, Layout

from segkit import photos
from segkit.errors import SegkitError
from segkit.languages import language, message, say
from segkit.masks import labels
from segkit.networks.segmenter import Segmenter
from segkit.widgets import markup, or_sentence
from segkit.widgets.base import Panel, View, upload_button, uploaded
from segkit.widgets.choices import model_choices
from segkit.widgets.markup import ALL

OWN = message("your photo")  # the value of the photo picker for an uploaded photo


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
    return or_sentence(Explorer, photo, model)


def _pairs(names):
    return [(name, name) for name in names]


class Explorer(View):
    """Controls above, the mask below. Made by :func:`explorer`.

    Attributes:
        photo, upload, model, fit, only, opacity: the controls (ipywidgets).
        panel: the :class:`Panel` with the picture.
    """

    def __init__(self, photo="astronaut", model=None):
        self._segmenters, self._own = {}, None  # (model, fit) -> Segmenter; (words, photo array)
        self._ran = self._result = self._small = None  # the settings of the last run, its result
        self._quiet = False
        self.panel = Panel()
        self._make_controls(photo, *model_choices(model))
        controls = (self.photo, self.model, self.fit, self.only, self.opacity)
        grid = Layout(display="grid", grid_gap="6px 16px", margin="0 0 8px 0",
                      grid_template_columns="repeat(auto-fill, minmax(290px, 1fr))")
        box = ipywidgets.Box([*controls, self.upload], layout=grid)
        alt, still = self._refresh()
        super().__init__(ipywidgets.VBox([box, self.panel.box]), alt, still)
        self.upload.observe(self._take_upload, "value")
        for control in controls:
            control.observe(self._refresh, "value")

    def _make_controls(self, photo, choices, chosen):
        style = {"description_width": "60px" if language() == "en" else "initial"}
        wide = Layout(width="auto")

        def pick(label, options, value, tooltip):
            return Dropdown(description=label, options=options, value=value, tooltip=tooltip,
                            style=style, layout=wide)

        samples = _pairs(photos.names())
        if not (isinstance(photo, str) and photo in photos.names()):  # an array has no plain ==
            self._own, photo = (OWN, photos.load(photo)), OWN
            samples.append((say(OWN), OWN))
        self.photo = pick(say("Photo"), samples, photo, say("The photo whose pixels get labels"))
        self.model = pick(say("Model"), choices, chosen, say("The models that are on this machine"))
        self.fit = pick(say("Fit"), [(say("stretch the photo to a square"), "stretch"),
                                (say("letterbox: keep its shape, add bars"), "letterbox")],
                        "stretch", say("How the photo gets the shape of the model's input"))
        self.only = pick(say("Show"), [(say("all classes"), ALL)], ALL, say("Paint every class, or only one"))
        self.opacity = FloatSlider(description=say("Opacity"), value=0.5, min=0, max=1, step=0.05,
                                   readout_format=".0%", style=style, layout=wide,
                                   tooltip=say("0 %: only the photo; 100 %: only the colours"))
        self.upload = upload_button()

    def _take_upload(self, change):
        if not change["new"]:
            return
        try:
            name, photo = uploaded(self.upload)
        except SegkitError as error:
            self.panel.fail(error, keep=True)
            return
        self._own, self._ran = (say("your photo {name}", name=name), photo), None
        self._set(self.photo, [*_pairs(photos.names()), (say("yours: {name}", name=name), OWN)], OWN)
        self._refresh()

    def _set(self, picker, options, value):
        """Change a picker without an answer to that change."""
        self._quiet = True
        try:
            picker.options = options
            picker.value = value
        finally:
            self._quiet = False

    def _refresh(self, change=None):
        """Bring the picture in line with the controls; the model runs only where it must.

        Returns:
            (words, picture) as shown now; (sentence, None) after an error.
        """
        settings = (self.photo.value, self.model.value, self.fit.value)
        if self._quiet or (settings == self._ran and self._result is None):
            return None
        if settings != self._ran:
            self._ran, self._result = settings, None
            try:
                self._segment(*settings)
            except SegkitError as error:
                self.panel.fail(error)
                return str(error), None
        only, name = self.only.value, settings[0]
        title = self._own[0] if name == OWN else say("the sample photo {name}", name=name)
        alt = markup.describe(self._result, title, settings[1], only)
        picture = markup.painted(self._small, self.opacity.value, only)
        self.panel.show(self._result, picture, alt, only)
        return alt, picture

    def _segment(self, name, model, fit):
        if name == OWN:
            photo = self._own[1]
        else:
            photo = photos.sample(name)
            self.upload.value = ()  # so that the same file can be uploaded once more
        if (model, fit) not in self._segmenters:
            self._segmenters[model, fit] = Segmenter(model, fit=fit)
        self._result = self._segmenters[model, fit].segment(photo)
        self._small = markup.smaller(self._result)
        found = [(c.name, c.index) for c in self._result.classes if c.index != labels.BACKGROUND]
        kept = self.only.value in [index for _, index in found]
        self._set(self.only, [(say("all classes"), ALL), *found], self.only.value if kept else ALL)
