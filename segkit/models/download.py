"""Downloading one model file: with a progress bar, a bound on its size, and its hash checked."""

import sys
from importlib import import_module
from pathlib import Path

from segkit.errors import SegkitError, one_line

TIMEOUT = 30  # seconds without an answer after which a server is given up


def fetch(model, url, folder):
    """Bring ``url`` into a folder: atomic, and only if the bytes are right.

    Args:
        model: the :class:`segkit.models.Model` with the file's name, size and SHA-256.
        url: where to ask.
        folder: where the file goes.

    Returns:
        the path of the file.

    Raises:
        Exception: of pooch, requests or the system; :func:`cause` puts it into words.
    """
    import pooch
    import requests

    in_notebook = type(sys.stderr).__module__.startswith("ipykernel")
    tqdm = import_module("tqdm.auto" if in_notebook else "tqdm").tqdm  # auto is slow to import

    def write(url, file, _):
        """What pooch calls: write down what the server sends, up to the right size."""
        with tqdm(total=model.bytes, unit="B", unit_scale=True, desc=model.file,
                  disable=False if in_notebook else None) as bar, \
                requests.get(url, stream=True, timeout=TIMEOUT) as response, \
                open(file, "wb") as stream:
            response.raise_for_status()
            room = model.bytes
            for block in response.iter_content(1 << 16):
                room -= len(block)
                if room < 0:
                    raise SegkitError(f"the server sent more than the {model.bytes} bytes expected")
                stream.write(block)
                bar.update(len(block))

    pooch.get_logger().setLevel("ERROR")  # its own lines would stand beside our errors
    return Path(pooch.retrieve(url, known_hash=f"sha256:{model.sha256}", fname=model.file,
                               path=folder, downloader=write))


def cause(error, model, folder):
    """Why a download failed, in a few words."""
    kind = type(error).__name__
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code}"
    if isinstance(error, ValueError) and "hash" in str(error):
        return f"the server sent other bytes than {model.file}"
    if "Timeout" in kind or "timed out" in str(error):
        return f"no answer within {TIMEOUT} seconds"
    if kind == "ChunkedEncodingError":
        return "the connection was cut off"
    if kind == "ConnectionError":
        return "no connection"
    if getattr(error, "strerror", None):  # of the system: the disk is full, the folder is none
        return f"{error.strerror}: {error.filename or folder}"
    return one_line(error, 120)
