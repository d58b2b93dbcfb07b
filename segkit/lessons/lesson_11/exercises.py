"""The exercises of lesson 11: cosine, the gradient, bytes of a head, and offsets."""

import numpy as np

from segkit.lessons.exercise import choice, function, number


def _cosine():
    rows = np.array([[1.0, 2, 2], [0, -3, 4], [2, 0, 0]])
    return function(
        given=[rows, np.array([0.0, 3, 4])],
        right=lambda rows, one: rows @ one / (np.linalg.norm(rows, axis=1) * np.linalg.norm(one)),
        why="the product is divided by both lengths, so only the direction counts.",
        mistakes=[
            (lambda rows, one: rows @ one,
             "this is the product alone: it grows with the length of the features; divide by both lengths"),
            (lambda rows, one: rows @ one / np.linalg.norm(one),
             "the length of each row is missing: a bright point would win by its size"),
            (lambda rows, one: rows @ one / np.linalg.norm(rows, axis=1),
             "the length of the second vector is missing"),
            (lambda rows, one: rows @ one / (np.linalg.norm(rows) * np.linalg.norm(one)),
             "this is the length of the whole array; each row has its own: axis=1"),
            (lambda rows, one: np.linalg.norm(rows - one, axis=1),
             "this is a distance; a cosine is largest where two vectors have the same direction"),
        ])


def _gradient():
    rows = np.sin(np.arange(24.0)).reshape(8, 3)
    labels = np.array([0, 1, 1, 0, 0, 1, 0, 1.0])
    weights = np.array([0.5, -1, 2])

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    return function(
        given=[rows, labels, weights],
        right=lambda x, y, w: x.T @ (sigmoid(x @ w) - y),
        why="each row pulls with its error, the sigmoid minus the label, times its features.",
        mistakes=[
            (lambda x, y, w: x.T @ (y - sigmoid(x @ w)),
             "the sign is turned: this leads up the hill; it is the sigmoid minus the label"),
            (lambda x, y, w: x.T @ (x @ w - y),
             "the sigmoid is missing: this is the gradient of least squares"),
            (lambda x, y, w: x.T @ (sigmoid(x @ w) - y) / len(y),
             "this is the mean over the rows; the loss of this lesson is their sum"),
            (lambda x, y, w: sigmoid(x @ w) - y,
             "these are the errors of the rows; each has to be multiplied by its features and summed"),
            (lambda x, y, w: x.T @ sigmoid(x @ w),
             "the labels are missing: the error is the sigmoid minus the label"),
        ])


def _bytes():
    right = 4 * (24 + 192 + 1)
    return number(right, f"24 + 192 weights and one bias, 4 bytes each: {right} bytes.", [
        (24 + 192 + 1, "these are numbers; float32 has 4 bytes for each"),
        (4 * (24 + 192), "the bias is missing"),
        (4 * (24 + 192 + 2), "close: two maps, but their scores are added, so one bias is enough"),
        (4 * 9 * (24 + 192) + 4, "a 1 x 1 convolution has one weight for each channel, not nine"),
        (4 * 24 * 192, "the maps are not multiplied with each other: each has weights of its own"),
        (4 * (24 + 192 + 1) * 21, "only the new class needs weights; the 21 others have theirs already"),
    ])


def _photos():
    return choice(
        "photos", "marks on one photo say much about that photo. What a class looks like elsewhere, only "
                  "other photos can say.",
        {"marks": "more marks on the same photo make its mask better; the other photo's light and scale are "
                  "not in them",
         "strength": "a stronger regularisation makes the weights smaller; it knows nothing of the other photo",
         "steps": "Newton's method has arrived: the loss has one minimum, and more steps stay there",
         "pixels": "a larger input shows finer edges; here the features of the class itself are other ones"})


def _union():
    return number(60 / 190, "60 pixels are in both; 100 + 150 - 60 = 190 are in one or the other.", [
        (60 / 250, "the 60 common pixels are counted twice in 250; they belong to the union once"),
        (60 / 150, "this is the share of the truth that was found; the pixels found in vain count as well"),
        (60 / 100, "this is the share of the mask that is right; what was missed counts as well"),
        (120 / 250, "this is the Dice measure; IoU divides by the union"),
    ], tolerance=0.005)


EXERCISES = {"cosine-of-features": _cosine, "gradient-of-the-head": _gradient, "bytes-of-a-class": _bytes,
             "flag-elsewhere": _photos, "iou-of-a-class": _union}
