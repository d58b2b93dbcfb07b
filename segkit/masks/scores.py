"""From scores to classes: which class wins at each pixel."""

import numpy as np


def class_map(scores, step=1):
    """The class with the highest score, for each pixel.

    Args:
        scores: (H, W, C) array, one score (logit) for each class.
        step: what :func:`grid_step` said of this model's scores; 1 looks at every pixel.

    Returns:
        (H, W) uint8 class indices.

    With a step the answer is the same and comes sooner. Between four grid points
    bilinear interpolation takes weighted means, and a weighted mean keeps order:
    where one class wins at all four points, it wins everywhere between them.
    Only the other cells need a closer look. (Two float scores that are equal but
    for rounding may fall either way. Rounding to whole numbers keeps order, too, so
    8-bit scores give the very same answer.)
    """
    if step == 1:
        return scores.argmax(axis=-1).astype(np.uint8)
    corners = scores[::step, ::step].argmax(axis=-1).astype(np.uint8)
    first = corners[:-1, :-1]
    agree = ((first == corners[:-1, 1:]) & (first == corners[1:, :-1])
             & (first == corners[1:, 1:]))
    mask = np.empty(scores.shape[:2], np.uint8)
    mask[:-1, :-1] = first.repeat(step, axis=0).repeat(step, axis=1)
    mask[-1], mask[:, -1] = scores[-1].argmax(axis=-1), scores[:, -1].argmax(axis=-1)
    # The cells as a (rows, step, columns, step) view: their first pixel is a grid point.
    tiled = (len(first), step, -1, step)
    cells, cell_scores = (a[:-1, :-1].reshape(*tiled, *a.shape[2:]) for a in (mask, scores))
    rows, columns = np.nonzero(~agree)
    cells[rows, :, columns] = cell_scores[rows, :, columns].argmax(axis=-1)
    return mask


def grid_step(scores, grid):
    """Pixels from one grid point to the next where scores were spread from a grid.

    Args:
        scores: (H, W, C) scores for some input that is not flat.
        grid: (height, width) of the scores before the graph's last operator,
            RESIZE_BILINEAR, spread them to (H, W); None where there is none.

    Returns:
        the step, or 1 where every pixel stands for itself. Resizing has several
        conventions; this one is confirmed by the scores themselves, which must
        be a straight line from one grid point to the next.
    """
    height, width = scores.shape[:2]
    if grid is None or min(grid) < 2 or scores.dtype.kind not in "fi":
        return 1
    step = (height - 1) // (grid[0] - 1)
    if step < 2 or (height - 1, width - 1) != (step * (grid[0] - 1), step * (grid[1] - 1)):
        return 1
    points = scores[::step, ::step].astype(np.float32)  # differences of 8-bit numbers need room
    if np.ptp(points) == 0:
        return 1
    # Whole numbers lie within one half of the line.
    rounding = 2e-5 * np.ptp(points) if scores.dtype.kind == "f" else 0.501
    for away in range(1, step):
        part = away / step
        down = points[:-1] * (1 - part) + points[1:] * part
        across = points[:, :-1] * (1 - part) + points[:, 1:] * part
        if not (np.allclose(down, scores[away::step, ::step], rtol=0, atol=rounding)
                and np.allclose(across, scores[::step, away::step], rtol=0, atol=rounding)):
            return 1
    return step
