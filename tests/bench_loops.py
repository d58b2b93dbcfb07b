"""The loops that other libraries' examples show, over a folder of photos: what ``make bench`` compares with.

    python tests/bench_loops.py mediapipe|tasks ALBUM MASKS OVERLAYS

The published starter model, one photo after the other in one process, as the examples of both libraries have it.
They neither paint nor write files: for that the loops use what ``segkit segment`` uses.

Sources: https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter/python and
https://ai.google.dev/edge/litert/libraries/task_library/image_segmenter
"""

import sys
from pathlib import Path

from segkit import models
from segkit.masks import resize
from segkit.networks.segmenter import Segmentation

MODEL = "deeplabv3"
MODULES = {"mediapipe": "mediapipe", "tasks": "tflite_support"}


def mediapipe(file):
    """A function from a photo's path to its pixels and its mask."""
    from mediapipe import Image
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageSegmenterOptions(base_options=BaseOptions(model_asset_path=str(file)),
                                           output_category_mask=True, output_confidence_masks=False)
    segmenter = vision.ImageSegmenter.create_from_options(options)

    def one(path):
        image = Image.create_from_file(str(path))
        return image.numpy_view()[..., :3], segmenter.segment(image).category_mask.numpy_view().squeeze()

    return one


def tasks(file):
    """As :func:`mediapipe`, with the Task Library: its mask has the model's size."""
    from tflite_support.task import vision

    segmenter = vision.ImageSegmenter.create_from_file(str(file))

    def one(path):
        image = vision.TensorImage.create_from_file(str(path))
        found = segmenter.segment(image).segmentations[0]
        small = found.category_mask.reshape(found.height, found.width)
        return image.buffer[..., :3], resize.resize_nearest(small, image.height, image.width)

    return one


def main(library, album, masks, overlays):
    """Label all photos of a folder and write their files."""
    one = {"mediapipe": mediapipe, "tasks": tasks}[library](models.path(MODEL))
    for folder in (masks, overlays):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(Path(album).iterdir()):
        result = Segmentation(*one(path), (), {})
        result.mask_image().save(Path(masks, f"{path.stem}.png"), compress_level=1)
        result.overlay().save(Path(overlays, f"{path.stem}.jpg"), quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
