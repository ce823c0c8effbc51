"""What autogenerate writes: it runs, it is quiet afterwards, and it drops nothing that belongs to somebody else."""

from pathlib import Path

import pytest
from conftest import Project, rows
from sqlalchemy import NullPool, create_engine, inspect

TYPES = '''\
"""Types of the project's own."""

from typing import Any

from sqlalchemy import Numeric, String
from sqlalchemy.types import TypeDecorator, UserDefinedType


class Money(TypeDecorator[Any]):
    """An amount in a currency."""

    impl = Numeric(12, 2)
    cache_ok = True

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency


class Code(TypeDecorator[str]):
    """Without arguments of its own."""

    impl = String
    cache_ok = True


class Raw(UserDefinedType[Any]):
    """Known to the database only."""

    cache_ok = True

    def __init__(self, size: int) -> None:
        self.size = size

    def get_col_spec(self, **kw: Any) -> str:
        return f"VARCHAR({self.size})"
'''
MODEL = '''\
"""Many types and defaults."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Computed, DateTime, Enum, Index, LargeBinary, Numeric, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.types import Code, Money, Raw

from .base import Base


class Colour(enum.Enum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


class Thing(Base):
    """One of everything."""

    __tablename__ = "thing"
    __table_args__ = (
        CheckConstraint("size > 0 AND size < 100", name="size_in_range"),
        Index(None, "label", "size"),
        {"comment": "모든 것"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(server_default=text("1"), comment="크기")
    label: Mapped[str] = mapped_column(String(20), server_default="it's")
    empty: Mapped[str] = mapped_column(String(20), server_default="")
    on: Mapped[bool] = mapped_column(server_default=text("true"))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), server_default="2.50")
    born: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    seen_at: Mapped[datetime | None] = mapped_column(server_default=func.current_timestamp())
    colour: Mapped[Colour] = mapped_column(Enum(Colour, native_enum=False, length=20), server_default="RED")
    data: Mapped[Any] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    plain: Mapped[Any] = mapped_column(JSON(), nullable=True)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    double: Mapped[int | None] = mapped_column(Computed("size * 2"))
    money: Mapped[Any] = mapped_column(Money("USD"))
    code: Mapped[str] = mapped_column(Code(12))
    raw: Mapped[Any] = mapped_column(Raw(33))
'''


def test_what_it_writes_runs_and_is_quiet(project: Project, database: str) -> None:
    """Types of every kind, the project's own among them; linted and typed as written; up, quiet, down, up."""
    project.write("src/PACKAGE/types.py", TYPES)
    project.write("src/PACKAGE/models/thing.py", MODEL)
    project.ok("alembic", "revision", "--autogenerate", "-m", "things", DATABASE_URL=database)
    text = next((project.path / "migrations/versions").glob("*.py")).read_text(encoding="utf-8")
    assert "shop.types.Money('USD')" in text
    assert "shop.types.Code(length=12)" in text
    assert "shop.types.Raw(33)" in text
    assert text.count("import shop.types") == 1
    project.ok("ruff", "check", ".")
    project.ok("mypy")
    project.alembic("upgrade head", "check", "downgrade base", "upgrade head", DATABASE_URL=database)


def test_a_change_of_default_is_seen(project: Project, database: str) -> None:
    """Comparing defaults leniently must not mean not at all."""
    project.alembic("revision --autogenerate -m first", "upgrade head", DATABASE_URL=database)
    project.edit("src/PACKAGE/models/author.py", "server_default=func.now()", "server_default='2026-01-01 00:00:00'")
    done = project.run("alembic", "check", DATABASE_URL=database)
    assert done.returncode != 0
    assert "modify_default" in done.stdout


def assert_change_is_seen(project: Project, url: str, default: str, changed: str) -> None:
    """The first default is quiet once it is there, and then the second is a difference."""
    column = f"    title: Mapped[str] = mapped_column(String(200), server_default={default})\n"
    project.edit("src/PACKAGE/models/book.py", "    title: Mapped[str] = mapped_column(String(200))\n", column)
    project.edit("src/PACKAGE/models/book.py", "String\n", "String, text\n")
    project.alembic("revision --autogenerate -m first", "upgrade head", "check", DATABASE_URL=url)
    project.edit("src/PACKAGE/models/book.py", f"server_default={default}", f"server_default={changed}")
    assert "modify_default" in project.run("alembic", "check", DATABASE_URL=url).stdout


@pytest.mark.parametrize(("default", "changed"), [("text(\"'draft'\")", "text(\"'DRAFT'\")"), ('"it\'s"', '"it\'S"')])
def test_a_change_of_case_in_a_default_is_seen(project: Project, database: str, default: str, changed: str) -> None:
    """Written as SQL, and as a string with a quote in it."""
    assert_change_is_seen(project, database, default, changed)


def test_a_default_that_is_a_function_is_compared(project: Project, postgresql: str) -> None:
    """PostgreSQL evaluates it. (SQLAlchemy does not reflect such a default from MariaDB at all.)"""
    assert_change_is_seen(project, postgresql, "text(\"lower('ABC')\")", "text(\"upper('ABC')\")")


def test_a_renamed_check_is_seen(project: Project, database: str) -> None:
    """CHECKs are compared by name."""
    project.alembic("revision --autogenerate -m first", "upgrade head", DATABASE_URL=database)
    project.edit("src/PACKAGE/models/book.py", '"pages_positive"', '"pages_above_zero"')
    project.alembic("revision --autogenerate -m check", "upgrade head", "check", DATABASE_URL=database)
    with create_engine(database, poolclass=NullPool).connect() as connection:
        names = [check["name"] for check in inspect(connection).get_check_constraints("book")]
    assert names == ["ck_book_pages_above_zero"]


