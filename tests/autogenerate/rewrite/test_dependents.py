"""What depends on something that changes is dropped before it, and made again after it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from support.lab import Lab
from support.models import CONVENTION


def both_ways(lab: Lab, models: MetaData, *answers: str) -> str:
    """Go to models, back, and there again: the schema is the same each time. Return the revision."""
    before = lab.schema()
    written = lab.change(models, *answers)
    after = lab.schema()
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.schema() == after
    assert lab.differences() == ""
    return written


# A4: enum types


def tickets(labels: tuple[str, ...], schema: str | None = None, default: str | None = None) -> MetaData:
    """Return tables whose columns of an enum type are used by all that can use one."""
    metadata = MetaData(naming_convention={kind: name for kind, name in CONVENTION.items() if kind != "ck"})
    state = Enum(*labels, name="state", schema=schema)
    Table(
        "kind",
        metadata,
        Column("state", state, primary_key=True),
        Column("rank", Integer),
        schema=schema,
    )
    prefix = f"{schema}." if schema else ""
    Table(
        "Ticket",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("st", state, ForeignKey(f"{prefix}kind.state"), nullable=False, server_default=default),
        Column("all", ARRAY(state), server_default="{new}"),
        Column("size", Integer),
        Column("is_new", Integer, Computed("CASE WHEN st = 'new' THEN size ELSE 0 END", persisted=True), index=True),
        CheckConstraint("st <> 'done' OR size > 0", name="size"),
        CheckConstraint("st <> 'done' OR size < 100"),
        Index("ix_latest", "size", postgresql_where=text("st = 'new'")),
        Index("ix_text", text("(st = 'new')")),
        Index("ix_plain", "st"),
        UniqueConstraint("st", "size"),
        schema=schema,
    )
    return metadata


@pytest.mark.parametrize("schema", [None, "Shop"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("new", "old", "done"), ("new", "done")),  # a label goes
        (("new", "done"), ("done", "new")),  # and moves
        (("new", "done"), ("new", "open", "done")),  # the downgrade of an added one
    ],
)
def test_an_enum_type_is_made_anew(
    lab_postgresql: Lab, before: tuple[str, ...], after: tuple[str, ...], schema: str | None
) -> None:
    """Whatever uses its columns."""
    lab = lab_postgresql
    prefix = '"Shop".' if schema else ""
    lab.change(tickets(before, schema))
    lab.rows(f"INSERT INTO {prefix}kind VALUES ('new', 1), ('done', 2)")
    rows = f'SELECT st, "all"::text, size, is_new FROM {prefix}"Ticket" ORDER BY st::text'
    lab.rows(
        f"INSERT INTO {prefix}\"Ticket\" (st, \"all\", size) VALUES ('new', '{{new,done}}', 3), ('done', '{{}}', 4)"
    )
    there = lab.rows(rows)
    text = both_ways(lab, tickets(after, schema))
    assert lab.rows(rows) == there
    upgrade = text.partition("def downgrade")[0]
    assert ("drop_index" in upgrade) == (set(after) <= set(before)), "what need not be dropped is not"


def test_an_added_label_becomes_the_default(lab_postgresql: Lab) -> None:
    """In the same revision, in which the type is therefore made anew."""
    lab_postgresql.change(tickets(("new", "done")))
    both_ways(lab_postgresql, tickets(("new", "done", "open"), default="open"))


def test_a_column_of_an_enum_type_becomes_a_string(lab_postgresql: Lab) -> None:
    """Its texts compare something else then."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        good = CheckConstraint("st <> 'bad'", name="good")
        latest = Index("ix_latest", "id", postgresql_where=text("st = 'new'"))
        Table("ticket", metadata, Column("id", Integer, primary_key=True), Column("st", type_), good, latest)
        return metadata

    lab_postgresql.change(models(Enum("new", "bad", name="state")))
    lab_postgresql.rows("INSERT INTO ticket (st) VALUES ('new')")
    both_ways(lab_postgresql, models(String(20)))


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        (BigInteger(), Numeric(20, 0), "0"),
        (BigInteger(), Numeric(20, 0), "0, 1"),
        (Integer(), BigInteger(), "0, 1"),
        (Integer(), SmallInteger(), "0, 1"),
        (Date(), DateTime(), "'2020-01-01', '2020-01-02'"),
        (Numeric(10, 2), Float(), "0"),
        (Integer(), Float(), "1"),
        (Integer(), Numeric(10, 0), "1"),
        (Integer(), BigInteger(), "1"),
        (Date(), DateTime(), "'2020-01-01'"),
        (DateTime(), DateTime(timezone=True), "'2020-01-01'"),
        (String(20), Text(), "'a'"),
        (CHAR(20), String(20), "'a'"),
        (String(20), String(30), "'a'"),
        (JSON(), JSONB(), "NULL"),
    ],
)
def test_the_literals_in_texts_are_of_the_type_of_the_column(
    lab_postgresql: Lab, before: Any, after: Any, value: str
) -> None:
    """PostgreSQL keeps them so, and casts the column to what they were when it gets another type."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        condition = f"x IS NULL OR x IN ({value})" if value != "NULL" else "x IS NOT NULL"
        low, some = CheckConstraint(condition, name="low"), Index("ix_some", "id", postgresql_where=text(condition))
        keyed = Index("ix_keyed", text(f"({condition}) DESC NULLS LAST"), text('(id::text) COLLATE "C"'))
        Table("thing", metadata, Column("id", Integer, primary_key=True), Column("x", type_), low, some, keyed)
        return metadata

    lab_postgresql.change(models(before))
    both_ways(lab_postgresql, models(after))


@pytest.mark.parametrize(
    ("condition", "is_made_anew"),
    [
        ("x % 2 > -2", True),
        ("(x & 1) = 1", True),
        ("coalesce(x, 0) > -1", True),
        ("CASE WHEN x > 1 THEN x ELSE 0 END > -1", True),
        ("x IN (1, 2)", True),
        ("x + 1 > 0 AND (x > 3 OR x < -4)", False),
        ("x BETWEEN 1 AND (2 + 3)", False),
    ],
)
def test_literals_beside_an_integer_of_another_size(lab_postgresql: Lab, condition: str, is_made_anew: bool) -> None:
    """Where PostgreSQL has no operator for both sizes, or looks for one type for all, they get that of the column."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        low, some = CheckConstraint(condition, name="low"), Index("ix_some", "id", postgresql_where=text(condition))
        Table("thing", metadata, Column("id", Integer, primary_key=True), Column("x", type_), low, some)
        return metadata

    lab_postgresql.change(models(Integer()))
    written = both_ways(lab_postgresql, models(BigInteger()))
    assert ("drop_index" in written) == is_made_anew


