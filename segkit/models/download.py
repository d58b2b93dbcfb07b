"""Downloading one model file: pooch does it, with a bound on the bytes that are taken."""

import sys
from pathlib import Path

from segkit.errors import SegkitError, one_line
from segkit.languages import say

TIMEOUT = 30  # seconds without an answer after which a server is given up


class _Bounded:
    """A binary file that takes a number of bytes and no more: a server may send without end."""

    def __init__(self, stream, most):
        self.stream, self.most, self.flush = stream, most, stream.flush

    def write(self, block):
        if self.stream.tell() + len(block) > self.most:
            raise SegkitError(say("the server sent more than the {most} bytes expected", most=self.most))
        self.stream.write(block)


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
    import pooch  # these two take a while to import, and most sessions download nothing
    from tqdm import tqdm

    def write(url, file, asking):
        """What pooch calls. The bar is drawn in notebooks and in terminals, not into files."""
        in_notebook = type(sys.stderr).__module__.startswith("ipykernel")
        with tqdm(total=model.bytes, unit="B", unit_scale=True, desc=model.file,
                  disable=False if in_notebook else None) as bar, open(file, "wb") as stream:
            pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=TIMEOUT)(
                url, _Bounded(stream, model.bytes), asking)

    pooch.get_logger().setLevel("ERROR")  # its own lines would stand beside our errors
    return Path(pooch.retrieve(url, known_hash=f"sha256:{model.sha256}", fname=model.file,
                               path=folder, downloader=write))


def cause(error, model, folder):
    """Why a download failed, in a few words."""
    kind = type(error).__name__
    response = getattr(error, "response", None)
    if response is not None:
        return say("the server answered {status_code}", status_code=response.status_code)
    if isinstance(error, ValueError) and "hash" in str(error):
        return say("the server sent other bytes than {file}", file=model.file)
    if "Timeout" in kind or "timed out" in str(error):
        return say("no answer within {timeout} seconds", timeout=TIMEOUT)
    if kind == "ChunkedEncodingError":
        return say("the connection was cut off")
    if kind == "ConnectionError":
        return say("no connection")
    if getattr(error, "strerror", None):  # of the system: the disk is full, the folder is none
        return f"{error.strerror}: {error.filename or folder}"
    return one_line(error, 120)
