"""A schema, read from a database's own catalogue, or built from the models; and how two of them differ."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any, NamedTuple

from . import Note, Problem, Unknown
from .standin import engine

# By table, its columns, defaults, constraints and indexes: a name and the text that the database keeps of it. What
# belongs to no table is under "".
Schema = dict[str, dict[str, str]]


_POSTGRESQL = """
WITH t AS (SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c
           WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))
SELECT name, '', '' FROM t
UNION ALL SELECT name, 'partitioned by', pg_get_partkeydef(oid) FROM t WHERE pg_get_partkeydef(oid) IS NOT NULL
UNION ALL SELECT name, 'column ' || attname, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END || CASE attidentity WHEN '' THEN '' ELSE ' IDENTITY' END
    || CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation::text ELSE '' END
    || CASE attgenerated WHEN '' THEN '' ELSE ' GENERATED ' || pg_get_expr(adbin, adrelid) END
    FROM t JOIN pg_attribute a ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type y ON y.oid = atttypid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL SELECT name, 'default of ' || attname, CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE refobjid = t.oid
    AND refobjsubid = attnum AND deptype = 'a' AND classid = 'pg_class'::regclass
    AND pg_get_expr(adbin, adrelid) = format('nextval(%L::regclass)', objid::regclass))
    THEN 'nextval() of its sequence' ELSE pg_get_expr(adbin, adrelid) END FROM t JOIN pg_attrdef ON adrelid = t.oid
    JOIN pg_attribute ON attrelid = t.oid AND attnum = adnum AND attgenerated = ''
UNION ALL SELECT name, 'constraint ' || conname, pg_get_constraintdef(c.oid)
    FROM t JOIN pg_constraint c ON conrelid = t.oid AND contype <> 'n'
UNION ALL SELECT name, 'index ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM t JOIN pg_index i
    ON indrelid = t.oid WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
UNION ALL SELECT name, 'trigger ' || tgname, pg_get_triggerdef(g.oid) FROM t JOIN pg_trigger g ON tgrelid = t.oid
    WHERE NOT tgisinternal
UNION ALL SELECT '', 'type ' || enumtypid::regtype::text,
    string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum GROUP BY enumtypid
"""


_MYSQL = """
SELECT table_name, CONCAT('column ', column_name), CONCAT_WS(' ', column_type, IF(is_nullable = 'NO', 'NOT NULL', NULL),
    NULLIF(collation_name, @@collation_database), NULLIF(extra, ''), generation_expression)
    FROM information_schema.columns WHERE table_schema = DATABASE()
UNION ALL SELECT table_name, CONCAT('default of ', column_name), column_default FROM information_schema.columns
    WHERE table_schema = DATABASE() AND column_default IS NOT NULL AND column_default <> 'NULL'
"""


# Apart, as Alembic compares comments itself.
_COMMENTS = {
    "postgresql": """
SELECT c.oid::regclass::text, COALESCE('comment on ' || attname, 'comment'), description FROM pg_description d
    JOIN pg_class c ON c.oid = objoid AND classoid = 'pg_class'::regclass AND relkind IN ('r', 'p')
    LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
    WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
""",
    "mysql": """
SELECT table_name, CONCAT('comment on ', column_name), column_comment FROM information_schema.columns
    WHERE table_schema = DATABASE() AND column_comment <> ''
