"""The reader's own phone in lesson 09: the way to the page that `make phone` gives out."""

import io

from segkit import plots
from segkit.benchmark.phones import server
from segkit.languages import say


def code(file=None):
    """A QR code with the address of the page for phones, while `make phone` runs; else it says what to do.

    Args:
        file: where the server keeps rows, see :func:`segkit.benchmark.phones.rows.rows_file`.

    Returns:
        a :class:`segkit.plots.Picture`, or None where no page is given out.
    """
    address = server.running(file)
    if address is None:
        print(say("no page is given out now: run `make phone` in a terminal, then run this cell again"))
        return None
    squares, png = server.qr(address), io.BytesIO()
    squares.save(png, kind="png", scale=6)
    side = squares.symbol_size(border=0)[0]
    return plots.Picture(png.getvalue(), say("A QR code of {side} x {side} squares with the address of the "
                                             "page for phones: {address}", side=side, address=address))
