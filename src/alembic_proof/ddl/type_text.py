"""What type it is that SQL names, on PostgreSQL, MariaDB and MySQL."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ARRAY, Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeEngine, UserDefinedType

from ..sqltext import Token, lexed

# Other words for a type than those by which SQLAlchemy's dialects know it.
_SAME = {
    "postgresql": {
        **{"int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint", "bool": "boolean"},
        **{"varchar": "character varying", "char varying": "character varying", "bpchar": "character"},
        **{"char": "character", "decimal": "numeric", "dec": "numeric", "float4": "real", "float8": "double precision"},
        **{"timestamptz": "timestamp with time zone", "timetz": "time with time zone", "varbit": "bit varying"},
    },
    "mysql": {
        **{"bool": "tinyint", "dec": "decimal", "fixed": "decimal", "double precision": "double", "int4": "int"},
        **{"character": "char", "character varying": "varchar", "int2": "smallint", "int8": "bigint"},
    },
}
# Its words, what is in its parentheses, what of it stands after them, and the rest.
_TYPE = re.compile(r"(\w+)( varying| precision)?( \( [^)]* \))?( with(?:out)? time zone)?(.*)", re.DOTALL)
_TIMES = ("timestamp", "time", "datetime")


class OtherType(UserDefinedType[Any]):
    """A type that is not known, by how SQL names it."""

    cache_ok = True

    def __init__(self, sql: str = "") -> None:
        self.sql = sql

    def get_col_spec(self, **_: Any) -> str:
        """Return it as it is written."""
        return self.sql

    def __repr__(self) -> str:
        return self.sql


def read_type(sql: str, dialect: Dialect) -> TypeEngine[Any]:
    """Return the type whose name a piece of SQL begins with."""
    kind = "mysql" if dialect.name == "mariadb" else dialect.name
    tokens = lexed(sql, dialect.name)
    found = _TYPE.match(" ".join(token.text.lower() for token in tokens))
    if found is None or kind not in _SAME:
        return OtherType(sql)
    name = found[1] + (found[2] or "") + (found[4] or "")
    name = _SAME[kind].get(name, name)
    class_ = getattr(dialect, "ischema_names", {}).get(name)
    arguments = _arguments(tokens) if found[3] else []
    options: dict[str, Any] = {}
    if name.startswith(_TIMES) and arguments:  # of which the first argument is another one
        options["fsp" if kind == "mysql" else "precision"] = arguments.pop()
    options |= {"timezone": True} if name.endswith("with time zone") else {}
    options |= {"unsigned": True} if kind == "mysql" and "unsigned" in found[5].split() else {}
    options |= {"varying": True} if name == "bit varying" else {}
    try:
        type_ = class_(*arguments, **options) if class_ is not None else OtherType(sql)
    except (TypeError, ArgumentError):
        return OtherType(sql)
    return ARRAY(type_) if kind == "postgresql" and re.match(r" (\[|array)", found[5]) else type_


def _arguments(tokens: list[Token]) -> list[Any]:
    """Return what stands in the first parentheses."""
    texts = [token.text for token in tokens]
    inner = tokens[texts.index("(") + 1 : texts.index(")")]
    return [int(token.text) if token.text.isdigit() else token.value for token in inner if token.text != ","]
