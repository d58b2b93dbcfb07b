"""A class of one's own: from a few marks on photos to a ``.tflite`` file that knows it.

>>> from segkit.networks import teaching
>>> taught = teaching.teach("rocket", [(photo, scribbles)])      # doctest: +SKIP
>>> taught.save("mine.tflite")                                   # doctest: +SKIP
>>> Segmenter("mine.tflite").segment(photo)                      # doctest: +SKIP

Scribbles are an array of the photo's size: 0 not marked, 1 not the class, 2 the class.
"""

from segkit import lazily
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS, UNMARKED, load_scribbles, save_scribbles
from segkit.networks.teaching.teacher import Taught, Teacher, teach

__all__ = ["CLASS", "NOT_CLASS", "UNMARKED", "Taught", "Teacher", "load_scribbles", "save_scribbles",
           "teach"]
__getattr__, __dir__ = lazily(__name__, __path__)
