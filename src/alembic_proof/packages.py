"""Importing every module of a package: models are registered by being imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType


def import_all(package: str) -> Iterator[ModuleType]:
    """Import a package, and every module in it at any depth, in directories without an ``__init__.py`` too; yield them.

    Not ``pkgutil.walk_packages``: that passes over such directories, and over a package that raises ImportError.
    """
    root = import_module(package)
    yield root
    for directory in map(Path, getattr(root, "__path__", ())):
        for file in sorted(directory.rglob("*.py")):
            name = ".".join((package, *file.relative_to(directory).with_suffix("").parts)).removesuffix(".__init__")
            if ".." not in name and name != package:  # an editor's hidden file or directory
                yield import_module(name)
