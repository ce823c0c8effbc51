"""Expressions for CHECKs, indexes and computed columns, by the family of their columns' types.

{a}, {b} and {c} are columns, {n} is a number; what begins with PYTHON is an expression of SQLAlchemy's, else it is SQL.
Each CHECK holds for all rows. Several differ from another one in a grouping, a blank, a sign.
"""

from __future__ import annotations

from machine.schema import PYTHON, Column
from machine.values import family

CHECKS = {
    "number": (
        "{a} > -{n}",
        "{a} > -{n} OR {b} IS NULL",
        "({a} > -{n} OR {b} > -{n}) AND {c} > -{n}",
        "{a} > -{n} OR ({b} > -{n} AND {c} > -{n})",
        "({a} + {b}) * 2 > -{n}",
        "{a} + ({b} * 2) > -{n}",
        "{a} - ({b} - {c}) > -{n}0000000000000",
        "{a} - {b} - {c} > -{n}0000000000000",
        "{a} BETWEEN -{n} AND 99999999999999",
        "NOT ({a} = -{n} AND {b} = -{n})",
        "{a} % 2 > -{n}",
        "CASE WHEN {a} > 3 THEN 1 ELSE 2 END > -{n}",
        PYTHON + "or_(and_({a} > -{n}, {b} > -{n}), {c} > -{n})",
        PYTHON + "and_({a} > -{n}, or_({b} > -{n}, {c} > -{n}))",
        PYTHON + "({a} + {b}) * 2 > -{n}",
        PYTHON + "{a}.not_in([-{n}, -9])",
    ),
    "text": (
        "length({a}) > -{n}",
        "{a} <> 'x {n}'",
        "{a} <> 'x  {n}'",
        "{a} <> 'x{n}'",
        "{a} <> '{n}% of'",
        "{a} NOT LIKE '%zz{n}%'",
        "{a} <> 'a\\:b{n}'",
        "{a} <> '(a OR {n}) AND b'",
        "coalesce({a}, '') <> 'it''s {n}'",
        "({a} <> 'q' OR {b} <> 'r{n}') AND {c} <> 's s'",
        "{a} <> 'q' OR ({b} <> 'r{n}' AND {c} <> 's s')",
        PYTHON + "func.length({a}) > -{n}",
        PYTHON + "{a} != 'x {n}'",
        PYTHON + "{a} != '{n}% of'",
    ),
    "enum": ("{a} = 'red' OR {a} <> 'red'", PYTHON + "or_({a} == 'red', {a}.is_not(None))"),
    "any": ("{a} IS NULL OR {a} IS NOT NULL",),
}

PREDICATES = {
    "number": (
        "{a} > {n}",
        PYTHON + "{a} > {n}",
        "({a} > 0 OR {b} > {n}) AND {c} > 0",
        "{a} > 0 OR ({b} > {n} AND {c} > 0)",
        PYTHON + "{a}.in_([1, {n}])",
    ),
    "text": ("{a} = 'a b'", "{a} = 'ab'", PYTHON + "{a} != '{n}%'", "{a} LIKE 'it%' OR {a} = 'a\\:b'"),
    "enum": (PYTHON + "{a} == 'red'", "{a} = 'red'"),
    "any": (),
}
ANY_PREDICATES = (PYTHON + "{a}.is_not(None)", "{a} IS NULL", PYTHON + "{a}.is_(None)")

ELEMENTS = {
    "number": (
        "(({a} + {b}) * 2)",
        "({a} + ({b} * 2))",
        PYTHON + "({a} + {b}) * 2",
        PYTHON + "{a} + {b} * 2",
        PYTHON + "func.abs({a}).desc()",
    ),
    "text": (
        PYTHON + "func.lower({a})",
        "lower({a})",
        PYTHON + "func.coalesce({a}, 'a  b')",
        "(coalesce({a}, 'x') || ' 100%')",
        PYTHON + "func.lower({a}).desc()",
    ),
    "enum": (),
    "any": (),
}
ORDERED = (PYTHON + "{a}.desc()", "{a} DESC", PYTHON + "{a}.asc()")
NULLS = (PYTHON + "{a}.desc().nulls_last()", PYTHON + "{a}.asc().nulls_first()", PYTHON + "{a}.nulls_last()")

COMPUTED = {
    "Integer()": ("{a} * 2", "({a} + {b}) * 2", "{a} + ({b} * 2)", "{a} % 3"),
    "String(20)": ("lower({a})", "coalesce({a}, 'a  b')", "coalesce({a}, 'a b')", "coalesce({a}, '5%')"),
}


def filled(template: str, columns: list[Column], number: int) -> str:
    """Return an expression with its columns, of which there may be fewer than it has places for."""
    form = "@{}" if template.startswith(PYTHON) else "<{}>"
    names = [form.format(columns[min(n, len(columns) - 1)].key) for n in range(3)]
    return template.format(a=names[0], b=names[1], c=names[2], n=number)


def families(columns: list[Column]) -> set[str]:
    """Return the families of some columns' types; an array of an enum is none of them."""
    return {"any" if column.array else family(column.type) for column in columns}
