"""The engine and the character set of tables of MariaDB and MySQL, which Alembic does not compare: a note.

What a conversion costs, and whether the indexes have room for it, is not for a revision to say that nobody has thought
about: it locks the table and writes it anew.
"""

from __future__ import annotations

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Dialect, Table

from ...ddl.mysql_types import newer_name
from ...sqltext import full_name
from ..notes import say
from ..sql import quoted_name
from . import add_table_comparison

_CHARSET = ("CHARSET", "CHARACTER SET")


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_options, ("mysql", "mariadb"))


def compare_options(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Say which option of a table is another one than the model names, with the statement that changes it."""
    dialect = autogen_context.dialect
    wanted, stored = (_options(table, dialect) for table in (model, reflected))
    different = {name for name, value in wanted.items() if name in stored and stored[name] != value}
    if not different:
        return
    clauses = [f"ENGINE={wanted['ENGINE']}"] if "ENGINE" in different else []
    if different - {"ENGINE"}:
        collation = wanted.get("COLLATE", "")
        charset = wanted.get("CHARSET") or collation.partition("_")[0]
        clauses.append(f"CONVERT TO CHARACTER SET {charset}{f' COLLATE {collation}' if collation else ''}")
    said = ", ".join(f"{name} {stored[name]} where its model has {wanted[name]}" for name in sorted(different))
    say(
        autogen_context.migration_context,
        f"The table {full_name(reflected.name, reflected.schema)} has {said}: no revision is written for that, as it "
        "locks the table and writes it anew. Where it is meant, put it into one by hand: "
        f"ALTER TABLE {quoted_name(reflected.name, dialect, reflected.schema)} {', '.join(clauses)}",
    )


def _options(table: Table, dialect: Dialect) -> dict[str, str]:
    """Return the engine, the character set and the collation that a table names, as newer servers call them."""
    found: dict[str, str] = {}
    for key, value in table.kwargs.items():
        prefix, _, option = key.partition("_")
        name = option.upper().replace("_", " ").removeprefix("DEFAULT ")
        if prefix == dialect.name and value and name in ("ENGINE", "COLLATE", *_CHARSET):
            found["CHARSET" if name in _CHARSET else name] = newer_name(str(value))
    return found
