"""Files of models: where they are, whether they are the right ones, what is packed inside.

A file is looked for in this order, and its SHA-256 is checked wherever it was found:

1. ``data/models/`` of the project,
2. the folders named in the environment variable ``SEGKIT_MODELS``,
3. the user's cache (``SEGKIT_CACHE``, or the system's usual place),
4. a download into that cache, from each known address in turn.
"""

import hashlib
import os
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.masks import labels
from segkit.models import entries
from segkit.models.download import cause, fetch
from segkit.models.entries import catalogue, get

MOST_LABEL_BYTES = 1 << 20  # label files that unpack to more, all together, are damaged, or a trap


def sha256(file):
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def is_right_file(file, model):
    """Whether ``file`` has the bytes that the catalogue promises for ``model``."""
    try:
        return Path(file).stat().st_size == model.bytes and sha256(file) == model.sha256
    except OSError:
        return False


def identify(file):
    """The catalogue's entry whose bytes ``file`` has, or None. The name does not count."""
    size = Path(file).stat().st_size
    same_size = [model for model in catalogue().values() if model.bytes == size]
    digest = sha256(file) if same_size else None
    return next((model for model in same_size if model.sha256 == digest), None)


def cache_folder():
    """The folder for downloaded models (it need not exist yet)."""
    if os.environ.get("SEGKIT_CACHE"):
        return Path(os.path.expanduser(os.environ["SEGKIT_CACHE"]))
    import platformdirs  # takes a while to import

    return Path(platformdirs.user_cache_dir("segkit"), "models")


def folders():
    """The folders in which :func:`path` looks, in their order."""
    extra = os.environ.get("SEGKIT_MODELS", "").split(os.pathsep)
    paths = [Path(os.path.expanduser(folder)) for folder in extra if folder]
    project = entries.DATA.parent
    # A relative folder may count from the project as well: lessons run in notebooks/.
    return [entries.DATA / "models", *(p if p.is_dir() else project / p for p in paths),
            cache_folder()]


def find(name):
    """Look for a model's file without downloading anything.

    Returns:
        (path or None, list of files that have its name and the wrong bytes)
    """
    model, damaged = get(name), []
    for folder in folders():
        file = folder / model.file
        if is_right_file(file, model):
            return file, damaged
        if file.is_file():
            damaged.append(file)
    return None, damaged


def path(name, download=True):
    """The path of a model's file, checked against its SHA-256.

    Args:
        name: a name in the catalogue.
        download: whether to try the network when no folder has the file.

    Raises:
        SegkitError: the name is unknown, or the file is nowhere to be had; the
            message lists what was tried and says where to put the file.
    """
    model = get(name)
    file, damaged = find(name)
    if file:
        return file
    tried = [say("{file} has the wrong SHA-256 (damaged or another file)", file=bad) for bad in damaged]
    if download:
        for url in model.urls:
            try:
                return fetch(model, url, cache_folder())
            except Exception as error:  # noqa: BLE001 - whatever failed, try the next address
                tried.append(f"{url.split('/')[2]}: {cause(error, model, cache_folder())}")
    if not model.urls:
        tried.append(say("it comes with the project and is not downloaded"))
    remedy = say("try again with a network") if model.urls else say("get a fresh copy of the project")
    others = [m.name for m in catalogue().values() if m.task == model.task and find(m.name)[0]]
    raise SegkitError(
        say("the model {name} ({file}) is not here: {tried}. Put the file with SHA-256 {sha256}… into "
            "{folder} or into a folder named in SEGKIT_MODELS, or {remedy}", name=name, file=model.file,
            tried="; ".join(tried) or say("not downloaded yet"), sha256=model.sha256[:12],
            folder=cache_folder(), remedy=remedy)
        + (say(", or use a model that is here: {listed}", listed=", ".join(others)) if others else ""))


def resolve(path_or_name):
    """The file that a reader means: a path of a file, or a name in the catalogue.

    Returns:
        (path, :class:`Model` or None for a file that the catalogue does not know)

    Raises:
        SegkitError: neither a readable file nor a known name.
    """
    if not isinstance(path_or_name, (str, os.PathLike)):
        raise SegkitError(say("a model is a name or the path of a file, not {name}",
                              name=type(path_or_name).__name__))
    name = str(path_or_name)
    if name in catalogue():
        return path(name), get(name)
    file = Path(os.path.expanduser(name))  # unlike Path.expanduser, it takes any ~name
    shown = one_line(file)
    try:
        if name and file.is_dir():
            raise SegkitError(say("{shown} is a folder, not a model; name a .tflite file in it", shown=shown))
        if file.is_file():
            return file, identify(file)
        if file.exists():
            raise SegkitError(say("{shown} is not an ordinary file", shown=shown))
    except (OSError, ValueError) as error:  # ValueError: a null byte, half a character
        raise SegkitError(say("{file} cannot be read: {why}", file=shown,
                              why=getattr(error, "strerror", None) or error)) from error
    if file.suffix or len(file.parts) > 1:
        raise SegkitError(say("there is no file {shown}; known models: {listed}", shown=shown,
                              listed=", ".join(catalogue())))
    return path(name), get(name)  # not a known name: path() says so


def content(file):
    """The bytes of a model file (a pathlib.Path).

    Raises:
        SegkitError: it cannot be read, or does not carry the mark of TensorFlow Lite's schema, so
            that no runtime has to find out.
    """
    try:
        found = file.read_bytes()
    except OSError as error:
        raise SegkitError(say("{file} cannot be read: {why}", file=one_line(file),
                              why=error.strerror)) from error
    if found[4:8] != b"TFL3":  # the file identifier in the schema
        raise SegkitError(say("{file} is no .tflite model: it is {found} bytes long and does not carry "
                              "the mark TFL3", file=one_line(file), found=len(found)))
    return found


def label_files(file):
    """The text files packed inside a .tflite file (its "associated files").

    Metadata tools append a zip archive to the model; phones read labels there.
    Source: https://ai.google.dev/edge/litert/models/metadata

    Returns:
        dictionary from file name to its lines; empty where there is no archive.
    """
    try:
        with ZipFile(file) as archive:
            # The other ways of packing are unpacked whole before Python looks at a size.
            texts = [entry for entry in archive.infolist() if entry.filename.endswith(".txt")
                     and entry.compress_type in (ZIP_STORED, ZIP_DEFLATED)]
            if sum(entry.file_size for entry in texts) > MOST_LABEL_BYTES:
                return {}
            return {entry.filename: archive.read(entry).decode("utf-8").splitlines() for entry in texts}
    except Exception:  # noqa: BLE001 - of a damaged archive anything can come
        return {}


def class_names(file, model=None):
    """The class names of a model, in the order of its class indices.

    The catalogue decides; a file that it does not know is asked for a label
    file inside. An empty tuple means that nobody knows.
    """
    if model and model.labels == "pascal-voc":
        return labels.VOC
    inside = label_files(file)
    if model and model.labels in inside:
        return tuple(inside[model.labels])
    return tuple(next(iter(inside.values()), ()))
