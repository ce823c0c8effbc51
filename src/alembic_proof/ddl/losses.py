"""Which operations destroy data, and which values of a column they destroy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from sqlalchemy import (
    ColumnElement,
    Date,
    Dialect,
    Double,
    Float,
    Integer,
    Numeric,
    String,
    and_,
    cast,
    func,
    not_,
    or_,
    type_coerce,
)

from .sqlite_conversions import FALSE, MOMENT, TRUE, converted
from .types import NUMBERS, database_type, float_bytes, integer_range, kind_of

_TIMES = ("datetime", "time", "interval")


def loss(op: MigrateOperation, dialect: Dialect) -> str | None:
    """Return what an operation destroys, as the rest of a sentence about its table or column, or None."""
    if isinstance(op, DropTableOp):
        return "is in no model that env.py imports, and is dropped with its rows"
    if isinstance(op, DropColumnOp) and op.to_column().computed is None:  # what is computed is no data of its own
        return "is in no model that env.py imports, and is dropped with its values"
    if isinstance(op, AlterColumnOp) and op.modify_type is not None:
        old, new = (database_type(type_, dialect) for type_ in (op.existing_type, op.modify_type))
        is_array = kind_of(old) == kind_of(new) == "array"
        if is_array:
            old, new = (database_type(type_.item_type, dialect) for type_ in (old, new))
        cut = _cut(old, new, dialect.name)
        if is_array and cut is None and _gets_places(old, new):  # of a single number, see rounded()
            cut = "rounds to fewer places"
        if cut:
            return f"becomes {op.modify_type!r}, which {cut}"
    return None


def _cut(old: Any, new: Any, dialect: str) -> str | None:
    """Return what a database does, without a warning, to values that the new type cannot hold; None if nothing."""
    before, after = kind_of(old), kind_of(new)
    if before == "array":
        return None if after in ("array", "json") else "keeps the first element and no other"
    if before == "datetime" and after in ("date", "time"):
        return f"cuts off the {'time' if after == 'date' else 'date'}"
    if before == after and before in _TIMES and _places(old, dialect) > _places(new, dialect):
        return f"{'rounds' if dialect == 'postgresql' else 'cuts off'} fractions of seconds"
    if _loses_bits(old, new, dialect):
        return f"keeps the first {new.length} bits"
    if before in NUMBERS and after == "boolean":
        return "has no value but true and false"
    if before in ("float", "numeric"):
        had, has = (getattr(type_, "scale", None) for type_ in (old, new))
        if after == "integer":
            return "cuts off what is after the point" if dialect == "sqlite" else "rounds what is after the point"
        return (
            "rounds to fewer places"
            if after in ("float", "numeric") and had is not None and has is not None and had > has
            else None
        )
    if dialect == "sqlite" and before == "text" and (after in NUMBERS or after == "boolean"):
        return "takes the digits at the beginning of a text for its number, or 0"
    return None


def _loses_bits(old: Any, new: Any, dialect: str) -> bool:
    """Tell whether PostgreSQL cuts off bits: it fills up those that a type of bits has more."""
    if dialect != "postgresql" or not old.__visit_name__ == new.__visit_name__ == "BIT" or not new.length:
        return False
    return not old.length or old.length > new.length


def _places(type_: Any, dialect: str) -> int:
    """Return how many places of a second a database keeps."""
    if dialect == "postgresql":
        return 6 if getattr(type_, "precision", None) is None else int(type_.precision)
    return getattr(type_, "fsp", None) or 0


def shortened_to(op: AlterColumnOp, dialect: Dialect) -> int | None:
    """Return the length to which an operation shortens texts that may be longer, or None.

    A database refuses those that are, or keeps them: SQLite has no lengths.
    """
    if dialect.name == "sqlite" or op.modify_type is None:
        return None
    old, new = (database_type(type_, dialect) for type_ in (op.existing_type, op.modify_type))
    if kind_of(old) != "text" or kind_of(new) != "text" or not new.length:
        return None
    return int(new.length) if not old.length or old.length > new.length else None


def lost_values(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which a value is not the same in a column of another type.

    None where only the conversion itself would tell: any value may be lost.
    """
    old, new = (database_type(type_, dialect) for type_ in (old, new))
    before, after = kind_of(old), kind_of(new)
    if before == after == "text":
        length: ColumnElement[int] = (func.length if dialect.name == "sqlite" else func.char_length)(value)
        return length > int(new.length)
    if (before == after and before in _TIMES) or _loses_bits(old, new, dialect.name):
        return cast(cast(value, new), old) != value
    if after == "boolean" and before in NUMBERS:
        return cast(value, Integer).not_in([0, 1])
    if before == "text":
        differs = cast(cast(value, new), String) != cast(value, String)
        is_word = func.lower(func.trim(value)).in_([*TRUE, *FALSE])
        return and_(differs, not_(is_word)) if after == "boolean" else differs
    if before in NUMBERS and after == "integer":
        return cast(value, new) != value
    if before in NUMBERS and after in ("float", "numeric"):
        return func.round(cast(value, Numeric) if dialect.name == "postgresql" else value, new.scale or 0) != value
    if before == "datetime" and after == "date":
        if dialect.name == "sqlite":
            return and_(func.length(value) > 10, func.substr(value, 12, 8) != "00:00:00")
        return (cast(value, Date) if dialect.name == "postgresql" else func.date(value)) != value
    return None


