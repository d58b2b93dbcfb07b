"""How the shipped models were made: photos, a published model's opinion of them, and a small network of our own.

``python -m training --help`` lists the stages in their order: label, features, train, export, evaluate, card.
Each takes a working folder (``--work``), leaves its results there as .npz, .json, .csv or .pt files, and goes on where
it was stopped when the same command is given again. No other room of the package imports this one; it needs PyTorch
(``training/requirements.txt``), and only ``export`` needs the converter (``requirements-convert.txt``).
"""
