"""For each type of a column the values of its rows, its server defaults, and the types that it can become."""

from __future__ import annotations

import datetime
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.dialects.postgresql import Range

ROWS = 4
DAY = datetime.date(2026, 1, 2)
HOUR = datetime.datetime(2026, 1, 2, 3, 4, 5)
STRINGS = ("it's", "한국어", 'a "b" \\ c', "100% :x", "fill")


@dataclass(frozen=True)
class Type:
    """What is known about a type: four values for rows and a fifth that fills, and which types hold all of them."""

    values: tuple[Any, ...]
    defaults: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()
    narrower: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()  # types that hold the values in other words
    keyed: bool = True  # it can be in a key on every database
    only: str | None = None


def _seconds(*seconds: int) -> tuple[datetime.datetime, ...]:
    return tuple(HOUR + datetime.timedelta(seconds=number) for number in seconds)


SECONDS = _seconds(0, 1, 60, 3600, 86400 * 40)
TYPES = {
    "Integer()": Type(
        (1, 2, 3, 4, 5),
        ("'7'", "text('7')", "text('(2 + 3)')", "text('(7 % 4)')"),
        ("BigInteger()",),
        ("SmallInteger()",),
        ("Numeric(10, 2)", "String(20)", "Float()"),
    ),
    "BigInteger()": Type((1, 2**40, 3, 4, 5), ("'7'",), converted=("Numeric(20, 0)",)),
    "SmallInteger()": Type((1, 2, 3, 4, 5), ("'0'",), ("Integer()", "BigInteger()")),
    "String(20)": Type(
        STRINGS,
        ("'it\\'s'", "text(\"'x'\")", "''", "'a  b'", "'100% of'", "text(\"'50%'\")", "'a\\\\.b'", "'a\\nb'", "'a: b'"),
        ("String(200)", "Text()"),
    ),
    "String(200)": Type(STRINGS, ("'a: 100%'",), ("Text()",), ("String(20)",)),
    "Text()": Type((*STRINGS[:3], "", "fill"), ("'long'",), narrower=("String(200)", "String(20)"), keyed=False),
    "Boolean()": Type(
        (True, False, True, False, True), ("true()", "text('false')"), converted=("Integer()",), keyed=False
    ),
    "Date()": Type(
        tuple(DAY + datetime.timedelta(days=n) for n in range(5)), ("'2026-01-01'",), converted=("DateTime()",)
    ),
    "DateTime()": Type(
        SECONDS, ("func.now()", "func.current_timestamp()", "'2026-01-01 00:00:00'"), ("DateTime(timezone=True)",)
    ),
    "DateTime(timezone=True)": Type(SECONDS, ("func.now()",), narrower=("DateTime()",)),
    "Time()": Type(tuple(datetime.time(n, 2, 3) for n in range(5)), ("'10:00:00'",)),
    "Numeric(10, 2)": Type(
        tuple(map(Decimal, ("1.50", "0.00", "3.25", "99999999.99", "2.00"))), ("'2.50'", "text('2.5')"),
        ("Numeric(14, 4)",),
    ),
    "Numeric(14, 4)": Type(
        tuple(map(Decimal, ("1.5", "0", "3.25", "4", "2"))), ("'2.5'",), narrower=("Numeric(10, 2)",)
    ),
    "Numeric(20, 0)": Type(tuple(map(Decimal, (1, 2**40, 3, 4, 5))), ("'2'",), narrower=("BigInteger()",)),
    "Float()": Type((0.5, 1.5, 2.25, 3.0, 8.0), ("'1.5'",), keyed=False),
    "LargeBinary()": Type((b"\x00\xff", b"", b"'", b"\\", b"fill"), keyed=False),
    "JSON()": Type(({"a": [1, "한"]}, [], "x", True, {"f": 1}), ("'{}'",), keyed=False),
    "Uuid()": Type(tuple(uuid.UUID(int=n) for n in range(1, 6)), ("'00000000000000000000000000000001'",)),
    "Interval()": Type(tuple(datetime.timedelta(seconds=n) for n in (1, 60, 3600, 86400, 90)), keyed=False),
    "types.Money('USD', 2)": Type(tuple(map(Decimal, ("1.50", "2.50", "3.50", "4.50", "5.50"))), keyed=False),
    "types.Code(12)": Type(STRINGS, ("'c'",)),
    "types.Tag(size=12)": Type(STRINGS, ("'c'",)),
    "String(20).with_variant(String(30), 'sqlite', 'mysql', 'mariadb')": Type(STRINGS, ("'v'",)),
    "JSON().with_variant(postgresql.JSONB(), 'postgresql')": Type(({"a": 1}, [1], "x", 7, {"f": 1}), keyed=False),
    "Boolean(create_constraint=True, name='flag_KEY')": Type(
        (True, False, True, False, True), ("true()",), ("Boolean()",), keyed=False
    ),
    "String(40, collation='NOCASE')": Type(STRINGS, ("'Nobody'",), ("String(40)",), only="sqlite"),
    "String(40)": Type(STRINGS, ("'nobody'",), ("String(40, collation='NOCASE')",), only="sqlite"),
    "mysql.INTEGER(unsigned=True)": Type((1, 2, 3, 4, 5), ("'7'",), only="mysql"),
    "mysql.DATETIME(fsp=6)": Type(SECONDS, ("text('CURRENT_TIMESTAMP(6)')",), only="mysql"),
    "mysql.TIMESTAMP()": Type(
        SECONDS, ("text('CURRENT_TIMESTAMP')", "text('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')"), only="mysql"
    ),
    "postgresql.JSONB()": Type(({"a": 1}, [1], "x", 7, {"f": 1}), ("'{}'",), keyed=False, only="postgresql"),
    "postgresql.ARRAY(Integer())": Type(
        ([1, 2], [], [3], [4, 5], [9]), ("'{}'",), converted=("postgresql.JSONB()",), keyed=False, only="postgresql"
    ),
    "postgresql.ARRAY(String(20))": Type(
        (["a b"], [], ["it's"], ["%", ","], ["f"]), ("'{}'",), converted=("postgresql.JSONB()",), keyed=False,
        only="postgresql",
    ),
    "postgresql.INET()": Type(
        ("10.0.0.1", "10.0.0.2", "::1", "10.1.0.0/16", "10.0.0.9"), ("'127.0.0.1'",), only="postgresql"
    ),
    "postgresql.INT4RANGE()": Type(
        tuple(Range(10 * n, 10 * n + 5) for n in range(5)), keyed=False, only="postgresql"
    ),
    "postgresql.DOMAIN('amount', Integer(), check='VALUE > -9')": Type(
        (1, 2, 3, 4, 5), ("'7'",), ("Integer()",), only="postgresql"
    ),
}  # fmt: skip


