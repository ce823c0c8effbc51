"""A database that exists comes under migrations, and what can prevent that is a sentence."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, inspect, make_url
from support.databases import make_database, rows
from support.written import Written

from alembic_proof import adopt
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.report import TextReport
from alembic_proof.doctor.runner import run as run_doctor
from alembic_proof.recipes import PAGE

NICKNAME = ', sa.Column("nickname", sa.String(50))'
USERS = """\
sa.Table(
    "users", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(100), nullable=False, unique=True, index=True),
    sa.Column("name", sa.String(50), nullable=False, server_default="nobody")
)
"""
POSTS = """\
sa.Table(
    "posts", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("title", sa.String(200), nullable=False, comment="제목"),
)
"""
NO_CHANGES = "No new upgrade operations detected"

Adopt = Callable[..., "tuple[int, str]"]


def tables(url: str) -> set[str]:
    """Return the names of all tables."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return set(inspect(connection).get_table_names())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Adopt:
    """A function that adopts the database of a project; it returns the exit code and what is printed."""

    def run(project: Written, from_database: bool = False, server: str | None = None) -> tuple[int, str]:
        server = server or project.url
        monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
        if "sqlite" not in project.url or server != project.url:
            monkeypatch.setenv("TEST_DATABASE_URL", server)
        capfd.readouterr()
        code = adopt.run(project.ini, from_database)
        return code, "".join(capfd.readouterr())

    return run


@pytest.fixture
def adopted(run: Adopt) -> Callable[..., str]:
    """A function that adopts, which must succeed, and returns what is printed."""

    def adopted(project: Written, **options: bool) -> str:
        code, output = run(project, **options)
        assert code == 0, output
        return output

    return adopted


@pytest.fixture
def refused(run: Adopt) -> Callable[..., str]:
    """A function that adopts, which must be refused with nothing written and nothing stamped, and returns why."""

    def refused(project: Written, **options: str) -> str:
        before = sorted(project.versions.iterdir())
        code, output = run(project, **options)
        assert code == 1, output
        assert sorted(project.versions.iterdir()) == before
        return output

    return refused


Adopted = Callable[..., str]


@pytest.fixture
def created(tmp_path: Path, database: str) -> Written:
    """A project whose tables create_all() has made, with a row in each, and a table of somebody else."""
    project = Written(tmp_path / "course", database, USERS + POSTS)
    project.create_all()
    rows(database, "INSERT INTO users (id, email, name) VALUES (1, 'han@example.com', '한강')")
    rows(database, "INSERT INTO posts (id, user_id, title) VALUES (1, 1, '흰')")
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    return project


def test_story_four(created: Written, adopted: Adopted) -> None:
    """A database made by create_all is adopted, then lives under migrations, and the doctor finds nothing."""
    output = adopted(created)
    assert "which creates 2 tables" in output
    assert "In no model, and left alone: theirs." in output
    assert NO_CHANGES in created.alembic("check")
    created.set_models(USERS.replace("\n)", f"{NICKNAME}\n)") + POSTS)
    created.alembic("revision", "users have a nickname", autogenerate=True)
    created.alembic("upgrade", "head")
    assert rows(created.url, "SELECT name, nickname FROM users") == [("한강", None)]
    assert run_doctor(Project(created.ini), TextReport()) == 0
    created.alembic("downgrade", "-1")
    assert rows(created.url, "SELECT * FROM users") == [(1, "han@example.com", "한강")]
    assert rows(created.url, "SELECT title FROM posts") == [("흰",)]


def test_the_baseline_builds_a_fresh_database(created: Written, adopted: Adopted, tmp_path: Path) -> None:
    """Somebody else, with the repository only."""
    adopted(created)
    with make_database(make_url(created.url).get_backend_name(), tmp_path) as fresh:
        (created.path / ".env").write_text(f"SHOP_URL={fresh}\n", "utf-8")
        created.alembic("upgrade", "head")
        assert tables(fresh) == {"users", "posts", "alembic_version"}
        assert NO_CHANGES in created.alembic("check")


def test_without_it_autogenerate_names_it(created: Written) -> None:
    """Whoever begins with autogenerate is led here."""
    with pytest.raises(Exception, match="alembic-proof adopt"):
        created.alembic("revision", "init", autogenerate=True)


