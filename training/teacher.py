"""The published models whose opinion becomes the training labels: a DeepLab v3 for masks, an SSD for boxes.

The segmentation teacher ends in an argmax over 513x513 pixels. What a student needs is the step before: the logits at
33x33. They are read by cutting the graph after its last convolution, which also saves the teacher half its time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segkit.errors import SegkitError, one_line
from segkit.masks import labels

#: The teacher's input side in pixels and its logits' side in cells; cell i looks at pixel 16 i.
SIDE, CELLS = 513, 33
CLASSES, PERSON = len(labels.VOC), labels.VOC.index("person")
#: The views of a photo that are averaged: (size relative to the whole input, mirrored).
VIEWS = ((1.0, False), (0.75, True))
#: COCO's names for the VOC classes that it calls otherwise; the rest have the same name or no counterpart.
COCO_TO_VOC = {"airplane": "aeroplane", "motorcycle": "motorbike", "dining table": "diningtable",
               "potted plant": "pottedplant", "couch": "sofa", "tv": "tvmonitor"}


def open_interpreter(model: str | Path | bytes, threads: int = 1):
    """A LiteRT interpreter with its tensors allocated; SegkitError where the file is missing or no model."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        content = model if isinstance(model, bytes) else Path(model).read_bytes()
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (OSError, ValueError, RuntimeError) as error:
        raise SegkitError(f"cannot open the model {model if not isinstance(model, bytes) else ''}: "
                          f"{one_line(error)}") from error
    return interpreter


def cut_after_logits(path: str | Path, classes: int = CLASSES) -> bytes:
    """The .tflite file at `path` as bytes, ending at its last convolution with `classes` output channels.

    The flatbuffer's schema: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/
    schema.fbs. SegkitError where the file cannot be read or holds no such convolution.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    try:
        content = bytearray(Path(path).read_bytes())
    except OSError as error:
        raise SegkitError(f"cannot read the teacher {path}: {one_line(error)}") from error
    if content[4:8] != b"TFL3":
        raise SegkitError(f"{path} is no .tflite file")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = model.subgraphs[0]
    for place in range(len(graph.operators) - 1, -1, -1):
        operator = graph.operators[place]
        code = model.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        if kind == schema.BuiltinOperator.CONV_2D and graph.tensors[operator.outputs[0]].shape[-1] == classes:
            graph.operators = graph.operators[:place + 1]
            graph.outputs = [int(operator.outputs[0])]
            break
    else:
        raise SegkitError(f"{path} has no convolution with {classes} output channels to cut after")
    model.signatureDefs = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def place(photo: Image.Image, scale: float, mirrored: bool, side: int = SIDE) -> tuple[np.ndarray, tuple]:
    """The photo, aspect ratio kept, in the middle of a grey (side, side, 3) uint8 canvas, and its box (x, y, w, h)."""
    factor = scale * side / max(photo.size)
    width, height = (max(1, round(length * factor)) for length in photo.size)
    small = photo.resize((width, height), Image.Resampling.BILINEAR)
    if mirrored:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left, top = (side - width) // 2, (side - height) // 2
    canvas = Image.new("RGB", (side, side), (127, 127, 127))
    canvas.paste(small, (left, top))
    return np.asarray(canvas), (left, top, width, height)


def interpolation(places: np.ndarray, cells: int) -> np.ndarray:
    """(len(places), cells) float32: the row of weights that reads a row of `cells` at each place, linearly."""
    places = np.clip(places, 0, cells - 1)
    low = np.minimum(places.astype(int), cells - 2)
    weights = np.zeros((len(places), cells), np.float32)
    rows = np.arange(len(places))
    weights[rows, low] = 1 - (places - low)
    weights[rows, low + 1] = places - low
    return weights


class Teacher:
    """A published DeepLab, asked for class probabilities on a 33x33 grid that spans exactly the photo.

    It takes 513x513 uint8, or float32 in [-1, 1].
    """

    def __init__(self, path: str | Path, threads: int = 1):
        self.interpreter = open_interpreter(cut_after_logits(path), threads)
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        if tuple(self.input["shape"]) != (1, SIDE, SIDE, 3) or tuple(self.output["shape"][1:3]) != (CELLS, CELLS):
            raise SegkitError(f"{path} takes {tuple(self.input['shape'])}, not 1x{SIDE}x{SIDE}x3: no known teacher")

    def logits(self, canvas: np.ndarray) -> np.ndarray:
        """(33, 33, 21) float32 logits of a (513, 513, 3) uint8 canvas."""
        whole = self.input["dtype"] == np.uint8
        self.interpreter.set_tensor(self.input["index"],
                                    canvas[None] if whole else canvas[None] / np.float32(127.5) - np.float32(1))
        self.interpreter.invoke()
        scale, zero = self.output["quantization"]
        values = self.interpreter.get_tensor(self.output["index"])[0].astype(np.float32)
        return scale * (values - zero) if scale else values

    def probabilities(self, photo: Image.Image, views=VIEWS) -> np.ndarray:
        """(33, 33, 21) float32 that sum to 1: softmax averaged over `views`; the corners are the photo's corners."""
        total = np.zeros((CELLS, CELLS, CLASSES), np.float32)
        along = np.linspace(0, 1, CELLS)
        for scale, mirrored in views:
            canvas, (left, top, width, height) = place(photo, scale, mirrored)
            across = along[::-1] if mirrored else along
            step = (SIDE - 1) / (CELLS - 1)
            rows = interpolation((top + along * (height - 1)) / step, CELLS)
            columns = interpolation((left + across * (width - 1)) / step, CELLS)
            logits = np.einsum("yi,ijc,xj->yxc", rows, self.logits(canvas), columns, optimize=True)
            logits -= logits.max(axis=-1, keepdims=True)
            exponent = np.exp(logits)
            total += exponent / exponent.sum(axis=-1, keepdims=True)
        return total / len(views)


