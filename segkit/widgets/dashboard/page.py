"""The page of the dashboard: choices, a sweep that runs beside it, its rows and its plots."""

import io
from threading import RLock

import ipywidgets
from ipywidgets import HTML, Button, Dropdown, IntProgress, Layout
from PIL import Image

from segkit.errors import SegkitError
from segkit.languages import message, say, say_many
from segkit.widgets import markup
from segkit.widgets.base import WIDEST, View
from segkit.widgets.dashboard.choices import Choices
from segkit.widgets.dashboard.downloads import links
from segkit.widgets.dashboard.running import Run
from segkit.widgets.dashboard.tables import progress_rows

PLOTS = {message("bars with spread"): "bars", message("time against threads"): "scaling",
         message("time against quality"): "pareto", message("stages of a photo"): "stages",
         message("beside published times"): "beside"}
ALT = message("The dashboard of the benchmark: choose models, runtimes, delegates and numbers of threads, "
              "and press Run. Every combination is measured on this machine, in a process of its own. "
              "The results come as a table, as plots and as files to download. The first plot: {plot}")
_ROW = Layout(display="flex", flex_flow="row wrap", grid_gap="6px 14px", align_items="center",
              margin="8px 0")


class Dashboard(View):
    """Choose settings, measure them, look at the result.

    The sweep runs in a thread, each of its settings in a process of its own; kernel and page go
    on meanwhile. Made by :func:`segkit.widgets.benchmark_dashboard`.

    Attributes:
        choices: the :class:`~segkit.widgets.dashboard.choices.Choices`.
        run, cancel: the buttons.
        bar, state: how far the sweep is, as a bar and in words.
        rows: the table of all settings, which fills while they are measured.
        export: the links that download the result.
        plot, published: which plot is shown, and whose published rows it may have.
        message, picture, words, numbers: an error; the plot, its alt text, a table of its numbers.
        report: the last :class:`segkit.benchmark.Report`, or None.
        alt, still: of the first state, without any measured time.
    """

    def __init__(self, models=None):
        self.report, self._settings, self._states, self._going = None, [], {}, None
        self._drawing = RLock()  # the page and the sweep's thread may both want to draw
        self.choices = Choices(models)
        self._make_controls()
        drawn = self._refresh()
        super().__init__(self._arranged(), say(ALT, plot=drawn.alt if drawn else self.words.value),
                         Image.open(io.BytesIO(drawn.png)) if drawn else None, still_size=WIDEST)
        self._count()
        self.run.on_click(self._start)
        self.cancel.on_click(self._stop)
        self.choices.observe(self._count)
        self.plot.observe(self._refresh, "value")
        self.published.observe(self._show_published, "value")

    def _make_controls(self):
        from segkit.benchmark.report import published

        self.run = Button(description=say("Run"), button_style="primary", icon="play",
                          tooltip=say("Measure every combination of the choices"))
        self.cancel = Button(description=say("Cancel"), icon="stop", disabled=True,
                             tooltip=say("Stop measuring; what has been measured stays"))
        self.bar = IntProgress(value=0, max=1, layout=Layout(width="220px"))
        self.state, self.rows, self.export, self.message, self.picture, self.words, self.numbers = (
            HTML() for _ in range(7))
        self.plot = _pick(say("Plot"), [(say(words), plot) for words, plot in PLOTS.items()], say(
            "What the plot shows"), value="beside")
        names = list(dict.fromkeys(row.model for row in published()))
        self.published = _pick(say("Published"), names, say("The model whose published times are added"))

    def _arranged(self):
        controls = ipywidgets.Box([self.run, self.cancel, self.bar, self.state], layout=_ROW)
        views = ipywidgets.Box([self.plot, self.published], layout=_ROW)
        return ipywidgets.VBox([self.choices.box, controls, self.message, self.rows, self.export,
                                views, self.picture, self.words, self.numbers])

    # --- measuring -----------------------------------------------------------------

    def _count(self, change=None):
        """Say how many settings are chosen."""
        try:
            count = len(self.choices.settings())
            self._say(say_many("{count} setting chosen", "{count} settings chosen", count))
        except SegkitError as error:
            self._say(str(error))

    def _say(self, words):
        self.state.value = markup.text(words)

    def _start(self, button=None):
        """Begin to measure what is chosen."""
        try:
            settings = self.choices.settings()
            going = Run(settings, self.choices.options(), self._told, self._ended)
            going.reserve()
        except SegkitError as error:
            self.message.value = markup.note(error)
            self.cancel.disabled = Run.current() is None
            return
        self._going, self.report, self._settings, self._states = going, None, settings, {}
        self.message.value, self.export.value, self.bar.value = "", "", 0
        self._busy(True)
        self._say(say("starting"))
        self._show_rows()
        going.start()

    def _busy(self, busy):
        self.run.disabled, self.cancel.disabled = busy, not busy
        self.choices.disable(busy)

    def _stop(self, button=None):
        """Stop the sweep of this dashboard, or of another one in the same notebook."""
        going = Run.current()
        self.cancel.disabled = True
        if going is not None:
            self._say(say("stopping"))
            going.cancelled.set()

    def _told(self, step):
        """Called in the sweep's thread, between the runs, so nothing is timed meanwhile."""
        self._states[step.setting] = step.result or step.stage
        self.bar.max, self.bar.value = max(1, step.total), step.done
        if not self._going.cancelled.is_set():
            self._say(say("step {done} of {total}; {label}: {stage}", done=step.done + 1, total=step.total,
                          label=step.setting.label, stage=step.stage))
        self._show_rows()

    def _ended(self, report, problem):
        """Called in the sweep's thread when it is over, however it ended."""
        try:
            self._show_end(report, problem)
        finally:
            self._going = None
            self._busy(False)

    def _show_end(self, report, problem):
        if report is None:
            self.message.value = markup.note(problem)
            self._say("")
            return
        self.report, self.bar.value = report, self.bar.max
        self._states = {result.asked: result for result in report.results}
        count = sum(result.ok for result in report.results)
        self._say(say("{count} of {results} settings have times", count=count, results=len(report.results))
                  + ("" if report.complete else say("; stopped before the end")))
        self._show_rows()
        self.export.value = links(report)
        if self.plot.value == "beside":
            self.plot.value = "bars"  # draws as well
        else:
            self._refresh()

    # --- showing -------------------------------------------------------------------

    def _show_rows(self):
        self.rows.value = progress_rows(self._settings, self._states) if self._settings else ""

    def _show_published(self, change=None):
        """Another model's published rows: the plot that has them comes to the front."""
        if self.plot.value == "beside":
            self._refresh()
        else:
            self.plot.value = "beside"

    def _refresh(self, change=None):
        """Draw the chosen plot; returns its picture, or None where there is nothing to draw."""
        from segkit.widgets.dashboard import views  # here: Matplotlib takes a while to import

        with self._drawing:
            try:
                shown = getattr(views, self.plot.value)(self.report, self.published.value)
            except SegkitError as error:
                self.picture.value = self.numbers.value = ""
                self.words.value = markup.text(str(error))
                return None
            self.picture.value = markup.figure(shown.picture.png, shown.picture.alt)
            self.words.value = markup.text(shown.picture.alt)
            self.numbers.value = shown.numbers
            return shown.picture


def _pick(label, options, tooltip, **more):
    return Dropdown(description=label, options=options, tooltip=tooltip, **more,
                    style={"description_width": "auto"}, layout=Layout(width="auto"))