def test_a_foreign_key_and_its_column_are_dropped(project: Project, database: str) -> None:
    """In an order that MariaDB accepts; and back."""
    project.alembic("revision --autogenerate -m first --rev-id a1", "upgrade head", DATABASE_URL=database)
    book = (project.sources / "models/book.py").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in book if "author_id:" not in line and "author:" not in line]
    project.write("src/PACKAGE/models/book.py", "".join(kept).replace("ForeignKey, ", ""))
    project.edit(
        "src/PACKAGE/models/author.py", '    books: Mapped[list[Book]] = relationship(back_populates="author")\n', ""
    )
    drop = ("-x", "allow-drop=book.author_id")
    project.ok("alembic", *drop, "revision", "--autogenerate", "-m", "alone", DATABASE_URL=database)
    project.alembic("upgrade head", "check", "downgrade -1", DATABASE_URL=database)


def test_a_table_of_somebody_else_is_left_alone(project: Project, database: str) -> None:
    """Autogenerate does not propose to drop what no model describes."""
    rows(database, "CREATE TABLE somebody_elses (id INTEGER)")
    project.ok("alembic", "revision", "--autogenerate", "-m", "first", DATABASE_URL=database)
    text = next((project.path / "migrations/versions").glob("*.py")).read_text(encoding="utf-8")
    assert "somebody_elses" not in text


def test_no_models_is_an_error(project: Project) -> None:
    """Not an empty revision, and not one that drops everything."""
    for name in ("author", "book"):
        (project.sources / f"models/{name}.py").unlink()
    done = project.run("alembic", "revision", "--autogenerate", "-m", "nothing")
    assert done.returncode != 0
    assert "The models register no table" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("message", ['ends with "', "back\\slash", '"""', "{{ x }} ${y} % z", "한국어", "", "../../up"])
def test_any_message_makes_a_file_that_runs(project: Project, message: str) -> None:
    """In the directory, with a name that sorts by date, clean for the linter."""
    project.ok("alembic", "revision", "-m", message)
    files = [path for path in (project.path / "migrations/versions").iterdir() if path.suffix == ".py"]
    assert len(files) == 1
    assert files[0].name[:5].rstrip("-").isdigit()
    project.ok("ruff", "check", ".")
    project.ok("alembic", "upgrade", "head")


def test_models_are_registered_at_any_depth(project: Project, tmp_path: Path) -> None:
    """In a package, in a folder without __init__.py, in an __init__.py, in a private module; editors' files are not."""
    model = (
        "from sqlalchemy.orm import Mapped, mapped_column\nfrom shop.models.base import Base\n\n\nclass {0}(Base):\n"
    )
    model += "    __tablename__ = '{0}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    places = {"a/__init__": "inits", "a/b/__init__": "deeps", "folder/x": "folders", "_private": "privates"}
    for place, table in places.items():
        project.write(f"src/PACKAGE/models/{place}.py", model.format(table))
    project.write("src/PACKAGE/models/.#book.py", "not python")
    project.write("src/PACKAGE/models/.ipynb_checkpoints/book.py", "not python")
    shown = project.ok("python", "-c", "from shop.models import Base; print(*sorted(Base.metadata.tables))")
    assert shown.split() == ["author", "book", "deeps", "folders", "inits", "privates"]


LOSING = """
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from .base import Base


class Kept(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def __init__(self, *args: object, **kw: object) -> None:
        super().__init__(*args, **kw)


class Lost(TypeDecorator[str]):
    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    kept: Mapped[str] = mapped_column(Kept(7))
"""


def test_the_arguments_of_a_type_are_not_lost(project: Project) -> None:
    """They are written, or a sentence says what the type has to do for it."""
    project.write("src/PACKAGE/models/thing.py", LOSING)
    project.ok("alembic", "revision", "--autogenerate", "-m", "first")
    revision = next((project.path / "migrations/versions").glob("*.py"))
    assert "shop.models.thing.Kept(length=7)" in revision.read_text(encoding="utf-8")
    revision.unlink()
    project.write("src/PACKAGE/models/thing.py", LOSING + "    lost: Mapped[str] = mapped_column(Lost('kg'))\n")
    done = project.run("alembic", "revision", "--autogenerate", "-m", "first")
    assert done.returncode != 0
    assert "A revision cannot say with which unit a Lost was made" in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((project.path / "migrations/versions").glob("*.py"))


def test_nothing_to_write_nothing_written(project: Project, database: str) -> None:
    """A sentence and exit code 0; a revision that is asked for by hand is written as ever."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.alembic("revision --autogenerate -m first", "upgrade head")
    said = project.ok("alembic", "revision", "--autogenerate", "-m", "again")
    assert "Models and database agree: there is nothing to write." in said
    assert len(list((project.path / "migrations/versions").glob("*.py"))) == 1
    assert "No new upgrade operations detected." in project.ok("alembic", "check")
    project.ok("alembic", "revision", "-m", "by hand")
    assert len(list((project.path / "migrations/versions").glob("*.py"))) == 2


def test_tables_that_no_revision_made_are_refused(project: Project, database: str) -> None:
    """The revision would come out empty, and make them nowhere else."""
    project.write(".env", f"DATABASE_URL={database}\n")
    rows(database, "CREATE TABLE author (id INTEGER)")
    done = project.run("alembic", "revision", "--autogenerate", "-m", "first")
    assert done.returncode != 0
    assert "The database has author already, but is at no revision: something other than migrations made" in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((project.path / "migrations/versions").glob("*.py"))
