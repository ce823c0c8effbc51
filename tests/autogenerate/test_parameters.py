"""A colon in the SQL of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    column,
    func,
    literal,
    null,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from support.lab import Lab
from support.models import dialect_of

from alembic_proof.autogenerate.parameters import require_no_parameters


def models(*items: Any) -> MetaData:
    """Return a table a with a column t, and other items."""
    metadata = MetaData()
    Table("a", metadata, Column("t", String(99)), *items)
    return metadata


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CheckConstraint("t <> 'a:b :c'", name="ck1"), "The CHECK ck1 of the table a has :c in its SQL"),
        (lambda: CheckConstraint("t ~ '(?:x)'"), "The CHECK of the table a has :x in its SQL"),
        (lambda: Column("g", String(9), Computed("t || ' :c'")), "Computed() of the column g of the table a has :c"),
        (
            lambda: Column("d", String(9), server_default=func.lower(text("':c'"))),
            "The server default of the column d of",
        ),
        (lambda: Index("i", text("(t || ':c')")), "The index i of the table a has :c"),
        (lambda: Index("i", func.lower(text("':c'"))), "The index i of the table a has :c"),
        (lambda: Index("i", "t", postgresql_where=text("t <> ':c'")), "The index i of the table a has :c"),
        (lambda: ExcludeConstraint(("t", "="), where=text("t <> ':c'"), name="x"), "The EXCLUDE constraint x of the"),
        (lambda: CheckConstraint("t <> 'a:b \\:c ::d' AND t::text <> '12:30'"), None),
        (lambda: CheckConstraint("t ~ '^[[:alpha:]]$'"), None),
        (lambda: CheckConstraint(column("t") == "':c'"), None),
        (lambda: CheckConstraint(column("t").in_(["a", "b"])), None),
        (lambda: CheckConstraint(column("t") == null()), None),
        (lambda: CheckConstraint(column("t") == literal(None, String)), None),
        (lambda: CheckConstraint(text("t <> :c").bindparams(c="x")), None),
        (lambda: Column("d", String(9), server_default="':c'"), None),
        (lambda: Column("d", String(9), server_default=text("':c'")), None),  # it is written as it stands
        (lambda: Column("d", Integer, server_default=text("nextval('s'::regclass)")), None),
        (lambda: Index("i", "t", sqlite_where=text("t <> ':c'")), None),  # of another database
    ],
)
def test_what_is_a_parameter(make: Callable[[], Any], said: str | None) -> None:
    """What has no value; a literal has one."""
    tables = models(make()).tables.values()
    if said is None:
        require_no_parameters(tables, dialect_of("postgresql"))
        return
    with pytest.raises(CommandError) as error:
        require_no_parameters(tables, dialect_of("postgresql"))
    assert str(error.value).startswith(said)


def test_it_stops_before_anything_is_written(lab: Lab) -> None:
    """And alembic check says it, too; the way out that it tells works."""
    wrong, right = (models(CheckConstraint(f"t <> 'a:b {colon}c'", name="ck1")) for colon in (":", "\\:"))
    sentence = (
        "The CHECK ck1 of the table a has :c in its SQL, which SQLAlchemy takes for a parameter, and writes as NULL. "
        "Where the colon is meant, write \\\\:c in the models. Nothing was written."
    )
    assert lab.refused(wrong) == sentence
    lab.change(right)
    assert lab.differences(wrong) == sentence
    lab.rows("INSERT INTO a VALUES ('a:b NULL')")
    with pytest.raises(Exception, match=r"(?i)ck1"):
        lab.rows("INSERT INTO a VALUES ('a:b :c')")
