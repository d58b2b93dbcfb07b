"""The answers of lesson 00."""

from functools import lru_cache

from segkit import photos


@lru_cache
def _person_shares():
    """The share of "person" in each sample photo, by the default model: {photo: share}."""
    from segkit.networks.segmenter import Segmenter

    segmenter = Segmenter()
    return {name: {c.name: c.share for c in segmenter.segment(photos.sample(name)).classes}
            .get("person", 0.0) for name in photos.names()}


def _largest_person(answer):
    if answer not in photos.names():
        return False, f"the answer is the name of a sample photo: one of {', '.join(photos.names())}"
    shares = _person_shares()
    order = sorted(shares, key=shares.get, reverse=True)
    if answer == order[0]:
        return True, (f"{answer} has {shares[answer]:.0%} person pixels, more than the next one, "
                      f"{order[1]}, with {shares[order[1]]:.0%}. The share counts pixels, not people.")
    if answer == "voc":
        return False, ("this photo shows the most people, but each is small; the question is about "
                       "pixels, so read the shares")
    if shares[answer] < 0.01:
        return False, f"{answer} has almost no person pixels; print the classes of more photos"
    return False, (f"{answer} has {shares[answer]:.0%} person pixels, and another photo has more; "
                   "segment every photo in a loop")


JUDGES = {"largest-person": _largest_person}
