"""Downloads from a real server on loopback that does everything wrong that a server can do."""

import errno
import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import complaint

from segkit import models
from segkit.errors import SegkitError
from segkit.models import download, entries

CONTENT = bytes(range(256)) * 2000 + b"the end"  # half a megabyte: more than any buffer on the way


class Faulty(BaseHTTPRequestHandler):
    """Serves CONTENT at /good, and a fault at every other address."""

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = getattr(self, self.path.strip("/").replace("-", "_"), None)
        try:
            if answer is None:
                self.send_error(404)
            else:
                answer()
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()
        self.close_connection = True

    def log_message(self, *_):
        pass

    def start(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def good(self):
        self.start(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT)

    def without_length(self):
        self.start()
        self.wfile.write(CONTENT)

    def cut_off(self):
        self.start(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[:-1000])

    def cut_off_without_length(self):
        self.start()
        self.wfile.write(CONTENT[:-1000])

    def cut_off_at_once(self):
        pass

    def wrong(self):
        self.start(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[::-1])

    def empty(self):
        self.start(Content_Length=0)

    def web_page(self):
        page = b"<html>Please log in to this network</html>"
        self.start(Content_Type="text/html", Content_Length=len(page))
        self.wfile.write(page)

    def one_more(self):
        self.start(Content_Length=len(CONTENT) + 1)
        self.wfile.write(CONTENT + b"!")

    def endless(self):
        self.start()
        while True:  # ends when the client hangs up
            self.wfile.write(CONTENT)

    def small_pieces(self):
        self.protocol_version = "HTTP/1.1"
        self.start(Transfer_Encoding="chunked")
        for start in range(0, len(CONTENT), 100):  # far below the size of the client's blocks
            piece = CONTENT[start:start + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def cut_off_pieces(self):
        self.protocol_version = "HTTP/1.1"
        self.start(Transfer_Encoding="chunked")
        self.wfile.write(b"%x\r\n%s\r\n" % (1000, CONTENT[:1000]))

    def packed_bomb(self):
        import gzip

        bomb = gzip.compress(bytes(50_000_000))
        self.start(Content_Encoding="gzip", Content_Length=len(bomb))
        self.wfile.write(bomb)

    def stalled(self):
        self.start(Content_Length=len(CONTENT))
        self.wfile.write(CONTENT[:1000])
        self.wfile.flush()
        self.server.stopping.wait(60)

    def silent(self):
        self.server.stopping.wait(60)

    def broken(self):
        self.send_error(500)

    def moved(self):
        self.start(302, Location="/good", Content_Length=0)

    def moved_in_circles(self):
        self.start(302, Location="/moved-in-circles", Content_Length=0)

    def moved_to_nowhere(self):
        self.start(302, Location="http://[broken", Content_Length=0)

    def nonsense(self):
        self.wfile.write(b"\x00\xff" * 500)

    def wrong_length(self):
        self.start(Content_Length="many")
        self.wfile.write(CONTENT)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture
def server():
    """The faulty server; server.url("good") is an address on it."""
    with Server(("127.0.0.1", 0), Faulty) as server:
        server.asked, server.stopping, server.hung_up = [], threading.Event(), threading.Event()
        server.url = lambda path: f"http://127.0.0.1:{server.server_port}/{path}"
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """A proxy of this machine is not asked for loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


def files_in(folder):
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def refused(cache):
    """Ask for the model; check that nothing is left behind. Returns the one-line message."""
    with pytest.raises(SegkitError) as raised:
        models.path("tiny")
    message = complaint(raised)
    assert files_in(cache) == []
    for part in ("tiny.tflite", "Put the file", str(cache), "SEGKIT_MODELS", "try again with a network"):
        assert part in message
    return message


@pytest.mark.parametrize("path", ["good", "without-length", "small-pieces", "moved"])
def test_a_good_answer_becomes_a_file_in_the_cache(path, server, cache, offer, capfd):
    offer(CONTENT, server.url(path))
    assert models.path("tiny") == cache / "tiny.tflite"
    assert (cache / "tiny.tflite").read_bytes() == CONTENT
    assert files_in(cache) == ["tiny.tflite"]
    assert capfd.readouterr() == ("", "")  # no progress bar where nobody watches
    asked = list(server.asked)
    assert models.path("tiny") == cache / "tiny.tflite"
    assert server.asked == asked  # the second time it is there


FAULTS = {
    "cut-off": "the connection was cut off",
    "cut-off-without-length": "the server sent other bytes than tiny.tflite",
    "cut-off-at-once": "no connection",
    "cut-off-pieces": "the connection was cut off",
    "wrong": "the server sent other bytes than tiny.tflite",
    "empty": "the server sent other bytes than tiny.tflite",
    "web-page": "the server sent other bytes than tiny.tflite",
    "one-more": f"the server sent more than the {len(CONTENT)} bytes expected",
    "endless": f"the server sent more than the {len(CONTENT)} bytes expected",
    "packed-bomb": f"the server sent more than the {len(CONTENT)} bytes expected",
    "missing": "the server answered 404",
    "broken": "the server answered 500",
    "moved-in-circles": "the server answered 302",
    "moved-to-nowhere": "",
    "nonsense": "no connection",
    "wrong-length": "",
}


@pytest.mark.parametrize("path", FAULTS)
def test_a_faulty_answer_is_one_line_and_leaves_nothing(path, server, cache, offer, capfd):
    offer(CONTENT, server.url(path))
    if path == "wrong-length":  # bytes that came are judged by their hash, whatever the header says
        try:
            assert models.path("tiny").read_bytes() == CONTENT
        except SegkitError as error:
            assert len(str(error).splitlines()) == 1
            assert files_in(cache) == []
        return
    message = refused(cache)
    assert "127.0.0.1" in message
    assert FAULTS[path] in message
    assert capfd.readouterr() == ("", "")


def test_an_endless_stream_is_hung_up_on(server, cache, offer):
    offer(CONTENT, server.url("endless"))
    refused(cache)
    assert server.hung_up.wait(60)


@pytest.mark.parametrize("path", ["stalled", "silent"])
def test_a_server_that_falls_silent_is_given_up(path, server, cache, offer, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    offer(CONTENT, server.url(path))
    assert "no answer within 0.2 seconds" in refused(cache)


def test_a_refused_connection_is_one_line(cache, offer):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    offer(CONTENT, f"http://127.0.0.1:{port}/tiny.tflite")
    assert "no connection" in refused(cache)


def test_a_name_that_cannot_be_looked_up_is_one_line(cache, offer):
    offer(CONTENT, "http://no-such-host.invalid/tiny.tflite")
    assert "no-such-host.invalid: no connection" in refused(cache)


@pytest.mark.parametrize("first", ["missing", "wrong", "cut-off", "endless", "web-page"])
def test_the_second_address_is_asked_when_the_first_one_fails(first, server, cache, offer):
    offer(CONTENT, server.url(first), server.url("good"))
    assert models.path("tiny").read_bytes() == CONTENT
    assert server.asked == [f"/{first}", "/good"]
    assert files_in(cache) == ["tiny.tflite"]


def test_each_address_that_failed_is_listed(server, cache, offer):
    offer(CONTENT, server.url("missing"), server.url("broken"), server.url("cut-off"))
    message = refused(cache)
    assert "answered 404; 127" in message and "answered 500; 127" in message and "cut off." in message


def test_a_damaged_file_in_the_cache_is_replaced(server, cache, offer):
    offer(CONTENT, server.url("good"))
    cache.mkdir()
    for damaged in (CONTENT[:-1], CONTENT[::-1], b""):
        (cache / "tiny.tflite").write_bytes(damaged)
        assert models.path("tiny").read_bytes() == CONTENT
        assert files_in(cache) == ["tiny.tflite"]


def test_a_damaged_file_that_cannot_be_replaced_is_not_used(server, cache, offer):
    offer(CONTENT, server.url("missing"))
    cache.mkdir()
    (cache / "tiny.tflite").write_bytes(CONTENT[::-1])
    with pytest.raises(SegkitError) as raised:
        models.path("tiny")
    assert "tiny.tflite has the wrong SHA-256" in complaint(raised)
    assert "answered 404" in complaint(raised)


def test_without_download_no_server_is_asked(server, cache, offer):
    offer(CONTENT, server.url("good"))
    with pytest.raises(SegkitError):
        models.path("tiny", download=False)
    assert server.asked == []


def test_a_file_in_the_place_of_the_cache_folder_is_one_line(server, cache, offer):
    offer(CONTENT, server.url("good"))
    cache.write_bytes(b"not a folder")
    message = refused(cache)
    assert "File exists" in message or "Not a directory" in message
    assert cache.read_bytes() == b"not a folder"


def test_a_cache_folder_below_a_file_is_one_line(server, cache, offer, tmp_path, monkeypatch):
    offer(CONTENT, server.url("good"))
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SEGKIT_CACHE", str(tmp_path / "file" / "cache"))
    refused(tmp_path / "file" / "cache")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="root and Windows may write into folders without write permission")
def test_a_cache_folder_without_write_permission_is_one_line(server, cache, offer):
    offer(CONTENT, server.url("good"))
    cache.mkdir(mode=0o500)
    assert "ermission" in refused(cache)


# --- a full disk -------------------------------------------------------------------


@contextmanager
def small_disk(folder):
    """A file system of 64 KiB in memory, where the system lets us mount one."""
    folder.mkdir(parents=True)
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "segkit-test", str(folder)]
    done = mount and subprocess.run(command, capture_output=True)
    if not done or done.returncode:
        pytest.skip("this system lets us mount no small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts Linux's tmpfs")
def test_a_full_disk_is_one_line_and_leaves_nothing(server, cache, offer):
    with small_disk(cache):
        offer(CONTENT, server.url("good"))
        assert os.strerror(errno.ENOSPC) in refused(cache)


def test_a_write_that_finds_no_space_is_one_line(server, cache, offer, monkeypatch):
    """The same without a mount: the file that is written to is on a disk that fills up."""
    class FullDisk(io.FileIO):
        def write(self, data):
            if self.tell() + len(data) > 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def open_on_full_disk(file, mode="r", *arguments, **options):
        return (FullDisk(file, "w") if "w" in mode
                else open(file, mode, *arguments, **options))

    monkeypatch.setattr(download, "open", open_on_full_disk, raising=False)
    offer(CONTENT, server.url("good"))
    assert os.strerror(errno.ENOSPC) in refused(cache)


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from segkit import models
from segkit.errors import SegkitError
from segkit.models import entries
entries.DATA = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    models.path("tiny")
except SegkitError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_a_limit_on_file_sizes_is_one_line_and_leaves_nothing(server, cache, offer, run_python):
    offer(CONTENT, server.url("good"))
    done = run_python(LIMITED, entries.DATA)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.strerror(errno.EFBIG) in done.stdout and len(done.stdout.splitlines()) == 1
    assert files_in(cache) == []


# --- many at once ----------------------------------------------------------------------


ONE_OF_MANY = """
import sys
from pathlib import Path
from segkit import models
from segkit.models import entries
entries.DATA = Path(sys.argv[1])
import pooch, requests, tqdm
print("ready", flush=True)
sys.stdin.readline()
print(models.sha256(models.path("tiny")))
"""


def test_eight_processes_at_once_end_with_one_good_file(server, cache, offer):
    model = offer(CONTENT, server.url("missing"), server.url("small-pieces"))
    cache.mkdir()
    (cache / "tiny.tflite").write_bytes(CONTENT[:1000])  # and a damaged one lies in the way
    processes = [subprocess.Popen([sys.executable, "-c", ONE_OF_MANY, str(entries.DATA)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True) for _ in range(8)]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, err = process.communicate(timeout=100)
            assert (out, err, process.returncode) == (f"{model.sha256}\n", "", 0)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert files_in(cache) == ["tiny.tflite"]
    assert hashlib.sha256((cache / "tiny.tflite").read_bytes()).hexdigest() == model.sha256


def test_a_progress_bar_is_drawn_in_a_terminal(server, cache, offer, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    offer(CONTENT, server.url("good"))
    assert models.path("tiny").read_bytes() == CONTENT
    assert "tiny.tflite" in terminal.getvalue() and "100%" in terminal.getvalue()
