"""The engine and the character set of tables of MariaDB and MySQL, which Alembic does not compare: a note.

So are WITHOUT ROWID, STRICT and ON CONFLICT of SQLite: with other ones, rows may have no number or be refused. And of
PostgreSQL, as far as a model names them: UNLOGGED, how a table is partitioned, its tablespace, and what is in WITH.

What a conversion costs, and whether the indexes have room for it, is not for a revision to say that nobody has thought
about: it locks the table and writes it anew.
"""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Dialect, Table, text
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateTable

from ... import upstream
from ...ddl.mysql_types import newer_name
from ...dialects.sqlite_tables import TableSql
from ...sqltext import full_name, same_sql
from ..notes import say
from ..renamed_inspector import RenamedInspector
from ..sql import quoted_name
from ..sqlite_catalogue import stored_table
from . import add_table_comparison

_CHARSET = ("CHARSET", "CHARACTER SET")


def setup(plugin: Plugin) -> None:
    """Register the comparisons."""
    add_table_comparison(plugin, compare_options, ("mysql", "mariadb"))
    add_table_comparison(plugin, compare_options_of_sqlite, ("sqlite",))
    add_table_comparison(plugin, compare_options_of_postgresql, ("postgresql",))


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


# The option of a table that means what SQLite keeps, and its value.
_ON_SQLITE = {"WITHOUT ROWID": ("sqlite_with_rowid", False), "STRICT": ("sqlite_strict", True)}
_ON_CONFLICT = "sqlite_on_conflict"


def compare_options_of_sqlite(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Say what a table has otherwise than its model in WITHOUT ROWID, STRICT and ON CONFLICT."""
    wanted: dict[str, Any] = {
        option: model.kwargs.get(name, not value) == value for option, (name, value) in _ON_SQLITE.items()
    }
    names = [name for each in (*model.columns, *model.constraints) for name in each.kwargs]
    says = any(wanted.values()) or any(name.startswith(_ON_CONFLICT) for name in names)
    words = [""] if says else ["ROWID", "STRICT", "CONFLICT"]
    stored = next(filter(None, (stored_table(autogen_context, model.name, word) for word in words)), None)
    if stored is None:
        return
    try:
        created = TableSql.parse(str(CreateTable(model).compile(dialect=autogen_context.dialect)))
    except (ValueError, CompileError):
        return
    table, changed = model.name, {option for option in _ON_SQLITE if wanted[option] != (option in stored.options)}
    said = [f"is {'not ' * wanted[each]}{each}, which its model is{' not' * (not wanted[each])}" for each in changed]
    old, new = _conflicts(stored), _conflicts(created)
    said += [
        f"has ON CONFLICT {old[key]} in {key[0]} of {', '.join(key[1])} where its model has {new[key]}"
        for key in sorted(old.keys() & new.keys())
        if old[key] != new[key]
    ]
    if not said:
        return
    options = {name: value if wanted[each] else not value for each in changed for name, value in [_ON_SQLITE[each]]}
    statement = f"with op.batch_alter_table({table!r}, recreate='always', table_kwargs={options}): pass"
    say(
        autogen_context.migration_context,
        f"The table {table} {'; and it '.join(sorted(said))}: no revision is written for that. Where it is meant, "
        f"put it into one by hand{f': {statement}' if options else '.'}",
    )


def _conflicts(table: TableSql) -> dict[tuple[str, tuple[str, ...]], str]:
    """Return what a table does with a row that violates a constraint, by the constraint's kind and columns."""
    kinds = {"NOT": "NOT NULL", "PRIMARY": "PRIMARY KEY", "UNIQUE": "UNIQUE"}
    found = {}
    for _, clause in table.clauses:
        if clause.kind in kinds:
            keywords = [token.keyword for token in clause.tokens]
            at = keywords.index("CONFLICT") + 1 if "CONFLICT" in keywords else None
            found[kinds[clause.kind], clause.columns] = keywords[at] if at else "ABORT"
    return found


_ON_POSTGRESQL = text("""
SELECT relpersistence = 'u', CASE relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END, spcname, reloptions
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_tablespace t ON t.oid = reltablespace
WHERE relkind IN ('r', 'p') AND nspname = COALESCE(:schema, current_schema()) AND relname = :name
""")


def compare_options_of_postgresql(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Say what a model names of the options of its table and the table has otherwise, with the statement for it."""
    named = model.dialect_options["postgresql"]
    is_unlogged = "UNLOGGED" in (prefix.upper() for prefix in upstream.prefixes(model))
    if not is_unlogged and not any(named[name] for name in ("partition_by", "tablespace", "with")):
        return
    connection, inspector = autogen_context.connection, autogen_context.inspector
    name = reflected.name
    if isinstance(inspector, RenamedInspector):
        name = inspector.new_names.old_table(reflected.schema, name)
    assert connection is not None
    stored = connection.execute(_ON_POSTGRESQL, {"schema": reflected.schema, "name": name}).first()
    if stored is None:  # a foreign table, or a view
        return
    was_unlogged, partitioned, tablespace, options = stored
    had = dict(option.split("=", 1) for option in options or ())
    said, clauses = list[str](), list[str]()
    if is_unlogged and not was_unlogged:
        said.append("is not UNLOGGED, which its model is")
        clauses.append("SET UNLOGGED")
    if named["tablespace"] and named["tablespace"] != (tablespace or "pg_default"):
        said.append(f"is in the tablespace {tablespace or 'pg_default'} where its model has {named['tablespace']}")
        clauses.append(f"SET TABLESPACE {autogen_context.dialect.identifier_preparer.quote(named['tablespace'])}")
    for option, value in (named["with"] or {}).items():
        if str(value).lower() != (has := had.get(option.lower(), "")).lower():
            said.append(f"has {f'{option} {has}' if has else f'no {option}'} where its model has {value}")
            clauses.append(f"SET ({option} = {value})")
    if named["partition_by"] and not (partitioned and same_sql(named["partition_by"], partitioned, "postgresql")):
        how = f"is partitioned by {partitioned}" if partitioned else "is not partitioned"
        said.append(f"{how}, and its model by {named['partition_by']}, for which PostgreSQL needs a new table")
    if not said:
        return
    table = quoted_name(reflected.name, autogen_context.dialect, reflected.schema)
    statement = f"ALTER TABLE {table} {', '.join(clauses)}"
    by_hand = f" Where it is meant, put it into one by hand: {statement}" if clauses else ""
    say(
        autogen_context.migration_context,
        f"The table {full_name(reflected.name, reflected.schema)} {'; and it '.join(said)}: no revision is written for "
        f"that.{by_hand}",
    )
