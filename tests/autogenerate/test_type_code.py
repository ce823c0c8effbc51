"""Types of a project as code: what is written makes an equal one, or it is refused. C17."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Integer, Numeric, String, TypeDecorator, Unicode
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from alembic_proof.autogenerate.type_code import TypeCode, UnwritableTypeError, same, same_type

HERE = __name__


class Colour(enum.Enum):
    """An argument."""

    RED = 1


def upper(text: str) -> str:
    """An argument that is a function."""
    return text.upper()


class Engine:
    """What a type makes of its argument, and keeps."""

    def __init__(self, key: str) -> None:
        self.key = key


class Decorated(TypeDecorator[Any]):
    """Keeps what it is given, under the name or with an underscore before it."""

    impl = String
    cache_ok = True

    def __init__(self, first: Any, _second: Any = None, *, only: Any = None, plain: int = 3) -> None:
        super().__init__(40)
        self.first, self._second, self._only, self.plain = first, _second, only, plain
        self.engine = Engine(str(only))


class OwnRepr(Decorated):
    """Has a __repr__ that is no code."""

    def __repr__(self) -> str:
        return f"<OwnRepr {self.first}>"


class OtherName(Decorated):
    """Has a __repr__ that is the code of something else."""

    def __repr__(self) -> str:
        return f"Decorated({self.first!r})"


class Choice(TypeDecorator[Any]):
    """As that of sqlalchemy_utils: choices, and the type below."""

    impl = Unicode(255)
    cache_ok = True

    def __init__(self, choices: Any, impl: Any = None) -> None:
        self.choices = tuple(choices)
        super().__init__()
        self.impl = impl or Unicode(255)


class ScalarList(TypeDecorator[Any]):
    """As that of sqlalchemy_utils: a function as argument."""

    impl = String
    cache_ok = True

    def __init__(self, coerce_func: Callable[[str], Any] = str, separator: str = ",") -> None:
        super().__init__()
        self.separator, self.coerce_func = separator, coerce_func


class Words(UserDefinedType[Any]):
    """Any number of arguments, by place and by name."""

    cache_ok = True

    def __init__(self, *args: str, **kwargs: str) -> None:
        self.columns, self.options = args, kwargs

    def get_col_spec(self, **_: Any) -> str:
        """Return the SQL."""
        return "TEXT"


class Lost(TypeDecorator[Any]):
    """Keeps nothing."""

    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str) -> None:
        super().__init__()


class Garbled(TypeDecorator[Any]):
    """Keeps something else."""

    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str = "kg") -> None:
        super().__init__()
        self.unit = unit + "!"


class Plain(Numeric[Any]):
    """A type of SQLAlchemy's with a new name."""


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (Decorated("a"), "Decorated('a')"),
        (Decorated("a", only=2), "Decorated('a', only=2)"),
        (Decorated("a", 2, plain=4), "Decorated('a', _second=2, plain=4)"),
        (Decorated(Decimal("1.50")), "Decorated(decimal.Decimal('1.50'))"),
        (Decorated(timedelta(days=2), only=[1, (2,), {"a": {3}}]), None),
        (Decorated(Colour.RED), f"Decorated({HERE}.Colour.RED)"),
        (Decorated(Colour), f"Decorated({HERE}.Colour)"),
        (Decorated(upper, only=int), f"Decorated({HERE}.upper, only=int)"),
        (Decorated(Integer()), "Decorated(sa.Integer())"),
        (Decorated(Decorated(1)), f"Decorated({HERE}.Decorated(1))"),
        (Decorated(JSONB()), None),
        (OwnRepr("a", only="b"), "OwnRepr('a', only='b')"),
        (OtherName("a", only="b"), "OtherName('a', only='b')"),
        (Choice([("a", "A")]), "Choice((('a', 'A'),), impl=sa.Unicode(length=255))"),
        (Choice([(1, "A")], impl=Integer()), "Choice(((1, 'A'),), impl=sa.Integer())"),
        (ScalarList(int), "ScalarList(coerce_func=int)"),
        (ScalarList(separator=";"), "ScalarList(separator=';')"),
        (Words("a", "b", of="c"), "Words('a', 'b', of='c')"),
        (Plain(9, 2), "Plain(precision=9, scale=2)"),
        (Decorated("a").with_variant(String(9), "mysql"), "Decorated('a').with_variant(sa.String(length=9), 'mysql')"),
        (
            Decorated("a", only=1).with_variant(Decorated("b"), "mysql").with_variant(JSONB(), "postgresql"),
            None,
        ),
    ],
)
def test_what_is_written_makes_an_equal_type(type_: Any, expected: str | None) -> None:
    """Tried: with nothing but the imports that are written too."""
    code = TypeCode()
    written = code.of(type_)
    assert expected is None or written == f"{HERE}.{expected}"
    namespace: dict[str, Any] = {"sa": __import__("sqlalchemy")}
    for line in code.imports:
        exec(line, namespace)
    made = eval(written, namespace)
    assert same_type(made, type_)
    assert vars(made).get("_variant_mapping", {}).keys() == vars(type_).get("_variant_mapping", {}).keys()