AGE = ', sa.Column("age", sa.Integer)'
# What the models have otherwise, by what is said of it.
CHANGES = {
    "missing    users.nickname": ("\n)", f"{NICKNAME}\n)"),
    "extra      users.age": (AGE, ""),
    "different  users.email": ("String(100)", "String(90)"),
    "different  users default of name": ('"nobody"', '"somebody"'),
    "missing    users constraint uq_users_name": ('="somebody"', '="somebody", unique=True'),
    "extra      users index ix_users_email": (", unique=True, index=True", ""),
}


def test_differences_are_listed_and_nothing_is_stamped(
    tmp_path: Path, database: str, adopted: Adopted, refused: Adopted
) -> None:
    """With both sides; then the baseline is made from the database, and the next revision brings the differences."""
    models = USERS.replace("\n)", f"{AGE}\n)")
    project = Written(tmp_path / "course", database, models)
    project.create_all()
    rows(database, "INSERT INTO users (id, email, name) VALUES (1, 'han@example.com', '한강')")
    for old, new in CHANGES.values():
        assert old in models
        models = models.replace(old, new, 1)
    project.set_models(models + USERS.replace("users", "more"))
    before = tables(database)
    output = refused(project)
    for line in (*CHANGES, "missing    more"):
        words = line.replace("constraint uq", "index uq") if "mysql" in database else line  # where each is the other
        assert words in output, output
    assert "--baseline-from-database" in output
    assert tables(database) == before
    adopted(project, from_database=True)
    project.alembic("revision", "differences", autogenerate=True, x=["allow-drop=users.age", "no-rename"])
    project.alembic("upgrade", "head")
    assert NO_CHANGES in project.alembic("check")
    assert rows(database, "SELECT name, nickname FROM users") == [("한강", None)]


def test_names_are_compared_apart_from_definitions(
    tmp_path: Path, postgresql: str, adopted: Adopted, refused: Adopted
) -> None:
    """What create_all made without a naming convention, PostgreSQL has named; its convention, in a recipe, agrees."""
    project = Written(tmp_path / "course", postgresql, USERS + POSTS)
    project.create_all(convention=None)
    output = refused(project)
    assert "different  users constraint pk_users: the database calls it users_pkey, PRIMARY KEY (id)" in output
    assert "alembic-proof recipe 14" in output
    [convention] = re.findall(r'`({"ix.*?})`', PAGE.read_text("utf-8"), re.DOTALL)
    project.set_models(USERS + POSTS, ast.literal_eval(convention))
    adopted(project)
    assert NO_CHANGES in project.alembic("check")


def test_sqlite_may_have_no_names(
    tmp_path: Path, sqlite: str, adopted: Adopted, capfd: pytest.CaptureFixture[str]
) -> None:
    """They make no difference there, and the doctor says so."""
    project = Written(tmp_path / "course", sqlite, USERS + POSTS)
    project.create_all(convention=None)
    adopted(project)
    assert run_doctor(Project(project.ini), TextReport()) == 0
    assert "it without a name" in capfd.readouterr().out