UNION ALL SELECT table_name, 'comment', table_comment FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_comment <> '' AND table_type = 'BASE TABLE'
""",
}
_COMMENTS["mariadb"] = _COMMENTS["mysql"]


def read(source: Any, default: str | None = None, comments: bool = False) -> Schema:
    """Read the schema of a database, given its URL or an engine, on request with the comments.

    The default is a schema whose name is left out too, where env.py has chosen one by PostgreSQL's search_path.
    """
    prefixes = {"public.", f"{default or 'public'}."}

    def plain(part: Any) -> str:
        return reduce(lambda text, prefix: text.replace(prefix, ""), prefixes, str(part or ""))

    schema: Schema = {}
    with engine(source).connect() as connection:
        reader = _READERS.get(connection.dialect.name)
        if reader is None:
            raise Unknown(f"the doctor does not read the schema of a database of {connection.dialect.name}")
        for row in reader(connection):
            table, item, text = map(plain, row)
            items = schema.setdefault(table, {})
            if item:
                items[item] = text
        if comments and (query := _COMMENTS.get(connection.dialect.name)):
            for table, item, text in connection.exec_driver_sql(query):
                schema.setdefault(plain(table), {})[item] = text
    return schema


def _postgresql(connection: Any) -> Iterator[Any]:
    yield from connection.exec_driver_sql(_POSTGRESQL.replace("%", "%%"))


def _mysql(connection: Any) -> Iterator[Any]:
    from sqlalchemy import inspect

    yield from connection.exec_driver_sql(_MYSQL)
    for table in inspect(connection).get_table_names():
        for line in connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1].splitlines()[1:-1]:
            if key := _KEY.match(line):
                kind, name = "index" if "KEY" in key[1] else "constraint", key[2] or "PRIMARY"
                yield table, f"{kind} {name}", line.strip().rstrip(",").replace(f"`{key[2]}` ", "", 1)


_KEY = re.compile(r"\s+((?:PRIMARY |UNIQUE |FULLTEXT |SPATIAL )?KEY|CONSTRAINT)\s+(?:`([^`]*)`)?")


def _sqlite(connection: Any) -> Iterator[tuple[str, str, str]]:
    from sqlalchemy import inspect

    look = inspect(connection)
    plain = "SELECT name, tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%%'"
    for name, table, kind, sql in connection.exec_driver_sql(plain):
        if kind in ("index", "trigger"):
            yield table, f"{kind} {name}", spaced(sql)
        elif kind == "table":
            yield name, "", ""
            for column in look.get_columns(name):
                null = "" if column["nullable"] else " NOT NULL"
                computed = f" GENERATED {column['computed']['sqltext']}" if column.get("computed") else ""
                collate = re.search(rf"[(,]\s*[\"`]?{re.escape(column['name'])}\b[^,]*?(COLLATE \S+?)[\s,)]", sql, re.I)
                text = f"{column['type']}{null}{computed} {collate[1] if collate else ''}".strip()
                yield name, f"column {column['name']}", text
                if column["default"] is not None:
                    yield name, f"default of {column['name']}", column["default"]
            key = look.get_pk_constraint(name)
            if key["constrained_columns"]:
                text = f"PRIMARY KEY ({', '.join(key['constrained_columns'])})"
                yield name, f"constraint {key['name'] or text}", text
            for one in look.get_foreign_keys(name):
                text = (f"FOREIGN KEY ({', '.join(one['constrained_columns'])}) REFERENCES {one['referred_table']} "
                        f"({', '.join(one['referred_columns'])}) {sorted(one['options'].items())}")  # fmt: skip
                yield name, f"constraint {one['name'] or text}", text
            for one in look.get_unique_constraints(name):
                text = f"UNIQUE ({', '.join(one['column_names'])})"
                yield name, f"constraint {one['name'] or text}", text
            for one in look.get_check_constraints(name):
                text = f"CHECK ({spaced(one['sqltext'])})"
                yield name, f"constraint {one['name'] or text}", text


_READERS = {"postgresql": _postgresql, "mysql": _mysql, "mariadb": _mysql, "sqlite": _sqlite}


def spaced(sql: str) -> str:
    """Return SQL on one line, without quotes."""
    return re.sub(r"\s+", " ", sql.replace('"', "")).strip()


class Difference(NamedTuple):
    """Where two schemas differ: the table, the item ("" for the table itself), and its text on either side, if any.

    The item of the other side, where it is the same by another name; where it has no name, that is its text.
    """

    table: str
    item: str
    wanted: str | None
    there: str | None
    called: str = ""

    @property
    def unnamed(self) -> bool:
        """Tell whether all that differs is that there it has no name, as SQLite allows."""
        return bool(self.called) and self.called.partition(" ")[2] == self.there


def compare(wanted: Schema, there: Schema, named: set[str] | None) -> Iterator[Difference]:
    """Yield what a schema lacks, has otherwise, or has besides in the tables that are wanted.

    Of constraints whose names the models leave to the database (all that are not among the named), the text alone is
    compared.
    """
    for table, items in wanted.items():
        if table and table not in there:
            yield Difference(table, "", "", None)
            continue
        others = dict(there.get(table, {}))
        for item, text in items.items():
            other = others.pop(item, None)
            if other is not None and _bare(other) == _bare(text):
                continue
            kind, alike = item.split()[0], ""
            if other is None and kind in ("constraint", "index", *(["type"] if named is not None else [])):
                bare, same = _bare(text), [name for name in others if name.split()[0] == kind]
                alike = next((name for name in same if name not in items and _bare(others[name]) == bare), "")
            if not alike:
                yield Difference(table, item, text, other)
            elif (other := others.pop(alike)) is not None and (named is None or item.split()[-1] in named):
                yield Difference(table, item, text, other, alike)
        for item, text in others.items() if table else ():
            yield Difference(table, item, None, text)


def differences(
    wanted: Schema, there: Schema, named: set[str] | None, sides: tuple[str, str], where: str, fix: str
) -> Iterator[Problem]:
    """Yield what a schema lacks or has otherwise: problems; and what it has besides: notes.

    The sides are who wants it and who has it, with their verbs.
    """
    wants, has = sides
    for one in compare(wanted, there, named):
        table, item, text, other, called = one
        is_type = named is not None and not table and item.startswith("type ")
        if not item:
            yield Problem(where, f"{wants} the table {table}, {has} none", fix)
        elif one.unnamed:
            what = f"{table} {item}: {has} it without a name"
            yield Note(where, what, "to drop it later: batch_alter_table(..., naming_convention=...)")
        elif is_type and text and other and _labels(text) <= _labels(other):
            # PostgreSQL takes no label away, and adds a new one at the end
            yield Note(where, f"{item}: {wants} {text}; {has} {other}", "nothing, if it is meant")
        elif text is not None:
            held = other if not called else None
            yield Problem(where, f"{table} {item}: {wants} {text}; {has} {held or 'none'}".strip(), fix)
        if text is None or (called and not one.unnamed):
            name = called or item
            yield Note(where, f"{table} {name}: {has} {other}; not so {wants}", "if it is meant, add it to the model")


def _labels(text: str) -> set[str]:
    return set(re.findall(r"'(?:[^']|'')*'", text))


_CASTS = re.compile(r"::(\"[^\"]+\"|[a-z_]+( varying| precision| with(out)? time zone)?)(\(\d+(,\d+)?\))?(\[\])?")


def _bare(text: str) -> str:
    """Return a definition without what makes no difference: casts, the name and schema of an index, spaces."""
    text = re.sub(r"^(CREATE (UNIQUE )?INDEX) \S+ ON [^\s(]+", r"\1", _CASTS.sub("", text))
    text = re.sub(r"\s", "", re.sub(r"\((\w+)\)", r"\1", text))
    return text[1:-1] if re.fullmatch(r"\([^()]*\)", text) else text


def buildable(dialect: str, tables: list[Any]) -> list[Any]:
    """Return those of the tables that a scratch database can hold: a schema may be another database, and a real one."""
    return [table for table in tables if dialect == "postgresql" or not table.schema]


def table_names(connection: Any, models: Iterable[Any]) -> set[str]:
    """Return the names of the tables in a database: those in the default schema, and in the schemas of the models."""
    from sqlalchemy import inspect

    look = inspect(connection)
    names = set(look.get_table_names())
    here = {None, look.default_schema_name}
    for schema in {table.schema for table in buildable(connection.dialect.name, [*models])} - here:
        names.update(f"{schema}.{name}" for name in look.get_table_names(schema))
    return names


def model_names(dialect: Any, models: Iterable[Any]) -> set[str]:
    """Return the names that the models' tables have in a database, in full where they are not in its default schema."""
    default = f"{dialect.default_schema_name}."
    return {table.fullname.removeprefix(default) for table in models}


