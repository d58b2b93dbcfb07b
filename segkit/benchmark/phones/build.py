"""The page for phones as a folder: page, LiteRT.js, models, and a reference answer for each model.

The reference answer is the one of :mod:`segkit.benchmark.agreement`: the same sample photo, on
LiteRT's reference kernels. It is calculated while the folder is made, so it always fits the models.
"""

import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from segkit import __version__, models, photos
from segkit.benchmark.agreement import SAMPLE, WRONG_BELOW
from segkit.errors import SegkitError, one_line
from segkit.masks import labels, resize
from segkit.networks.segmenter import Segmenter

SOURCES = models.DATA.parent / "phone"
PAGE = ("index.html", "style.css", "page.js", "benchmark.js", "camera.js", "row.js", "runner.js",
        "headers.js", "headers-worker.js", "pixels.js", "network.js", "worker.js")
DEFAULT = ("deeplab", "deeplab-w8", "deeplab-f16", "deeplab-f32")
# LiteRT.js takes one of them: plain, for old browsers, with threads, and for WebGPU with the CPU's help.
MODULES = ("litert_wasm_internal", "litert_wasm_compat_internal", "litert_wasm_threaded_internal",
           "litert_wasm_jspi_internal")


def litert_js():
    """The folder "@litertjs" with LiteRT.js, which `make phone` fetches.

    It is ``var/phone/node_modules/@litertjs`` in the Python environment, or what SEGKIT_LITERT_JS names.

    Raises:
        SegkitError: it is not there.
    """
    named = os.environ.get("SEGKIT_LITERT_JS")
    folder = Path(named) if named else Path(sys.prefix, "var", "phone", "node_modules", "@litertjs")
    missing = [file for file, _ in _runtime_files() if not (folder / file).is_file()]
    if missing:
        raise SegkitError(f"LiteRT.js has not been fetched: {one_line(folder / missing[0])} is missing; run "
                          "`make phone-setup` with a network, or name its folder in SEGKIT_LITERT_JS")
    return folder


def _runtime_files():
    """[(file in the package, file in the page)]."""
    return [("core/dist/index.js", "litert/core/index.js"),
            ("wasm-utils/dist/index.js", "litert/wasm-utils/index.js"),
            *((f"core/wasm/{name}.{end}", f"litert/wasm/{name}.{end}")
              for name in MODULES for end in ("js", "wasm"))]


def build(folder, names=DEFAULT):
    """Write the page into a folder: everything that it needs, and nothing that it asks another host for.

    Args:
        folder: it is made where it does not exist; files of the page that are there are replaced.
        names: models, names in the catalogue or .tflite files; the first one is shown first.

    Returns:
        the names of all files, relative to the folder, a sorted list.

    Raises:
        SegkitError: LiteRT.js or a model is missing, a model segments no photos, or the folder cannot be
            written.
    """
    runtime, folder = litert_js(), Path(folder)
    if not SOURCES.is_dir():
        raise SegkitError(f"the page's sources are not in {one_line(SOURCES)}: a clone of the project has them")
    known = _known(folder)
    try:
        for file in PAGE:
            _copy(SOURCES / file, folder / file)
        for source, file in _runtime_files():
            _copy(runtime / source, folder / file)
        core = folder / "litert" / "core" / "index.js"
        # A browser knows no package names: an import map would help, but not in workers.
        text = core.read_text(encoding="utf-8").replace('"@litertjs/wasm-utils"', '"../wasm-utils/index.js"')
        core.write_text(text, encoding="utf-8")
        described = [_add_model(folder, name, known) for name in names]
        Image.fromarray(photos.sample("cat")).save(folder / "sample.jpg", quality=90)
        version = json.loads((runtime / "core" / "package.json").read_text(encoding="utf-8"))["version"]
        page = {"segkit": __version__, "runtime": f"LiteRT.js {version}", "models": described,
                "palette": labels.screen_palette().tolist(),
                "wrong_below": WRONG_BELOW, "photo": SAMPLE}
        (folder / "page.json").write_text(json.dumps(page), encoding="utf-8")
    except OSError as error:
        raise SegkitError(f"{one_line(error.filename or folder)} cannot be written or read: "
                          f"{error.strerror}") from error
    return files(described)


def files(described):
    """The names of the page's files for the models that page.json describes, a sorted list."""
    answers = [file for model in described for file in _answers(model)]
    return sorted([*PAGE, "page.json", "sample.jpg", *(file for _, file in _runtime_files()), *answers,
                   *(f"models/{model['file']}" for model in described)])


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _known(folder):
    """The (name, SHA-256) of the models whose reference answers an earlier call has written."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        page = json.loads((folder / "page.json").read_text(encoding="utf-8"))
        if (page["segkit"], page["photo"]) == (__version__, SAMPLE):
            return {(model["name"], model["sha256"]) for model in page["models"]
                    if all((folder / file).is_file() for file in _answers(model))}
    return set()


def _answers(model):
    return [f"reference/{model['name']}.{what}" for what in ("pixels", "classes")]


def _add_model(folder, name, known):
    """Copy a model, store its reference answer unless it is known, and describe it: a dictionary."""
    segmenter = Segmenter(name, threads=1, delegate="reference")
    file, entry = segmenter.session.path, segmenter.session.model
    given, answer = segmenter.session.inputs[0], segmenter.session.outputs[0]
    height, width = given.shape[1:3]
    described = {"name": entry.name if entry else file.stem, "file": file.name, "bytes": file.stat().st_size,
                 "sha256": models.sha256(file), "about": entry.about if entry else "",
                 "names": segmenter.names,
                 "input": {"height": height, "width": width, "dtype": given.dtype.name, "mean": segmenter.mean,
                           "std": segmenter.std, "scale": given.scale, "zero_point": given.zero_point},
                 "output": {"dtype": answer.dtype.name}}
    _copy(file, folder / "models" / file.name)
    if (described["name"], described["sha256"]) in known:
        return described
    pixels = resize.resize_bilinear(photos.sample(SAMPLE), height, width).astype(np.uint8)
    values, region = segmenter.prepare(pixels)
    classes = segmenter.finish(segmenter.session.run(values), region, (height, width))
    (folder / "reference").mkdir(exist_ok=True)
    for path, content in zip(_answers(described), (pixels, classes)):
        (folder / path).write_bytes(content.tobytes())
    return described
