"""Importing every module of the packages that hold models, so that the metadata has all of their tables."""

from __future__ import annotations

from collections import deque

from alembic.util import CommandError

from ..packages import import_all


def import_packages(packages: tuple[str, ...]) -> None:
    """Import the packages that ``models`` in ``[tool.alembic-proof]`` names. Raises CommandError if one is missing."""
    for package in packages:
        try:
            deque(import_all(package), maxlen=0)
        except ModuleNotFoundError as error:
            if not error.name or not f"{package}.".startswith(f"{error.name}."):
                raise
            raise CommandError(
                f"models in [tool.alembic-proof] of pyproject.toml names {package}, but there is no module "
                f"{error.name}: correct the name, or install the package that has it."
            ) from None
