"""The page for phones in the local network: HTTPS, a token in the address, and rows that come back.

A browser gives the camera, WebGPU and threads to pages with https only. The certificate is made when the
server starts, so no authority knows it, and the phone warns once: the traffic is still encrypted. Whoever
does not know the token gets nothing, and nothing but the page's own files is given out: a name is looked up
in their list, never on the disk.
Source of the headers for threads: https://web.dev/articles/coop-coep
"""

import hashlib
import hmac
import json
import os
import secrets
import socket
import ssl
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil

from segkit.benchmark.phones.rows import MOST_BYTES, add_phone_row, phone_rows, rows_file
from segkit.errors import SegkitError, one_line

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".json": "application/json", ".wasm": "application/wasm",
         ".jpg": "image/jpeg"}
HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
           "Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
           "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
PATIENCE = 30  # seconds for one request: who sends nothing does not hold a thread for ever
DAYS = 7  # that the certificate is valid


class PhoneServer:
    """The page, given out until :meth:`stop`. Use it in a with statement, or call :meth:`start`.

    Args:
        folder: what :func:`segkit.benchmark.phones.build.build` has written; ``files``: the names that it
            returned.
        host: the address to listen at; None: all of this machine, and its address in the local network is
            the one that is told.
        port: 0 takes a free one.
        file: where rows are kept, see :func:`segkit.benchmark.phones.rows.rows_file`.
        said: a function that gets one line for each row that arrives.

    Attributes:
        address: where the page is, with the token: "https://192.168.0.7:8443/<token>/".
        fingerprint: SHA-256 of the certificate, for those who compare it with what the phone shows.

    Raises:
        SegkitError: the port is in use, or a package is missing.
    """

    def __init__(self, folder, files, host=None, port=0, file=None, said=lambda line: None):
        self.folder, self.files, self.said = Path(folder), frozenset(files), said
        self.file = Path(file or rows_file())
        self.token = secrets.token_urlsafe(16)
        shown = host or local_address()
        context, self.fingerprint = _certificate(shown)
        try:
            self._server = _Server((host or "0.0.0.0", port), _Handler)
        except (OSError, OverflowError) as error:
            raise SegkitError(f"port {port} of {shown} cannot be used: {one_line(error)}; choose another "
                              "with --port") from error
        # The handshake waits for the phone, so it happens in the request's own thread.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self._server.page = self
        self.port = self._server.server_address[1]
        self.address = f"https://{shown}:{self.port}/{self.token}/"
        self._thread = Thread(target=self._server.serve_forever, daemon=True, name="phone-server")

    def start(self):
        """Begin to answer, in a thread of its own; the lesson then finds the address. Returns itself."""
        self._thread.start()
        note = notice(self.file)
        with suppress(OSError):  # without it the lesson shows no QR code, and nothing else is lost
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch(mode=0o600)
            note.write_text(json.dumps({"address": self.address, "process": os.getpid()}), encoding="utf-8")
        return self

    def stop(self):
        """Stop answering, also to pages that are open, and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        for line in list(self._server.lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        if running(self.file) == self.address:
            with suppress(OSError):
                notice(self.file).unlink()

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()


def notice(file=None):
    """The file in which a running server notes its address, beside the rows."""
    return Path(file or rows_file()).with_name("phone-server.json")


def running(file=None):
    """The address of a server that this user runs on this machine, or None."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(notice(file).read_text(encoding="utf-8"))
        if psutil.pid_exists(int(found["process"])):
            return str(found["address"])
    return None


