"""The database as it will be once its tables and columns have their new names."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Inspector, text

from .ours import Key


@dataclass
class Renamed:
    """The database's inspector, as if the renames had been done: what still differs is what is left to do."""

    inspector: Inspector
    tables: dict[Key, str]
    columns: dict[Key, dict[str, str]]  # by the table's new name

    def __getattr__(self, name: str) -> Any:
        many = f"get_multi_{name.removeprefix('get_')}"
        if hasattr(self.inspector, many):  # this one is of one table
            return lambda table, schema=None: getattr(self, many)(schema, [table])[schema, table]
        found = getattr(self.inspector, name)
        if not name.startswith("get_multi_"):
            return found

        def reflect(schema: str | None, filter_names: list[str] | None = None) -> dict[Key, Any]:
            old_names = {new: old for (its_schema, old), new in self.tables.items() if its_schema == schema}
            names = filter_names and [old_names.get(name, name) for name in filter_names]
            reflected = found(schema=schema, filter_names=names)
            return {self.renamed(*key): self._told(self.renamed(*key), info) for key, info in reflected.items()}

        return reflect

    def get_table_names(self, schema: str | None = None) -> list[str]:
        """Return the tables' names."""
        return [self.renamed(schema, name)[1] for name in self.inspector.get_table_names(schema)]

    def renamed(self, schema: str | None, name: str) -> Key:
        """Return the schema and new name of a table."""
        return schema, self.tables.get((schema, name), name)

    def _told(self, table: Key, info: Any) -> Any:
        """Return what was reflected of a table (a list of columns, a primary key...) in the new names."""
        if isinstance(info, list):
            return [self._told(table, item) for item in info]
        names = self.columns.get(table, {})
        told = dict(info)
        if "type" in told and told["name"] in names:
            told["name"] = names[told["name"]]
            if str(told["default"]).startswith("nextval("):  # the column's own sequence, which follows it
                told["default"] = None
        if "referred_table" in told:
            referred = self.renamed(told["referred_schema"], told["referred_table"])
            told["referred_table"] = referred[1]
            told["referred_columns"] = _in_new_names(self.columns.get(referred, {}), told["referred_columns"])
        for part in _PARTS & set(told):
            told[part] = _in_new_names(names, told[part])
        if told.get("computed"):
            told["computed"] = told["computed"] | {"sqltext": self.in_sql(names, told["computed"]["sqltext"])}
        if "sqltext" in told:
            told["sqltext"] = self.in_sql(names, told["sqltext"])
        if "expressions" in told:
            told["expressions"] = [self.in_sql(names, expression) for expression in told["expressions"]]
        options = told.get("dialect_options", {})
        if "sqlite_where" in options:
            options = options | {"sqlite_where": text(self.in_sql(names, str(options["sqlite_where"])))}
        if "postgresql_where" in options:
            options = options | {"postgresql_where": self.in_sql(names, options["postgresql_where"])}
        return told | {"dialect_options": options} if options else told

    def in_sql(self, names: dict[str, str], sql: str) -> str:
        """Return an expression, or a name, in the new names; what is in single quotes is none."""
        quote = self.inspector.dialect.identifier_preparer.quote

        def renamed(word: re.Match[str]) -> str:
            new = names.get(word[0].strip('"`'))
            return word[0] if new is None else quote(new)

        return re.sub(r"""'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\w+""", renamed, sql)


_PARTS = {"constrained_columns", "column_names", "include_columns", "column_sorting"}


def _in_new_names(names: dict[str, str], columns: Any) -> Any:
    if isinstance(columns, dict):
        return {names.get(name, name): value for name, value in columns.items()}
    return [names.get(name, name) for name in columns]
