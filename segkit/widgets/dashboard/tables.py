"""The tables of the benchmark's dashboard, as HTML: its rows, and the numbers of each plot."""

from html import escape

from segkit.benchmark import Result
from segkit.benchmark.report import memory_in_words, setting_in_words, share_in_words, span
from segkit.benchmark.timing import milliseconds
from segkit.languages import message, say

WAITING = message("waits")
_CELL = "padding:2px 14px 2px 0;white-space:nowrap"


def table(caption, header, rows, numbers=(), remarks=()):
    """An HTML table that scrolls sideways in a narrow window, by keyboard as well.

    Args:
        caption: what the table holds, shown above it.
        header: the titles of the columns; the first column names the row.
        rows: lists of cells: text, or anything with a plain ``str``.
        numbers: the titles of the columns that are aligned to the right.
        remarks: sentences below the table, numbered from 1.

    Returns:
        HTML; all text is escaped.
    """
    aligned = [f"{_CELL};text-align:{'right' if title in numbers else 'left'}" for title in header]
    head = "".join(f'<th scope="col" style="{style};border-bottom:1px solid #888">{escape(title)}'
                   "</th>" for title, style in zip(header, aligned))
    body = "".join(f"<tr>{_row(row, aligned)}</tr>" for row in rows)
    notes = "".join(f"<li>{escape(remark)}</li>" for remark in remarks)
    notes = (f'<ol style="margin:4px 0 8px 0;padding-left:22px;overflow-wrap:anywhere">{notes}</ol>'
             if notes else "")
    # width and min-width: a box as wide as the page, not as the table, so that the table scrolls.
    return ('<div style="font-size:13px;line-height:1.4;width:0;min-width:100%">'
            '<div role="region" tabindex="0" '
            f'style="overflow-x:auto" aria-label="{escape(caption)}">'
            '<table style="border-collapse:collapse;font-size:13px">'
            '<caption style="text-align:left;font-weight:bold;padding:4px 0;white-space:nowrap">'
            f"{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f"</table></div>{notes}</div>")


def _row(cells, aligned):
    texts = [escape(str(cell)) for cell in cells]
    first = f'<th scope="row" style="{aligned[0]};font-weight:normal">{texts[0]}</th>'
    return first + "".join(f'<td style="{style}">{text}</td>'
                           for text, style in zip(texts[1:], aligned[1:]))


def progress_rows(settings, states):
    """The table that fills while a sweep runs.

    Args:
        settings: the settings of the sweep, in their order.
        states: {setting: a stage in words, or its :class:`segkit.benchmark.Result`}.
    """
    header = [say("model"), say("runtime"), say("delegate"), say("threads"), say("state"), say("median"),
              say("90 % of runs"), say("memory"), say("as reference"), say("remark")]
    found = {setting: remark(states.get(setting)) for setting in settings}
    remarks = list(dict.fromkeys(filter(None, found.values())))
    rows = [[*_progress_row(setting, states.get(setting, WAITING)),
             remarks.index(told) + 1 if told else ""] for setting, told in found.items()]
    return table(say("Settings on this machine"), header, rows, (header[3], *header[5:]), remarks)


def remark(state):
    """What a reader should know of a result: the reason why it failed, or doubts; "" for none."""
    if state is None or isinstance(state, str):
        return ""
    if not state.ok:
        return state.reason
    noisy = [note.removeprefix("noisy: ") for note in state.noisy]
    rest = [note for note in state.notes if note not in state.noisy]
    return "; ".join([*rest, *([say("noisy: {notes}", notes=", ".join(noisy))] if noisy else [])])


def _progress_row(setting, state):
    if isinstance(state, str):
        return [*setting_in_words(Result(setting)), say(state), "", "", "", ""]
    ran = [*setting_in_words(state)]
    if not state.ok:
        return [*ran, state.status, "", "", "", ""]
    told = share_in_words(state)
    return [*ran, say("measured") if state.complete else say("stopped"), milliseconds(state.median_ms),
            span(state.p05_ms, state.p95_ms), memory_in_words(state),
            say("WRONG: {told}", told=told).rstrip(": ") if state.wrong else told]
