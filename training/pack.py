"""Names of classes packed into a .tflite file, where phones and :func:`segkit.models.label_files` look for them."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile, ZipInfo, is_zipfile

from segkit.masks import labels

NAME = "labelmap.txt"


def labels_into(file: str | Path) -> None:
    """Append a zip archive with the class names to a model, once. Readers of the model itself stop before it.

    Source: https://ai.google.dev/edge/litert/models/metadata ("associated files")
    """
    if is_zipfile(file):
        return
    with ZipFile(file, "a") as archive:  # of a fixed date, so that the same model gives the same bytes
        archive.writestr(ZipInfo(NAME, (1980, 1, 1, 0, 0, 0)), "\n".join(labels.VOC) + "\n")