def local_address():
    """This machine's address in the local network, such as "192.168.0.7"; "127.0.0.1" without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        # An address kept for documentation (RFC 5737). Nothing is sent, only the way is looked up.
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
    states = psutil.net_if_stats()
    found = [one.address for name, addresses in psutil.net_if_addrs().items() for one in addresses
             if name in states and states[name].isup and one.family == socket.AF_INET
             and not one.address.startswith("127.")]
    return found[0] if found else "127.0.0.1"


def qr(address):
    """A QR code of the address, an object of the library segno. SegkitError: segno is not installed."""
    try:
        import segno
    except ImportError as error:
        raise SegkitError("the QR code needs the package segno: python -m pip install segno") from error
    return segno.make(address, micro=False)


def _certificate(host):
    """(context for the server, the certificate's SHA-256 as text) for a name or address, made now."""
    try:
        import trustme
    except ImportError as error:
        raise SegkitError("the certificate needs the package trustme: python -m pip install trustme") from error
    now = datetime.now(timezone.utc)
    names = list(dict.fromkeys([host, "localhost", "127.0.0.1"]))
    leaf = trustme.CA().issue_cert(*names, common_name="segkit", not_before=now - timedelta(days=1),
                                   not_after=now + timedelta(days=DAYS))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())).digest()
    return context, digest.hex(":").upper()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page = None

    def __init__(self, *arguments):
        self.lines = set()  # connections that are open: a browser keeps some for its next request
        super().__init__(*arguments)

    def handle_error(self, request, client_address):
        """A phone that warns of the certificate breaks off the handshake: no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "segkit", ""
    timeout = PATIENCE

    def setup(self):
        super().setup()
        self.server.lines.add(self.connection)

    def finish(self):
        self.server.lines.discard(self.connection)
        super().finish()

    def do_GET(self):
        name = self._name()
        if name is None:
            return
        page = self.server.page
        name = name.partition("?")[0] or "index.html"
        if name not in page.files:
            return self._answer(404, b"no such file")
        try:
            content = (page.folder / name).read_bytes()
        except OSError:
            return self._answer(404, b"no such file")
        if name == "page.json":  # here somebody takes rows: the page shows a button
            content = json.dumps({**json.loads(content), "post": "rows"}).encode()
        self._answer(200, content, TYPES.get(Path(name).suffix, "application/octet-stream"))

    do_HEAD = do_GET

    def do_POST(self):
        name = self._name()
        if name is None:
            return
        length = self.headers.get("Content-Length", "")
        if name != "rows" or not length.isdecimal() or int(length) > MOST_BYTES:
            self._read_no_further()
            return self._answer(413 if name == "rows" else 404, f"a row has 1 to {MOST_BYTES} bytes".encode())
        page = self.server.page
        try:
            known = {one.machine["id"] for one in phone_rows(page.file)}
            report = add_phone_row(self.rfile.read(int(length)), page.file)
            new = report.machine["id"] not in known
        except SegkitError as error:
            return self._answer(400, str(error).encode())
        count = sum(result.ok for result in report.results)
        words = f"{count} setting{'s'[:count != 1]} of {report.machine['device']}"
        if new:
            page.said(f"a row arrived: {words}")
        self._answer(200, f"{words} {'are now' if new else 'were already'} in the notebook's table.".encode())

    def _name(self):
        """What comes after the token in the address; None where it is wrong: the stranger gets nothing."""
        token, _, name = self.path.removeprefix("/").partition("/")
        if hmac.compare_digest(token.encode(), self.server.page.token.encode()):
            return name
        self._read_no_further()
        self._answer(403, b"")
        return None

    def _read_no_further(self):
        """End the connection after the answer. Bytes that nobody has read would take the answer with them."""
        self.close_connection = True
        length = self.headers.get("Content-Length", "")
        if length.isdecimal():
            self.rfile.read(min(int(length), 2 * MOST_BYTES))

    def send_error(self, code, message=None, explain=None):
        """What the library answers to a request that it does not understand: the number alone."""
        self.close_connection = True
        self._answer(code, b"")

    def _answer(self, status, content, kind="text/plain; charset=utf-8"):
        self.send_response(status)
        for header, value in {**HEADERS, "Content-Type": kind, "Content-Length": len(content)}.items():
            self.send_header(header, str(value))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *words):
        """Nothing: the terminal shows rows only."""
