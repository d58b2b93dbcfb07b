"""The work behind the commands of ``python -m segkit``, a file for each."""