def prepare(connection: Any, source: str, tables: list[Any]) -> None:
    """Bring into a PostgreSQL database what models only refer to: extensions, functions, sequences, types of their own.

    Revisions have made them in the source.
    """
    if connection.dialect.name != "postgresql":
        return
    from sqlalchemy import Enum
    from sqlalchemy.schema import CreateSchema

    with engine(source).connect() as other:
        wanted = [row for query in _BESIDES for row in other.exec_driver_sql(query.replace("%", "%%"))]
    for schema, statement in wanted:
        connection.execute(CreateSchema(schema, if_not_exists=True))
        with contextlib.suppress(Exception), connection.begin_nested():  # what is missing then, building will tell
            connection.exec_driver_sql(statement.replace("%", "%%"))
    for one in [column.type for table in tables for column in table.columns]:
        item = getattr(one, "item_type", one)
        impl: Any = item.dialect_impl(connection.dialect) if isinstance(item, Enum) else None
        if impl is not None and impl.native_enum and not getattr(impl, "create_type", True):
            if item.schema:
                connection.execute(CreateSchema(item.schema, if_not_exists=True))
            impl.create(connection, checkfirst=True)
    for index in [index for table in tables for index in table.indexes]:
        index.dialect_options["postgresql"]["concurrently"] = False  # impossible in a transaction, no difference after


