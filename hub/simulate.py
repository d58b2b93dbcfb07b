"""Learners who are programs: each starts a server, runs a first mask in a kernel, and leaves. Needs `make hub-setup`.

    .venv/bin/python hub/simulate.py --learners 1,5,10,20
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

ROOT = Path(__file__).resolve().parents[1]
HUB = ROOT / ".venv-hub" / "bin" / "python"
READY = ROOT / ".venv-hub" / ".ready"
PATIENCE = 300  # seconds; a whole room starts at once
FIRST_MASK = "from segkit import Segmenter, photos\nprint(Segmenter().segment(photos.sample('cat')).classes)"
# A program may make learners and act for them; no learner may. Only a simulation has it.
CONFIG = """
load_subconfig({config!r})
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.services = [{{"name": "simulation", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "simulation", "services": ["simulation"],
                            "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"]}}]
c.JupyterHub.log_level = "WARN"
"""


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Room:
    """A hub in a folder of its own, from start to stop: `async with Room(folder) as room`."""

    def __init__(self, folder):
        self.folder, self.token = Path(folder), secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = None

    async def __aenter__(self):
        config = self.folder / "config.py"
        config.write_text(CONFIG.format(config=str(ROOT / "hub" / "jupyterhub_config.py"), hub_port=free_port(),
                                        proxy_port=free_port(), token=self.token), encoding="utf-8")
        settings = {"SEGKIT_HUB_ROOM": str(self.folder / "room"), "SEGKIT_HUB_URL": self.url, "SEGKIT_HUB_PYTHON": sys.executable}
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([HUB, "-m", "jupyterhub", "-f", config], env=os.environ | settings, cwd=self.folder,
                                            stdout=log, stderr=log, start_new_session=True)
        try:
            await self.until("/hub/api/", lambda said: "version" in said)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        started = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.terminate()
        psutil.wait_procs([psutil.Process(self.process.pid)] if self.process.poll() is None else [], timeout=20)
        for one in [one for one in started if one.is_running()]:
            one.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    async def ask(self, path, token=None, method="GET", body=None):
        """(status, JSON or text) of a request with somebody's token; the simulation's without one."""
        request = HTTPRequest(self.url + path, method, {"Authorization": f"token {token or self.token}"},
                              json.dumps(body) if body is not None else None, allow_nonstandard_methods=True,
                              request_timeout=120, follow_redirects=False)
        try:
            answer = await AsyncHTTPClient(max_clients=100).fetch(request, raise_error=False)
        except OSError as error:  # nobody listens yet
            return 0, str(error)
        text = answer.body.decode() if answer.body else ""
        try:
            return answer.code, json.loads(text)
        except ValueError:
            return answer.code, text

    async def until(self, path, fits, seconds=PATIENCE):
        """The answer at a path, once it fits; RuntimeError with the end of the hub's log where it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            status, said = await self.ask(path)
            if status == 200 and fits(said):
                return said
            await asyncio.sleep(0.2)
        raise RuntimeError(f"the hub does not answer: {(self.folder / 'log').read_text(encoding='utf-8')[-2000:]}")

    async def learner(self, name):
        """A new learner with a server that runs; gives the learner's token."""
        await self.ask(f"/hub/api/users/{name}", method="POST", body={})
        _, token = await self.ask(f"/hub/api/users/{name}/tokens", method="POST", body={"note": "simulation"})
        status, said = await self.ask(f"/hub/api/users/{name}/server", method="POST", body={})
        if status not in (201, 202):
            raise RuntimeError(f"no server for {name}: {status} {said}")
        await self.until(f"/hub/api/users/{name}", lambda said: said["servers"].get("", {}).get("ready"))
        return token["token"]

    async def kernel(self, name, token):
        """The id of a new kernel of a learner."""
        status, said = await self.ask(f"/user/{name}/api/kernels", token, "POST", {"name": "python3"})
        assert status == 201, f"no kernel for {name}: {status} {said}"
        return said["id"]

    async def run(self, name, token, kernel, code):
        """What a cell prints in a learner's kernel; RuntimeError where it raises."""
        url = f"{self.url}/user/{name}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        line = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {token}"}))
        ours = uuid.uuid4().hex
        await line.write_message(json.dumps({
            "channel": "shell", "parent_header": {}, "metadata": {}, "buffers": [],
            "header": {"msg_id": ours, "msg_type": "execute_request", "username": name, "session": ours, "version": "5.3"},
            "content": {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}}))
        printed = ""
        while True:
            message = json.loads(await asyncio.wait_for(line.read_message(), PATIENCE))
            content = message["content"]
            if message["parent_header"].get("msg_id") != ours:
                continue
            if message["msg_type"] == "error":
                raise RuntimeError(f"{name}: {content['ename']}: {content['evalue']}")
            if message["msg_type"] == "stream":
                printed += content["text"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                line.close()
                return printed

    def memory(self):
        """Bytes of the hub and all that it started; pages that several processes share count once (Linux)."""
        everyone = psutil.Process(self.process.pid).children(recursive=True)
        return sum(getattr(one.memory_full_info(), "pss", 0) or one.memory_info().rss for one in everyone)


async def crowd(count):
    """One row: seconds from a learner's start to the first mask (median, slowest), and learners per GiB."""
    with tempfile.TemporaryDirectory() as folder:
        async with Room(folder) as room:
            empty = room.memory()

            async def one(number):
                begin, name = time.monotonic(), f"learner-{number}"
                token = await room.learner(name)
                printed = await room.run(name, token, await room.kernel(name, token), FIRST_MASK)
                assert "cat" in printed, printed
                return time.monotonic() - begin

            took = sorted(await asyncio.gather(*map(one, range(count))))
            each = (room.memory() - empty) / count / 2**30
            return {"learners": count, "median_s": round(took[count // 2], 1), "slowest_s": round(took[-1], 1),
                    "learners_per_gib": round(1 / each, 1)}


def main():
    """Prints a row of JSON for each number of learners; gives 2 where the hub is not installed."""
    parser = argparse.ArgumentParser(prog="hub/simulate.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--learners", default="1,5,10,20", help="numbers of learners, for example 1,5")
    counts = [int(word) for word in parser.parse_args().learners.split(",")]
    if not READY.exists():
        print("simulate: the hub is not installed; run make hub-setup", file=sys.stderr)
        return 2
    for count in counts:
        print(json.dumps(asyncio.run(crowd(count))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
