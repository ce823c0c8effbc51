"""The option --config, which several commands have."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..doctor.configuration import find_config
from ..errors import UndeterminedError


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the option to a parser."""
    default = "default: $ALEMBIC_CONFIG, as alembic has it, or the nearest one in or above the working directory"
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help=f"alembic.ini or pyproject.toml ({default})")


def chosen_config(given: Path | None) -> Path:
    """Return the configuration file that was given, or the default. Raises UndeterminedError where there is none."""
    named = given or (Path(os.environ["ALEMBIC_CONFIG"]) if os.environ.get("ALEMBIC_CONFIG") else None)
    if named is None:
        return find_config(Path.cwd())
    if not named.is_file():
        raise UndeterminedError(f"There is no {named}: run this in the project, or name the file with --config.")
    return named
