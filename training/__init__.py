"""How the shipped models were made: published weights, photos, drawn masks and a published model's opinion of them.

``python -m training --help`` lists the stages; README.md beside this file has their order. Each takes a working folder
(``--work``), leaves its results there as .npz, .json, .csv or .pt files, and goes on where it was stopped when the same
command is given again. Nothing in `segkit` imports this; it needs PyTorch (``training/requirements.txt``), and only
``export`` needs the converter (``training/requirements-convert.txt``).
"""
