"""A database that is there already comes under migrations: story 4 told whole, and what can be in the way."""

import os
import signal

import pytest
from conftest import Project, make_database, rows
from sqlalchemy import NullPool, create_engine, inspect, make_url
from test_story_one import server_of

MODELS = "src/shop/models/__init__.py"
NOBODY, TWO = "ELSEWHERE: tuple[str, ...] = ()", 'ELSEWHERE: tuple[str, ...] = ("mysite4.models", "nplusone.models")'
BASE = """\
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.models.base import Base


"""
USER = """\
class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(100), unique=True, index=True)
    name: Mapped[str] = mapped_column(String(50), server_default="nobody")
"""
POST = """\
from mysite4.models.user import User


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200), comment="제목")
"""
COURSE = "src/mysite4/models/user.py"
NICKNAME = "    nickname: Mapped[str | None] = mapped_column(String(50))\n"
CREATE = """\
import sys
from sqlalchemy import create_engine
from shop.models import Base, ELSEWHERE, import_all
for package in ELSEWHERE:
    import_all(package)
Base.metadata.create_all(create_engine(sys.argv[1]))
"""


def create_all(project: Project, database: str) -> None:
    """Make the tables as an application that knows no migrations does."""
    project.ok("python", "-c", CREATE, database)


def adopt(project: Project, database: str, *arguments: str) -> str:
    """Adopt a database, which must succeed."""
    return project.ok("python", "-m", "shop.db", "adopt", *arguments, DATABASE_URL=database, **server_of(database))


def refused(project: Project, database: str, *arguments: str, **variables: str) -> str:
    """Adopt a database, which must be refused, with nothing written and nothing stamped; return why."""
    before = sorted((project.path / "migrations/versions").iterdir())
    variables = {"DATABASE_URL": database, **server_of(database), **variables}
    done = project.run("python", "-m", "shop.db", "adopt", *arguments, **variables)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert sorted((project.path / "migrations/versions").iterdir()) == before
    return done.stdout


def examine(project: Project, database: str) -> str:
    """Run the doctor, which must find nothing."""
    return project.ok("python", "-m", "shop.db", "doctor", DATABASE_URL=database, **server_of(database))


def tables(database: str) -> set[str]:
    """Return the names of all tables."""
    with create_engine(database, poolclass=NullPool).connect() as connection:
        return set(inspect(connection).get_table_names())


@pytest.fixture
def course(project: Project) -> Project:
    """The project of the story: models in two packages, one of them empty of imports, and none of the example's."""
    for example in ("author", "book"):
        (project.path / f"src/shop/models/{example}.py").unlink()
    (project.path / "tests/test_models.py").unlink()
    project.edit(MODELS, NOBODY, TWO)
    project.write("src/mysite4/__init__.py", "")
    project.write("src/mysite4/models/__init__.py", "from .user import User\n")
    project.write("src/mysite4/models/user.py", BASE + USER)
    project.write("src/nplusone/models/__init__.py", "")
    project.write("src/nplusone/models/post.py", BASE + POST)
    return project


@pytest.fixture
def made(course: Project, database: str) -> Project:
    """The same with its tables, made by create_all, with a row in each, and a table of somebody else."""
    create_all(course, database)
    rows(database, "INSERT INTO users (id, email, name) VALUES (1, 'han@example.com', '한강')")
    rows(database, "INSERT INTO posts (id, user_id, title) VALUES (1, 1, '흰')")
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    return course


def test_story_four(made: Project, database: str) -> None:
    """A database made by create_all is adopted, then lives under migrations, and a fresh one can be made."""
    done = made.run("alembic", "revision", "--autogenerate", "-m", "init", DATABASE_URL=database)
    assert "python -m shop.db adopt" in done.stdout
    said = adopt(made, database)
    assert "which makes 2 tables" in said
    assert "In no model, and left alone: theirs." in said
    made.ok("ruff", "check", "migrations")
    assert "No new upgrade operations" in made.ok("alembic", "check", DATABASE_URL=database)
    made.edit("src/mysite4/models/user.py", USER, USER + NICKNAME)
    made.alembic("revision --autogenerate -m 'users have a nickname'", "upgrade head", DATABASE_URL=database)
    assert rows(database, "SELECT name, nickname FROM users") == [("한강", None)]
    examine(made, database)
    made.ok("alembic", "downgrade", "-1", DATABASE_URL=database)
    assert rows(database, "SELECT * FROM users") == [(1, "han@example.com", "한강")]
    assert rows(database, "SELECT title FROM posts") == [("흰",)]
    made.ok("pytest", "-q", **server_of(database))


