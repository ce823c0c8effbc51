"""``alembic-proof vendor``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..vendoring.project import VendoringError, vendor


def main(argv: list[str] | None = None) -> int:
    """Bring another version of this library into a project. Returns 0, or 1 when all is left as it was."""
    parser = argparse.ArgumentParser(
        prog="alembic-proof vendor",
        description="Builds the library into the project's vendor/, and lets its pyproject.toml ask for that version.",
    )
    parser.add_argument("source", type=Path, help="the directory of a clone of the repository of alembic-proof")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's directory (default: this one)")
    arguments = parser.parse_args(argv)
    try:
        vendored = vendor(arguments.source, arguments.project)
    except (VendoringError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{vendored.before} is replaced by {vendored.version}: {vendored.wheel}\nNext:")
    print("\n".join(f"  {step}" for step in vendored.next_steps))
    return 0
