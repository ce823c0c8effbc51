"""Importing every module of the packages that hold models, so that the metadata has all of their tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from alembic.util import CommandError


def import_packages(packages: tuple[str, ...]) -> None:
    """Import the packages that ``models`` in ``[tool.alembic-proof]`` names. Raises CommandError if one is missing."""
    for package in packages:
        try:
            import_package(package)
        except ModuleNotFoundError as error:
            if not error.name or not f"{package}.".startswith(f"{error.name}."):
                raise
            raise CommandError(
                f"models in [tool.alembic-proof] of pyproject.toml names {package}, but there is no module "
                f"{error.name}: correct the name, or install the package that has it."
            ) from None


def import_package(package: str) -> None:
    """Import a package and every module in it, at any depth: also in directories without an ``__init__.py``."""
    for directory in map(Path, getattr(import_module(package), "__path__", ())):
        for file in sorted(directory.rglob("*.py")):
            module = ".".join((package, *file.relative_to(directory).with_suffix("").parts)).removesuffix(".__init__")
            if ".." not in module:  # an editor's hidden file or directory
                import_module(module)
