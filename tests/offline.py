"""Run a command with the network off: ``python tests/offline.py COMMAND...``

The command gets a network namespace of its own (Linux): a private copy of the
network in which only the loopback device exists. Jupyter talks to its kernels
over loopback, so that one is brought up. Nothing else is needed for it: not
root, not the programs ``ip`` or ``unshare``.

Where the system has no such namespaces, or does not allow them, one line says
so and the command runs all the same. It can tell the two cases apart:
SEGKIT_OFFLINE is 1 where the network is off, and 0 where it is not.
"""

import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys

# From Linux's own headers: sched.h, sockios.h, if.h.
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def _unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _loopback_up():
    """What `ip link set lo up` does: read the device's flags, add "up", write them back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        import fcntl  # not on Windows, where this function is never called

        request = struct.pack("16sh22x", b"lo", 0)  # struct ifreq: name, flags, room for the rest
        flags = struct.unpack_from("h", fcntl.ioctl(control, SIOCGIFFLAGS, request), 16)[0]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def cut_off():
    """Move this process into a network namespace of its own, with loopback up.

    Raises:
        OSError: the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        _unshare(CLONE_NEWNET)
    except PermissionError:
        # Not allowed as we are, but perhaps in a user namespace, where we are our own administrator.
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        # Keep our own user and group: files keep their owners, and root stays root.
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _loopback_up()


def _try_out():
    """Try cut_off() in a child process, because there is no way back from half of it.

    Returns:
        None if it works, else why it does not, as a string.
    """
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no network namespaces"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            cut_off()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
            os.write(writing, str(error).encode() or b"unknown error")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        why = pipe.read().decode()
    os.waitpid(child, 0)
    return why or None


def main(command):
    if not command:
        print("usage: python tests/offline.py COMMAND...", file=sys.stderr)
        return 2
    why = _try_out()
    if why is None:
        cut_off()
        os.environ["SEGKIT_OFFLINE"] = "1"
    else:
        print(f"offline.py: the network stays on, because it cannot be taken away here ({why})", file=sys.stderr)
        os.environ["SEGKIT_OFFLINE"] = "0"
    try:
        if os.name == "nt":  # exec on Windows returns to the shell before the command ends
            return subprocess.call(command)
        os.execvp(command[0], command)
    except OSError as error:
        print(f"offline.py: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if error.errno == errno.ENOENT else 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
