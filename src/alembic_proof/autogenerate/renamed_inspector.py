"""The database as it will be when its tables and columns have their new names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, cast

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Dialect, Inspector, MetaData, Table, inspect, text

from ..ddl.mysql import OLD_NAMES
from ..ddl.sqlite import IN_NEW_NAMES
from ..sqltext import single_percents
from .ownership import TableKey


class NewNames:
    """The new names of tables, and of their columns."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.tables: dict[TableKey, str] = {}
        self.columns: dict[TableKey, dict[str, str]] = {}  # by the new name of the table
        self.hidden: set[TableKey] = set()  # tables, by their old names, that the comparison does not see
        # What goes besides, by its names in the database: a schema, a table, and a column, or None for all of them.
        self.going: set[tuple[str | None, str, str | None]] = set()

    def add_table(self, schema: str | None, old: str, new: str) -> None:
        """Add a new name of a table."""
        self.tables[schema, old] = new

    def add_column(self, schema: str | None, table: str, old: str, new: str) -> None:
        """Add a new name of a column, of a table by its new name."""
        self.columns.setdefault((schema, table), {})[old] = new

    def table(self, schema: str | None, name: str) -> TableKey:
        """Return the schema and the new name of a table."""
        return schema, self.tables.get((schema, name), name)

    def is_given_up(self, schema: str | None, name: str) -> bool:
        """Tell whether a table had a name that no table has after the renames."""
        return (schema, name) in self.tables and name not in self.tables.values()

    def old_table(self, schema: str | None, name: str) -> str:
        """Return the old name of a table, by its schema and new name."""
        names = {new: old for (its_schema, old), new in self.tables.items() if its_schema == schema}
        return names.get(name, name)

    def old_column(self, schema: str | None, table: str, name: str) -> str:
        """Return the old name of a column, by the new name of its table and its own."""
        names = {new: old for old, new in self.columns.get((schema, table), {}).items()}
        return names.get(name, name)

    def in_sql(self, names: dict[str, str], sql: str) -> str:
        """Return an expression in which names have been replaced; what is in single quotes is no name."""
        quote: Callable[[str], str] = self.dialect.identifier_preparer.quote

        def replacement(word: re.Match[str]) -> str:
            new = names.get(word[0].strip('"`'))
            return word[0] if new is None else single_percents(quote(new), self.dialect)

        return re.sub(r"""'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\w+""", replacement, sql)

    def in_reflected(self, table: TableKey, reflected: Any) -> Any:
        """Return what was reflected of a table (a list of columns, a primary key, ...) in the new names."""
        if isinstance(reflected, list):
            return [self.in_reflected(table, item) for item in reflected]
        names = self.columns.get(table, {})
        item = dict(reflected)
        if "type" in item and item["name"] in names:  # a column
            item["name"] = names[item["name"]]
        if "referred_table" in item:
            referred = self.table(item["referred_schema"], item["referred_table"])
            item["name"] = self._name_of_key(table, item["name"])
            item["referred_table"] = referred[1]
            item["referred_columns"] = _renamed(self.columns.get(referred, {}), item["referred_columns"])
        for part in _LISTS_OF_COLUMNS & set(item):
            item[part] = _renamed(names, item[part])
        if item.get("computed"):
            item["computed"] = item["computed"] | {"sqltext": self.in_sql(names, item["computed"]["sqltext"])}
        if "sqltext" in item:
            item["sqltext"] = self.in_sql(names, item["sqltext"])
        if "expressions" in item:
            item["expressions"] = [self.in_sql(names, expression) for expression in item["expressions"]]
        if "column_sorting" in item:  # by the names of columns, and by expressions
            item["column_sorting"] = {
                names.get(key, key) if key in reflected["column_names"] else self.in_sql(names, key): order
                for key, order in item["column_sorting"].items()
            }
        options = {
            name: _renamed(names, value) if name.endswith("_length") else value
            for name, value in item.get("dialect_options", {}).items()
        }
        if "sqlite_where" in options:
            options["sqlite_where"] = text(self.in_sql(names, str(options["sqlite_where"])))
        if "postgresql_where" in options:
            options["postgresql_where"] = self.in_sql(names, options["postgresql_where"])
        if "postgresql_include" in options:
            options["postgresql_include"] = _renamed(names, options["postgresql_include"])
        return item | {"dialect_options": options} if options else item

    def _name_of_key(self, table: TableKey, name: str | None) -> str | None:
        """Return the name of a foreign key after a rename of its table, which MariaDB and MySQL change with it."""
        old, is_mysql = self.old_table(*table), self.dialect.name in ("mysql", "mariadb")
        number = re.fullmatch(rf"{re.escape(old)}_ibfk_(\d+)", name or "") if is_mysql else None
        return name if number is None else f"{table[1]}_ibfk_{number[1]}"


_LISTS_OF_COLUMNS = {"constrained_columns", "column_names", "include_columns"}


def _renamed(names: dict[str, str], columns: Any) -> Any:
    if isinstance(columns, dict):
        return {names.get(name, name): value for name, value in columns.items()}
    return [names.get(name, name) for name in columns]