_OWN = (
    "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {}.oid AND d.deptype IN ('e', 'a', 'i')) AND "
    "{}::regnamespace::text !~ '^(pg_|information_schema)'"
)
_BESIDES = (
    "SELECT extnamespace::regnamespace::text, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %s CASCADE', extname, "
    "extnamespace::regnamespace) FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid",
    "SELECT relnamespace::regnamespace::text, format('CREATE SEQUENCE IF NOT EXISTS %s', c.oid::regclass) "
    f"FROM pg_class c WHERE relkind = 'S' AND {_OWN.format('c', 'relnamespace')}",
    "SELECT pronamespace::regnamespace::text, pg_get_functiondef(p.oid) "
    f"FROM pg_proc p WHERE prokind = 'f' AND {_OWN.format('p', 'pronamespace')} ORDER BY p.oid",
)


def build(connection: Any, tables: list[Any]) -> None:
    """Create tables as their models describe them, those in a cycle of foreign keys too."""
    from sqlalchemy.schema import AddConstraint, CreateSchema, sort_tables_and_constraints

    for schema in sorted({table.schema for table in tables if table.schema}):
        connection.execute(CreateSchema(schema, if_not_exists=True))
    pairs = list(sort_tables_and_constraints(tables))  # type: ignore[no-untyped-call]
    later = [constraint for table, constraints in pairs if table is None for constraint in constraints]
    for constraint in later:
        constraint.use_alter = True
    for table, _ in pairs:
        if table is not None:
            table.create(connection)
    for constraint in later if connection.dialect.supports_alter else ():
        connection.execute(AddConstraint(constraint))


def described(difference: Any) -> str:
    """Put one of Alembic's differences into words, such as ``add_column users.nickname``."""
    if isinstance(difference, list):  # several changes of one column
        return ", ".join(map(described, difference))
    action, *rest = difference
    if len(rest) > 1:  # schema, table, column, ...
        return f"{action} {rest[1]}.{getattr(rest[2], 'name', rest[2])}"
    return f"{action} {getattr(rest[0], 'fullname', None) or getattr(rest[0], 'name', None) or rest[0]}"
