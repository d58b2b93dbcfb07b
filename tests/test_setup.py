"""The set-up: the lock, the package's metadata, and the network that is really off."""

import errno
import json
import os
import re
import socket
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent

# Addresses that the internet's registries keep for documentation (RFC 5737, RFC 3849): nobody is there.
NOWHERE = (socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80))
NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

offline = pytest.mark.skipif(
    os.environ.get("SEGKIT_OFFLINE") != "1",
    reason="the network is on: run `make test` on a Linux that allows network namespaces",
)


# --- the network -----------------------------------------------------------


@offline
@pytest.mark.parametrize("family, address", NOWHERE, ids=["IPv4", "IPv6"])
def test_no_connection_leaves_this_machine(family, address):
    try:
        outside = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        assert error.errno in NO_ROUTE
        return
    with outside:
        outside.settimeout(5)
        with pytest.raises(OSError) as raised:
            outside.connect(address)
    # No route at all. A time-out would only mean that nobody answered.
    assert raised.value.errno in NO_ROUTE


@offline
def test_loopback_is_the_only_device():
    assert [name for _, name in socket.if_nameindex() if name != "lo"] == []


@offline
def test_names_are_not_looked_up():
    # Some systems answer from a service that is reached through a file and not through the network.
    for path in "/run/systemd/resolve/io.systemd.Resolve", "/run/nscd/socket", "/var/run/nscd/socket":
        if os.path.exists(path):
            pytest.skip(f"{path} answers name look-ups from outside")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.org", 80)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(16).upper())

        thread = threading.Thread(target=answer)
        thread.start()
        with socket.create_connection(server.getsockname(), timeout=10) as client:
            client.sendall(b"mask")
            assert client.recv(16) == b"MASK"
        thread.join()


def run_offline(*command, **options):
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "offline.py"), *command],
        capture_output=True, text=True, timeout=60, **options,
    )


def test_offline_says_what_it_did():
    look = (
        "import json, os, socket; print(json.dumps([os.environ['SEGKIT_OFFLINE'],"
        " [name for _, name in socket.if_nameindex()] if hasattr(socket, 'if_nameindex') else [],"
        " os.getuid() if hasattr(os, 'getuid') else 0]))"
    )
    done = run_offline(sys.executable, "-c", look)
    assert done.returncode == 0, done.stderr
    off, devices, user = json.loads(done.stdout)
    if off == "1":
        assert done.stderr == ""
        assert [name for name in devices if name != "lo"] == []
    else:
        assert off == "0"
        assert len(done.stderr.splitlines()) == 1
        assert "the network stays on" in done.stderr
    if hasattr(os, "getuid"):
        assert user == os.getuid()


def test_offline_hands_on_exit_status_and_arguments():
    done = run_offline(sys.executable, "-c", "import sys; print(sys.argv[1]); sys.exit(7)", "two words; $HOME")
    assert (done.returncode, done.stdout) == (7, "two words; $HOME\n")


def test_offline_without_a_command_or_with_a_wrong_one():
    assert run_offline().returncode == 2
    done = run_offline("no-such-program-here")
    assert done.returncode == 127
    assert "no-such-program-here" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_offline_where_namespaces_are_refused(tmp_path):
    """A system that refuses is imitated by a ctypes whose unshare always fails."""
    (tmp_path / "ctypes.py").write_text(
        "import errno\n"
        "class CDLL:\n"
        "    def __init__(self, name, use_errno=False): pass\n"
        "    def unshare(self, flags): return -1\n"
        "def get_errno(): return errno.EPERM\n"
    )
    done = run_offline(
        "sh", "-c", 'echo "$SEGKIT_OFFLINE"', env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert done.stderr.splitlines() == [
        "offline.py: the network stays on, because it cannot be taken away here ([Errno 1] Operation not permitted)"
    ]


# --- requirements, lock, package --------------------------------------------


def requirements():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = re.findall(r"^([a-z0-9].*?)\s*\\?$", text, re.MULTILINE)
    return [Requirement(line) for line in lines]


def environments():
    machines = {
        "linux": ("posix", "Linux", ["x86_64", "aarch64"]),
        "darwin": ("posix", "Darwin", ["arm64"]),
        "win32": ("nt", "Windows", ["AMD64"]),
    }
    for minor in range(10, 15):
        for platform, (os_name, system, names) in machines.items():
            for machine in names:
                yield pytest.param(
                    {
                        "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.7",
                        "implementation_name": "cpython", "platform_python_implementation": "CPython",
                        "sys_platform": platform, "os_name": os_name, "platform_system": system,
                        "platform_machine": machine, "extra": "",
                    },
                    id=f"3.{minor}-{platform}-{machine}",
                )


def applies(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate(environment)


@pytest.mark.parametrize("environment", list(environments()))
def test_lock_serves_every_python_and_system(environment):
    pins = {}
    for pin in locked():
        if applies(pin, environment):
            name = canonicalize_name(pin.name)
            assert name not in pins, f"{name} is pinned twice"
            (specifier,) = pin.specifier
            assert specifier.operator == "=="
            pins[name] = specifier.version
    wanted = [r for r in requirements() if applies(r, environment)]
    wanted += [Requirement(line) for line in project()["dependencies"]]
    wanted += [Requirement(line) for line in pyproject()["build-system"]["requires"]]
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not in requirements.lock: run `make lock`"
        assert requirement.specifier.contains(pins[name]), f"{name} {pins[name]} is not {requirement}: run `make lock`"
    older = environment["sys_platform"] == "linux" and environment["python_version"] in ("3.10", "3.11")
    assert ("tflite-runtime" in pins) == older
    assert pins["numpy"].startswith("1.") == older


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project():
    return pyproject()["project"]


def test_package_asks_for_nothing_that_requirements_lack():
    listed = {canonicalize_name(r.name) for r in requirements()}
    asked = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"]}
    assert asked <= listed


def test_every_pin_has_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_installed_packages_fit_together():
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout


def test_segkit_is_installed_from_this_clone():
    import segkit

    assert Path(segkit.__file__).resolve().parent == ROOT / "segkit"
    assert metadata.version("segkit") == segkit.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {segkit.__version__}\n" in citation


def test_segkit_is_found_from_any_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import segkit; print(segkit.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )
    assert Path(done.stdout.strip()).parent == ROOT / "segkit", done.stderr


def test_import_is_light():
    """No timing here: on a busy machine it would fail for no reason. What is imported is what costs."""
    heavy = ("numpy", "PIL", "matplotlib", "ipywidgets", "IPython", "skimage", "imgviz", "pooch",
             "ai_edge_litert", "tflite_runtime")
    done = subprocess.run(
        [sys.executable, "-c", "import sys, segkit; print(*sys.modules)"],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert roots & set(heavy) == set()


# --- files ------------------------------------------------------------------


def tracked_files():
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git clone, or git is not installed")
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def test_no_package_registry_is_named():
    """Whoever installs decides where packages come from: a mirror, a folder of wheels, the public registry."""
    hosts = ["pypi" + ".org", "python" + "hosted", "npm" + "js.", "deb." + "debian", "anaconda" + ".org"]
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        found += [f"{path.relative_to(ROOT)}: {host}" for host in hosts if host.encode() in content]
    assert found == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no execute permission")
def test_ci_script_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