def test_the_baseline_builds_a_fresh_database(
    made: Project, database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Somebody else, with the repository only."""
    adopt(made, database)
    kind = make_url(database).get_backend_name()
    for fresh in make_database(kind, tmp_path_factory.mktemp("fresh")):
        made.ok("alembic", "upgrade", "head", DATABASE_URL=fresh)
        assert tables(fresh) == {"users", "posts", "alembic_version"}
        assert "No new upgrade operations" in made.ok("alembic", "check", DATABASE_URL=fresh)


# What the models have otherwise, by what is said of it.
CHANGES = {
    "missing    users.nickname": (USER, USER + NICKNAME),
    "extra      users.age": ("    age: Mapped[int | None]\n", ""),
    "different  users.email": ("String(100)", "String(90)"),
    "different  users default of name": ('"nobody"', '"somebody"'),
    "missing    users constraint uq_users_name": (
        'server_default="somebody"',
        'server_default="somebody", unique=True',
    ),
    "extra      users index ix_users_email": (", unique=True, index=True", ""),
}
MORE = USER.replace("User", "More").replace('"users"', '"more"')


def test_differences_are_told_and_nothing_stamped(course: Project, database: str) -> None:
    """With both sides; then the baseline is made from the database, and the next revision brings the differences."""
    course.edit(COURSE, USER, USER + "    age: Mapped[int | None]\n")
    create_all(course, database)
    rows(database, "INSERT INTO users (id, email, name) VALUES (1, 'han@example.com', '한강')")
    for old, new in CHANGES.values():
        course.edit(COURSE, old, new)
    course.edit(COURSE, "class User", f"{MORE}\n\nclass User")
    before = tables(database)
    told = refused(course, database)
    for said in (*CHANGES, "missing    more"):
        words = said.replace("constraint uq", "index uq") if "mysql" in database else said  # where each is the other
        assert words in told, told
    assert "--baseline-from-database" in told
    assert tables(database) == before
    adopt(course, database, "--baseline-from-database")
    answers = "-x allow-drop=users.age -x no-rename"
    course.alembic(f"{answers} revision --autogenerate -m differences", "upgrade head", "check", DATABASE_URL=database)
    assert rows(database, "SELECT name, nickname FROM users") == [("한강", None)]


def test_names_are_told_apart_from_contents(course: Project, postgresql: str) -> None:
    """What create_all made without a naming convention, PostgreSQL has named; the convention that it follows agrees."""
    base = course.path / "src/shop/models/base.py"
    ours = base.read_text("utf-8")
    base.write_text(ours[: ours.index("    # Databases name")], "utf-8")
    create_all(course, postgresql)
    base.write_text(ours, "utf-8")
    told = refused(course, postgresql)
    assert "users constraint uq_users_name" not in told
    assert "different  users constraint pk_users: the database calls it users_pkey, PRIMARY KEY (id)" in told
    readme = (course.path / "README.md").read_text("utf-8")
    convention = readme.partition("naming_convention = ")[2].partition("```")[0]
    base.write_text(ours[: ours.index("naming_convention=")] + f"naming_convention={convention.rstrip()})\n", "utf-8")
    adopt(course, postgresql)
    examine(course, postgresql)


def test_sqlite_may_have_no_names(course: Project, sqlite: str) -> None:
    """They make no difference there, and the doctor says so."""
    base = course.path / "src/shop/models/base.py"
    ours = base.read_text("utf-8")
    base.write_text(ours[: ours.index("    # Databases name")], "utf-8")
    create_all(course, sqlite)
    base.write_text(ours, "utf-8")
    adopt(course, sqlite)
    assert "it has it without a name" in examine(course, sqlite)


def test_what_cannot_be_adopted(made: Project, database: str) -> None:
    """Each in a sentence: no server to try it on, no database, no tables, a version, and revisions."""
    if "sqlite" not in database:
        secret = make_url(database).set(password="secret", port=1).render_as_string(hide_password=False)
        said = refused(made, secret)
        assert "Cannot connect to" in said
        assert "secret" not in said
        assert "export TEST_DATABASE_URL" in refused(made, database, TEST_DATABASE_URL="sqlite:///x.db")
    else:
        assert "There is no database sqlite+pysqlite:///" in refused(made, f"{database}.not")
        assert not os.path.exists(f"{make_url(database).database}.not")
    rows(database, "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    rows(database, "INSERT INTO alembic_version VALUES ('abc')")
    assert "is at revision abc already" in refused(made, database)
    made.ok("alembic", "stamp", "--purge", "base", DATABASE_URL=database)  # which is what it says
    adopt(made, database)
    assert "The project has revisions already" in refused(made, database)


def test_an_empty_database_is_not_adopted(project: Project, database: str) -> None:
    """Nor is one changed by looking at it."""
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    assert "there is nothing to adopt" in refused(project, database)
    assert tables(database) == {"theirs"}


def test_ctrl_c_leaves_all_as_it_was(course: Project, postgresql: str) -> None:
    """While it waits for another migrator, the last moment at which there is a file and no stamp."""
    create_all(course, postgresql)
    with create_engine(postgresql, poolclass=NullPool).connect() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_lock({int.from_bytes(b'alembic', 'big')})")
        command = ("python", "-u", "-m", "shop.db", "adopt")
        running = course.start(*command, stdin=None, DATABASE_URL=postgresql, **server_of(postgresql))
        assert running.stdout
        for line in running.stdout:
            if "waiting for it" in line:
                assert len(list((course.path / "migrations/versions").glob("*.py"))) == 1
                running.send_signal(signal.SIGINT)
                break
        assert "Interrupted." in running.stdout.read()
    assert running.wait() == 130
    assert not list((course.path / "migrations/versions").glob("*.py"))
    assert tables(postgresql) == {"users", "posts"}
    adopt(course, postgresql)


def test_elsewhere_is_checked(course: Project, sqlite: str) -> None:
    """A package that is not there, and models that have another Base."""
    course.edit(MODELS, "nplusone.models", "nplustwo.models")
    said = course.run("alembic", "check", DATABASE_URL=sqlite).stdout
    assert "ELSEWHERE in models/__init__.py names nplustwo.models, and there is no nplustwo" in said
    course.edit(MODELS, "nplustwo.models", "nplusone.models")
    other = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n"
    course.edit("src/nplusone/models/post.py", "from shop.models.base import Base\n", other)
    course.edit("src/nplusone/models/post.py", "ForeignKey(User.id", 'ForeignKey("posts.id"')
    said = course.run("python", "-m", "shop.db", "doctor", "--no-live", DATABASE_URL=sqlite).stdout
    assert "it defines the table posts, which env.py does not hand over" in said


SHOP = """\
import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, Numeric, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class State(enum.Enum):
    new = "new"
    paid = "paid"


class User(Base):
    __tablename__ = "users"
    __table_args__ = {"comment": "회원"}

    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True, server_default=text("gen_random_uuid()"))
    email: Mapped[str] = mapped_column(String(254), unique=True, index=True, comment="이메일 '주소'")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="가입일")


