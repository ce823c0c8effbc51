"""A database of the machine: emptied for each pair, read, filled with rows, and given scripts by its own client."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event, insert, make_url, null, select

from alembic_proof.schema.snapshot import read
from machine import values
from machine.rows import row
from machine.schema import VIEW, Column, Pair, Schema, Table, quoted

OURS = ("alembic_version", "alembic_unfinished")
_SCHEMAS = "nspname !~ '^(pg_|information_schema$)'"
_PUBLIC = f"JOIN pg_namespace n ON n.oid = c.relnamespace AND {_SCHEMAS}"
# What the doctor does not read, as it is no part of a table's meaning, and what is left behind by a drop.
MORE = {
    "postgresql": f"""
        SELECT c.oid::regclass::text, 'comment ' || coalesce(attname, ''), description FROM pg_description d
        JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass {_PUBLIC}
        LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum = objsubid AND attnum > 0
        UNION ALL SELECT '', 'sequence ' || c.oid::regclass::text, '' FROM pg_class c {_PUBLIC} WHERE relkind = 'S'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
        UNION ALL SELECT '', 'domain ' || t.oid::regtype::text, typbasetype::regtype::text FROM pg_type t
        JOIN pg_namespace n ON n.oid = typnamespace AND {_SCHEMAS} WHERE typtype = 'd'
        UNION ALL SELECT c.oid::regclass::text, 'identity ' || attname,
        concat_ws(' ', attidentity, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle)
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid {_PUBLIC}
        JOIN pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = attnum AND d.deptype = 'i'
        JOIN pg_sequence s ON s.seqrelid = d.objid WHERE attidentity <> ''""",
    "mysql": """
        SELECT table_name, CONCAT('comment ', column_name), column_comment FROM information_schema.columns
        WHERE table_schema = DATABASE() AND column_comment <> ''
        UNION ALL SELECT table_name, 'comment ', table_comment FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_comment <> '' AND table_type = 'BASE TABLE'
        UNION ALL SELECT table_name, CONCAT('check of ', constraint_name), check_clause
        FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() AND level = 'Column'""",
}
_TRIGGERS = {
    "postgresql": "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    "mysql": "SELECT event_object_table FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
}
_EMPTY = f"""
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT nspname FROM pg_namespace WHERE {_SCHEMAS} LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', name);
        END LOOP;
    END $$"""

Found = dict[str, dict[str, str]]


class Database:
    """A database that is ours alone."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, make_url(url)
        self._engines: dict[str, Engine] = {}
        self.path = ""

    @property
    def engine(self) -> Engine:
        """An engine with the search_path of the pair."""
        if self.path not in self._engines:
            self._engines[self.path] = self._engine()
        return self._engines[self.path]

    def _engine(self) -> Engine:
        url, options = self.url, dict[str, Any]()
        if self.kind == "postgresql":  # prepared statements would outlive the tables that they were prepared for
            options = {"prepare_threshold": None, "options": self._options}
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url, connect_args=options)
        if self.kind == "sqlite":

            @event.listens_for(engine, "connect")
            def quick(connection: Any, _: Any) -> None:
                connection.execute("PRAGMA synchronous=OFF")

        return engine

    @property
    def _options(self) -> str:
        return "-csynchronous_commit=off" + (f" -csearch_path={self.path}" if self.path else "")

    def close(self) -> None:
        """Let the connections go."""
        for engine in self._engines.values():
            engine.dispose()

    def empty(self, path: str = "") -> None:
        """Drop everything, and take a search_path."""
        self.path = path
        if self.kind == "sqlite":
            self.engine.dispose()
            Path(str(self.url.database)).unlink(missing_ok=True)
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.kind == "postgresql":
                connection.exec_driver_sql(_EMPTY.replace("%", "%%"))
                for schema in filter(None, ("public", path)):
                    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
                return
            connection.exec_driver_sql("SET foreign_key_checks=0")
            for name, kind in connection.exec_driver_sql("SHOW FULL TABLES").fetchall():
                what = "VIEW" if kind == "VIEW" else "TABLE"
                connection.exec_driver_sql(f"DROP {what} `{name}`".replace("%", "%%"))
            connection.exec_driver_sql("SET foreign_key_checks=1")

    def create(self, metadata: MetaData, schema: Schema) -> None:
        """Let SQLAlchemy create all tables, and the schemas that they are in."""
        schemas = {table.schema for table in schema.tables} | {enum.schema for enum in schema.enums}
        with self.engine.begin() as connection:
            for name in sorted(filter(None, schemas)):
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
            metadata.create_all(connection)

    def schema(self) -> Found:
        """Read all that the database keeps of its schema, except views and triggers."""
        found = read(self.engine, self.path or None)
        with self.engine.connect() as connection:
            for table, item, text in connection.exec_driver_sql(MORE.get(self.kind, "SELECT '', '', '' LIMIT 0")):
                found.setdefault(table, {})[item] = text
        found.pop(VIEW, None)  # MariaDB lists its columns
        for items in found.values():
            for item in [item for item in items if item.startswith("trigger ")]:
                del items[item]
        return {table: items for table, items in found.items() if table not in OURS and (table or items)}

    def triggers(self) -> list[str]:
        """Return the tables that have a trigger."""
        with self.engine.connect() as connection:
            return sorted(name for (name,) in connection.exec_driver_sql(_TRIGGERS[self.kind]))

    def add_views(self, pair: Pair) -> None:
        """Create the views and triggers of a pair."""
        with self.engine.begin() as connection:
            for statement in _views(pair, self.kind):
                connection.exec_driver_sql(statement if self.kind == "sqlite" else statement.replace("%", "%%"))

    def read_views(self, pair: Pair) -> None:
        """Read the views, which fails for one that does not work any more."""
        with self.engine.connect() as connection:
            for _ in pair.views:
                connection.exec_driver_sql(f"SELECT * FROM {VIEW}").fetchall()

    def insert(self, metadata: MetaData, schema: Schema) -> None:
        """Fill all tables."""
        with self.engine.begin() as connection:
            if self.kind == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            if self.kind == "mysql":
                connection.exec_driver_sql("SET foreign_key_checks = 0")
            for table in schema.tables:
                for number in range(values.ROWS):
                    one = {
                        table.known(key).reference: null() if value is None else value
                        for key, value in row(schema, table, number).items()
                    }
                    statement = insert(metadata.tables[table.full_name]).values(one)
                    if any("always" in (column.special or "") for column in table.columns):
                        _overriding(connection, statement)
                    else:
                        connection.execute(statement)
            if self.kind == "mysql":
                connection.exec_driver_sql("SET foreign_key_checks = 1")

    def rows(self, metadata: MetaData, table: Table, columns: list[Column]) -> list[list[str]]:
        """Return the rows of a table, of these columns."""
        there = metadata.tables[table.full_name]
        with self.engine.connect() as connection:
            found = connection.execute(select(*[there.c[column.reference] for column in columns])).all()
        return [[values.plain(value) for value in one] for one in found]

    def run(self, script: str) -> str:
        """Let the database's own client run a script; return what it says where it fails."""
        if self.kind == "sqlite":
            connection: Any = self.engine.raw_connection()
            try:
                connection.driver_connection.executescript(script)
            except Exception as error:
                return f"{type(error).__name__}: {error}"
            finally:
                connection.close()
            return ""
        url, environment = self.url, {**os.environ, "PGOPTIONS": self._options, "PGCLIENTENCODING": "UTF8"}
        place = ["-h", url.host or "", "-U" if self.kind == "postgresql" else "-u", url.username or ""]
        if self.kind == "postgresql":
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *place, "-p", str(url.port or 5432), "-d"]
            environment["PGPASSWORD"] = url.password or ""
        else:
            command = ["mariadb", "--default-character-set=utf8mb4", *place, "-P", str(url.port or 3306)]
            environment["MYSQL_PWD"] = url.password or ""
        done = subprocess.run(
            [*command, url.database or ""], input=script.encode(), env=environment, capture_output=True
        )
        said = done.stderr.decode(errors="replace").strip()
        return said or f"exit code {done.returncode}" if done.returncode else ""