def test_what_cannot_be_adopted(created: Written, database: str, adopted: Adopted, refused: Adopted) -> None:
    """Each in a sentence: no server to try it on, no database, no tables, a version, and revisions."""
    env = created.path / ".env"
    if "sqlite" not in database:
        secret = make_url(database).set(password="secret", port=1).render_as_string(hide_password=False)
        env.write_text(f"SHOP_URL={secret}\n", "utf-8")
        output = refused(created)
        assert "Cannot connect to" in output
        assert "secret" not in output
        env.write_text(f"SHOP_URL={database}\n", "utf-8")
        assert "export TEST_DATABASE_URL" in refused(created, server="sqlite:///x.db")
    else:
        env.write_text(f"SHOP_URL={database}.not\n", "utf-8")
        assert "There is no database sqlite" in (output := refused(created))
        assert "correct it first" in output
        assert not os.path.exists(f"{make_url(database).database}.not")
        env.write_text(f"SHOP_URL={database}\n", "utf-8")
    rows(database, "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    rows(database, "INSERT INTO alembic_version VALUES ('abc')")
    assert "is at revision abc already" in refused(created)
    created.alembic("stamp", "base", purge=True)  # which is what it says
    adopted(created)
    assert "The project has revisions already" in refused(created)


def test_an_empty_database_is_not_adopted(tmp_path: Path, database: str, refused: Adopted) -> None:
    """Nor is one changed by being examined."""
    rows(database, "CREATE TABLE theirs (id INTEGER)")
    project = Written(tmp_path / "course", database, USERS)
    assert "there is nothing to adopt" in refused(project)
    assert tables(database) == {"theirs"}
    project.set_models("")
    assert "hands no table to Alembic" in refused(project)


def test_a_sqlite_project_needs_no_server(tmp_path: Path, sqlite: str, run: Adopt) -> None:
    """Whatever server TEST_DATABASE_URL names."""
    project = Written(tmp_path / "course", sqlite, USERS)
    project.create_all()
    assert run(project, server="postgresql+psycopg://nobody@127.0.0.1:1/nothing")[0] == 0


def test_an_interruption_leaves_nothing(
    tmp_path: Path, sqlite: str, run: Adopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is deleted, unless the database is at its revision by then."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    project = Written(tmp_path / "course", sqlite, USERS)
    project.create_all()
    with monkeypatch.context() as patch:
        patch.setattr("alembic.command.stamp", interrupt)
        code, output = run(project)
    assert (code, "Interrupted." in output) == (130, True)
    assert not list(project.versions.glob("*.py"))
    assert run(project)[0] == 0


SHOP = """\
from sqlalchemy.dialects.postgresql import JSONB, UUID

sa.Table(
    "users", metadata,
    sa.Column("id", UUID, primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("email", sa.String(254), nullable=False, unique=True, index=True, comment="이메일 '주소'"),
    sa.Column("created_at", sa.DateTime, nullable=False, server_default=sa.func.now(), comment="가입일"),
    comment="회원",
)
sa.Table(
    "products", metadata,
    sa.Column("id", UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, comment="상품명"),
    sa.Column("price", sa.Numeric(12, 2), nullable=False, server_default=sa.text("0")),
    sa.Column("tags", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.CheckConstraint("price >= 0", name="price_positive"),
    sa.Index("ix_products_tags", "tags", postgresql_using="gin"),
    sa.Index("ix_products_lower_name", sa.func.lower(sa.text("name"))),
    comment="상품",
)
sa.Table(
    "orders", metadata,
    sa.Column("id", UUID, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("state", sa.Enum("new", "paid", name="order_state"), nullable=False, server_default="new"),
)
sa.Table(
    "order_items", metadata,
    sa.Column("number", sa.Integer, primary_key=True, comment="번호"),
    sa.Column("order_id", sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    sa.Column("product_id", sa.ForeignKey("products.id", ondelete="SET NULL")),
    sa.Column("quantity", sa.Integer, nullable=False, server_default="1"),
    sa.CheckConstraint("quantity > 0", name="quantity_positive"),
)
"""


@pytest.fixture
def shop(tmp_path: Path, postgresql: str) -> Written:
    """The shop of story 3, on PostgreSQL, made by create_all."""
    project = Written(tmp_path / "shop", postgresql, SHOP)
    project.create_all()
    return project


@pytest.mark.parametrize("from_database", [False, True])
def test_the_shop(shop: Written, adopted: Adopted, from_database: bool) -> None:
    """Everything that it has is in the baseline, whichever way it is made."""
    assert "which creates 4 tables" in adopted(shop, from_database=from_database)
    assert NO_CHANGES in shop.alembic("check")
    [file] = shop.versions.glob("*.py")
    assert all(word in file.read_text("utf-8") for word in ("이메일", "회원", "CASCADE", "gin", "order_state"))


def test_comments_and_types_are_compared(shop: Written, refused: Adopted) -> None:
    """In any script."""
    rows(shop.url, "COMMENT ON COLUMN users.created_at IS '등록일'")
    assert "different  users comment on created_at: the models have 가입일; the database has 등록일" in refused(shop)
    rows(shop.url, "ALTER TYPE order_state ADD VALUE 'sent'")
    words = "type order_state: the models have 'new', 'paid'; the database has 'new', 'paid', 'sent'"
    assert words in refused(shop)


def test_fifty_tables(tmp_path: Path, postgresql: str, adopted: Adopted, refused: Adopted) -> None:
    """With a foreign key, an index and a unique constraint each."""
    models = """\
for n in range(50):
    sa.Table(
        f"t{n:03}", metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.ForeignKey(f"t{max(0, n - 1):03}.id"), index=True),
        sa.Column("name", sa.String(50), nullable=False, unique=True),
    )
"""
    project = Written(tmp_path / "shop", postgresql, models)
    project.create_all()
    rows(postgresql, "ALTER TABLE t030 ALTER name TYPE VARCHAR(40)")
    output = refused(project)
    assert "differs in 1:" in output
    assert "t030.name: the models have character varying(50) NOT NULL; the database has character varying(40)" in output
    adopted(project, from_database=True)
    with pytest.raises(Exception, match="modify_type"):
        project.alembic("check")