class Nested:
    """A class may be in another one."""

    class Inner(Decorated):
        """As here."""


def local() -> Any:
    """Return a type whose class no revision can import."""

    class Local(Decorated):
        pass

    return Local("a")


class Encrypted(TypeDecorator[Any]):
    """As that of sqlalchemy_utils: the key is an argument."""

    impl = String
    cache_ok = True

    def __init__(self, key: Any, length: int = 9, *, mode: Any = None) -> None:
        super().__init__(length)
        self.key, self.mode = key, mode


class WithEngine(Encrypted):
    """Keeps what it makes of another argument, as sqlalchemy_utils' does."""

    def __init__(self, key: Any, engine: Any = None) -> None:
        super().__init__(key)
        self.engine = (engine or Engine)("a")


class ForEachDatabase(Encrypted):
    """Is another type on each of them."""

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Return it."""
        return dialect.type_descriptor(String(7))


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (Encrypted("hunter2"), "sa.String(length=9)"),
        (Encrypted(b"hunter2", 20), "sa.String(length=20)"),
        (Encrypted(None, mode="from the environment"), "sa.String(length=9)"),
        (Encrypted(None, mode=b"from the environment"), "sa.String(length=9)"),
        (Encrypted(None, mode="GCM"), f"{HERE}.Encrypted(None, mode='GCM')"),
        (Encrypted(upper), f"{HERE}.Encrypted({HERE}.upper)"),
        (WithEngine("hunter2"), "sa.String(length=9)"),
        (WithEngine(upper), "sa.String(length=9)"),
        (Encrypted(lambda: "hunter2"), "sa.String(length=9)"),
        (
            Encrypted("a").with_variant(JSONB(), "mysql"),
            "sa.String(length=9).with_variant(postgresql.JSONB(), 'mysql')",
        ),
    ],
)
def test_a_secret_is_not_written(type_: Any, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its place the type that is the same for the database."""
    monkeypatch.setenv("FIELD_KEY", "from the environment")
    monkeypatch.setenv("CIPHER_MODE", "GCM")
    code = TypeCode()
    assert code.of(type_).replace("(astext_type=Text())", "()") == expected
    assert (f"import {HERE}" in code.imports) == (HERE in expected)


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        (ForEachDatabase("hunter2"), "has the argument key, which may be a secret"),
        (local(), "is defined inside of a function: define it at the top of a module"),
        (Decorated(lambda text: text), "is defined inside of a function"),
        (Decorated(object()), "has the argument <object object"),
        (Decorated(Engine("a")), "which is no plain value"),
        (Lost("a"), "does not keep its argument unit, so no revision can create an equal type: keep each argument in"),
        (Garbled("a"), "has arguments that Garbled() does not keep"),
        (Decorated("a").with_variant(local(), "mysql"), "inside of a function"),
    ],
)
def test_what_cannot_be_written(type_: Any, reason: str) -> None:
    """It says what to do."""
    with pytest.raises(UnwritableTypeError) as error:
        TypeCode().of(type_)
    assert reason in str(error.value)


def test_a_class_in_a_class() -> None:
    """By its dotted name."""
    assert TypeCode().of(Nested.Inner(1)) == f"{HERE}.Nested.Inner(1)"


def keeping(value: int) -> Any:
    """Return a function that keeps a value."""
    return lambda: value


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        (keeping(1), keeping(1), True),
        (keeping(1), keeping(2), False),
        (1, 1, True),
        (1, 1.0, False),
        ([1, (2,)], [1, (2,)], True),
        ([1], [1, 2], False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": [1]}, {"a": [2]}, False),
        (Engine("a"), Engine("a"), True),
        (Engine("a"), Engine("b"), False),
        (String(9), String(9), True),
        (String(9), String(8), False),
        (upper, upper, True),
        (upper, local, False),
    ],
)
def test_same(value: Any, other: Any, expected: bool) -> None:
    """Objects that do not compare themselves are compared by what they keep."""
    assert same(value, other) is expected
