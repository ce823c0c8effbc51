"""Renames that only ``-x rename=`` can tell: one takes a name that the database has, or gives up one of the models.

Of a chain (a to b, b to c) a comparison sees that a is gone and c is new; of two that change places it sees nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Column, Connection, MetaData, Table, inspect

from ...sqltext import full_name
from ..draft import Draft, reflected_schema
from ..name_steps import free_name
from ..ownership import TableKey
from ..renamed_inspector import NewNames

_OR_DROPPED = ", or that it is dropped, with -x allow-drop={other}"


def said_tables(draft: Draft) -> dict[str | None, dict[str, str]]:
    """Return the new names of tables, by their schemas and old names. Raises CommandError where a name is not free."""
    given = draft.answers.renames()
    connection = draft.context.connection
    if not given or connection is None:
        return {}
    models = {(reflected_schema(table, draft.dialect), str(table.name)): name for name, table in draft.tables.items()}
    stored: dict[str | None, list[str]] = {}
    for schema in {schema for schema, _ in models}:
        stored[schema] = inspect(connection).get_table_names(schema)
    said: dict[str | None, dict[str, str]] = {}
    used = []
    for value, old, new in given:
        for schema, names in stored.items():
            here = {full_name(name, schema): name for name in names}
            there = {full_name(name, schema): name for its_schema, name in models if its_schema == schema}
            new_name = there.get(new) or there.get(full_name(new, schema))
            if old in here and new_name and (new_name in names or old in there):
                said.setdefault(schema, {})[here[old]] = new_name
                used.append(value)
    for schema, renames in said.items():
        staying = [
            name for name in stored[schema] if name in renames or not _is_dropped(draft, full_name(name, schema))
        ]
        require_free(renames, staying, full_name("", schema) if schema else "", _OR_DROPPED)
    _use(draft, used)
    return said


def dropped_first(draft: Draft, said: Mapping[str | None, dict[str, str]]) -> set[TableKey]:
    """Return the tables that are dropped because another one gets their name.

    Raises CommandError where the foreign key of another table refers to one: on SQLite, it would refer to the new one.
    """
    connection: Any = draft.context.connection
    dropped: set[TableKey] = set()
    for schema, renames in said.items():
        inspector = inspect(connection)
        dropped |= {(schema, name) for name in {*renames.values()} - {*renames} if inspector.has_table(name, schema)}
        for (its_schema, table), keys in inspector.get_multi_foreign_keys(schema).items():
            for key in keys:
                target = (key["referred_schema"], key["referred_table"])
                if target in dropped and (its_schema, table) not in dropped:
                    raise CommandError(
                        f"{full_name(table, its_schema)} refers to {full_name(target[1], target[0])}, which this "
                        "revision would drop to give its name to another table. Drop that foreign key in a revision of "
                        "its own first. Nothing was written."
                    )
    return dropped


def _is_dropped(draft: Draft, name: str) -> bool:
    """Tell whether somebody says, by its name, that a table goes which has a model."""
    return name in draft.tables and draft.answers.find("allow-drop", lambda value: value == name) is not None


def said_columns(draft: Draft, names: NewNames) -> dict[TableKey, dict[str, tuple[Column[Any], str]]]:
    """Return columns as they are stored, and their new names: by the new name of the table, and their old names.

    Raises CommandError where a name is not free.
    """
    connection = draft.context.connection
    said: dict[TableKey, dict[str, tuple[Column[Any], str]]] = {}
    if connection is None:
        return said
    stored: dict[TableKey, Table] = {}
    used = []
    for value, old, new in draft.answers.renames():
        table_name, _, old_column = old.rpartition(".")
        model = draft.tables.get(table_name)
        if model is None:
            continue
        key = (reflected_schema(model, draft.dialect), str(model.name))
        if key not in stored:
            stored[key] = _reflected(connection, names.old_table(*key), key[0])
        here, there = {each.name: each for each in stored[key].columns}, {each.name for each in model.columns}
        new_column = new.removeprefix(f"{table_name}.")
        if old_column in here and new_column in there and (new_column in here or old_column in there):
            said.setdefault(key, {})[old_column] = (here[old_column], new_column)
            used.append(value)
    for key, changes in said.items():
        _give_up_names(draft, full_name(key[1], key[0]), stored[key], changes)
        columns = [each.name for each in stored[key].columns]
        require_free(
            {old: new for old, (_, new) in changes.items()}, columns, f"{full_name(key[1], key[0])}.", _OR_DROPPED
        )
    _use(draft, used)
    return said


def _give_up_names(draft: Draft, table: str, stored: Table, changes: dict[str, tuple[Column[Any], str]]) -> None:
    """Let columns that are dropped, as somebody says by their names, give up their names to others before."""
    for name in {new for _, new in changes.values()} - changes.keys():
        dropped = f"{table}.{name}"
        if name in stored.columns and draft.answers.find("allow-drop", dropped.__eq__):
            moment = free_name(name, {*stored.columns.keys(), *(new for _, new in changes.values())})
            changes[name] = (stored.columns[name], moment)
            draft.answers.use("allow-drop", dropped)
            draft.answers.add("allow-drop", f"{table}.{moment}")


def _use(draft: Draft, values: list[str]) -> None:
    for value in values:
        draft.answers.use("rename", value)


def _reflected(connection: Connection, name: str, schema: str | None) -> Table:
    """Return a table as the database has it; without columns, where it has none of this name."""
    metadata = MetaData()
    if inspect(connection).has_table(name, schema):
        return Table(name, metadata, schema=schema, autoload_with=connection, resolve_fks=False)
    return Table(name, metadata, schema=schema)


def require_free(renames: dict[str, str], stored: Collection[str], prefix: str, gone: str = "") -> None:
    """Raise CommandError if something would get a name that another keeps, or that another gets as well.

    ``gone`` is the rest of the sentence for one that could be dropped instead.
    """
    for old, new in renames.items():
        others = [other for other, name in renames.items() if name == new and other != old]
        if others or (new in stored and new not in renames):
            other = others[0] if others else new
            or_dropped = "" if others else gone.format(other=f"{prefix}{other}")
            raise CommandError(
                f"-x rename={prefix}{old}:{new} would leave two of the name {new}: say which name {prefix}{other} "
                f"gets, with another -x rename={or_dropped}. Nothing was written."
            )
