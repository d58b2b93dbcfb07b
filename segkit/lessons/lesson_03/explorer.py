"""The explorers of lesson 03: one output and what made it, the atrous rate, and output stride."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from ipywidgets import HTML, Box, Layout, ToggleButtons, VBox

from segkit import photos
from segkit.languages import message, say
from segkit.lessons.lesson_03 import crf
from segkit.masks import metrics, resize
from segkit.reference import Pairwise, conv2d, output_size, same_padding
from segkit.widgets.base import Interactive, pick, slide

SIDE, LEVELS = 9, 9  # the explorer's input: so many pixels, of so many grey levels above 0
KERNELS = {
    message("vertical edge, 3 x 3"): [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    message("sum, 3 x 3"): [[1] * 3] * 3,
    message("sharpen, 3 x 3"): [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    message("sum, 5 x 5"): [[1] * 5] * 5,
    message("double, 1 x 1"): [[2]],
}
# The buttons are as small as the numbers on them, and stand as the pixels of the output do.
_STYLE = ("<style>.segkit-touch button.widget-toggle-button{padding:0;margin:1px;height:26px;"
          "line-height:26px;font-size:12px}"
          ".segkit-touch button.mod-active{background:#E69F00;color:#222}</style>")
_BUTTON = 38  # width of a button with its margins, in CSS pixels; less where there is less room
_NOTHING = "\u200b"  # a character without ink and width


class Tap(NamedTuple):
    """One place of a kernel: where it lies in the input, what it reads there, and its weight."""

    row: int
    column: int
    inside: bool
    value: int
    weight: int


def contributions(values, kernel, row, column, rate=1, stride=1):
    """The very inputs and weights that make one output of a convolution with "same" padding.

    Args:
        values: (H, W) whole numbers.
        kernel: (k, k) whole numbers.
        row, column: the place in the output.
        rate, stride: of the convolution.

    Returns:
        one :class:`Tap` for each weight, row by row; outside of the map, the value is 0. The sum
        of value times weight is what :func:`segkit.reference.conv2d` gives at that place.
    """
    kernel = np.asarray(kernel)
    top, left = (same_padding(size, len(kernel), stride, rate)[0] for size in values.shape)
    taps = []
    for (i, j), weight in np.ndenumerate(kernel):
        place = (row * stride + i * rate - top, column * stride + j * rate - left)
        inside = all(0 <= p < size for p, size in zip(place, values.shape))
        taps.append(Tap(*place, inside, int(values[place]) if inside else 0, int(weight)))
    return taps


def convolved(values, kernel, rate, stride):
    """The whole output of that convolution: (H_out, W_out) whole numbers."""
    kernel = np.asarray(kernel, np.float32)[:, :, None, None]
    out = conv2d(values[:, :, None], kernel, stride=stride, rate=rate)
    return np.rint(out[..., 0]).astype(int)


def inputs():
    """The explorer's inputs: {name: (9, 9) whole numbers from 0 to 9}."""
    eye = photos.sample("cat")[60:150, 150:240].mean(axis=-1)
    eye = eye.reshape(SIDE, 10, SIDE, 10).mean(axis=(1, 3))
    eye = np.rint((eye - eye.min()) * LEVELS / (eye.max() - eye.min())).astype(int)
    edge, dot = np.zeros((2, SIDE, SIDE), int)
    edge[:, SIDE // 2:], dot[SIDE // 2, SIDE // 2] = LEVELS, LEVELS
    return {message("the cat's eye, a photo"): eye, message("an edge"): edge, message("one bright pixel"): dot}


class Touch(Interactive):
    """Touch an output, and see the inputs and weights that made it. Made by :func:`explorer`.

    Attributes:
        controls: "input", "kernel", "rate", "stride", and "place": one button for each output.
    """

    def __init__(self):
        self._inputs, self._busy = inputs(), False
        self._place = ToggleButtons(options=[("0", (0, 0))])
        self._place.layout.max_width = "100%"
        self._place.add_class("segkit-touch")
        self._dials = {
            "input": pick(say("Input"), list(self._inputs), say("The map that the kernel reads")),
            "kernel": pick(say("Kernel"), list(KERNELS), say("The weights")),
            "rate": slide(say("Rate"), [1, 2, 3], say("From one weight's input to the next one's"), 2),
            "stride": slide(say("Stride"), [1, 2, 3], say("From one output's inputs to the next one's")),
        }
        self._label((SIDE // 2, SIDE // 2))
        super().__init__(self._show, {**self._dials, "place": self._place})
        self._arrange()

    def _arrange(self):
        """The dials on the left, the buttons beside them; below each other in a narrow window."""
        dials = VBox(list(self._dials.values()), layout=Layout(flex="1 1 280px"))
        touch = VBox([HTML(f"<b>{say('Touch an output')}</b>"), self._place])
        row = Layout(display="flex", flex_flow="row wrap", grid_gap="6px 24px", margin="0 0 8px 0")
        self.widget.children = (HTML(_STYLE), Box([dials, touch], layout=row),
                                *self.widget.children[1:])

    def _label(self, wanted):
        """One button for each output, with its number; the one at ``wanted`` is pressed."""
        name, kernel, rate, stride = (dial.value for dial in self._dials.values())
        output = convolved(self._inputs[name], KERNELS[kernel], rate, stride)
        options, taken = [], {}
        for place, value in np.ndenumerate(output):
            # ToggleButtons finds the pressed button by its words, so no two may be the same.
            taken[value] = taken.get(value, 0) + 1
            options.append((f"{value}".replace("-", "\u2212") + _NOTHING * taken[value], place))
        self._busy = True
        try:
            self._place.options = options
            self._place.value = tuple(min(w, size - 1) for w, size in zip(wanted, output.shape))
            self._place.tooltips = [say("row {row}, column {column}", row=row, column=column)
                                    for _, (row, column) in options]
            columns = output.shape[1]
            self._place.layout.width = f"{columns * _BUTTON}px"
            self._place.style.button_width = f"calc({100 / columns:.2f}% - 2.1px)"
        finally:
            self._busy = False

    def _refresh(self, change=None):
        if self._busy:  # the buttons get new numbers; the picture follows once, at the end
            return None
        if change is not None and change["owner"] is not self._place:
            self._label(self._place.value)
        return super()._refresh(change)

    def _show(self, input, kernel, rate, stride, place):
        from segkit.lessons.lesson_03 import figures

        values, weights = self._inputs[input], np.asarray(KERNELS[kernel])
        output = convolved(values, weights, rate, stride)
        taps = contributions(values, weights, *place, rate, stride)
        return figures.multiplied(values, weights, output, rate, stride, place, taps)


def explorer():
    """Touch an output of a convolution; its input, kernel, rate and stride are dials.

    Returns:
        a :class:`Touch`.
    """
    return Touch()


def rates(photo, kernel, convolve, choices=(1, 2, 4, 8, 16)):
    """The atrous rate as a slider: what one kernel answers on a photo.

    Args:
        photo: (H, W, 1) float32.
        kernel: (k, k, 1, 1) float32.
        convolve: a function of a map, a kernel and a rate, such as the reader's own.
        choices: the rates on the slider.

    Returns:
        a :class:`segkit.widgets.base.Interactive` with the control "rate".
    """
    made = {}

    def draw(rate):
        from segkit.lessons.lesson_03 import figures

        if rate not in made:
            made[rate] = convolve(photo, kernel, rate)[..., 0]
        return figures.responses(photo[..., 0], {rate: made[rate]}, len(kernel))

    tooltip = say("From one weight's input to the next one's, in pixels")
    return Interactive(draw, {"rate": slide(say("Rate"), list(choices), tooltip, choices[1])})


def finest(truth, output_stride, input_size):
    """The best mask that a network can give with one class for each cell of its last map.

    The true classes of the cells stand for perfect scores, 1 for the class and 0 for all others;
    they are enlarged bilinearly, as a network's scores are, and the highest one wins.

    Args:
        truth: (H, W) class indices, 255 = ignore.
        output_stride: input pixels for each cell.
        input_size: side of the network's square input, in pixels.

    Returns:
        ((n, n) cells, (H, W) mask), of the type of ``truth``.
    """
    side = output_size(input_size, 1, output_stride)
    cells = resize.resize_nearest(metrics.fill_ignored(truth), side, side)
    found = np.unique(cells)
    scores = (cells[..., None] == found).astype(np.float32)
    return cells, found[resize.resize_bilinear(scores, *truth.shape).argmax(axis=-1)]


def stride_dial(photo, truth, cost, strides=(32, 16, 8, 4), input_size=257):
    """Output stride as a dial: how fine a mask can be, and what it costs.

    Args:
        photo: (H, W, 3) uint8 RGB.
        truth: (H, W) true class indices, 255 = ignore: these pixels are not counted.
        cost: a function from output stride to the multiply-adds of a network.
        strides: the output strides on the dial.
        input_size: side of the network's square input, in pixels.

    Returns:
        a :class:`segkit.widgets.base.Interactive` with the control "stride".
    """
    masks = {step: finest(truth, step, input_size) for step in strides}
    quality = {step: metrics.mean_iou(metrics.confusion_matrix(truth, mask))
               for step, (_, mask) in masks.items()}
    costs = {step: cost(step) for step in strides}

    def draw(stride):
        from segkit.lessons.lesson_03 import stride_figures as figures

        return figures.dial(photo, masks, quality, costs, stride)

    tooltip = say("Input pixels for each cell of the last map")
    return Interactive(draw, {"stride": slide(say("Output stride"), list(strides), tooltip, strides[1])})


def crf_explorer(photo="voc"):
    """One pixel of a dense CRF, step by step: which pixels influence it, and what it believes.

    It begins with the pixel that gains most by the CRF.

    Args:
        photo: the scene that is shown first: a sample photo, or one of :data:`crf.DRAWN`.

    Returns:
        a :class:`segkit.widgets.base.Interactive` with the controls "photo", "row", "column",
        "step", "position" and "colour" (the two sigmas of the appearance kernel).
    """
    @lru_cache(maxsize=16)
    def believed(photo, position, colour):
        return crf.beliefs(crf.scene(photo), Pairwise(position_sigma=position, colour_sigma=colour))

    def draw(photo, row, column, step, position, colour):
        from segkit.lessons.lesson_03 import crf_figures

        scene = crf.scene(photo)
        pixel = min(row, scene.photo.shape[0] - 1), min(column, scene.photo.shape[1] - 1)
        influence = crf.influence(scene.photo, *pixel,
                                  Pairwise(position_sigma=position, colour_sigma=colour))
        return crf_figures.explored(scene, believed(photo, position, colour), step, pixel, influence)

    row, column = crf.most_changed(crf.scene(photo), believed(photo, 10, 10))
    return Interactive(draw, {
        "photo": pick(say("Photo"), ["voc", "astronaut", "cat", *crf.DRAWN],
                      say("What the CRF works on"), photo),
        "row": slide(say("Row"), range(64), say("Of the chosen pixel, from the top"), row),
        "column": slide(say("Column"), range(64), say("Of the chosen pixel, from the left"), column),
        "step": slide(say("Step"), range(7), say("Mean-field steps"), 5),
        "position": slide(say("Near"), (1, 3, 10, 30), say("Sigma of the position, in pixels"), 10),
        "colour": slide(say("Alike"), (3, 10, 30, 100), say("Sigma of the colour, in levels of 0 to 255"), 10),
    })
