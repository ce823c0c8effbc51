"""CHECK constraints are added, removed and changed, by their names and texts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, CheckConstraint, Column, Enum, Integer, MetaData, String, Table, inspect
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION


def models(*checks: tuple[str, str], convention: Any = CONVENTION, column: CheckConstraint | None = None) -> MetaData:
    """Return a table with CHECKs, each a name and a text; one may belong to a column."""
    metadata = MetaData(naming_convention=convention)
    size: Column[Any] = Column("size", Integer, *([column] if column is not None else []))
    constraints = [CheckConstraint(text, name=name) for name, text in checks]
    Table("thing", metadata, Column("id", Integer, primary_key=True), size, Column("name", String(20)), *constraints)
    return metadata


def checks(lab: Lab) -> dict[Any, str]:
    """Return the CHECKs in the database."""
    return {check["name"]: check["sqltext"] for check in inspect(lab.engine).get_check_constraints("thing")}


def test_they_are_added_removed_and_renamed(lab: Lab) -> None:
    """By their names, which the naming convention completes; with Alembic 1.18 too, which does not compare them."""
    lab.change(models(("positive", "size > 0")))
    lab.change(models(("positive", "size > 0"), ("named", "name <> ''")))
    assert set(checks(lab)) == {"ck_thing_positive", "ck_thing_named"}
    lab.change(models(("above_zero", "size > 0")))
    assert set(checks(lab)) == {"ck_thing_above_zero"}
    lab.downgrade()
    assert set(checks(lab)) == {"ck_thing_positive", "ck_thing_named"}


def test_without_a_naming_convention(lab: Lab) -> None:
    """By the names that they have."""
    lab.change(models(("positive", "size > 0"), convention=None))
    lab.change(models(("above_zero", "size > 0"), convention=None))
    assert set(checks(lab)) == {"above_zero"}


@pytest.mark.parametrize("name", [None, "named"])
def test_one_without_a_name_stays(lab: Lab, name: str | None) -> None:
    """PostgreSQL and MariaDB give it one that no model has: it is not dropped, nor is any other CHECK of its table."""

    def thing(*columns: Column[Any]) -> MetaData:
        metadata = MetaData()
        unnamed = CheckConstraint("size > 0")
        named = [CheckConstraint("size < 9", name=name)] if name else []
        Table(
            "thing",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("size", Integer),
            *columns,
            unnamed,
            *named,
        )
        return metadata

    lab.change(thing())
    before = set(checks(lab).values())
    assert len(before) == 1 + bool(name)
    assert "drop_constraint" not in lab.revision(thing(Column("note", String(20))))
    lab.upgrade()
    assert set(checks(lab).values()) == before


def test_of_a_column(lab: Lab) -> None:
    """It is compared as one of the table. (Alembic leaves it out of a new table.)"""
    lab.change(models(convention=None))
    lab.change(models(column=CheckConstraint("size > 0", name="ck_thing_size"), convention=None))
    assert set(checks(lab)) == {"ck_thing_size"}
    lab.change(models(convention=None))
    assert checks(lab) == {}


def test_its_text_changes(lab: Lab) -> None:
    """B3: under the same name, up and down."""
    lab.change(models(("sized", "size > 0")))
    assert lab.differences(models(("sized", "size  >  0"))) == ""
    lab.change(models(("sized", "size > 1")))
    assert "> 1" in checks(lab)["ck_thing_sized"]
    lab.downgrade()
    assert "> 0" in checks(lab)["ck_thing_sized"]


def test_a_long_name_is_known_again(lab: Lab) -> None:
    """A database shortens it."""
    lab.change(models(("a_size_that_is_greater_than_nothing_and_that_is_what_this_is_about", "size > 0")))
    assert len(checks(lab)) == 1


def test_include_object_is_asked(lab_sqlite: Lab) -> None:
    """About one that is added, and about one that is removed."""
    lab_sqlite.change(models(("old", "size > 0")))

    def include_object(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        return type_ != "check_constraint"

    assert lab_sqlite.differences(models(("new", "size > 0"))) != ""
    assert lab_sqlite.differences(models(("new", "size > 0")), include_object=include_object) == ""


def test_that_of_a_type_which_the_database_does_not_create(lab_postgresql: Lab) -> None:
    """PostgreSQL has a boolean of its own."""
    metadata = MetaData()
    flag = Boolean(create_constraint=True, name="flag")
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("flag", flag))
    assert "CHECK" not in lab_postgresql.change(metadata)


def unnamed(*texts: str, columns: tuple[Any, ...] = (), type_: Any = None) -> MetaData:
    """Return a table with CHECKs without names; on request with other columns, and an enum with a CHECK."""
    metadata = MetaData()
    word: list[Column[Any]] = [Column("word", type_)] if type_ is not None else []
    constraints = [CheckConstraint(text) for text in texts]
    key: Column[Any] = Column("id", Integer, primary_key=True)
    Table("thing", metadata, key, Column("size", Integer), *word, *columns, *constraints)
    return metadata


def refuses(lab: Lab, values: str) -> bool:
    """Tell whether the database refuses a row; one that it takes is removed."""
    try:
        lab.rows(f"INSERT INTO thing (id, size) VALUES ({values})")
    except DBAPIError:
        return True
    lab.rows("DELETE FROM thing")
    return False


def test_the_text_of_one_without_a_name(lab: Lab) -> None:
    """It changes under the name that the database has given it; on SQLite, which gives none, the table is rebuilt."""
    lab.change(unnamed("size > 0", "size NOT IN (5, 6)"))
    assert lab.differences(unnamed("size NOT IN (5, 6)", "(size  >  0)")) == ""
    lab.change(unnamed("size > 1", "size NOT IN (5, 6)"))
    assert (refuses(lab, "1, 1"), refuses(lab, "1, 5"), refuses(lab, "1, 2")) == (True, True, False)
    lab.downgrade()
    assert (refuses(lab, "1, 0"), refuses(lab, "1, 5"), refuses(lab, "1, 1")) == (True, True, False)
    lab.upgrade()
    assert refuses(lab, "1, 1")
    lab.change(unnamed("size > 1", "size NOT IN (5, 6)", "size < 9"))
    assert (refuses(lab, "1, 9"), refuses(lab, "1, 1"), refuses(lab, "1, 8")) == (True, True, False)
    lab.downgrade()
    assert not refuses(lab, "1, 9")
    lab.upgrade()
    lab.change(unnamed("size > 1", "size < 9"))
    assert (refuses(lab, "1, 9"), refuses(lab, "1, 5")) == (True, False)
    lab.downgrade()
    assert refuses(lab, "1, 5")


def test_the_first_and_the_last_without_a_name(lab: Lab) -> None:
    """They come and go."""
    lab.change(unnamed())
    lab.change(unnamed("size > 0"))
    assert refuses(lab, "1, 0")
    lab.change(unnamed())
    assert not refuses(lab, "1, 0")
    lab.downgrade()
    assert refuses(lab, "1, 0")
    lab.downgrade()
    assert not refuses(lab, "1, 0")


@pytest.mark.parametrize(
    ("left", "answers"),
    [
        ([Column("size", Integer)], ("allow-drop=thing.more", "allow-drop=thing.most")),
        ([Column("size", Integer), Column("most", Integer)], ("allow-drop=thing.more",)),
        ([Column("size", Integer), Column("most", Integer), Column("new", Integer)], ("allow-drop=thing.more",)),
        (
            [Column("most", Integer), Column("size", Integer), Column("new", Integer)],
            ("rename=thing.more:new",),
        ),
    ],
)
def test_it_goes_with_a_column(lab: Lab, left: list[Column[Any]], answers: tuple[str, ...]) -> None:
    """The downgrade brings it back, after the column; others stay, and follow a rename."""

    def thing(*columns: Column[Any]) -> MetaData:
        metadata = MetaData()
        names = [each.name for each in columns if each.name != "size"]
        checks = [CheckConstraint(f"{name} > 0") for name in names]
        Table("thing", metadata, Column("id", Integer, primary_key=True), *columns, *checks)
        return metadata

    lab.change(thing(Column("size", Integer), Column("more", Integer), Column("most", Integer)))

    def texts() -> list[str]:
        return sorted(check["sqltext"] for check in inspect(lab.engine).get_check_constraints("thing"))

    before = texts()
    lab.change(thing(*(Column(each.name, Integer) for each in left)), *answers)
    assert len(texts()) == len(left) - 1
    lab.downgrade()
    assert texts() == before
    lab.upgrade()


def test_the_check_of_an_enum_without_a_name_follows_its_labels(lab: Lab) -> None:
    """B4: it has the name that the database gives."""

    def enum(*labels: str) -> Enum:
        return Enum(*labels, native_enum=False, create_constraint=True)

    lab.change(unnamed(type_=enum("a", "b")))
    lab.rows("INSERT INTO thing (id, word) VALUES (1, 'a')")
    lab.change(unnamed(type_=enum("a", "b", "c")))
    lab.rows("INSERT INTO thing (id, word) VALUES (2, 'c')")
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO thing (id, word) VALUES (3, 'd')")
    lab.rows("DELETE FROM thing WHERE id = 2")
    lab.downgrade()
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO thing (id, word) VALUES (2, 'c')")
    lab.upgrade()
    assert lab.rows("SELECT word FROM thing") == [("a",)]


def test_of_a_column_of_a_new_table(lab: Lab) -> None:
    """It is written with its table; with a name and without, and with a colon that is no parameter."""
    size: Column[Any] = Column(
        "more", Integer, CheckConstraint("more > 0", name="ck_more"), CheckConstraint("more < 9")
    )
    text: Column[Any] = Column("note", String(20), CheckConstraint(r"note <> '\:x'"))
    lab.change(unnamed("size <> 5", columns=(size, text)))
    assert len(checks(lab)) == (2 if "sqlite" in lab.url else 4)
    for values in ("1, 0, 'a'", "1, 9, 'a'", "1, 1, ':x'"):
        with pytest.raises(DBAPIError):
            lab.rows(f"INSERT INTO thing (id, more, note) VALUES ({values})")
    lab.rows("INSERT INTO thing (id, more, note) VALUES (1, 1, 'a')")
    lab.downgrade()
    lab.upgrade()


@pytest.mark.parametrize("lab", ["sqlite", "postgresql", "mysql"], indirect=True)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(size > 0 OR name > 'a') AND size < 9", "size > 0 OR (name > 'a' AND size < 9)"),
        ("name <> 'a b'", "name <> 'ab'"),
        ("name NOT IN ('a', 'b')", "name NOT IN ('a', 'b', 'c')"),
    ],
)
def test_groups_and_literals_count(lab: Lab, old: str, new: str) -> None:
    """B1, B3: whatever the database does to the text."""
    lab.change(models(("sized", old)))
    assert lab.differences(models(("sized", new))) != ""
    lab.change(models(("sized", new)))
    before = checks(lab)
    lab.downgrade()
    lab.upgrade()
    assert checks(lab) == before


@pytest.mark.parametrize("lab", ["postgresql", "mysql"], indirect=True)
def test_a_column_with_a_percent_sign(lab: Lab) -> None:
    """The database is asked about it by its own name; MariaDB's script does not depend on what its URL is called."""
    quote = lab.engine.dialect.identifier_preparer.initial_quote

    def rated(least: int) -> MetaData:
        metadata = MetaData()
        check = CheckConstraint(f"{quote}per%cent{quote} > {least}", name="rated")
        Table("thing", metadata, Column("id", Integer, primary_key=True), Column("per%cent", Integer), check)
        return metadata

    lab.change(rated(1))
    assert lab.differences(rated(1)) == ""
    assert lab.differences(rated(2)) != ""
    lab.change(rated(2))
    assert "DROP CONSTRAINT rated;" in lab.sql()


@pytest.mark.filterwarnings("error:Can't validate")
def test_one_that_rows_violate_comes_back(lab_postgresql: Lab) -> None:
    """NOT VALID, as PostgreSQL has it."""
    lab = lab_postgresql
    lab.change(models())
    lab.rows("INSERT INTO thing (id, size) VALUES (1, -1)")
    lab.rows("ALTER TABLE thing ADD CONSTRAINT ck_thing_big CHECK (size > 0) NOT VALID")
    before = lab.schema()
    lab.change(models(("big", "size > -2")))
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
