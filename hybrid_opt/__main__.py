"""``python -m hybrid_opt``: the same as the command ``hybrid-opt``."""

from .cli import main

main()
