"""``alembic-proof recipe``."""

from __future__ import annotations

import argparse

from ..recipes import print_recipe


def main(argv: list[str] | None = None) -> int:
    """Print a recipe, or the list of them. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="alembic-proof recipe", description="Prints how to do what autogenerate cannot; without a name, a list."
    )
    parser.add_argument("name", nargs="?", help="of a recipe")
    return print_recipe(parser.parse_args(argv).name)
