"""The figure of paired gains says each gain, its interval, and whether the photos show it."""

from segkit.masks.bootstrap import Estimate
from segkit.plots import many_photos


def test_gains_are_told_with_their_intervals():
    found = {"v2 over v1": Estimate(0.021, 0.004, 0.039), "v3 over v2": Estimate(-0.001, -0.02, 0.018)}
    alt = many_photos.gains({"20 photos": found, "100 photos": found}).alt
    assert alt.startswith("Gain in IoU with its paired 95 % interval, on 20 photos: ")
    assert alt.count("v2 over v1 +2.1 points (+0.4 to +3.9), shown") == 2
    assert alt.count("v3 over v2 -0.1 points (-2.0 to +1.8), not shown") == 2
