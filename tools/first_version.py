"""Measure what a denser map and the CRF change for DeepLab v1 on labelled photos (lesson 03), for maintainers.

    python tools/first_version.py --labelled FOLDER [FOLDER ...] [--split training/split.json]

The folders are those of tools/mistakes.py. Writes data/models/first_version.npz: the confusion matrices of each photo.
Run it again whenever the trunk or head-v1 changes; about ten minutes, nearly all of it the CRF.
"""

from mistakes import options, store

from segkit.lessons.lesson_03 import experiments

if __name__ == "__main__":
    store(experiments.STORED, options(__doc__), experiments.measure)