def family(code: str | int) -> str:
    """Return which expressions a type of a column can have: those for a number, for text, an enum, or any."""
    if isinstance(code, int):
        return "enum"
    if code.startswith(("Integer", "BigInteger", "SmallInteger", "Numeric")):  # unsigned, a - b can be out of range
        return "number"
    return "text" if code.startswith(("String", "Text", "types.Code", "types.Tag")) else "any"


# A revision imports these by their module's name, so they are a module of the baked project.
MODULE = """\
from sqlalchemy import Numeric, String
from sqlalchemy.types import TypeDecorator


class Money(TypeDecorator):
    impl = Numeric
    cache_ok = True

    def __init__(self, currency, scale):
        super().__init__(12, scale)
        self.currency = currency
        self.scale = scale


class Code(TypeDecorator):
    impl = String
    cache_ok = True


class Tag(TypeDecorator):
    impl = String
    cache_ok = True

    def __init__(self, *, size):
        super().__init__(size)
        self.size = size

    def __repr__(self):
        return f"Tag(size={self.size})"
"""


def converted(value: Any, to: str) -> Any:
    """Return a value as a column of another type returns it."""
    if value is None:
        return None
    if to.startswith(("String", "Text")):
        return str(value)
    if to == "DateTime()" and not isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value, datetime.time())
    if to == "Date()":
        return value.date() if isinstance(value, datetime.datetime) else value
    if to == "Integer()" and not isinstance(value, str):
        return int(value)
    return value


def plain(value: Any) -> str:
    """Return a value in words that do not depend on the database and the driver."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}"
    if isinstance(value, datetime.datetime):
        return str(value.replace(tzinfo=None))
    if isinstance(value, (bytes, str, list, dict)) or value is None:
        return repr(value)
    return repr(str(value))


def answer(value: Any) -> str:
    """Return a value as somebody writes it on the command line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    return str(value)