# A12, C5: keys to which others refer


def family(
    primary: str = "id",
    *,
    unique: bool = False,
    index: bool = False,
    target: str = "id",
    child: str = "child",
    also: bool = False,
) -> MetaData:
    """Return a parent with two columns, either of which may be its key, and a child that refers to one of them."""
    metadata = MetaData(naming_convention=CONVENTION)
    parent = Table(
        "parent",
        metadata,
        *(
            Column(name, Integer, primary_key=name in primary.split(), nullable=False, autoincrement=False)
            for name in ("id", "part")
        ),
        Column("code", Integer, nullable=False, unique=unique or None, index=index or None),
    )
    if also:
        parent.append_constraint(UniqueConstraint("id"))
    columns = [Column("id", Integer, primary_key=True), Column("p", Integer)]
    Table(child, metadata, *columns, ForeignKeyConstraint(["p"], [f"parent.{target}"], ondelete="CASCADE"))
    return metadata


def test_the_primary_key_of_a_table_that_others_refer_to_changes(lab: Lab) -> None:
    """A12."""
    lab.change(family("id"))
    lab.rows("INSERT INTO parent VALUES (1, 2, 3)")
    lab.rows("INSERT INTO child VALUES (1, 1)")
    both_ways(lab, family("id part", also=True))
    assert lab.rows("SELECT * FROM child") == [(1, 1)]


@pytest.mark.parametrize("child", ["child", "kid"])
def test_the_target_of_a_foreign_key_gets_another_key(lab: Lab, child: str) -> None:
    """C5: from a UNIQUE to a unique index; and the child may be another table, which is dropped, and a new one."""
    lab.change(family(unique=True, target="code"))
    lab.rows("INSERT INTO parent VALUES (1, 2, 3)")
    lab.rows("INSERT INTO child VALUES (1, 3)")
    both_ways(
        lab,
        family(unique=True, index=True, target="code", child=child),
        *((child != "child") * ["rename=child:kid"]),
    )


