"""What stands in another process in the place of a trial: each ends in its own way."""

import os
import signal
import sys
import time
from pathlib import Path

from segkit.errors import SegkitError
from segkit.runtime.isolated import Unavailable


class Leaves:
    """A worker of :mod:`segkit.cli.folder` that ends at its second photo."""

    def start(self, settings, as_json):
        self.left = 1

    def one(self, job):
        if not self.left:
            os._exit(3)
        self.left -= 1
        return str(job), None


class Ends:
    """Its methods end the process, or answer."""

    def run(self, file, settings):
        """Do what the file's last line says."""
        getattr(self, Path(file).read_bytes().rpartition(b"\n")[2].decode())()

    def exit(self, code=0):
        os._exit(code)

    def exit_3(self):
        os._exit(3)

    def raises(self):
        raise SystemError("no details")

    def refuses(self):
        raise SegkitError("two\nlines")

    def lacks(self):
        raise Unavailable("pip install it")

    def eats(self):
        raise MemoryError

    def kill(self, number=signal.SIGSEGV):
        os.kill(os.getpid(), number)

    def killed(self):
        self.kill(signal.SIGKILL)

    def hangs(self):
        time.sleep(600)

    def well(self):
        """Nothing goes wrong."""

    def echo(self, values):
        return values

    def shout(self):
        os.write(1, b"to one\n")
        os.write(2, b"to two\n")

    def where(self, name):
        return os.environ.get(name), os.getpgid(0) == os.getpid(), sys.path

    def core(self):
        import resource

        return resource.getrlimit(resource.RLIMIT_CORE)
