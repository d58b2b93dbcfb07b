"""The work behind ``segkit phone``: a page for the phones in the local network, until Ctrl-C."""

import sys
from threading import Event

from segkit import models
from segkit.benchmark.phones import build, server
from segkit.errors import SegkitError

WARNING = """Open this address on a phone in the same network, or point its camera at the code:

  {address}

The phone will warn once: no authority knows this certificate, because it was made a moment ago, here.
On Android choose "Advanced" and "Proceed", on an iPhone "Show Details" and "visit this website".
Its SHA-256 is
  {fingerprint}
The address holds a token: give it only to those who may use the page. Rows that phones send are kept in
  {file}
Ctrl-C ends it."""


def phone(options):
    """Write the page, and give it out until the reader stops it; with ``--write`` only write it.

    Args:
        options: the parsed arguments of ``segkit phone``.

    Returns:
        0.

    Raises:
        SegkitError: LiteRT.js, a model or a package is missing, or the port is in use.
    """
    names = options.model or build.DEFAULT
    if options.write:
        files = build.build(options.write, names)
        print(f"{len(files)} files in {options.write}")
        return 0
    if not 0 <= options.port <= 65535:
        raise SegkitError(f"--port is a number from 0 to 65535, not {options.port}")
    folder = models.cache_folder() / "phone-page"
    files = build.build(folder, names)
    with server.PhoneServer(folder, files, options.host, options.port, said=_say) as page:
        _code(page.address)
        _say(WARNING.format(address=page.address, fingerprint=page.fingerprint, file=page.file))
        _until_stopped()
    return 0


def _say(line):
    print(line, flush=True)


def _code(address):
    """The QR code, where the terminal can print it."""
    try:
        "\N{UPPER HALF BLOCK}".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _say("(this terminal cannot print the QR code)")
    server.qr(address).terminal(compact=True)


def _until_stopped():
    try:
        Event().wait()
    except KeyboardInterrupt:
        _say("stopped")
