"""The exercises of lesson 11: cosine, the gradient, bytes of a head, and offsets."""

import numpy as np

from segkit.languages import say
from segkit.lessons.exercise import choice, function, number


def _cosine():
    rows = np.array([[1.0, 2, 2], [0, -3, 4], [2, 0, 0]])
    return function(
        given=[rows, np.array([0.0, 3, 4])],
        right=lambda rows, one: rows @ one / (np.linalg.norm(rows, axis=1) * np.linalg.norm(one)),
        why=say("the product is divided by both lengths, so only the direction counts."),
        mistakes=[
            (lambda rows, one: rows @ one,
             say("this is the product alone: it grows with the length of the features; divide by both "
                 "lengths")),
            (lambda rows, one: rows @ one / np.linalg.norm(one),
             say("the length of each row is missing: a bright point would win by its size")),
            (lambda rows, one: rows @ one / np.linalg.norm(rows, axis=1),
             say("the length of the second vector is missing")),
            (lambda rows, one: rows @ one / (np.linalg.norm(rows) * np.linalg.norm(one)),
             say("this is the length of the whole array; each row has its own: axis=1")),
            (lambda rows, one: np.linalg.norm(rows - one, axis=1),
             say("this is a distance; a cosine is largest where two vectors have the same direction")),
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
        why=say("each row pulls with its error, the sigmoid minus the label, times its features."),
        mistakes=[
            (lambda x, y, w: x.T @ (y - sigmoid(x @ w)),
             say("the sign is turned: this leads up the hill; it is the sigmoid minus the label")),
            (lambda x, y, w: x.T @ (x @ w - y),
             say("the sigmoid is missing: this is the gradient of least squares")),
            (lambda x, y, w: x.T @ (sigmoid(x @ w) - y) / len(y),
             say("this is the mean over the rows; the loss of this lesson is their sum")),
            (lambda x, y, w: sigmoid(x @ w) - y,
             say("these are the errors of the rows; each has to be multiplied by its features and summed")),
            (lambda x, y, w: x.T @ sigmoid(x @ w),
             say("the labels are missing: the error is the sigmoid minus the label")),
        ])


def _bytes():
    right = 4 * (24 + 192 + 1)
    return number(right, say("24 + 192 weights and one bias, 4 bytes each: {right} bytes.", right=right), [
        (24 + 192 + 1, say("these are numbers; float32 has 4 bytes for each")),
        (4 * (24 + 192), say("the bias is missing")),
        (4 * (24 + 192 + 2), say("close: two maps, but their scores are added, so one bias is enough")),
        (4 * 9 * (24 + 192) + 4, say("a 1 x 1 convolution has one weight for each channel, not nine")),
        (4 * 24 * 192, say("the maps are not multiplied with each other: each has weights of its own")),
        (4 * (24 + 192 + 1) * 21, say("only the new class needs weights; the 21 others have theirs already")),
    ])


def _photos():
    return choice(
        "photos", say("marks on one photo say much about that photo. What a class looks like elsewhere, only "
                      "other photos can say."),
        {"marks": say("more marks on the same photo make its mask better; the other photo's light and scale "
                      "are not in them"),
         "strength": say("a stronger regularisation makes the weights smaller; it knows nothing of the other "
                         "photo"),
         "steps": say("Newton's method has arrived: the loss has one minimum, and more steps stay there"),
         "pixels": say("a larger input shows finer edges; here the features of the class itself are other "
                       "ones")})


def _union():
    return number(60 / 190, say("60 pixels are in both; 100 + 150 - 60 = 190 are in one or the other."), [
        (60 / 250, say("the 60 common pixels are counted twice in 250; they belong to the union once")),
        (60 / 150, say("this is the share of the truth that was found; the pixels found in vain count as "
                       "well")),
        (60 / 100, say("this is the share of the mask that is right; what was missed counts as well")),
        (120 / 250, say("this is the Dice measure; IoU divides by the union")),
    ], tolerance=0.005)


EXERCISES = {"cosine-of-features": _cosine, "gradient-of-the-head": _gradient, "bytes-of-a-class": _bytes,
             "flag-elsewhere": _photos, "iou-of-a-class": _union}
