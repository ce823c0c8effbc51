"""What Alembic does not compare of the types of MariaDB and MySQL."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

from sqlalchemy import Column, Dialect, Enum, TypeDecorator
from sqlalchemy.dialects import mysql

from .. import upstream
from .types import database_type, kind_of

_TIMES = ("datetime", "time")


def differs(reflected: Column[Any], model: Column[Any], dialect: Dialect) -> bool:
    """Tell whether the type of a column in the database is another than that of the model, in what Alembic skips.

    That are UNSIGNED, fractions of seconds, the order of labels, which are numbers, the members of a SET, an ENUM that
    the model keeps in a text; and the collation and the character set, where the model names one.
    """
    if _says_nothing(reflected.type) and _says_nothing(model.type):  # which takes most of the time otherwise
        return False
    old, new = (database_type(column.type, dialect) for column in (reflected, model))
    if isinstance(old, Enum) and isinstance(new, Enum) and old.native_enum != new.native_enum:
        return True
    if kind_of(old) != kind_of(new):
        return False
    if _is_unsigned(old) != _is_unsigned(new):
        return True
    if kind_of(new) in _TIMES and (getattr(old, "fsp", None) or 0) != (getattr(new, "fsp", None) or 0):
        return True
    if isinstance(old, Enum) and isinstance(new, Enum) and new.native_enum and old.enums != new.enums:
        return True
    if kind_of(new) == "set" and old.values != new.values:
        return True
    return _is_written_otherwise(reflected, (old, reflected.type), (new, model.type), dialect)


_SAID = ("unsigned", "zerofill", "fsp", "collation", "charset", "values")


def _says_nothing(type_: Any) -> bool:
    """Tell whether a type has nothing of what is compared here, whatever it is on the database."""
    if isinstance(type_, (Enum, TypeDecorator)) or upstream.variants(type_):
        return False
    return not any(getattr(type_, name, None) for name in _SAID)


def _is_unsigned(type_: Any) -> bool:
    return bool(getattr(type_, "unsigned", False) or getattr(type_, "zerofill", False))


def _is_written_otherwise(column: Column[Any], old: tuple[Any, Any], new: tuple[Any, Any], dialect: Dialect) -> bool:
    """Tell whether a column has another collation or character set than the model names: its own, or its table's.

    What SQLAlchemy makes of an ENUM for the database has neither: the types of the columns themselves do.
    """
    options = getattr(column.table, "kwargs", {})
    names = [("charset", "default charset"), ("collation", "collate")]
    for name, of_table in names[: 1 + (kind_of(old[0]) != "text")]:  # of texts, see autogenerate/compare/collations.py
        wanted, own = (
            next(filter(None, (getattr(type_, name, None) for type_ in types)), None) for types in (new, old)
        )
        found = own or options.get(f"{dialect.name}_{of_table}")
        if wanted and found and newer_name(str(wanted)) != newer_name(str(found)):
            return True
    return False


def with_newer_names(column: Column[Any], dialect: Dialect) -> Column[Any]:
    """Return a column, or another one of it whose collation and character set have the names of newer servers."""
    if _says_nothing(column.type):
        return column
    type_ = copy(database_type(column.type, dialect))
    names = {name: str(getattr(type_, name, None) or "") for name in ("charset", "collation")}
    newer = {name: newer_name(said) for name, said in names.items() if newer_name(said) != said}
    if not newer:
        return column
    vars(type_).update(newer)
    column = copy(column)  # its own type is the model's
    column.type = type_
    return column


# What the server makes of a TEXT or BLOB of a length: the first that holds as many bytes.
_SIZES = (2**8, 2**16, 2**24, 2**32)
_SIZED: dict[str, tuple[Any, ...]] = {
    "TEXT": (mysql.TINYTEXT, mysql.TEXT, mysql.MEDIUMTEXT, mysql.LONGTEXT),
    "BLOB": (mysql.TINYBLOB, mysql.BLOB, mysql.MEDIUMBLOB, mysql.LONGBLOB),
}
_SIZED_TYPE = re.compile(r"(TEXT|BLOB)\((\d+)\)")
# The most bytes that a character takes; one in all other character sets.
_BYTES = {"utf8mb4": 4, "utf8mb3": 3, "utf16": 4, "utf16le": 4, "utf32": 4, "ucs2": 2, "gb18030": 4, "ujis": 3}
_BYTES |= {"eucjpms": 3, "big5": 2, "gbk": 2, "gb2312": 2, "sjis": 2, "cp932": 2, "euckr": 2}


def with_size(model: Column[Any], reflected: Column[Any], dialect: Dialect) -> Column[Any]:
    """Return a column, or another one with what the server makes of its TEXT or BLOB of a length."""
    type_ = database_type(model.type, dialect)
    sized = _SIZED_TYPE.match(type_.compile(dialect=dialect)) if getattr(type_, "length", None) else None
    if sized is None:
        return model
    named = {name: getattr(type_, name, None) for name in ("charset", "collation")} if sized[1] == "TEXT" else {}
    length = int(sized[2]) * (_character(named, reflected, dialect) if named else 1)
    column = copy(model)
    column.type = next(
        (class_(**named) for class_, size in zip(_SIZED[sized[1]], _SIZES, strict=True) if length < size), model.type
    )
    return column


def _character(named: dict[str, Any], reflected: Column[Any], dialect: Dialect) -> int:
    """Return the most bytes of a character, by what a type names, or as the column or its table has it."""
    options = getattr(reflected.table, "kwargs", {})
    own = [named["charset"], named["collation"], *(getattr(reflected.type, name, None) for name in named)]
    own += [options.get(f"{dialect.name}_{name}") for name in ("default charset", "collate")]
    name = next(filter(None, own), "")
    return _BYTES.get(newer_name(str(name)).partition("_")[0], 1)


def newer_name(name: str) -> str:
    """Return the name of a collation or a character set as newer servers have it: utf8 is utf8mb3 there."""
    name = name.lower()
    return f"utf8mb3{name.removeprefix('utf8')}" if name == "utf8" or name.startswith("utf8_") else name
