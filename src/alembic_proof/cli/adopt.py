"""``alembic-proof adopt``."""

from __future__ import annotations

import argparse

from ..adopt import run
from .config import add_config, chosen_config


def main(argv: list[str] | None = None) -> int:
    """Adopt a database. Returns 0, or 1 when all is left as it was."""
    parser = argparse.ArgumentParser(
        prog="alembic-proof adopt",
        description="Writes a baseline revision for a database whose tables no migration made, and stamps it. "
        "In a project whose env.py does not use this library, it says which lines to add.",
    )
    add_config(parser)
    from_database = "make the baseline from the database, not from the models; autogenerate then writes the difference"
    parser.add_argument("--baseline-from-database", action="store_true", help=from_database)
    parser.add_argument("--write-env", action="store_true", help="add the lines to env.py, where they are missing")
    arguments = parser.parse_args(argv)
    return run(chosen_config(arguments.config), arguments.baseline_from_database, arguments.write_env)
