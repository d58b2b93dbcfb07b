"""The work behind the commands of ``python -m segkit``, a file for each."""

from segkit import lazily

__getattr__, __dir__ = lazily(__name__, __path__)