def _reflecting_many(kind: str) -> Callable[..., dict[TableKey, Any]]:
    """Return the method ``get_multi_columns()``, or that of another kind."""

    def get_multi(
        self: RenamedInspector, schema: str | None = None, filter_names: Collection[str] | None = None, **options: Any
    ) -> dict[TableKey, Any]:
        names = self.new_names
        old_names = filter_names and [names.old_table(schema, name) for name in filter_names]
        reflect = getattr(self.inspector, f"get_multi_{kind}")
        reflected = reflect(schema=schema, filter_names=old_names, **options)
        return {
            names.table(*key): names.in_reflected(names.table(*key), item)
            for key, item in reflected.items()
            if key not in names.hidden
        }

    get_multi.__name__ = f"get_multi_{kind}"  # by which Alembic asks the dialect whether it is quick
    return get_multi


def _reflecting_one(kind: str) -> Callable[..., Any]:
    """Return the method ``get_columns()``, or that of another kind."""

    def get(self: RenamedInspector, table_name: str, schema: str | None = None, **options: Any) -> Any:
        return getattr(self, f"get_multi_{kind}")(schema, [table_name], **options)[schema, table_name]

    get.__name__ = f"get_{kind}"
    return get


class RenamedInspector:
    """An inspector of the database as if renames had been done: what still differs is what is left to do.

    It has the methods of SQLAlchemy's Inspector that Alembic's comparison and ours use, and those that a third
    party's may use.
    """

    def __init__(self, inspector: Inspector, new_names: NewNames) -> None:
        self.inspector, self.new_names = inspector, new_names
        self.bind, self.engine, self.dialect = inspector.bind, inspector.engine, inspector.dialect
        self.info_cache: dict[Any, Any] = inspector.info_cache  # Alembic keeps what it reflects here, in new names
        self.info_cache[OLD_NAMES] = self._old_names
        self.info_cache[IN_NEW_NAMES] = self._in_new_names

    get_multi_columns = _reflecting_many("columns")
    get_multi_pk_constraint = _reflecting_many("pk_constraint")
    get_multi_foreign_keys = _reflecting_many("foreign_keys")
    get_multi_indexes = _reflecting_many("indexes")
    get_multi_unique_constraints = _reflecting_many("unique_constraints")
    get_multi_check_constraints = _reflecting_many("check_constraints")
    get_multi_table_comment = _reflecting_many("table_comment")
    get_multi_table_options = _reflecting_many("table_options")

    get_columns = _reflecting_one("columns")
    get_pk_constraint = _reflecting_one("pk_constraint")
    get_foreign_keys = _reflecting_one("foreign_keys")
    get_indexes = _reflecting_one("indexes")
    get_unique_constraints = _reflecting_one("unique_constraints")
    get_check_constraints = _reflecting_one("check_constraints")
    get_table_comment = _reflecting_one("table_comment")
    get_table_options = _reflecting_one("table_options")

    def _old_names(self, schema: str | None, table: str, column: str) -> tuple[str, str]:
        """Return the old names of a table and of a column of it."""
        return self.new_names.old_table(schema, table), self.new_names.old_column(schema, table, column)

    def _in_new_names(self, schema: str | None, table: str, sql: str) -> str:
        """Return an expression of a table, by its new name, in the new names of its columns."""
        return self.new_names.in_sql(self.new_names.columns.get((schema, table), {}), sql)

    @property
    def default_schema_name(self) -> str | None:
        """The default schema."""
        return self.inspector.default_schema_name

    def get_schema_names(self) -> list[str]:
        """Return the names of the schemas."""
        return self.inspector.get_schema_names()

    def get_table_names(self, schema: str | None = None) -> list[str]:
        """Return the new names of the tables."""
        names, hidden = self.inspector.get_table_names(schema), self.new_names.hidden
        return [self.new_names.table(schema, name)[1] for name in names if (schema, name) not in hidden]

    def has_table(self, table_name: str, schema: str | None = None) -> bool:
        """Tell whether there is a table, by its new name."""
        if self.new_names.is_given_up(schema, table_name):
            return False
        return self.inspector.has_table(self.new_names.old_table(schema, table_name), schema)

    def get_view_names(self, schema: str | None = None) -> list[str]:
        """Return the names of the views."""
        return self.inspector.get_view_names(schema)

    def get_enums(self, schema: str | None = None) -> list[Any]:
        """Return the enum types; PostgreSQL only."""
        enums: list[Any] = cast(Any, self.inspector).get_enums(schema)
        return enums

    def reflect_table(self, table: Table, *arguments: Any, **options: Any) -> None:
        """Fill a table with what Alembic has reflected, which it hands over."""
        self.inspector.reflect_table(table, *arguments, **options)


class RenamedAutogenContext(AutogenContext):
    """A comparison of the models with the database as it will be after renames."""

    def __init__(self, context: MigrationContext, new_names: NewNames, metadata: MetaData | None = None) -> None:
        super().__init__(context, context.opts["target_metadata"] if metadata is None else metadata)
        connection = cast(Connection, context.connection)
        self._inspector = RenamedInspector(inspect(connection), new_names)

    @property
    def inspector(self) -> Inspector:
        """The inspector that every comparison reads."""
        return cast(Inspector, self._inspector)
