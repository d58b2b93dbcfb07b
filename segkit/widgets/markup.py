"""A segmentation as words and as HTML: its caption, picture, legend and times."""

import base64
import io
from html import escape

import numpy as np

from segkit.languages import say
from segkit.masks import labels, resize
from segkit.masks.words import percent
from segkit.networks.segmenter import Segmentation

LARGEST = 560  # longest side of a picture on the screen, in pixels
ALL = -1  # in place of a class index: every class

# JupyterLab takes plain keys for itself while a control has the focus: "x" in a picker cuts the
# cell (https://github.com/jupyter-widgets/ipywidgets/issues/3912). Inside a box of the class
# "segkit" it gets only keys together with Shift, Ctrl, Alt or Command, as in Shift+Enter.
_KEYS = """if (!window.segkitKeys) {
  window.segkitKeys = true;
  window.addEventListener('keydown', event => {
    if (event.target.closest?.('.segkit')) event.target.toggleAttribute(
      'data-lm-suppress-shortcuts',
      !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey));
  }, true);
}"""


def describe(result, photo, model, only=ALL):
    """What a mask shows, in words: whole per cents, the same on every machine.

    Args:
        result: a :class:`segkit.networks.segmenter.Segmentation`.
        photo, model: how the text calls them.
        only: the index of the one class that is painted, or ALL.

    Returns:
        two sentences. Classes under 1 % are left out; the background comes last.
    """
    order = sorted(result.classes, key=lambda c: c.index == labels.BACKGROUND)
    shares = {c.index: percent(c.share) for c in order if round(100 * c.share) >= 1}
    if only != ALL:
        share = shares.get(only, say("under 1 %"))
        found = say("Only {name} is painted: {share} of the pixels.", name=labels.shown(result.name(only)),
                    share=share)
    elif set(shares) <= {labels.BACKGROUND}:
        found = say("Found: background; no other class on 1 % of the pixels or more.")
    else:
        listed = ", ".join(f"{labels.shown(result.name(index))} {share}" for index, share in shares.items())
        found = say("Found: {listed} of the pixels.", listed=listed)
    return say("{photo} with the mask of {model} painted over it. {found}", photo=photo[:1].upper() + photo[1:],
               model=model, found=found)


def smaller(result, largest=LARGEST):
    """The same result with photo and mask at most ``largest`` pixels wide and high.

    A 12-megapixel overlay at every move of a slider would take a second each.
    """
    from PIL import Image

    height, width = result.mask.shape
    scale = largest / max(height, width)
    if scale >= 1:
        return result
    height, width = max(1, round(height * scale)), max(1, round(width * scale))
    photo = Image.fromarray(result.photo).resize((width, height), Image.Resampling.BOX)
    return Segmentation(np.asarray(photo), resize.resize_nearest(result.mask, height, width),
                        result.names, result.milliseconds)


def painted(result, opacity, only=ALL):
    """The overlay of a result as a PIL image; with ``only``, of that one class index."""
    if only != ALL:
        mask = np.where(result.mask == only, result.mask, labels.BACKGROUND).astype(np.uint8)
        result = Segmentation(result.photo, mask, result.names, result.milliseconds)
    return result.overlay(opacity)


def encoded(image, **options):
    """A PIL image as a file in base64; ``options`` go to ``PIL.Image.Image.save``."""
    stream = io.BytesIO()
    image.save(stream, **options)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def picture(image, alt):
    """An <img> that carries the PIL image and the words for those who do not see it."""
    # JPEG, because a PNG takes ten times as long, and the opacity slider waits for it.
    data = encoded(image, format="JPEG", quality=92, subsampling=0)
    # With width and height given, the page does not jump while the picture loads.
    return (f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}" width="{image.width}" '
            f'height="{image.height}" style="max-width:100%;height:auto;display:block" '
            f'onload="{_KEYS}">')


def figure(png, alt):
    """An <img> that carries a figure (the bytes of a PNG file) and its words."""
    data = base64.b64encode(png).decode("ascii")
    return (f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}" '
            f'style="max-width:100%;height:auto;display:block" onload="{_KEYS}">')


def legend(result, only=ALL):
    """A table with the colour, the name and the share of each class of a result."""
    rows = "".join(_legend_row(c, only) for c in result.classes)
    head = (f'<th style="padding:2px 16px 2px 0">{say("Class")}</th>'
            f'<th style="text-align:right">{say("Pixels")}</th>')
    return ('<table style="border-collapse:collapse;font-size:14px;line-height:1.45"><thead>'
            '<tr style="text-align:left;border-bottom:1px solid #888">'
            f'<td></td>{head}</tr></thead><tbody>{rows}</tbody></table>')


def _legend_row(c, only):
    is_painted = c.index != labels.BACKGROUND and only in (ALL, c.index)
    rgb = ", ".join(str(value) for value in labels.screen_palette()[c.index])
    colour = f"rgb({rgb})" if is_painted else "transparent"
    share = say("{share:.1f} %", share=100 * c.share) if c.share >= 0.001 else say("under 0.1 %")
    patch = ("display:inline-block;width:1.5em;height:1.1em;vertical-align:middle;"
             f"border:1px solid #888;background:{colour}")
    return (f'<tr><td style="padding:2px 8px 2px 0"><span style="{patch}"></span></td>'
            f'<td style="padding:2px 16px 2px 0">{escape(labels.shown(c.name))}'
            f'{"" if is_painted else say(" (not painted)")}</td>'
            f'<td style="padding:2px 0;text-align:right;white-space:nowrap">{share}</td></tr>')


def facts(result):
    """The size of a result's photo, and the milliseconds of each stage."""
    height, width = result.mask.shape
    stages = [say("{stage} {spent:.1f} ms", stage=say(stage),
                  spent=spent) for stage, spent in result.milliseconds.items()]
    return text("\n".join([say("{width} x {height} pixels", width=width, height=height), *stages]))


def text(words):
    """Plain words in the size of the lesson's own text; each line stays a line."""
    words = escape(words).replace(" %", "&nbsp;%")  # no line begins with a %
    return f'<div style="font-size:14px;line-height:1.45;white-space:pre-line">{words}</div>'


def note(error):
    """A sentence about what went wrong; a screen reader says it at once."""
    style = ("font-size:14px;line-height:1.45;border-left:4px solid #c33;padding:4px 10px;"
             "overflow-wrap:anywhere")
    return f'<div role="alert" style="{style}">{escape(str(error))}</div>'
