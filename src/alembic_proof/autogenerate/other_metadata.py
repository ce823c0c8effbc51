"""Models that autogenerate imports and does not see, because their MetaData is not that of env.py."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

from alembic.util import CommandError
from sqlalchemy import MetaData, Table


def require_one_metadata(packages: Iterable[str], handed_over: Sequence[MetaData]) -> None:
    """Raise CommandError if a model in the packages has a MetaData that ``target_metadata`` does not have.

    Left alone are classes without a table (mixins, abstract bases), what is only imported from elsewhere, copies
    (``to_metadata()``), and what Flask-SQLAlchemy binds to another database.
    """
    names = {name for metadata in handed_over for name in metadata.tables}
    for package in packages:
        for module in _modules(package):
            for name, table, base in _models(module, package):
                is_known = any(table.metadata is metadata for metadata in handed_over) or table.fullname in names
                if not is_known and not table.metadata.info.get("bind_key"):
                    raise CommandError(
                        f"{module.__name__}.{name}, with the table {table.fullname}, has another MetaData than "
                        f"target_metadata in env.py, so no revision would create it. Let {base} have the same "
                        "(metadata = Base.metadata in the class), or give env.py both: target_metadata = "
                        "[Base.metadata, ...]. If it is of another database, say so in [tool.alembic-proof]: "
                        'off = ["other_metadata"]. Nothing was written.'
                    )


def _modules(package: str) -> Iterator[ModuleType]:
    for name, module in sorted(sys.modules.items()):
        if isinstance(module, ModuleType) and f"{name}.".startswith(f"{package}."):
            yield module


def _models(module: ModuleType, package: str) -> Iterator[tuple[str, Table, str]]:
    """Yield the tables that a module defines: with the name of each, and of what gives it its MetaData."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type):
            table = value.__dict__.get("__table__")
            if isinstance(table, Table) and value.__module__ == module.__name__:
                yield name, table, _base(value)
        elif isinstance(value, Table) and not _is_imported(value, package):
            yield name, value, "it"


def _base(model: type[Any]) -> str:
    """Return the name of the class from which a model has its MetaData."""
    return next((class_.__name__ for class_ in model.__mro__ if "metadata" in vars(class_)), "its base")


def _is_imported(table: Table, package: str) -> bool:
    """Tell whether a module outside of a package has a table too: it is that of a library, perhaps."""
    others = [module for name, module in list(sys.modules.items()) if not f"{name}.".startswith(f"{package}.")]
    return any(
        value is table for module in others if isinstance(module, ModuleType) for value in list(vars(module).values())
    )
