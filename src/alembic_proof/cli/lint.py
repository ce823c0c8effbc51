"""``alembic-proof lint``."""

from __future__ import annotations

import argparse

from ..lint import run
from .config import add_config, chosen_config


def main(argv: list[str] | None = None) -> int:
    """Print what in the revisions needs care. Returns 0 for nothing, 1 for findings, 2 if it could not be examined."""
    parser = argparse.ArgumentParser(
        prog="alembic-proof lint",
        description="Finds what in a revision makes production wait, or breaks the application that still runs there.",
    )
    add_config(parser)
    parser.add_argument("--since", metavar="REVISION", help="leave out this revision and those before it")
    arguments = parser.parse_args(argv)
    return run(chosen_config(arguments.config), arguments.since)
