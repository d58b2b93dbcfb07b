"""Paint on photos which pixels are a class, and see at once what is learned of it.

The canvas is ipycanvas: it draws in the browser what Python tells it, and tells Python where a
mouse, a finger or a pen is. Source: https://ipycanvas.readthedocs.io
"""

from pathlib import Path
from time import perf_counter

import cv2
import ipywidgets
import numpy as np
from ipycanvas import MultiCanvas, hold_canvas
from ipywidgets import HTML, Button, IntSlider, Layout, Text, ToggleButtons
from PIL import Image

from segkit import photos
from segkit.errors import SegkitError
from segkit.languages import message, say
from segkit.masks.words import percent
from segkit.networks.teaching.features import BASE
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS, UNMARKED, save_scribbles
from segkit.networks.teaching.strokes import Strokes
from segkit.networks.teaching.teacher import Teacher
from segkit.widgets import markup
from segkit.widgets.base import View, pick, upload_button, uploaded

LONGEST = 560  # pixels of the canvas
STILL = 190  # the same of the picture that a notebook stores
COLOURS = {CLASS: (240, 140, 30), NOT_CLASS: (60, 110, 200)}  # as a saved PNG shows them
PAINT = (213, 94, 0, 130)  # red, green, blue and opacity of the mask
PHOTO, MASK, MARKS = range(3)  # the layers of the canvas