@dataclass(frozen=True)
class Alteration:
    """What a database does to some values without a word: the rest of a sentence about the type, and to which."""

    words: str
    condition: ColumnElement[bool]


def alteration(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> Alteration | None:
    """Return which values become others in another type, though it could hold some as they are; None if none does."""
    sizes = [float_bytes(type_, dialect) for type_ in (old, new)]
    old, new = (database_type(type_, dialect) for type_ in (old, new))
    before, after = kind_of(old), kind_of(new)
    if _gets_places(old, new):
        return Alteration("rounds to fewer places", _is_rounded(value, new, dialect))
    if dialect.name in ("mysql", "mariadb"):  # where a cast takes no FLOAT(24)
        old, new = (_FLOATS.get(size, type_) for size, type_ in zip(sizes, (old, new), strict=True))
    if before == "text" and dialect.name != "sqlite":
        condition = _is_written_otherwise(value, new, dialect)
        return (
            None
            if condition is None
            else Alteration("does not keep all of a text, such as leading zeros or a time zone", condition)
        )
    if before in NUMBERS and _keeps_fewer_digits(before, after, sizes, dialect):
        by_way_of = String() if after == "text" else new
        return Alteration("keeps fewer digits", cast(cast(value, by_way_of), old) != value)
    return None


_FLOATS: dict[int | None, Any] = {4: Float(), 8: Double()}


def _gets_places(old: Any, new: Any) -> bool:
    """Tell whether numbers had no limit to their places, and get one."""
    (before, had), (after, has) = ((kind_of(type_), getattr(type_, "scale", None)) for type_ in (old, new))
    return {before, after} <= {"float", "numeric"} and had is None and has is not None


def _is_rounded(value: ColumnElement[Any], new: Any, dialect: Dialect) -> ColumnElement[bool]:
    exact = cast(value, Numeric) if dialect.name == "postgresql" else value
    if dialect.name in ("mysql", "mariadb"):  # of a FLOAT, only its text has no more digits than it was given
        exact = cast(cast(value, String), _EXACT)
    return func.round(exact, new.scale) != exact


_EXACT = Numeric(65, 30)  # the most digits of MariaDB and MySQL
_LEADING_ZERO = "^ *[-+]?0[0-9]"
_TIME_ZONE = "([-+][0-9]{2}(:?[0-9]{2})?|Z)$"


def _is_written_otherwise(value: ColumnElement[Any], new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which a text has more in it than what a number, a day or a time keeps of it."""
    after = kind_of(new)
    kept: ColumnElement[Any] = cast(cast(value, new), String)
    if after in NUMBERS:
        exact = Numeric() if dialect.name == "postgresql" else _EXACT
        # The difference, as MariaDB takes two casts of a column for equal in some conditions.
        return or_(value.regexp_match(_LEADING_ZERO), cast(kept, exact) - cast(value, exact) != 0)
    if after == "date":
        return kept != value
    if after == "time":
        return kept.not_in([value, value.concat(":00")])
    if after == "datetime" and getattr(new, "timezone", False):
        return not_(value.regexp_match(_TIME_ZONE))  # the session's time zone would decide
    if after == "datetime":
        blank = func.replace(value, "T", " ")
        return kept.not_in([blank, blank.concat(":00"), blank.concat(" 00:00:00")])
    return None


def _keeps_fewer_digits(before: str, after: str, bytes_: list[int | None], dialect: Dialect) -> bool:
    """Tell whether a kind of type, or a float of so many bytes, has fewer digits for a number than it may have."""
    if after == "text":  # which has all digits on PostgreSQL, and 15 on SQLite
        return dialect.name != "postgresql" and before in ("float", *(["numeric"] if dialect.name == "sqlite" else []))
    return after == "float" and (before != "float" or bytes_ == [8, 4])


def unreadable(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which SQLite keeps a value that the new type of its column cannot read, or None.

    Other databases refuse such values.
    """
    if dialect.name != "sqlite":
        return None
    before, after = (kind_of(database_type(type_, dialect)) for type_ in (old, new))
    if before == after or {before, after} <= NUMBERS:
        return None
    own = converted(value, old, new, dialect)
    kept: ColumnElement[Any] = type_coerce(value if own is None else own, String)
    if after == "date" and before == "text":
        is_longer = and_(func.length(value) > 10, not_(value.bool_op("GLOB")(MOMENT)))
        return or_(_is_no_day(func.substr(value, 1, 10)), is_longer)
    if after == "date":
        return _is_no_day(kept)
    if after in ("datetime", "interval"):
        return or_(_is_no_day(func.substr(kept, 1, 10)), func.datetime(kept).is_(None))
    if after == "time":
        return or_(func.time(kept).is_(None), not_(kept.bool_op("GLOB")("[0-9][0-9]:[0-9][0-9]*")))
    if after == "uuid":
        digits = func.replace(kept, "-", "")
        return or_(func.length(digits) != 32, digits.bool_op("GLOB")("*[^0-9a-fA-F]*"))
    if after == "json":
        return not_(func.json_valid(kept))
    if before == "binary" and after == "text":
        return cast(value, String).bool_op("GLOB")("*[^ -~]*")  # only of ASCII it is certain that it is a text
    if after in NUMBERS or after == "boolean":
        return cast(cast(value, new), String) != cast(value, String)
    return None


def _is_no_day(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition under which a value is none of the days that there are, to SQLite."""
    return func.date(value, "+0 days").op("IS NOT", is_comparison=True)(value)  # which makes March of February 31


def too_great(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which a database refuses a number in a column of another type, or None.

    SQLite refuses none.
    """
    old, new = (database_type(type_, dialect) for type_ in (old, new))
    before, after = kind_of(old), kind_of(new)
    if dialect.name == "sqlite" or before not in NUMBERS:
        return None
    if after == "integer":
        least, greatest = integer_range(new, dialect)
        if before == "integer":
            (was_least, was_greatest) = integer_range(old, dialect)
            if was_least >= least and was_greatest <= greatest:
                return None
        return or_(value < least, value > greatest)
    if after == "numeric" and new.precision is not None:
        digits = new.precision - (new.scale or 0)
        if getattr(new, "unsigned", False) and not getattr(old, "unsigned", False):
            return or_(value < 0, value >= int(10**digits))
        if before == "numeric" and old.precision is not None and old.precision - (old.scale or 0) <= digits:
            return None
        magnitude: ColumnElement[Any] = func.abs(value)
        return magnitude >= int(10**digits)
    if getattr(new, "unsigned", False) and not getattr(old, "unsigned", False):
        return value < 0
    return None