class BoxTeacher:
    """A published SSD, asked for boxes of the 20 VOC classes."""

    def __init__(self, path: str | Path, names: list[str], threads: int = 1):
        """`names` are the file's own class names by index, as `read_label_file` gives them."""
        self.interpreter = open_interpreter(path, threads)
        self.input = self.interpreter.get_input_details()[0]
        self.outputs = [detail["index"] for detail in self.interpreter.get_output_details()]
        voc = {name: index for index, name in enumerate(labels.VOC)}
        self.voc_index = [voc.get(COCO_TO_VOC.get(name, name), 0) for name in names]

    def boxes(self, photo: Image.Image, least: float = 0.3) -> np.ndarray:
        """(N, 6) float32 rows (class, score, left, top, right, bottom); the edges as shares of the photo, 0 to 1."""
        _, height, width, _ = self.input["shape"]
        pixels = np.asarray(photo.resize((width, height), Image.Resampling.BILINEAR))
        self.interpreter.set_tensor(self.input["index"], pixels[None])
        self.interpreter.invoke()
        edges, classes, scores = (self.interpreter.get_tensor(index)[0] for index in self.outputs[:3])
        rows = [(self.voc_index[int(name)], score, edge[1], edge[0], edge[3], edge[2])
                for name, score, edge in zip(classes, scores, edges)
                if score >= least and int(name) < len(self.voc_index) and self.voc_index[int(name)]]
        return np.clip(np.array(rows, np.float32).reshape(-1, 6), 0, [CLASSES, 1, 1, 1, 1, 1]).astype(np.float32)


def read_label_file(path: str | Path) -> list[str]:
    """The class names inside a .tflite file: TensorFlow Lite appends them as a zip with one text file of lines.

    SegkitError where the file has none.
    """
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".txt"))
            return archive.read(name).decode().split("\n")
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise SegkitError(f"{path} carries no label file: {one_line(error)}") from error
