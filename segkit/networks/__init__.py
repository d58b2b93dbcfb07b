"""Networks that label pixels: the few-line way, the trunk with its heads, the branches of an ASPP."""

from segkit import lazily

__getattr__, __dir__ = lazily(__name__, __path__)
