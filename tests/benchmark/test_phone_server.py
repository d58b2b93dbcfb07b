"""The server of the page for phones: a token, the page's own files and nothing else, rows that come back."""

import http.client
import json
import os
import socket
import ssl
import time
from pathlib import Path

import pytest
from benchmark.phone_rows import row
from conftest import complaint

from segkit import __main__, benchmark
from segkit.benchmark.phones import build, server
from segkit.errors import SegkitError

FILES = {"index.html": b"<p>the page</p>", "page.json": b'{"models": []}', "models/a.tflite": b"bytes",
         "litert/wasm/a.wasm": b"\0asm"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A server with four files, and one beside them that is none of the page's."""
    folder = tmp_path_factory.mktemp("page")
    for name, content in {**FILES, "secret.txt": b"secret"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    said = []
    with server.PhoneServer(folder, FILES, "127.0.0.1", file=folder.parent / "rows" / "rows.jsonl", said=said.append) as one:
        one.lines = said
        yield one


@pytest.fixture
def ask(page):
    """ask(what comes after the token, method, body, token): (status, headers, body)."""
    def send(name, method="GET", body=None, token=page.token, **headers):
        line = http.client.HTTPSConnection("127.0.0.1", page.port, timeout=10, context=ssl._create_unverified_context())
        line.request(method, f"/{token}/{name}" if token else name, body, headers)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return answer.status, answer.headers, content

    return send


@pytest.mark.parametrize("name", FILES)
def test_the_page_s_files_are_given_out(ask, name):
    status, headers, content = ask(name)
    assert status == 200
    assert content == FILES[name] if name != "page.json" else json.loads(content) == {"models": [], "post": "rows"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Content-Type"].split(";")[0] in (
        "text/html", "application/json", "application/octet-stream", "application/wasm")
    assert ask("")[2] == ask("index.html")[2]
    assert ask(name, "HEAD")[::2] == (200, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ["/", "/index.html", "/rows", "//index.html", "index.html", "/wrong/index.html",
                                  "/wrong/rows", "/x/{token}/index.html", "/{token}x/", "/%00/"])
def test_a_stranger_without_the_token_gets_nothing(ask, page, path, method):
    body = row() if method == "POST" else None
    status, _, content = ask(path.format(token=page.token), method, body, token=None)
    assert (status, content) == (403, b"")
    assert benchmark.phone_rows(page.file) == []


@pytest.mark.parametrize("name", [
    "secret.txt", "../rows/rows.jsonl", "..%2frows%2frows.jsonl", "models/../secret.txt", "models", "models/",
    "/etc/passwd", "//etc/passwd", "C:\\boot.ini", "index.html%00", "phone-server.json", "%2e%2e/rows/rows.jsonl"])
def test_only_the_page_s_own_files_are_given_out(ask, name):
    assert ask(name)[::2] == (404, b"no such file")


def test_a_row_lands_in_the_table_once(ask, page):
    status, _, words = ask("rows", "POST", row(id="1" * 32))
    assert (status, words) == (200, b"2 settings of A test phone are now in the notebook's table.")
    assert b"were already" in ask("rows", "POST", row(id="1" * 32))[2]
    assert [one.machine["id"] for one in benchmark.phone_rows(page.file)] == ["1" * 32]
    assert page.lines == ["a row arrived: 2 settings of A test phone"]


@pytest.mark.parametrize("body, status, words", [
    ("{}", 400, b"this is no row"), ("\0", 400, b"no JSON text"), (row(device=" " * 41), 400, b"device"),
    ("x" * 200_001, 413, b"200000 bytes")])
def test_a_malformed_row_is_refused_with_a_reason(ask, page, body, status, words):
    before = benchmark.phone_rows(page.file)
    found = ask("rows", "POST", body)
    assert found[0] == status and words in found[2]
    assert len(benchmark.phone_rows(page.file)) == len(before)


def test_other_ways_to_send_are_refused(ask):
    assert ask("index.html", "POST", row())[0] == 404
    assert ask("rows", "GET")[0] == 404
    assert ask("index.html", "PUT", "x")[::2] == (501, b"")
    assert ask("rows", "POST", None, **{"Content-Length": "-5"})[0] == 413


def test_a_silent_visitor_holds_nobody_up(ask, page):
    with socket.create_connection(("127.0.0.1", page.port)):
        start = time.monotonic()
        assert ask("index.html")[0] == 200
        assert time.monotonic() - start < server.PATIENCE / 2


def test_the_lesson_finds_the_address_while_the_server_runs(tmp_path):
    file = tmp_path / "rows.jsonl"
    assert server.running(file) is None
    with server.PhoneServer(tmp_path, [], "127.0.0.1", file=file) as one:
        assert server.running(file) == one.address
        assert one.address == f"https://127.0.0.1:{one.port}/{one.token}/" and len(one.token) >= 22
        if os.name == "posix":
            assert server.notice(file).stat().st_mode & 0o077 == 0  # the token is this user's
        with pytest.raises(SegkitError) as raised:
            server.PhoneServer(tmp_path, [], "127.0.0.1", one.port, file)
        assert "cannot be used" in complaint(raised)
    assert server.running(file) is None
    server.notice(file).write_text(json.dumps({"address": "https://old", "process": 2**22 + 1}))
    assert server.running(file) is None  # that one ended without tidying up


def test_the_certificate_is_new_and_names_the_address(page):
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", page.port)) as line, context.wrap_socket(line) as safe:
        from cryptography import x509

        certificate = x509.load_der_x509_certificate(safe.getpeercert(True))
    assert page.fingerprint.replace(":", "").lower() == certificate.fingerprint(certificate.signature_hash_algorithm).hex()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "127.0.0.1" in map(str, names.get_values_for_type(x509.IPAddress))
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days <= server.DAYS + 1


def test_the_code_holds_the_address():
    assert server.qr("https://192.0.2.1:8443/token/").symbol_size()[0] > 20


@pytest.mark.parametrize("options, words", [
    (["--port", "70000"], "0 to 65535"), (["--port", "x"], "invalid int"), (["--model", "no-such"], "no model is called")])
def test_the_command_says_what_is_wrong(options, words, capsys, monkeypatch, tmp_path):
    wasm = [f"core/wasm/{name}.{end}" for name in build.MODULES for end in ("js", "wasm")]
    for file in ("core/dist/index.js", "core/package.json", "wasm-utils/dist/index.js", *wasm):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text('{"version": "0"}')
    monkeypatch.setenv("SEGKIT_LITERT_JS", str(tmp_path))
    monkeypatch.setenv("SEGKIT_CACHE", str(tmp_path / "cache"))
    assert __main__.main(["phone", *options]) == 2
    assert words in capsys.readouterr().err


def test_without_litert_js_the_command_says_how_to_get_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_LITERT_JS", str(tmp_path))
    assert __main__.main(["phone", "--write", str(tmp_path / "page")]) == 2
    assert "make phone-setup" in capsys.readouterr().err
    assert not Path(tmp_path / "page").exists()
