"""Links that download a report: the page carries the files, so nothing is written on the disk."""

import base64
import json
import tempfile
from pathlib import Path

from segkit.languages import say

NAME = "segkit-benchmark"
_STYLE = "margin-right:18px;text-decoration:underline"


def links(report):
    """Two links, for JSON and CSV, as HTML; "" where there is no report yet.

    Args:
        report: a :class:`segkit.benchmark.Report`, or None. Its rows are all measured:
            published ones have a file of their own, data/benchmarks/published.csv.
    """
    if report is None:
        return ""
    with tempfile.TemporaryDirectory(prefix="segkit-") as folder:
        table = Path(folder) / "table.csv"
        report.to_csv(table)
        content = {"json": json.dumps(report.as_dict(), indent=1).encode() + b"\n",
                   "csv": table.read_bytes()}
    found = "".join(_link(kind, data) for kind, data in content.items())
    return f'<div style="font-size:14px;line-height:1.45">{found}</div>'


def _link(kind, data):
    mime = {"json": "application/json", "csv": "text/csv"}[kind]
    file = f"{NAME}.{kind}"
    return (f'<a download="{file}" style="{_STYLE}" '
            f'href="data:{mime};base64,{base64.b64encode(data).decode("ascii")}">'
            f"{say('Download {file}', file=file)}</a>")