def _overriding(connection: Any, statement: Any) -> None:
    """Insert a row with a value of its own for what the database always gives: SQLAlchemy has no word for it."""

    def change(_: Any, __: Any, text: str, parameters: Any, *___: Any) -> tuple[str, Any]:
        if connection.dialect.name == "postgresql":
            text = text.replace(") VALUES (", ") OVERRIDING SYSTEM VALUE VALUES (", 1)
        return text, parameters

    event.listen(connection, "before_cursor_execute", change, retval=True)
    try:
        connection.execute(statement)
    finally:
        event.remove(connection, "before_cursor_execute", change)


def _views(pair: Pair, kind: str) -> Iterator[str]:
    """Yield what creates the views and triggers of a pair."""
    for view in pair.views:
        table = pair.first.table(view.table)
        assert table
        columns = ", ".join(quoted(table.known(key).name, kind) for key in view.columns)
        yield f"CREATE VIEW {VIEW} AS SELECT {columns} FROM {_name(table, kind)}"
    for key in pair.triggers:
        table = pair.first.table(key)
        assert table
        name = _name(table, kind)
        if kind == "postgresql":
            yield "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            yield f"CREATE TRIGGER touched BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION touch()"
        elif kind == "mysql":
            yield f"CREATE TRIGGER touched BEFORE INSERT ON {name} FOR EACH ROW SET @touched = 1"
        else:
            yield f"CREATE TRIGGER touched AFTER INSERT ON {name} BEGIN SELECT 1; END"


def _name(table: Table, kind: str) -> str:
    return ".".join(quoted(part, kind) for part in (table.schema, table.name) if part)