# C3, C15: indexes that serve a foreign key


def served(kind: str, child: str = "child", key: bool = True, convention: Any = CONVENTION) -> MetaData:
    """Return a child whose foreign key is served by something, or by nothing."""
    metadata = MetaData(naming_convention=convention)
    Table("parent", metadata, Column("id", Integer, primary_key=True))
    references: list[Any] = [ForeignKey("parent.id")] if key else []
    options: dict[str, Any] = {
        "index": {"index": True},
        "unique": {"unique": True},
        "both": {"unique": True, "index": True},
    }
    column: Column[Any] = Column("p", Integer, *references, **options.get(kind, {}))
    more: dict[str, list[Any]] = {
        "composite": [Index("ix_composite", "p", "q")],
        "composite unique": [UniqueConstraint("p", "q")],
        "descending": [Index("ix_descending", text("p DESC"), unique=True)],
    }
    Table(child, metadata, Column("id", Integer, primary_key=True), column, Column("q", Integer), *more.get(kind, []))
    return metadata


KINDS = ["none", "index", "unique", "both", "composite", "composite unique", "descending"]


SERVED = [*permutations(KINDS[:4], 2), *((one, "none") for one in KINDS[4:]), *(("none", other) for other in KINDS[4:])]


@pytest.mark.parametrize(("before", "after"), SERVED)
def test_what_serves_a_foreign_key_changes(lab_mysql: Lab, before: str, after: str) -> None:
    """C3."""
    lab_mysql.change(served(before))
    lab_mysql.rows("INSERT INTO parent VALUES (1)")
    lab_mysql.rows("INSERT INTO child VALUES (1, 1, 2)")
    both_ways(lab_mysql, served(after))
    assert lab_mysql.rows("SELECT * FROM child") == [(1, 1, 2)]


@pytest.mark.parametrize("kind", ["index", "composite", "descending"])
def test_what_serves_a_foreign_key_without_a_name(lab_mysql: Lab, kind: str) -> None:
    """The index of the key has the name of its column then, and goes when another one serves the key."""
    lab = lab_mysql
    lab.change(served("none", convention=None))
    for models in (served(kind, convention=None), served("none", convention=None)):
        lab.change(models)
        lab.downgrade()
        lab.upgrade()
        assert lab.differences() == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_renamed_table_loses_its_foreign_key(lab: Lab, kind: str) -> None:
    """C15."""
    lab.change(served(kind))
    both_ways(lab, served(kind, "kid", key=False), "rename=child:kid")


# C4: the types of keys


def keys(type_: Any, name: str = "id", table: str = "b") -> MetaData:
    """Return tables that refer to each other and to themselves, with a key of two columns among them."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("a", metadata, Column(name, type_, primary_key=True), Column("up", type_, ForeignKey(f"a.{name}")))
    Table(table, metadata, Column("a_id", type_, ForeignKey(f"a.{name}"), primary_key=True, autoincrement=False))
    Table(
        "c",
        metadata,
        Column("one", type_, ForeignKey(f"{table}.a_id"), primary_key=True, autoincrement=False),
        Column("two", type_, primary_key=True, autoincrement=False),
    )
    pair = ForeignKeyConstraint(["one", "two"], ["c.one", "c.two"], name="fk_pair")
    Table("d", metadata, Column("id", Integer, primary_key=True), Column("one", type_), Column("two", type_), pair)
    return metadata


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [("id", "b", ()), ("key", "b", ("rename=a.id:key",)), ("key", "new", ("rename=a.id:key", "rename=b:new"))],
)
def test_keys_and_their_foreign_keys_get_another_type(lab: Lab, name: str, table: str, said: tuple[str, ...]) -> None:
    """C4."""
    lab.change(keys(Integer()))
    for statement in ("a VALUES (1, 1)", "b VALUES (1)", "c VALUES (1, 2)", "d VALUES (1, 1, 2)"):
        lab.rows(f"INSERT INTO {statement}")
    both_ways(lab, keys(BigInteger(), name, table), *said)
    assert lab.rows("SELECT * FROM d") == [(1, 1, 2)]


def test_keys_become_strings(lab: Lab) -> None:
    """For PostgreSQL a type of another kind: the foreign keys go, too."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("a", metadata, Column("id", type_, primary_key=True, autoincrement=False))
        Table("b", metadata, Column("a_id", type_, ForeignKey("a.id"), primary_key=True, autoincrement=False))
        return metadata

    lab.change(models(Integer()))
    lab.rows("INSERT INTO a VALUES (1)")
    lab.rows("INSERT INTO b VALUES (1)")
    both_ways(lab, models(String(20)))


