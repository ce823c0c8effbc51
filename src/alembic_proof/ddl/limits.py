"""The lengths and digits of types: Alembic does not see one that comes or goes, only one that becomes another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Column, Dialect, Float, TypeDecorator

from .. import upstream
from .types import float_bytes

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl as Base
else:
    Base = object

# The types that have limits on a database, and those that they have where nothing is said.
_TEXTS_AND_NUMBERS: dict[str, tuple[int, ...]] = {"VARCHAR": (), "CHAR": (), "NUMERIC": (), "DECIMAL": ()}
_ON_MYSQL: dict[str, tuple[int, ...]] = {"NUMERIC": (10, 0), "DECIMAL": (10, 0), "CHAR": (1,), "BINARY": (1,)}
_ON_MYSQL |= {"BIT": (1,), "FLOAT": (), "DOUBLE": (), "REAL": ()}
_LIMITED = {
    "sqlite": _TEXTS_AND_NUMBERS,
    "postgresql": {
        **_TEXTS_AND_NUMBERS,
        **{"CHAR": (1,), "BIT": (1,), "BIT VARYING": ()},
        **{"TIMESTAMP": (6,), "TIME": (6,), "INTERVAL": (6,)},
    },
    "mysql": _ON_MYSQL,
    "mariadb": _ON_MYSQL,
}
_TYPE = re.compile(r"BIT VARYING|[A-Z]+")
_LIMITS = re.compile(r"\(([\d, ]+)\)")


class LimitCorrections(Base):
    """Mixed into all Impl classes."""

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns have different types: also where only one of them has a limit.

        To Alembic, a FLOAT(53) is no DOUBLE, and a FLOAT(24) is one.
        """
        old, new = inspector_column.type, metadata_column.type
        if isinstance(old, Float) and (size := float_bytes(new, self.dialect)):
            return (size, _limits(new, self.dialect)) != (float_bytes(old, self.dialect), _limits(old, self.dialect))
        if super().compare_type(inspector_column, metadata_column):
            return True
        said = _arguments(new)
        if said is not None and said == _arguments(old):  # which is quicker to tell
            return False
        limits = [_limits(type_, self.dialect) for type_ in (old, new)]
        return None not in limits and limits[0] != limits[1]


def _arguments(type_: Any) -> tuple[Any, ...] | None:
    """Return the limits that a type is given in Python, or None where another type inside it may have them."""
    if isinstance(type_, (ARRAY, TypeDecorator)) or upstream.variants(type_):
        return None
    return tuple(getattr(type_, name, None) for name in ("length", "precision", "scale", "second_precision"))


def _limits(type_: Any, dialect: Dialect) -> tuple[int, ...] | None:
    """Return the limits that a type has on a database, or None where it is none of those that have any."""
    sql = type_.compile(dialect=dialect)
    name: Any = _TYPE.match(sql)
    usual = None if name is None else _LIMITED[dialect.name].get(name[0])
    said = _LIMITS.search(sql)
    if usual is None or said is None:
        return usual
    limits = tuple(map(int, said[1].split(",")))
    if len(limits) == 1 and name[0] in ("NUMERIC", "DECIMAL"):
        return (*limits, 0)
    return () if len(limits) == 1 and name[0] in ("FLOAT", "DOUBLE", "REAL") else limits  # that chooses between the two
