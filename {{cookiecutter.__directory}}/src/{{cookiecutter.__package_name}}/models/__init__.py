"""The tables. Put a model in any module of this package, at any depth: it is registered by being here."""

from importlib import import_module
from pathlib import Path

from .base import Base

__all__ = ["ELSEWHERE", "Base", "import_all"]

# Models in other packages: name those here, as in ("billing.models", "shop.models"). They inherit the Base of this one.
ELSEWHERE: tuple[str, ...] = ()


def import_all(package: str) -> None:
    """Import every module of a package, so that Base.metadata knows every table.

    A list of imports would be one forgotten line (or one linter run) away from a table that no migration creates, or
    that autogenerate proposes to drop.
    """
    for here in map(Path, getattr(import_module(package), "__path__", ())):
        for file in sorted(here.rglob("*.py")):
            module = ".".join((package, *file.relative_to(here).with_suffix("").parts)).removesuffix(".__init__")
            if ".." not in module:  # an editor's hidden file or directory
                import_module(module)


import_all(__name__)
