"""Networks that label pixels: the few-line way, trunk and heads, the branches of an ASPP."""

from segkit import lazily

__getattr__, __dir__ = lazily(__name__, __path__)