def test_what_is_computed_from_a_column(lab: Lab) -> None:
    """It is made again, with its index, when the column gets another type."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        double: Column[Any] = Column("double", BigInteger, Computed("size * 2", persisted=True), index=True)
        unique: Column[Any] = Column("triple", BigInteger, Computed("size * 3", persisted=True), unique=True)
        Table("t", metadata, Column("id", Integer, primary_key=True), Column("size", type_), double, unique)
        return metadata

    lab.change(models(Integer()))
    lab.rows("INSERT INTO t (id, size) VALUES (1, 4)")
    both_ways(lab, models(BigInteger()))
    assert lab.rows("SELECT double, triple FROM t".replace("double", "`double`" if "mysql" in lab.url else '"double"'))


# A7: foreign keys in a circle

DROPS = ("allow-drop=parent", "allow-drop=child")


def circle(use_alter: bool) -> MetaData:
    """Return two tables that refer to each other."""
    metadata = MetaData()
    there = ForeignKey("b.id", use_alter=use_alter, name="fk_a_b")
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("b_id", there))
    Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id", name="fk_b_a")))
    return metadata


def test_a_column_is_computed_no_more_from_one_that_gets_another_type(lab: Lab) -> None:
    """It keeps its values."""

    def models(type_: Any, *computed: Computed) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns = [Column("size", type_, nullable=False), Column("twice", Integer, *computed)]
        Table("t", metadata, Column("id", Integer, primary_key=True), *columns)
        return metadata

    lab.change(models(Integer, Computed("size * 2", persisted=True)))
    lab.rows("INSERT INTO t (size) VALUES (4)")
    before = lab.schema()
    lab.change(models(Numeric(10, 2)), "allow-drop")
    assert lab.rows("SELECT size, twice FROM t") == [(4, 8)]
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.rows("SELECT size, twice FROM t") == [(4, 8)]


def test_use_alter(lab: Lab) -> None:
    """A7: the key is made after the tables."""
    lab.change(family())
    both_ways(lab, circle(use_alter=True), *DROPS)
    assert [key["name"] for key in inspect(lab.engine).get_foreign_keys("a")] == ["fk_a_b"]


def on_computed(expression: str | None, *more: Any, name: str = "thing", conventional: bool = True) -> MetaData:
    """Return a table with CHECKs, a UNIQUE and more on a column that is computed, or was."""
    metadata = MetaData(naming_convention=CONVENTION if conventional else None)
    computed = [] if expression is None else [Computed(expression, persisted=True)]
    Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", Integer),
        Column("twice", Integer, *computed),
        CheckConstraint("twice > 0", name="positive" if conventional else None),
        CheckConstraint("twice > 0 AND size > 0", name="both" if conventional else None),
        *more,
    )
    return metadata


MORE: dict[str, tuple[Any, Any]] = {
    "index": (lambda: Index("i", "twice"), lambda: Index("i", "twice")),
    "another index": (lambda: Index("i", "twice"), lambda: Index("i", "twice", unique=True)),
    "unique": (lambda: UniqueConstraint("twice", name="u"), lambda: UniqueConstraint("twice", name="u")),
    "renamed unique": (lambda: UniqueConstraint("twice", name="u"), lambda: UniqueConstraint("twice", name="v")),
}
ON_POSTGRESQL: dict[str, tuple[Any, Any]] = {
    "where": (
        lambda: Index("i", "size", postgresql_where=text("twice > 1")),
        lambda: Index("i", "size", postgresql_where=text("twice > 2")),
    ),
    "include": (
        lambda: Index("i", "size", postgresql_include=["twice"]),
        lambda: Index("i", "size", postgresql_include=["twice"]),
    ),
    "expression": (lambda: Index("i", text("(twice + 1)")), lambda: Index("i", text("(twice + 1)"))),
}


def what_is_on_a_column_comes_back(lab: Lab, before: Any, after: Any) -> None:
    """Go to another expression, and back."""
    lab.change(on_computed("size * 2", before()))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 3), (2, 4)")
    both_ways(lab, on_computed("size * 2 + 1", after()))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_table_that_refers_to_itself_goes(lab: Lab, is_new: bool) -> None:
    """In a downgrade or an upgrade, with an index that begins with what the key refers to."""

    def tables(*names: str) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        for name in names:
            columns = [Column("id", Integer, primary_key=True), Column("parent", Integer), Column("a", Integer)]
            key = ForeignKeyConstraint(["parent"], [f"{name}.id"], name=f"own_{name}", use_alter=True)
            Table(name, metadata, *columns, key, Index(f"ix_{name}", "id", "a"))
        return metadata

    lab.change(tables("one") if is_new else tables("one", "other"))
    both_ways(lab, tables("one", "other") if is_new else tables("one"), *([] if is_new else ["allow-drop=other"]))


@pytest.mark.parametrize("more", MORE)
def test_what_is_on_a_column_that_is_made_again(lab: Lab, more: str) -> None:
    """A database drops it with the column: nothing of it is lost, and nothing is dropped twice."""
    what_is_on_a_column_comes_back(lab, *MORE[more])


@pytest.mark.parametrize("more", ON_POSTGRESQL)
def test_what_is_on_it_on_postgresql(lab_postgresql: Lab, more: str) -> None:
    """Predicates, included columns and expressions as well."""
    what_is_on_a_column_comes_back(lab_postgresql, *ON_POSTGRESQL[more])


@pytest.mark.parametrize("conventional", [True, False])
def test_what_is_on_it_in_a_renamed_table(lab_postgresql: Lab, conventional: bool) -> None:
    """The constraint that goes with the column is not renamed on the way."""
    lab_postgresql.change(on_computed("size * 2", conventional=conventional))
    both_ways(lab_postgresql, on_computed(None, name="other", conventional=conventional), "rename=thing:other")
    both_ways(
        lab_postgresql,
        on_computed("size * 3", name="last", conventional=conventional),
        "rename=other:last",
        "allow-drop",
    )


def test_an_index_with_included_columns_goes_beside_a_label(lab_postgresql: Lab) -> None:
    """The downgrade makes it again: what it includes is none of the columns that it covers."""

    def models(*labels: str) -> MetaData:
        metadata = MetaData()
        Table("paint", metadata, Column("id", Integer, primary_key=True), Column("mood", Enum(*labels, name="mood")))
        if len(labels) == 3:
            other = Table("other", metadata, Column("id", Integer, primary_key=True), Column("x", Integer))
            Index("ix", other.c.x.nulls_last(), postgresql_include=["id"], postgresql_where=other.c.x > 1)
        return metadata

    lab_postgresql.change(models("a", "b", "c"))
    both_ways(lab_postgresql, models("a", "b"), "allow-drop=other")


@pytest.mark.parametrize(
    ("table", "column", "answers"),
    [
        ("target", "id", []),
        ("target", "nr", ["rename=target.id:nr"]),
        ("goal", "id", ["rename=target:goal"]),
        ("goal", "nr", ["rename=target:goal", "rename=goal.id:nr"]),
    ],
)
@pytest.mark.parametrize("is_key", [True, False])
def test_a_column_grows_to_which_a_table_refers_that_is_dropped(
    lab: Lab, is_key: bool, table: str, column: str, answers: list[str]
) -> None:
    """MariaDB does not change it while the foreign key is there. Up, and down."""

    def models(table: str, column: str, type_: type[Integer], *, referring: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        keys = [] if is_key else [Column("key", Integer, primary_key=True)]
        Table(table, metadata, *keys, Column(column, type_, primary_key=is_key, unique=not is_key, nullable=False))
        if referring:
            Table("old", metadata, Column("id", Integer, ForeignKey(f"{table}.{column}"), primary_key=True))
        return metadata

    lab.change(models("target", "id", Integer, referring=True))
    lab.change(models(table, column, BigInteger, referring=False), *answers, "allow-drop=old")
    lab.downgrade()
