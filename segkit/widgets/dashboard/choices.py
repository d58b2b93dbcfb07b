"""What the dashboard measures: boxes to tick for models, runtimes, delegates and threads."""

import os

import ipywidgets
from ipywidgets import HTML, BoundedFloatText, BoundedIntText, Checkbox, Layout, Text

from segkit import models as catalogue
from segkit.benchmark import DELEGATES, combinations
from segkit.errors import SegkitError
from segkit.languages import message, say, say_many
from segkit.runtime.settings import RUNTIMES, allowed_cores, runtimes

WORDS = {"xnnpack": message("fast kernels"), "none": message("built-in kernels"),
         "reference": message("slow kernels"), "gpu": message("the graphics card"),
         "gpu+cpu": message("the CPU helps"), "openvino": message("Intel's library")}
GROUPS = {"models": message("Models"), "runtimes": message("Runtimes"), "delegates": message("Delegates"),
          "threads": message("Threads")}
THREADS = (1, 2, 4, 8)
TASKS = ("segment", "detect", "classify")  # a head takes features, and no photo
MOST_RUNS, MOST_SECONDS = 1000, 600
_WIDE, _CLOSE = Layout(width="auto"), Layout(width="auto", height="24px", margin="0 2px")
_STYLE = {"description_width": "auto"}


class Choices:
    """Groups of boxes to tick, each a value of a setting; fields for the reader's own files.

    Args:
        models: names in the catalogue or .tflite files; None: the models for photos that are
            on this machine.

    Attributes:
        boxes: {"models", "runtimes", "delegates", "threads": {value: Checkbox}}.
        model_file, library: Text fields for a model file and a delegate library.
        runs, seconds: timed runs of each setting, and the time that they may take.
        box: all of them.
    """

    def __init__(self, models=None):
        names = present() if models is None else [os.fspath(name) for name in models]
        default = catalogue.default()
        here, cores = runtimes(), allowed_cores()
        self.boxes = {
            "models": _group(names, {default} if default in names else set(names[:1])),
            "runtimes": _group({name: _runtime(name, here) for name in RUNTIMES}, list(here)[:1]),
            "delegates": _group({name: f"{name}: {say(WORDS[name])}" for name in DELEGATES},
                                {"xnnpack", "none"}),
            "threads": _group({n: _threads(n, cores) for n in sorted({*THREADS, cores})}, {1, 2}),
        }
        self.model_file = _path(say("Your model"), "model.tflite", say("A model file, measured as well"))
        self.library = _path(say("Your library"), "delegate.so",
                             say("The library of an external delegate, measured as well"))
        self.runs = BoundedIntText(30, min=1, max=MOST_RUNS, description=say("Runs of each setting"),
                                   style=_STYLE, layout=Layout(width="230px"))
        self.seconds = BoundedFloatText(20, min=0.1, max=MOST_SECONDS, style=_STYLE,
                                        description=say("in at most so many seconds"),
                                        layout=Layout(width="270px"))
        self.box = self._arranged()

    def _arranged(self):
        own = {"models": self.model_file, "delegates": self.library}
        groups = [ipywidgets.VBox([HTML(f"<b>{say(GROUPS[name])}</b>"), *boxes.values(),
                                   *([own[name]] if name in own else [])])
                  for name, boxes in self.boxes.items()]
        grid = Layout(display="grid", grid_gap="8px 18px",
                      grid_template_columns="repeat(auto-fit, minmax(185px, 1fr))")
        row = Layout(display="flex", flex_flow="row wrap", grid_gap="6px 18px", margin="8px 0 0 0")
        return ipywidgets.VBox([ipywidgets.Box(groups, layout=grid),
                                ipywidgets.Box([self.runs, self.seconds], layout=row)])

    @property
    def controls(self):
        """Every control, in the order of the page."""
        return [*(box for group in self.boxes.values() for box in group.values()),
                self.model_file, self.library, self.runs, self.seconds]

    def observe(self, handler):
        """Call ``handler`` after each change."""
        for control in self.controls:
            control.observe(handler, "value")

    def disable(self, disabled):
        """Make all controls stand still, or let them go."""
        for control in self.controls:
            control.disabled = disabled

    def _ticked(self, group, own=None):
        ticked = [value for value, box in self.boxes[group].items() if box.value]
        path = own.value.strip() if own else ""
        return ticked + [path] * bool(path)

    def settings(self):
        """Every combination of what is ticked: a list of :class:`segkit.benchmark.Setting`.

        Raises:
            SegkitError: nothing is ticked in a group, or the library is no path.
        """
        ticked = {"models": self._ticked("models", self.model_file),
                  "runtimes": self._ticked("runtimes"),
                  "delegates": self._ticked("delegates", self.library),
                  "threads": self._ticked("threads")}
        for group, values in ticked.items():
            if not values:
                raise SegkitError(say("nothing is chosen under {group}: tick a box there",
                                      group=say(GROUPS[group])))
        names = [os.path.expanduser(name) for name in ticked["models"]]
        return list(dict.fromkeys(combinations(names, ticked["runtimes"], ticked["delegates"],
                                               ticked["threads"])))

    def options(self):
        """The options of a sweep: "runs" and "seconds"."""
        return {"runs": self.runs.value, "seconds": self.seconds.value}


def present():
    """The models in the catalogue that take a photo and are on this machine."""
    return [name for name, model in catalogue.catalogue().items()
            if model.task in TASKS and catalogue.find(name)[0]]


def _group(values, ticked):
    """{value: Checkbox}; ``values``: a list, or a dictionary from value to words."""
    words = values if isinstance(values, dict) else {value: str(value) for value in values}
    return {value: Checkbox(value=value in ticked, description=told, indent=False, layout=_CLOSE)
            for value, told in words.items()}


def _path(label, example, tooltip):
    return Text(description=label, placeholder=f"/path/to/{example}", tooltip=tooltip,
                style=_STYLE, layout=_WIDE)


def _runtime(name, here):
    package = RUNTIMES[name][1]
    return f"{name}: {package} {here.get(name) or say('(not on this machine)')}"


def _threads(count, cores):
    return say_many("{count} thread", "{count} threads", count) + (say(
        " (every core here)") if count == cores else "")