class Product(Base):
    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_positive"),
        Index("ix_products_tags", "tags", postgresql_using="gin"),
        Index("ix_products_lower_name", func.lower(text("name"))),
        {"comment": "상품"},
    )

    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(Text, comment="상품명")
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default=text("0"))
    tags: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    state: Mapped[State] = mapped_column(Enum(State, name="order_state"), server_default="new")


class OrderItem(Base):
    __tablename__ = "order_items"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    number: Mapped[int] = mapped_column(primary_key=True, comment="번호")
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"))
    quantity: Mapped[int] = mapped_column(server_default="1")
"""


@pytest.fixture
def shop(project: Project, postgresql: str) -> Project:
    """The shop of story 3, on PostgreSQL, made by create_all."""
    for example in ("author", "book"):
        (project.path / f"src/shop/models/{example}.py").unlink()
    project.write("src/shop/models/tables.py", SHOP)
    create_all(project, postgresql)
    return project


@pytest.mark.parametrize("arguments", [(), ("--baseline-from-database",)])
def test_the_shop(shop: Project, postgresql: str, arguments: tuple[str, ...]) -> None:
    """Everything that it has is in the baseline, whichever way it is made."""
    said = adopt(shop, postgresql, *arguments)
    assert "which makes 4 tables" in said
    assert "No new upgrade operations" in shop.ok("alembic", "check", DATABASE_URL=postgresql)
    [baseline] = (shop.path / "migrations/versions").glob("*.py")
    assert all(word in baseline.read_text("utf-8") for word in ("이메일", "회원", "CASCADE", "gin", "order_state"))


def test_a_comment_is_compared(shop: Project, postgresql: str) -> None:
    """In any script."""
    rows(postgresql, "COMMENT ON COLUMN users.created_at IS '등록일'")
    told = refused(shop, postgresql)
    assert "different  users comment on created_at: the models say 가입일; the database has 등록일" in told
    rows(postgresql, "ALTER TYPE order_state ADD VALUE 'sent'")
    assert "type order_state: the models say 'new', 'paid'; the database has 'new', 'paid', 'sent'" in refused(
        shop, postgresql
    )


def test_two_hundred_tables(project: Project, postgresql: str) -> None:
    """With a foreign key, an index and a unique constraint each."""
    code = SHOP.partition("class State")[0]
    for number in range(200):
        parent = f"t{number - 1:03}" if number else "t000"
        code += (
            f'class T{number:03}(Base):\n    __tablename__ = "t{number:03}"\n\n'
            "    id: Mapped[int] = mapped_column(primary_key=True)\n"
            f'    parent_id: Mapped[int | None] = mapped_column(ForeignKey("{parent}.id"), index=True)\n'
            "    name: Mapped[str] = mapped_column(String(50), unique=True)\n\n\n"
        )
    project.write("src/shop/models/tables.py", code)
    create_all(project, postgresql)
    rows(postgresql, "ALTER TABLE t150 ALTER name TYPE VARCHAR(40)")
    told = refused(project, postgresql)
    assert "differs in 1:" in told
    assert "t150.name: the models say character varying(50) NOT NULL; the database has character varying(40)" in told
    adopt(project, postgresql, "--baseline-from-database")
    assert "modify_type" in project.run("alembic", "check", DATABASE_URL=postgresql).stdout
