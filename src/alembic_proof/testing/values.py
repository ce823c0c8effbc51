"""Values for columns, by their types."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.postgresql import ranges
from sqlalchemy.types import TypeEngine

from ..ddl.types import python_type

CYCLE = 3  # every third row is special: see values() and rows.fill()
TEXTS = (
    'it\'s "흰" ',
    "a@b.kr",
    "https://b.kr",
    "2024-01-01",
    "{}",
    "[]",
    "0",
    "+8212345678",
    "192.0.2.0/24",
    "a=>1",
    "(1,2)",
    "[1,2,3]",
    "<a/>",
    "08:00:2b:01:02:03",
    "POINT(1 2)",
)


def values(kind: TypeEngine[Any], n: int, checks: str = "", is_reference: bool = False) -> Iterator[Any]:
    """Yield values of a type: first an ordinary one, another for each n, then those that CHECKs may ask for.

    They depend on the type and n alone, so that a revision may make one column refer to another.
    The checks are the conditions on the table as SQL. A reference looks like the key of another table.
    """
    numbers = [Decimal(text) for text in re.findall(r"-?\d+(?:\.\d+)?", checks)]
    numbers = [near for number in [Decimal(0), *numbers] for near in (number, number + 1, number - 1)]
    day = datetime(2024, 1, 1) + timedelta(days=n)
    if isinstance(kind, postgresql.DOMAIN):
        yield from values(kind.data_type, n, checks)
    elif isinstance(kind, postgresql.ARRAY):
        yield from ([value] for value in values(kind.item_type, n, checks))
    elif isinstance(kind, mysql.SET):
        yield from ({kind.values[(n + i) % len(kind.values)]} for i in range(len(kind.values)))
    elif isinstance(kind, sa.Enum):
        yield from (kind.enums[(n + i) % len(kind.enums)] for i in range(len(kind.enums)))
    elif isinstance(kind, sa.Boolean) or getattr(kind, "display_width", None) == 1:
        yield from (n % 2 == 1, n % 2 == 0)
    elif isinstance(kind, mysql.YEAR):
        yield 2000 + n % 100
    elif isinstance(kind, sa.Integer):
        yield from ((n - 1) % CYCLE + 1 if is_reference else n, n, *map(int, numbers), 10 * n, 1000 * n)
    elif isinstance(kind, (sa.Numeric, sa.Float)):
        digits, scale = kind.precision or 9, kind.scale or 0
        small = Decimal(n).scaleb(-min(scale, digits))
        several = (Decimal(n) % 10 ** (digits - scale) + small, small, *numbers)
        yield from map(float, several) if isinstance(kind, sa.Float) else several
    elif isinstance(kind, (sa.DateTime, sa.Date, sa.Time)):
        yield from _moments(kind, n, day)
    elif isinstance(kind, (sa.Interval, postgresql.INTERVAL)):
        yield from (timedelta(days=n), timedelta(hours=n))
    elif isinstance(kind, sa.Uuid):
        yield uuid.UUID(int=n)
    elif isinstance(kind, sa.JSON):
        yield from ({"n": n, "text": TEXTS[0]}, [n], {}, n, str(n))
    elif python_type(kind) is bytes:
        yield from (text.encode()[: getattr(kind, "length", None)] for text in (f"\xff{n}", "{}"))
    elif isinstance(kind, ranges.AbstractRange):
        of_numbers = str(kind).startswith(("INT", "NUM"))
        text = f"[{n},{n + 1})" if of_numbers else f"[{day.date()},{(day + timedelta(days=1)).date()})"
        yield "{" + text + "}" if isinstance(kind, ranges.AbstractMultiRange) else text
    elif isinstance(kind, postgresql.BIT):
        yield f"{n % 2:b}".zfill(kind.length or 1)
    elif isinstance(kind, mysql.BIT):
        yield bytes([n % 2])
    elif isinstance(kind, (postgresql.INET, postgresql.CIDR)):
        yield from (f"192.0.2.{n % 256}", f"2001:db8::{n:x}")
    else:
        yield from _texts(getattr(kind, "length", None), n, checks, numbers)


def _moments(kind: TypeEngine[Any], n: int, day: datetime) -> Iterator[Any]:
    zone = timezone.utc if getattr(kind, "timezone", False) else None
    for moment in (day, day + timedelta(days=30), day - timedelta(days=9000), day + timedelta(days=30000)):
        whole = moment.replace(hour=n % 24, tzinfo=zone)
        if isinstance(kind, sa.DateTime):
            yield whole
        else:
            yield whole.date() if isinstance(kind, sa.Date) else whole.timetz()


def _texts(length: int | None, n: int, checks: str, numbers: Iterable[Decimal]) -> Iterator[str]:
    letter = chr(ord("A") + n % 26)
    wide = f"{n} " + "가" * min(length or 20, 1000)  # some row uses the whole width of the column
    texts = (wide if n % CYCLE == 2 else f"{TEXTS[0]}{n}", str(n), *re.findall(r"'([^']*)'", checks), letter)
    lengths = sorted({int(number) for number in numbers if 0 < number < 1000})
    patterns = (pattern for size in lengths for pattern in (letter * size, letter.lower() * size, str(n % 10) * size))
    for text in chain(texts, TEXTS, (f"{n}{text}" for text in TEXTS), patterns):
        yield text[-length:] if length and len(text) > length and text is not wide else text[:length]