class Scribbles(View):
    """The widget. Everything that a pointer can do goes in code as well.

    Args:
        name: of the class.
        given: dictionary from name to photo, anything that :func:`segkit.photos.load` takes.
        model: see :func:`segkit.networks.teaching.teach`.

    Attributes:
        photo: the name of the photo that is shown.
        kind, width, chosen, file: the ipywidgets controls: what the brush paints, its width, the
            photo, the name of the file.
        canvas: the ipycanvas.MultiCanvas.
        message, words: ipywidgets.HTML.
        milliseconds: what the last mask took.

    Raises:
        SegkitError: no photo; the name or the model will not do.
    """

    def __init__(self, name, given, model=BASE):
        if not given:
            raise SegkitError(say("there is no photo to paint on; give a dictionary from name to photo"))
        self.name, self.teacher = name, Teacher(name, model)
        self._photos, self._strokes, self._seen, self._line = {}, {}, {}, None
        self.milliseconds, self._mask = None, None
        self.photo = next(iter(given))
        for one, photo in given.items():
            self._take(one, photo)
        self._make_controls()
        super().__init__(self._layout(), "")
        self._show_photo()

    def stroke(self, points, kind=CLASS, width=5):
        """Paint a line through points, (x, y) in pixels of the photo that is shown.

        Args:
            kind: 2 the class, 1 not the class, 0 the eraser.
            width: in pixels of the photo.

        Raises:
            SegkitError: see :meth:`segkit.networks.teaching.strokes.Strokes.add`.
        """
        self._strokes[self.photo].add(points, kind, width)
        self._changed()

    def undo(self, *_):
        """Take the last stroke on the photo that is shown back."""
        if self._strokes[self.photo].undo():
            self._changed()

    def marks(self, photo=None):
        """The scribbles on a photo, (H, W) uint8; None: on the one that is shown."""
        return self._strokes[self.photo if photo is None else photo].marks()

    def save(self, target, photo=None):
        """Write the scribbles on a photo as a PNG file that ``segkit teach`` reads; its path."""
        return save_scribbles(self.marks(photo), Path(target).expanduser())

    def load(self, source, photo=None):
        """Begin again with scribbles from a PNG file or an array. SegkitError: they do not fit."""
        name = self.photo if photo is None else photo
        self._strokes[name].load(source if isinstance(source, np.ndarray) else Path(source).expanduser())
        self._changed(name)

    def taught(self):
        """The class, learned with care: :class:`segkit.networks.teaching.Taught`.

        Raises:
            SegkitError: no pixel is marked as the class, or none as the rest.
        """
        return self.teacher.fit()

    def _take(self, name, photo):
        self._photos[name] = photos.load(photo)
        self._strokes[name] = Strokes(self._photos[name].shape[:2])

    def _make_controls(self):
        self.kind = ToggleButtons(options=[(self.name, CLASS), (say(
            "the rest"), NOT_CLASS), (say("eraser"), UNMARKED)],
                                  tooltips=[say("Paint what is the class"), say("Paint what is not"),
                                            say("Take marks away")],
                                  style={"button_width": "auto"})
        self.width = IntSlider(5, 1, 40, description=say("Brush"),
                               tooltip=say("Width of the brush in pixels of the photo"))
        self.chosen = pick(say("Photo"), list(self._photos), say("The photo to paint on"))
        self.file = Text(f"{self.name}.png", description=say("File"), tooltip=say("Where the marks are saved"))
        self.upload = upload_button()
        self.buttons = {words: Button(description=say(words), tooltip=tip, layout=Layout(width="auto"))
                        for words, tip in ((message("Undo"), say("Take the last stroke back")),
                                           (message("Save"), say(
                                               "Write the marks of this photo into the file")),
                                           (message("Load"), say("Read marks for this photo from the file")))}
        for words, work in (("Undo", self.undo), ("Save", self._save), ("Load", self._load)):
            self.buttons[words].on_click(work)
        self.chosen.observe(self._chosen, "value")
        self.upload.observe(self._uploaded, "value")
        self.message, self.words = HTML(), HTML()

    def _layout(self):
        self.canvas = MultiCanvas(3, width=LONGEST, height=LONGEST,
                                  layout=Layout(max_width="100%", height="auto"))
        top = self.canvas[MARKS]
        top.on_mouse_down(self._begin)
        top.on_mouse_move(self._go)
        top.on_mouse_up(self._end)
        top.on_mouse_out(self._end)
        top.on_touch_start(lambda touches: self._begin(*touches[0]))
        top.on_touch_move(lambda touches: self._go(*touches[0]))
        top.on_touch_end(lambda touches: self._end())
        top.on_touch_cancel(lambda touches: self._end())
        row = Layout(display="flex", flex_flow="row wrap", grid_gap="4px 12px", align_items="center")
        above, beside, below = (ipywidgets.Box(parts, layout=row) for parts in (
            [self.kind, self.width, self.buttons["Undo"]], [self.chosen, self.upload],
            [self.file, self.buttons["Save"], self.buttons["Load"]]))
        return ipywidgets.VBox([above, self.canvas, self.message, self.words, beside, below])

    @property
    def _scale(self):
        """Pixels of the canvas for each pixel of the photo."""
        return LONGEST / max(self._photos[self.photo].shape[:2])

    def _begin(self, x, y):
        self._line = [(x / self._scale, y / self._scale)]
        self._dot(x, y, x, y)

    def _go(self, x, y):
        if self._line is not None:
            before = self._line[-1]
            self._line.append((x / self._scale, y / self._scale))
            self._dot(before[0] * self._scale, before[1] * self._scale, x, y)

    def _end(self, *_):
        line, self._line = self._line, None
        if line:
            self.stroke(line, self.kind.value, self.width.value)

    def _dot(self, *ends):
        """Show a piece of the stroke that is under way."""
        layer = self.canvas[MARKS]
        red, green, blue = COLOURS.get(self.kind.value, (255, 255, 255))
        layer.stroke_style, layer.line_cap = f"rgb({red}, {green}, {blue})", "round"
        layer.line_width = max(1, self.width.value * self._scale)
        layer.stroke_line(*ends)

    def _show_photo(self):
        photo = self._photos[self.photo]
        height, width = (round(side * self._scale) for side in photo.shape[:2])
        self.canvas.width, self.canvas.height = width, height
        self.canvas.layout.width = f"{width}px"
        self.canvas[PHOTO].put_image_data(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA))
        self._changed()

    def _look(self, name):
        """A photo's features; the trunk runs once for each photo."""
        if name not in self._seen:
            self._seen[name] = self.teacher.see(self._photos[name])
        return self._seen[name]

    def _changed(self, name=None):
        """Learn from the marks as they are now, and show marks and mask.

        Args:
            name: of the photo whose marks changed; None: the one that is shown.
        """
        start, name, self._mask = perf_counter(), self.photo if name is None else name, None
        self.message.value = ""
        self.teacher.add(self._look(name), self.marks(name), name)
        try:
            self._mask = self.teacher.fit(quick=True).mask(self._look(self.photo))
        except SegkitError as error:
            self.message.value = markup.note(error)
        self.milliseconds = (perf_counter() - start) * 1e3
        self._paint(self.marks())
        self._describe()

    def _paint(self, marks):
        size = self.canvas.width, self.canvas.height
        for layer, picture in ((MASK, _coloured(self._mask, {True: PAINT})),
                               (MARKS, _coloured(marks, {kind: (*rgb, 255) for kind, rgb in COLOURS.items()}))):
            with hold_canvas():
                self.canvas[layer].clear()
                if picture is not None:
                    picture = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
                    self.canvas[layer].put_image_data(picture)

    def _describe(self):
        count = len(self._strokes[self.photo].done)
        found = say("no mask yet")
        if self._mask is not None:
            found = say("{name} on {share} of the pixels", name=self.name, share=percent(self._mask.mean()))
        self.alt = say("The photo {photo} with {count} strokes: {found}.", photo=self.photo, count=count,
                       found=found)
        spent = "" if self._mask is None else say(" Learned in {milliseconds:.0f} ms.",
                                                  milliseconds=self.milliseconds)
        self.words.value = markup.text(self.alt + spent)
        still = Image.fromarray(self._photos[self.photo]).convert("RGBA")
        for picture in (_coloured(self._mask, {True: PAINT}),
                        _coloured(self.marks(), {kind: (*rgb, 255) for kind, rgb in COLOURS.items()})):
            if picture is not None:
                still.alpha_composite(Image.fromarray(picture))
        still = still.convert("RGB")
        still.thumbnail((STILL, STILL))
        self.still = still

    def _chosen(self, change):
        self.photo = change["new"]
        self._show_photo()

    def _uploaded(self, change):
        if not change["new"]:
            return
        try:
            name, photo = uploaded(self.upload)
        except SegkitError as error:
            self.message.value = markup.note(error)
            return
        self._take(name, photo)
        self.chosen.options = list(self._photos)
        self.chosen.value = name

    def _save(self, *_):
        try:
            self.message.value = markup.text(say("Saved as {file}.", file=self.save(self.file.value)))
        except SegkitError as error:
            self.message.value = markup.note(error)

    def _load(self, *_):
        try:
            self.load(self.file.value)
        except SegkitError as error:
            self.message.value = markup.note(error)


def _coloured(values, colours):
    """(H, W, 4) uint8: a colour for some values and nothing for others; None where nothing is."""
    if values is None or not np.any(values):
        return None
    picture = np.zeros((*values.shape, 4), np.uint8)
    for value, colour in colours.items():
        picture[values == value] = colour
    return picture
